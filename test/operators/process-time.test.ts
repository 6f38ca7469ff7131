/** Keyed processing and the clock: what is forgotten with time, and timers in processing time. */
import { describe, expect, test } from 'vitest';
import { processOperator } from '../../src/operators/index.ts';
import type { ProcessNode, StateDeclaration } from '../../src/plan/index.ts';
import { type BlobStore, openMemoryStores } from '../../src/state/index.ts';
import { OperatorRun, type OperatorSnapshot, testBarrier } from '../../src/testing/operator-run.ts';
import { verifyOperator } from '../../src/testing/verify-operator.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { clock, field, number, processNode, rowsItem, schemaOf, text, time, watermark } from './operator-fixture.ts';

interface Lasting extends Iterable<unknown> {
  get(key?: unknown): unknown;
  set(a: unknown, b?: unknown): void;
  has(key: unknown): boolean;
  delete(key: unknown): boolean;
  push(...values: readonly unknown[]): void;
  replace(values: readonly unknown[]): void;
  clear(): void;
  readonly size: number;
  readonly length: number;
}
interface Context {
  readonly key: string;
  readonly state: Readonly<Record<string, Lasting>>;
  readonly now: number;
  readonly watermark: number;
  emit(row: object): void;
  setTimer(at: number): void;
  timers(): readonly number[];
  setProcessingTimer(at: number): void;
  deleteProcessingTimer(at: number): void;
  processingTimers(): readonly number[];
}
interface Row {
  readonly key: string;
  readonly at: number;
  readonly value: number;
}
type Calls = {
  readonly onRow: (row: Row, context: Context) => void;
  readonly onTimer?: (at: number, context: Context) => void;
  readonly onProcessingTimer?: (at: number, context: Context) => void;
};
const said = schemaOf(field('key', text), field('what', text), field('at', time));
const nodeOf = (calls: Calls, state: Readonly<Record<string, StateDeclaration>> = {}): ProcessNode =>
  processNode({ schema: said, state, ...calls } as never);
const subject = (node: ProcessNode) => () => ({ make: () => processOperator(node) });
const row = (key: string, at: number, value = 0): Row => ({ key, at, value });
const runOf = (node: ProcessNode, blobs: BlobStore = openMemoryStores().blobs, at = new VirtualClock(0)): OperatorRun =>
  new OperatorRun({ make: () => processOperator(node), blobs, clock: at });

const n = field('n', number);
const words = ({ rows }: { rows: readonly { readonly row: object }[] }): string[] =>
  rows.map((each) => (each.row as { what: string }).what);

