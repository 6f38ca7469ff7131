import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { defaultWindow, type Grant, ReceiverCredit, SenderCredit, type Window } from '../../src/transport/index.ts';

describe('credit', () => {
  test('is zero until the receiver has granted its window', () => {
    const sender = new SenderCredit();
    expect(sender.available).toBe(false);
    sender.grant(new ReceiverCredit(defaultWindow).current);
    expect(sender.available).toBe(true);
  });

  test('counts frames and bytes, and one frame may exceed the bytes', () => {
    const sender = new SenderCredit();
    sender.grant({ frames: 3, bytes: 100 });
    sender.spend(99);
    expect(sender.available).toBe(true);
    sender.spend(5000);
    expect(sender.available).toBe(false);
    sender.grant({ frames: 3, bytes: 5100 });
    expect(sender.available).toBe(true);
    sender.spend(0);
    expect(sender.available).toBe(false);
  });

  test('Q2: a receiver that has taken everything leaves credit for one maximal frame', () => {
    const sender = new SenderCredit();
    const receiver = new ReceiverCredit({ frames: 1, bytes: 1 });
    sender.grant(receiver.current);
    for (const bytes of [0, 1, 1 << 24]) {
      expect(sender.available).toBe(true);
      sender.spend(bytes);
      expect(sender.available).toBe(false);
      sender.grant(receiver.took(bytes));
    }
    expect(sender.available).toBe(true);
  });

  test('Q3: a grant never takes credit back', () => {
    const sender = new SenderCredit();
    sender.grant({ frames: 5, bytes: 500 });
    sender.grant({ frames: 2, bytes: 900 });
    sender.grant({ frames: 1, bytes: 1 });
    for (let i = 0; i < 5; i++) {
      expect(sender.available).toBe(true);
      sender.spend(150);
    }
    expect(sender.available).toBe(false);
  });
});

/** A network that delivers grants late, twice, in another order, or not at all. */
type Event =
  | { readonly kind: 'send'; readonly bytes: number }
  | { readonly kind: 'take' }
  | { readonly kind: 'grant'; readonly which: number };
const events: fc.Arbitrary<Event[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('send' as const), bytes: fc.nat(40) }) },
    { weight: 2, arbitrary: fc.constant({ kind: 'take' as const }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('grant' as const), which: fc.nat(1000) }) },
  ),
  { maxLength: 150 },
);
const windows: fc.Arbitrary<Window> = fc.record({
  frames: fc.integer({ min: 1, max: 5 }),
  bytes: fc.integer({ min: 1, max: 60 }),
});

describe('credit, whatever happens to its grants', () => {
  test('Q1: data in flight never exceeds the window by more than one frame', () => {
    fc.assert(
      fc.property(windows, events, (window, events) => {
        const sender = new SenderCredit();
        const receiver = new ReceiverCredit(window);
        const grants: Grant[] = [receiver.current];
        const flying: number[] = [];
        for (const event of events) {
          if (event.kind === 'send') {
            if (!sender.available) continue;
            // Room for a frame was left before it: so only this one can exceed the window.
            expect(flying.length).toBeLessThan(window.frames);
            expect(flying.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThan(window.bytes);
            sender.spend(event.bytes);
            flying.push(event.bytes);
          } else if (event.kind === 'take') {
            const bytes = flying.shift();
            if (bytes !== undefined) grants.push(receiver.took(bytes));
          } else {
            const before = sender.available;
            sender.grant(grants[event.which % grants.length]!);
            if (before) expect(sender.available).toBe(true);
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  test('Q2: once the receiver has taken all and its last grant arrives, the sender may send', () => {
    fc.assert(
      fc.property(windows, events, (window, events) => {
        const sender = new SenderCredit();
        const receiver = new ReceiverCredit(window);
        const flying: number[] = [];
        for (const event of events) {
          if (event.kind === 'send' && sender.available) {
            sender.spend(event.bytes);
            flying.push(event.bytes);
          } else if (event.kind === 'take' && flying.length > 0) {
            receiver.took(flying.shift()!);
          } else if (event.kind === 'grant') {
            sender.grant(receiver.current);
          }
        }
        for (const bytes of flying) receiver.took(bytes);
        sender.grant(receiver.current);
        expect(sender.available).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});
