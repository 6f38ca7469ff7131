import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ControlLink } from '../../src/cluster/remote/control-link.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

type Fate = 'through' | 'lost' | 'twice' | 'late';

/** Two ends and what is between them. */
function linked(fate: () => Fate, messageBytesMax = 1024) {
  const clock = new VirtualClock();
  const underWay: { to: 'a' | 'b'; message: Uint8Array }[] = [];
  const late: typeof underWay = [];
  const received: Record<'a' | 'b', string[]> = { a: [], b: [] };
  const end = (own: 'a' | 'b', peer: 'a' | 'b'): ControlLink =>
    new ControlLink({
      own,
      peer,
      clock,
      messageBytesMax,
      publish: (message) => {
        expect(message.length).toBeLessThanOrEqual(messageBytesMax);
        const what = fate();
        if (what === 'lost') return;
        (what === 'late' ? late : underWay).push({ to: peer, message });
        if (what === 'twice') underWay.push({ to: peer, message });
      },
      receive: (body) => void received[own].push(Buffer.from(body).toString()),
    });
  const ends = { a: end('a', 'b'), b: end('b', 'a') };
  const deliver = (): void => {
    for (let next = underWay.shift(); next !== undefined; next = underWay.shift()) ends[next.to].arrived(next.message);
  };
  return { ...ends, clock, received, deliver, late: () => underWay.push(...late.splice(0)) };
}
const text = (value: string): Uint8Array => Buffer.from(value);

describe('a control link', () => {
  test('CL1, CL2: whatever the network does, all arrives once and in order', () => {
    const sends = fc.array(fc.record({ from: fc.constantFrom('a', 'b'), size: fc.constantFrom(1, 10, 2000) }), { maxLength: 30 });
    const fates = fc.infiniteStream(fc.constantFrom<Fate>('through', 'through', 'lost', 'twice', 'late'));
    fc.assert(
      fc.property(sends, fates, (sends, fates) => {
        let calm = false;
        const link = linked(() => (calm ? 'through' : (fates.next().value as Fate)));
        const sent: Record<string, string[]> = { a: [], b: [] };
        sends.forEach(({ from, size }, i) => {
          const body = `${i}`.padEnd(size, '.');
          sent[from]!.push(body);
          link[from].send(text(body));
          if (i % 3 === 0) link.deliver();
          if (i % 5 === 0) link.clock.advance(300);
          if (i % 7 === 0) link.late();
        });
        calm = true;
        for (let i = 0; i < 5; i++) {
          link.late();
          link.clock.advance(300);
          link.deliver();
        }
        expect(link.received).toEqual({ a: sent['b'], b: sent['a'] });
      }),
      { numRuns: 200 },
    );
  });

  test('says when the peer has everything', async () => {
    let fate: Fate = 'lost';
    const { a, deliver, clock } = linked(() => fate);
    a.send(text('x'));
    let settled = false;
    const done = a.acknowledged().then(() => (settled = true));
    deliver();
    await Promise.resolve();
    expect(settled).toBe(false);
    fate = 'through';
    clock.advance(250);
    deliver();
    await done;
    await a.acknowledged();
  });

  test('leaves alone what is not for it: garbage, another peer, another life of its own', () => {
    const { a, b, received, clock, deliver } = linked(() => 'through');
    a.arrived(text('garbage'));
    a.arrived(new Uint8Array(0));
    const foreign: Uint8Array[] = [];
    const stranger = (own: string, peer: string): ControlLink =>
      new ControlLink({ own, peer, clock, messageBytesMax: 1024, publish: (m) => void foreign.push(m), receive: () => {} });
    stranger('c', 'a').send(text('from another peer'));
    stranger('b', 'a-before').send(text('to another life'));
    for (const message of foreign) a.arrived(message);
    b.send(text('mine'));
    deliver();
    expect(received.a).toEqual(['mine']);
  });
});