describe('state that lasts for a time', () => {
  test('a value is forgotten that long after it was last written, to the millisecond, before and after restores', async () => {
    const node = nodeOf(
      {
        onRow({ value, at, key }, { state: { last }, emit }) {
          emit({ key, what: String(last!.get()), at });
          if (value > 0) last!.set(value);
        },
      },
      { last: { kind: 'value', value: n, ttlMs: 100 } },
    );
    const result = await verifyOperator({
      subject: subject(node),
      barriersEverywhere: true,
      input: [
        rowsItem([row('a', 1, 1), row('b', 2, 2)]),
        clock(99),
        rowsItem([row('a', 3), row('b', 4, 3)]),
        clock(1),
        rowsItem([row('a', 5), row('b', 6)]),
        clock(98),
        rowsItem([row('b', 7)]),
        clock(1),
        rowsItem([row('b', 8, 4), row('b', 9)]),
      ],
    });
    expect(words(result)).toEqual(['undefined', 'undefined', '1', '2', 'undefined', '3', '3', 'undefined', '4']);
  });

  test('each entry of a map, and each value of a list, is by itself', async () => {
    const node = nodeOf(
      {
        onRow({ value, at, key }, { state, emit }) {
          const { map, list } = state;
          if (value > 0) map!.set(value, at);
          if (value > 0) list!.push(value);
          emit({
            key,
            what: `${map!.size} ${JSON.stringify([...map!])} ${map!.has(1)} ${String(map!.get(1))} / ${list!.length} ${JSON.stringify([...list!])}`,
            at,
          });
          if (value < 0) emit({ key, what: `${map!.delete(-value)}`, at });
        },
      },
      {
        map: { kind: 'map', key: field('k', number), value: n, ttlMs: 100 },
        list: { kind: 'list', value: n, ttlMs: 100 },
      },
    );
    const result = await verifyOperator({
      subject: subject(node),
      barriersEverywhere: true,
      input: [
        rowsItem([row('a', 1, 1)]),
        clock(50),
        rowsItem([row('a', 2, 2), row('a', 3, 2)]),
        clock(50),
        rowsItem([row('a', 4)]),
        rowsItem([row('a', 5, 1)]),
        clock(50),
        rowsItem([row('a', 6, -2), row('a', 7, -1)]),
        clock(1000),
        rowsItem([row('a', 8)]),
      ],
    });
    expect(words(result)).toEqual([
      '1 [[1,1]] true 1 / 1 [1]',
      '2 [[1,1],[2,2]] true 1 / 2 [1,2]',
      '2 [[1,1],[2,3]] true 1 / 3 [1,2,2]',
      '1 [[2,3]] false undefined / 2 [2,2]',
      '2 [[2,3],[1,5]] true 5 / 3 [2,2,1]',
      '1 [[1,5]] true 5 / 1 [1]',
      'false',
      '1 [[1,5]] true 5 / 1 [1]',
      'true',
      '0 [] false undefined / 0 []',
    ]);
  });

  const writing = (ttlMs: number): ProcessNode =>
    nodeOf(
      {
        onRow({ key, at, value }, { state: { one, map, list }, emit }) {
          if (value === 0) return emit({ key, what: `${String(one!.get())} ${map!.size} ${list!.length}`, at });
          one!.set(value);
          map!.set(value, value);
          list!.push(value);
        },
      },
      {
        one: { kind: 'value', value: n, ttlMs },
        map: { kind: 'map', key: field('k', number), value: n, ttlMs },
        list: { kind: 'list', value: n, ttlMs },
      },
    );
  const keys = Array.from({ length: 3000 }, (_, i) => row(`key ${i}`, i, 1));

  test('what nobody asks for is cleared away with the barriers, a bounded number each, and stays away after a restore', async () => {
    const blobs = openMemoryStores().blobs;
    const at = new VirtualClock(0);
    const run = runOf(writing(100), blobs, at);
    await run.feed(rowsItem(keys));
    await run.barrier(testBarrier(1));
    at.advance(100);
    const left: number[] = [];
    let last: OperatorSnapshot | undefined;
    for (let epoch = 2; epoch < 9; epoch++) {
      last = await run.barrier(testBarrier(epoch));
      left.push(run.stateRows);
    }
    expect(left[0]).toBeGreaterThan(0);
    expect(left.at(-1)).toBe(0);
    const options = { make: () => processOperator(writing(100)), blobs, clock: at };
    expect((await OperatorRun.restored(options, [last!])).stateRows).toBe(0);
  });

  test('rows clear away what is over before them: the state of keys that come once stays as large as their lifetime', async () => {
    const at = new VirtualClock(0);
    const run = runOf(writing(100), openMemoryStores().blobs, at);
    const sizes: number[] = [];
    for (let i = 0; i < 200; i++) {
      at.advance(10);
      await run.feed(rowsItem(Array.from({ length: 10 }, (_, j) => row(`key ${i} ${j}`, i, 1))));
      sizes.push(run.stateRows);
    }
    // Three states of 100 keys live at a time.
    expect(Math.max(...sizes)).toBeLessThan(3 * 100 * 3);
    expect(Math.min(...sizes.slice(50))).toBeGreaterThanOrEqual(3 * 100);
  });

  test('a lifetime that was changed holds for what was written before', async () => {
    const blobs = openMemoryStores().blobs;
    const at = new VirtualClock(0);
    const run = runOf(writing(100), blobs, at);
    await run.feed(rowsItem([row('a', 1, 1)]));
    const snapshot = await run.barrier(testBarrier(1));
    at.advance(150);
    const longer = { make: () => processOperator(writing(200)), blobs, clock: at };
    const next = await OperatorRun.restored(longer, [snapshot]);
    await next.feed(rowsItem([row('a', 2)]));
    at.advance(50);
    await next.feed(rowsItem([row('a', 3)]));
    expect(words({ rows: next.emitted })).toEqual(['1 1 1', 'undefined 0 0']);
  });

  test('a clock that is set back brings nothing back', async () => {
    let now = 1000;
    const at = new VirtualClock(0);
    at.now = () => now;
    const run = runOf(writing(100), openMemoryStores().blobs, at);
    await run.feed(rowsItem([row('a', 1, 1)]));
    for (now of [1100, 1000, 900]) await run.feed(rowsItem([row('a', 2)]));
    expect(words({ rows: run.emitted })).toEqual(['undefined 0 0', 'undefined 0 0', 'undefined 0 0']);
  });
});

