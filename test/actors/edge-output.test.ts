import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EdgeOutput, type Router } from '../../src/actors/edge-output.ts';
import type { Item } from '../../src/actors/chain.ts';
import type { Batch } from '../../src/batch/index.ts';
import type { ChannelSender, Frame } from '../../src/transport/index.ts';
import { barrier, batch, brief, valuesOf } from './fakes.ts';

/** A channel with as much credit as the test gives. */
class Channel implements ChannelSender {
  readonly sent: string[] = [];
  credit: number;
  #wake = (): void => {};

  constructor(credit = Number.POSITIVE_INFINITY) {
    this.credit = credit;
  }

  get writable(): boolean {
    return this.credit > 0;
  }

  send(frame: Frame): void {
    if (frame.kind === 'data') {
      expect(this.writable, 'data needs credit').toBe(true);
      this.credit--;
    }
    this.sent.push(brief(frame));
  }

  onWritable(wake: () => void): void {
    this.#wake = wake;
  }

  grant(frames: number): void {
    this.credit += frames;
    this.#wake();
  }

  close(): void {}
}

const first: Router = (batch) => [{ channel: 0, batch }];
/** Rows by their value modulo the number of channels. */
const modulo =
  (channels: number): Router =>
  (batch: Batch) =>
    Array.from({ length: channels }, (_, channel) => {
      const rows = valuesOf(batch).flatMap((value, row) => (value % channels === channel ? [row] : []));
      return { channel, batch: batch.select(Int32Array.from(rows)) };
    }).filter(({ batch }) => batch.length > 0);

const data = (...values: number[]): Item => ({ kind: 'batch', batch: batch(...values) });
const watermark = (at: number): Item => ({ kind: 'watermark', watermark: at });

describe('an outgoing edge', () => {
  test('sends each channel its rows, and all of them what concerns all', () => {
    const channels = [new Channel(), new Channel()];
    const edge = new EdgeOutput(channels, modulo(2), () => {});
    const items: Item[] = [
      data(1, 2, 3),
      { kind: 'idle', idle: true },
      watermark(5),
      data(4),
      { kind: 'barrier', barrier: barrier(1) },
      { kind: 'end' },
    ];
    for (const item of items) edge.push(item);
    expect(channels.map(({ sent }) => sent)).toEqual([
      ['2', 'idle', 'w5', '4', 'b1', 'end'],
      ['1,3', 'idle', 'w5', 'b1', 'end'],
    ]);
  });

  test('does not tell other stages of splits, nor of watermarks that do not rise', () => {
    const channel = new Channel();
    const edge = new EdgeOutput([channel], first, () => {});
    for (const item of [
      watermark(5),
      watermark(4),
      watermark(5),
      { kind: 'split', event: { split: 'a', state: 'idle' } } as const,
      watermark(6),
    ])
      edge.push(item);
    expect(channel.sent).toEqual(['w5', 'w6']);
  });

  test('EO1: what has no credit waits, and all behind it on its channel, control frames as well', () => {
    const [slow, fast] = [new Channel(0), new Channel()];
    const edge = new EdgeOutput([slow, fast], modulo(2), () => {});
    edge.push(data(1, 2));
    edge.push({ kind: 'barrier', barrier: barrier(1) });
    edge.push(data(3, 4));
    expect([slow.sent, fast.sent]).toEqual([[], ['1', 'b1', '3']]);
    slow.grant(1);
    expect(edge.ready).toBe(false);
    expect(slow.sent).toEqual(['2', 'b1']);
    slow.grant(1);
    expect(edge.ready).toBe(true);
    expect(slow.sent).toEqual(['2', 'b1', '4']);
  });

  test('EO2: is not ready while anything is held back, on any channel, and wakes its task for credit', () => {
    const channels = [new Channel(), new Channel(0)];
    let woken = 0;
    const edge = new EdgeOutput(channels, modulo(2), () => woken++);
    expect(edge.ready).toBe(true);
    edge.push(data(1, 2));
    expect([edge.ready, woken]).toEqual([false, 0]);
    channels[1]!.grant(1);
    expect([woken, edge.ready]).toEqual([1, true]);
  });

  test('control frames alone are never held back', () => {
    const channel = new Channel(0);
    const edge = new EdgeOutput([channel], first, () => {});
    edge.push({ kind: 'barrier', barrier: barrier(1) });
    edge.push(watermark(1));
    expect([channel.sent, edge.ready]).toEqual([['b1', 'w1'], true]);
  });

  test('EO1: whatever the credit, each channel gets what was pushed, in order, and nothing is lost', () => {
    const turns = fc.array(
      fc.oneof(
        fc.constantFrom('data', 'control', 'ready'),
        fc.record({ channel: fc.nat(2), frames: fc.integer({ min: 1, max: 3 }) }),
      ),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(turns, (turns) => {
        const channels = [new Channel(0), new Channel(0), new Channel(0)];
        const edge = new EdgeOutput(channels, modulo(3), () => {});
        const expected: string[][] = [[], [], []];
        turns.forEach((turn, i) => {
          if (turn === 'data') {
            edge.push(data(i, i + 1));
            for (const value of [i, i + 1]) expected[value % 3]!.push(`${value}`);
          } else if (turn === 'control') {
            edge.push({ kind: 'barrier', barrier: barrier(i + 1) });
            for (const channel of expected) channel.push(`b${i + 1}`);
          } else if (turn === 'ready') {
            void edge.ready;
          } else {
            channels[turn.channel]!.grant(turn.frames);
          }
          channels.forEach(({ sent }, channel) => expect(sent).toEqual(expected[channel]!.slice(0, sent.length)));
        });
        for (const channel of channels) channel.grant(100);
        expect(edge.ready).toBe(true);
        expect(channels.map(({ sent }) => sent)).toEqual(expected);
      }),
      { numRuns: 100 },
    );
  });
});
