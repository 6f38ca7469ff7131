/** What every implementation of the channel port must do. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Batch, batchOf, batchSchema, rowKind } from '../../src/batch/index.ts';
import { epoch } from '../../src/core/index.ts';
import type { ChannelReceiver, ChannelSender, Frame, Transport, Window } from '../../src/transport/index.ts';

const numbers = batchSchema([
  { name: 'n', type: { kind: 'float64' }, nullable: false },
  { name: 'text', type: { kind: 'string' }, nullable: true },
]);
const data = (...rows: number[]): Frame & { kind: 'data' } => ({
  kind: 'data',
  batch: batchOf(
    numbers,
    rows.map((n) => ({ n, text: n % 2 === 0 ? `row ${n}` : null })),
  ),
});
const watermark = (at: number): Frame => ({ kind: 'watermark', watermark: at });
const control: readonly Frame[] = [
  watermark(-5),
  watermark(Number.POSITIVE_INFINITY),
  { kind: 'idle', idle: true },
  { kind: 'barrier', barrier: { epoch: epoch(3), time: 1000, due: [500], last: 'stop' } },
  { kind: 'end' },
];
const wide: Window = { frames: 100, bytes: 1 << 20 };
const rowsOf = (batch: Batch): object[] => Array.from({ length: batch.length }, (_, i) => batch.row(i));
/** A frame without what an implementation may hold in its own way. */
const plain = (frame: Frame | undefined): unknown =>
  frame?.kind === 'data' ? { kind: 'data', rows: rowsOf(frame.batch) } : frame;

function all(receiver: ChannelReceiver): unknown[] {
  const frames: unknown[] = [];
  for (let frame = receiver.take(); frame !== undefined; frame = receiver.take()) frames.push(plain(frame));
  return frames;
}

/** The two ends of one generation; in one process they may be one. */
export interface Ends {
  readonly sending: Transport;
  readonly receiving: Transport;
  /** Resolves once whatever is under way has arrived. */
  readonly settle: () => Promise<void>;
}