describe('lists', () => {
  test('are pushed to, replaced and cleared, and what a user holds is not what is stored', async () => {
    const node = nodeOf(
      {
        onRow({ key, at, value }, { state: { list }, emit }) {
          const before = [...list!] as number[][];
          before[0]?.push(99);
          if (value > 0) list!.push([value], [value, value]);
          if (value < 0) list!.replace([...(before as unknown[]).slice(1), [-value]]);
          if (value === 0) list!.clear();
          emit({ key, what: `${list!.length} ${JSON.stringify([...list!])}`, at });
        },
      },
      { list: { kind: 'list', value: field('of', { kind: 'list', of: { type: number, nullable: false } }) } },
    );
    const result = await verifyOperator({
      subject: subject(node),
      barriersEverywhere: true,
      input: [rowsItem([row('a', 1, 1), row('b', 2, 5), row('a', 3, -7), row('a', 4, 2), row('a', 5, 0), row('a', 6, -1)])],
    });
    expect(words(result)).toEqual([
      '2 [[1],[1,1]]',
      '2 [[5],[5,5]]',
      '2 [[1,1],[7]]',
      '4 [[1,1],[7],[2],[2,2]]',
      '0 []',
      '1 [[1]]',
    ]);
  });

  test('U3: a value that does not fit is refused, and then nothing has changed', async () => {
    const node = nodeOf(
      {
        onRow({ key, at }, { state: { list }, emit }) {
          for (const change of [() => list!.push(1, 'two'), () => list!.replace([1, 'two'])]) {
            let code = '';
            try {
              change();
            } catch (error) {
              ({ code } = error as { code: string });
            }
            emit({ key, what: `${code} ${list!.length}`, at });
          }
        },
      },
      { list: { kind: 'list', value: n } },
    );
    const result = await verifyOperator({ subject: subject(node), input: [rowsItem([row('a', 1)])] });
    expect(words(result)).toEqual(['E_VALUE 0', 'E_VALUE 0']);
  });
});

describe('a timer in event time that is set for a time which the watermark has reached', () => {
  const late = nodeOf({
    onRow: ({ at }, ctx) => ctx.setTimer(at),
    onTimer(at, ctx) {
      ctx.emit({ key: ctx.key, what: `event ${at} at ${ctx.watermark}`, at });
      if (at === 5) ctx.setProcessingTimer(ctx.now);
    },
    onProcessingTimer: (_, ctx) => ctx.setTimer(3),
  });

  test('fires behind the rows that came with the one that set it, or with the timer that did, whatever is restored', async () => {
    const result = await verifyOperator({
      subject: subject(late),
      barriersEverywhere: true,
      input: [watermark(10), rowsItem([row('a', 5), row('b', 10), row('a', 11)]), clock(1), watermark(11)],
    });
    expect(words(result)).toEqual(['event 5 at 10', 'event 10 at 10', 'event 3 at 10', 'event 11 at 11']);
  });
});

describe('timers in processing time', () => {
  const begun = 946_684_800_000;
  /** A value sets a timer so long from now; nothing takes the first one back. */
  const ticking = nodeOf({
    onRow({ key, at, value }, ctx) {
      if (value > 0) {
        ctx.setProcessingTimer(ctx.now + value);
        ctx.setProcessingTimer(ctx.now + value);
      } else if (ctx.processingTimers().length > 0) ctx.deleteProcessingTimer(ctx.processingTimers()[0]!);
      ctx.setTimer(at + 1000);
      const times = ctx.processingTimers().map((due) => due - begun);
      ctx.emit({ key, what: `row, waits for ${times.join()}, and for ${ctx.timers().join()}`, at });
    },
    onTimer: (at, { key, emit }) => emit({ key, what: 'event', at }),
    onProcessingTimer: (at, { key, now, emit, watermark: seen }) =>
      emit({ key, what: `due ${at - begun} seen ${now - begun} watermark ${seen}`, at: 0 }),
  });

  test('U1 U2: fire by time, then by the age of their key, once each, after what was emitted before, whatever is restored', async () => {
    const result = await verifyOperator({
      subject: subject(ticking),
      barriersEverywhere: true,
      input: [
        rowsItem([row('b', 1, 50), row('a', 2, 50), row('a', 3, 20)]),
        watermark(7),
        clock(30),
        rowsItem([row('a', 4, 10), row('b', 5)]),
        clock(40),
        clock(40),
      ],
    });
    expect(words(result)).toEqual([
      'row, waits for 50, and for 1001',
      'row, waits for 50, and for 1002',
      'row, waits for 20,50, and for 1002,1003',
      'due 20 seen 30 watermark 7',
      'row, waits for 40,50, and for 1002,1003,1004',
      'row, waits for , and for 1001,1005',
      'due 40 seen 70 watermark 7',
      'due 50 seen 70 watermark 7',
    ]);
  });

  test('at the end of the input those that are due fire, and the others do not', async () => {
    let now = begun;
    const at = new VirtualClock();
    at.now = () => now;
    const run = runOf(ticking, openMemoryStores().blobs, at);
    await run.feed(rowsItem([row('a', 1, 50), row('b', 2, 51), row('c', 3, 5000)]));
    run.emitted.length = 0;
    now = begun + 50;
    await run.feed(watermark(Number.POSITIVE_INFINITY));
    expect(words({ rows: run.emitted })).toEqual(['due 50 seen 50 watermark -Infinity', 'event', 'event', 'event']);
  });

  test('set without end they leave room for everything else', async () => {
    const endless = nodeOf({
      onRow: ({ at }, { setProcessingTimer }) => setProcessingTimer(at),
      onProcessingTimer: (at, { setProcessingTimer }) => setProcessingTimer(at + 1),
    });
    const run = runOf(endless, openMemoryStores().blobs, new VirtualClock());
    await run.feed(rowsItem([row('a', 0)]));
    const out = { emit: () => {}, watermark: () => {}, idle: () => {} };
    for (let step = 0; step < 3; step++) expect(run.operator.onTime!(begun, out)).toBe('done');
    expect(run.operator.dueAt).toBe(3 * 4096);
  });

  test('need a time, and a function that is called', async () => {
    const refused = (calls: Calls): Promise<void> => runOf(nodeOf(calls)).feed(rowsItem([row('a', 1)]));
    await expect(
      refused({ onRow: (_, { setProcessingTimer }) => setProcessingTimer(Number.NaN), onProcessingTimer: () => undefined }),
    ).rejects.toThrow('a timer needs a time in milliseconds, got NaN');
    await expect(refused({ onRow: (_, { setProcessingTimer }) => setProcessingTimer(1) })).rejects.toThrow(
      'setProcessingTimer() is of no use without onProcessingTimer()',
    );
    await expect(refused({ onRow: (_, { setTimer }) => setTimer(1) })).rejects.toThrow(
      'setTimer() is of no use without onTimer()',
    );
  });

  test('U4: one whose function throws fails the generation, and guarded changes nothing and is set aside', async () => {
    const throwing = nodeOf(
      {
        onRow: (_, { setProcessingTimer, now }) => setProcessingTimer(now + 10),
        onProcessingTimer(at, { key, state: { list }, emit, setProcessingTimer }) {
          list!.push(1);
          emit({ key, what: `${list!.length}`, at: 0 });
          setProcessingTimer(at + 10);
          if (key === 'bad') throw new Error('no');
        },
      },
      { list: { kind: 'list', value: n } },
    );
    const input = [rowsItem([row('bad', 1), row('good', 2)]), clock(15)];
    await expect(verifyOperator({ subject: subject(throwing), input })).rejects.toMatchObject({ code: 'E_CLOSURE' });
    const result = await verifyOperator({ subject: subject(throwing), input, guarded: true, barriersEverywhere: true });
    expect(words(result)).toEqual(['1']);
    expect(result.dead.map(({ text: said }) => JSON.parse(said))).toEqual([{ key: '"bad"', 'processing timer': begun + 10 }]);
  });
});