export function channelContract(name: string, make: (window: Window) => Ends): void {
  const id = { edge: 0, from: 0, to: 0 };
  const channel = (window: Window = wide): Ends & { sender: ChannelSender; receiver: ChannelReceiver } => {
    const ends = make(window);
    return { ...ends, sender: ends.sending.sender(id), receiver: ends.receiving.receiver(id) };
  };

  describe(`a channel of ${name}`, () => {
    test('H1: frames of all kinds arrive as they were sent, in that order', async () => {
      const { sender, receiver, settle } = channel();
      receiver.open();
      await settle();
      const sent = [control[0]!, data(1, 2), control[1]!, control[2]!, data(), data(3), control[3]!, control[4]!];
      for (const frame of sent) sender.send(frame);
      await settle();
      expect(receiver.pending).toBe(sent.length);
      expect(all(receiver)).toEqual(sent.map(plain));
      expect([receiver.pending, receiver.peek(), receiver.take()]).toEqual([0, undefined, undefined]);
    });

    test('H1: what is sent is what is taken, whatever the interleaving of sending, taking and opening', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 3 }),
          fc.array(fc.constantFrom('data', 'control', 'take', 'open'), { maxLength: 60 }),
          async (frames, turns) => {
            const { sender, receiver, settle } = channel({ frames, bytes: 200 });
            const sent: unknown[] = [];
            const taken: unknown[] = [];
            for (const [i, turn] of turns.entries()) {
              if (turn === 'open') receiver.open();
              if (turn === 'take' && receiver.pending > 0) taken.push(plain(receiver.take()));
              const frame = turn === 'data' && sender.writable ? data(i, i + 1) : turn === 'control' ? watermark(i) : undefined;
              if (frame !== undefined) {
                sender.send(frame);
                sent.push(plain(frame));
              }
              await settle();
            }
            receiver.open();
            await settle();
            while (taken.length < sent.length) {
              taken.push(...all(receiver));
              await settle();
            }
            expect(taken).toEqual(sent);
          },
        ),
        { numRuns: 100 },
      );
    });

    test('carries what the engine knows of each row, and only the rows that count', async () => {
      const { sender, receiver, settle } = channel();
      receiver.open();
      await settle();
      const { batch } = data(0, 1, 2, 3);
      const system = {
        stamps: Float64Array.of(1, 2, 2, 9),
        advances: true,
        kinds: Uint8Array.of(rowKind.insert, rowKind.update, rowKind.delete, rowKind.insert),
        origin: { split: 'a.csv', first: 10 },
      };
      sender.send({ kind: 'data', batch: batch.withSystem(system).select(Int32Array.of(1, 3)) });
      await settle();
      const frame = receiver.take();
      if (frame?.kind !== 'data') throw new Error('data was sent');
      const got = frame.batch;
      expect(rowsOf(got)).toEqual([
        { n: 1, text: null },
        { n: 3, text: null },
      ]);
      expect([0, 1].map((i) => [got.stamp(i), got.kind(i), got.position(i)])).toEqual([
        [2, rowKind.update, 'a.csv#11'],
        [9, rowKind.insert, 'a.csv#13'],
      ]);
      expect(got.system.advances).toBe(true);
    });

    test('peek shows what take will give, and takes nothing', async () => {
      const { sender, receiver, settle } = channel();
      receiver.open();
      await settle();
      sender.send(data(1));
      await settle();
      sender.send(watermark(2));
      await settle();
      expect([plain(receiver.peek()), plain(receiver.peek()), receiver.pending]).toEqual([plain(data(1)), plain(data(1)), 2]);
      receiver.take();
      await settle();
      expect(receiver.peek()).toEqual(watermark(2));
    });

    test('H2: there is no credit before the receiver opens, and data without credit is refused', async () => {
      const { sender, receiver, settle } = channel();
      expect(sender.writable).toBe(false);
      expect(() => sender.send(data(1))).toThrow(
        expect.objectContaining({ code: 'E_INTERNAL', message: expect.stringContaining('H2') }),
      );
      receiver.open();
      await settle();
      expect(sender.writable).toBe(true);
      sender.send(data(1));
      await settle();
      expect(all(receiver)).toEqual([plain(data(1))]);
    });

    test('control frames need no credit; before the receiver opens nothing arrives, and nothing is lost', async () => {
      const { sender, receiver, settle } = channel({ frames: 1, bytes: 1 << 20 });
      for (const frame of control) sender.send(frame);
      await settle();
      expect([receiver.pending, receiver.peek(), receiver.take()]).toEqual([0, undefined, undefined]);
      receiver.open();
      await settle();
      expect(all(receiver)).toEqual(control);
      sender.send(data(1));
      await settle();
      expect(sender.writable).toBe(false);
      for (const frame of control) sender.send(frame);
      await settle();
      expect(receiver.pending).toBe(1 + control.length);
    });

    test('H2: data in flight stays within the window of frames; taking data gives credit, taking control frames none', async () => {
      const { sender, receiver, settle } = channel({ frames: 2, bytes: 1 << 20 });
      receiver.open();
      await settle();
      sender.send(data(1));
      await settle();
      sender.send(watermark(1));
      await settle();
      sender.send(data(2));
      await settle();
      expect(sender.writable).toBe(false);
      receiver.take();
      await settle();
      expect(sender.writable).toBe(true);
      sender.send(data(3));
      await settle();
      expect(sender.writable).toBe(false);
      expect(receiver.take()).toEqual(watermark(1));
      await settle();
      expect(sender.writable).toBe(false);
    });

    test('H2: one frame larger than the whole window passes, alone', async () => {
      const { sender, receiver, settle } = channel({ frames: 4, bytes: 10 });
      receiver.open();
      await settle();
      const large = data(...Array.from({ length: 500 }, (_, n) => n));
      for (let round = 0; round < 3; round++) {
        expect(sender.writable).toBe(true);
        sender.send(large);
        await settle();
        expect(sender.writable).toBe(false);
        expect(plain(receiver.take())).toEqual(plain(large));
        await settle();
      }
    });

    test('wakes the receiver for every frame that it may have to look at, and the sender for credit', async () => {
      const { sender, receiver, settle } = channel({ frames: 1, bytes: 1 << 20 });
      const woken: string[] = [];
      sender.onWritable(() => woken.push('sender'));
      receiver.onReadable(() => woken.push('receiver'));
      receiver.open();
      await settle();
      expect(woken).toContain('sender');
      woken.length = 0;
      sender.send(watermark(1));
      await settle();
      sender.send(data(1));
      await settle();
      expect(woken).toContain('receiver');
      woken.length = 0;
      receiver.take();
      await settle();
      receiver.take();
      await settle();
      expect(woken).toContain('sender');
    });

    test('wakes the receiver that opens when frames wait already', async () => {
      const { sender, receiver, settle } = channel();
      let woken = 0;
      receiver.onReadable(() => woken++);
      sender.send(watermark(1));
      await settle();
      const before = woken;
      receiver.open();
      await settle();
      expect(woken).toBeGreaterThan(before);
    });

    test('leads from one subtask to one other, and no other', async () => {
      const { receiving, sender, settle } = channel();
      const others = [
        { edge: 1, from: 0, to: 0 },
        { edge: 0, from: 1, to: 0 },
        { edge: 0, from: 0, to: 1 },
      ].map((other) => receiving.receiver(other));
      for (const other of others) other.open();
      await settle();
      sender.send(watermark(1));
      await settle();
      expect(others.map(({ pending }) => pending)).toEqual([0, 0, 0]);
    });

    test.each(['sender', 'receiver'] as const)('that its %s has closed delivers nothing that is sent later', async (end) => {
      const ends = channel();
      const { settle } = ends;
      ends.receiver.open();
      await settle();
      ends.sender.send(watermark(1));
      await settle();
      let woken = 0;
      ends.receiver.onReadable(() => woken++);
      ends[end].close();
      ends.sender.send(watermark(2));
      await settle();
      expect([all(ends.receiver).filter((frame) => (frame as Frame & { watermark?: number }).watermark === 2), woken]).toEqual([
        [],
        0,
      ]);
    });

    test('H3: nothing of a closed generation arrives, not even through an end that is asked for later', async () => {
      const { sending, receiving, sender, receiver, settle } = channel();
      receiver.open();
      await settle();
      sender.send(watermark(1));
      await settle();
      sending.close();
      receiving.close();
      sender.send(watermark(2));
      await settle();
      const late = receiving.receiver(id);
      late.open();
      await settle();
      sending.sender(id).send(watermark(3));
      await settle();
      expect([receiver.pending, late.pending]).toEqual([0, 0]);
    });
  });
}
