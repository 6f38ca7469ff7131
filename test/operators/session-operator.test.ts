import { describe, expect, test } from 'vitest';
import { rowKind } from '../../src/batch/index.ts';
import { sessionOperator } from '../../src/operators/index.ts';
import type { Emission, SessionSpec } from '../../src/plan/index.ts';
import { openMemoryStores } from '../../src/state/index.ts';
import { type FedItem, OperatorRun, testBarrier } from '../../src/testing/operator-run.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { verifyOperator } from '../../src/testing/verify-operator.ts';
import {
  aggregateNode,
  type AggregateOptions,
  barrier,
  type EventRow,
  number,
  rowsItem,
  sourceNode,
  watermark,
} from './operator-fixture.ts';

const append: Emission = { port: 'append', mode: 'append', everyMs: 0 };
const update: Emission = { port: 'update', mode: 'update', everyMs: 0 };
const complete: Emission = { port: 'complete', mode: 'complete', everyMs: 0 };
const byGap: SessionSpec = { column: 'at', gap: 10 };
const subject =
  (options: AggregateOptions, ...emissions: Emission[]) =>
  () => ({ make: () => sessionOperator(aggregateNode({ session: byGap, ...options }), emissions) });
const row = (start: number, end: number, key: string, count: number) => ({ window: { start, end }, key, count });
const rows = (...of: EventRow[]): FedItem => rowsItem(of);
const a = (at: number, stamp?: number): EventRow => ({ key: 'a', at, ...(stamp === undefined ? {} : { stamp }) });

describe('sessions, in append', () => {
  test('SE1: rows whose sessions overlap, or just touch, are in one; a row in between joins two', async () => {
    await verifyOperator({
      subject: subject({}, append),
      barriersEverywhere: true,
      input: [rows(a(0), a(10), a(21), a(40), a(60), a(50), a(80)), watermark(Infinity)],
      output: { append: [row(0, 20, 'a', 2), row(21, 31, 'a', 1), row(40, 70, 'a', 3), row(80, 90, 'a', 1)] },
    });
  });

  test('SE2: the order of rows does not matter while none comes after its session has closed', async () => {
    const times = [0, 7, 10, 19, 31, 40, 55];
    const expected = { append: [row(0, 29, 'a', 4), row(31, 50, 'a', 2), row(55, 65, 'a', 1)] };
    for (const order of [times, times.toReversed(), [31, 0, 55, 19, 7, 40, 10]])
      await verifyOperator({
        subject: subject({}, append),
        input: [rows(...order.map((at) => a(at))), watermark(100)],
        output: expected,
      });
  });

  test('SE3: sessions that close together come by their ends, then by their first rows', async () => {
    await verifyOperator({
      subject: subject({}, append),
      barriersEverywhere: true,
      input: [
        rows({ key: 'b', at: 5 }, { key: 'a', at: 5 }, { key: 'c', at: 1 }, { key: 'a', at: 30 }),
        watermark(10),
        watermark(15),
        watermark(40),
      ],
      output: { append: [row(1, 11, 'c', 1), row(5, 15, 'b', 1), row(5, 15, 'a', 1), row(30, 40, 'a', 1)] },
    });
  });

  test('a row closes the sessions of its key that had ended by its stamp, and joins none of them', async () => {
    const result = await verifyOperator({
      subject: subject({}, append),
      barriersEverywhere: true,
      stamps: true,
      input: [rows(a(0), a(10, 9), { key: 'b', at: 0 }, a(20, 20), { key: 'b', at: 5, stamp: 9 }), watermark(Infinity)],
    });
    // [0, 20) had closed when the row at 20 came, which touches it.
    expect(result.rows.map((each) => each.row)).toEqual([row(0, 20, 'a', 2), row(0, 15, 'b', 2), row(20, 30, 'a', 1)]);
  });

  test('a row whose own session had ended by its stamp, or had been fired, is late, though an open one is near', async () => {
    const result = await verifyOperator({
      subject: subject({}, append),
      barriersEverywhere: true,
      input: [
        rows(a(5), a(12, 11), a(2, 12), a(1, 11)),
        watermark(15),
        rows({ key: 'b', at: 5 }, { key: 'b', at: 6 }),
        watermark(Infinity),
      ],
      output: {
        append: [row(6, 16, 'b', 1), row(5, 22, 'a', 2)],
        late: [
          { key: 'a', at: 2, value: null },
          { key: 'a', at: 1, value: null },
          { key: 'b', at: 5, value: null },
        ],
      },
    });
    expect(result.late).toBe(3);
  });

  test("the gap may be each row's own; a row whose gap is not above 0 is in no session, and not late", async () => {
    const gaps = (...of: [number, number | null][]): FedItem => rowsItem(of.map(([at, value]) => ({ key: 'a', at, value })));
    const result = await verifyOperator({
      subject: subject({ session: { column: 'at', gap: 'value' } }, append),
      barriersEverywhere: true,
      input: [gaps([0, 30], [10, 2], [12, 0], [13, -5], [40, 1.9], [31, null]), watermark(Infinity), gaps([3, 0])],
      output: { append: [row(0, 30, 'a', 2), row(40, 41, 'a', 1)] },
    });
    expect(result.late).toBe(0);
    expect(result.dead).toMatchObject([{ error: expect.stringContaining("the gap 'value' of a session is null") }]);
  });

  test('without a key all rows are in the same sessions', async () => {
    await verifyOperator({
      subject: subject({ keys: [] }, append),
      barriersEverywhere: true,
      input: [rows({ key: 'x', at: 0 }, { key: 'y', at: 10 }), watermark(20)],
      output: { append: [{ window: { start: 0, end: 20 }, count: 2 }] },
    });
  });

  test('aggregates of a session are those of its rows, also where sessions merge', async () => {
    const aggregates = {
      sum: { fn: 'sum', column: 'value' },
      all: { fn: 'collect', column: 'value', type: { kind: 'list', of: { type: number, nullable: true } } },
    } as const;
    const values = (...of: [number, number][]): FedItem => rowsItem(of.map(([at, value]) => ({ key: 'a', at, value })));
    await verifyOperator({
      subject: subject({ aggregates }, append),
      barriersEverywhere: true,
      input: [values([20, 1], [0, 2], [21, 4], [10, 8]), watermark(Infinity)],
      output: { append: [{ window: { start: 0, end: 31 }, key: 'a', sum: 15, all: [1, 2, 4, 8] }] },
    });
  });

  test('a time that is none, and one whose session has no end, are set aside', async () => {
    const result = await verifyOperator({
      subject: subject({}, append),
      input: [rows({ key: 'a', at: null }, a(Number.MAX_SAFE_INTEGER)), watermark(Infinity)],
      output: {},
    });
    expect(result.dead.map(({ error }) => error)).toEqual([
      expect.stringContaining("column 'at' holds null, which is no time"),
      expect.stringContaining('has no end'),
    ]);
  });

  test('guarded, a row that an aggregate throws on is set aside and its session is as before', async () => {
    const custom = {
      state: { name: 'state', type: number, nullable: false },
      create: () => 0,
      accumulate: (acc: number, value: number) => {
        if (value === 7) throw new Error('no sevens');
        return acc + value;
      },
      merge: (x: number, y: number) => x + y,
      result: (acc: number) => acc,
    };
    const aggregates = { total: { fn: 'custom', column: 'value', custom: custom as never } } as const;
    const values = (...of: [number, number][]): FedItem => rowsItem(of.map(([at, value]) => ({ key: 'a', at, value })));
    const result = await verifyOperator({
      subject: subject({ aggregates }, append),
      guarded: true,
      barriersEverywhere: true,
      input: [values([0, 1], [5, 7], [20, 2], [10, 7], [6, 4]), watermark(Infinity)],
      output: {
        append: [
          { window: { start: 0, end: 16 }, key: 'a', total: 5 },
          { window: { start: 20, end: 30 }, key: 'a', total: 2 },
        ],
      },
    });
    expect(result.dead.length).toBe(2);
  });

  test('says which session closes first, after a restore too', async () => {
    const options = { make: subject({}, append)().make, blobs: openMemoryStores().blobs, clock: new VirtualClock() };
    const run = new OperatorRun(options);
    expect(run.operator.nextWindowEnd).toBeUndefined();
    await run.feed(rows(a(30), a(5), a(12)));
    expect(run.operator.nextWindowEnd).toBe(22);
    const restored = await OperatorRun.restored(options, [await run.barrier(testBarrier(1))]);
    expect(restored.operator.nextWindowEnd).toBe(22);
    await restored.feed(watermark(22));
    expect(restored.operator.nextWindowEnd).toBe(40);
  });

  test('the heap of ends does not grow with every row of a long session', async () => {
    const run = new OperatorRun({ make: subject({}, append)().make, blobs: openMemoryStores().blobs, clock: new VirtualClock() });
    for (let i = 0; i < 5; i++) await run.feed(rowsItem(Array.from({ length: 1000 }, (_, n) => a(i * 1000 + n))));
    expect(run.operator.nextWindowEnd).toBe(5009);
    await run.feed(watermark(Infinity));
    expect(run.emitted.map((each) => each.row)).toEqual([row(0, 5009, 'a', 5000)]);
  });
});

describe('sessions, in update', () => {
  /** What each barrier and watermark makes of it: -x takes back. */
  async function told(...input: (FedItem | 'barrier')[]): Promise<string[]> {
    const { blobs } = openMemoryStores();
    const options = { make: subject({}, update)().make, blobs, clock: new VirtualClock() };
    let run = new OperatorRun(options);
    const out: string[] = [];
    let epoch = 0;
    for (const item of input) {
      if (item !== 'barrier') await run.feed(item);
      else {
        const snapshot = await run.barrier(testBarrier(++epoch));
        out.push(...textOf(run), '|');
        run = await OperatorRun.restored(options, [snapshot]);
      }
    }
    return [...out, ...textOf(run)];
  }
  const textOf = (run: OperatorRun): string[] =>
    run.emitted.map(({ kind, row: of }) => {
      const { window: w, count } = of as ReturnType<typeof row>;
      return kind === rowKind.delete ? `-[${w.start}, ${w.end})` : `[${w.start}, ${w.end}) ${count}`;
    });

  test('SE4: a session that has grown takes back what was told of it, one that is as it was says nothing', async () => {
    expect(await told(rows(a(0)), 'barrier', rows(a(5)), 'barrier', 'barrier', rows(a(3)), 'barrier')).toEqual([
      '[0, 10) 1',
      '|',
      '-[0, 10)',
      '[0, 15) 2',
      '|',
      '|',
      '[0, 15) 3',
      '|',
    ]);
  });

  test('SE4: sessions that merge are taken back, all of them', async () => {
    expect(await told(rows(a(0), a(20), a(40)), 'barrier', rows(a(10), a(30)), 'barrier', watermark(100), 'barrier')).toEqual([
      '[0, 10) 1',
      '[20, 30) 1',
      '[40, 50) 1',
      '|',
      '-[0, 10)',
      '-[20, 30)',
      '-[40, 50)',
      '[0, 50) 5',
      '|',
      '|',
    ]);
  });

  test('SE4: what has changed when a session closes is told then, once', async () => {
    expect(await told(rows(a(0)), 'barrier', rows(a(9)), watermark(19), 'barrier', watermark(50))).toEqual([
      '[0, 10) 1',
      '|',
      '-[0, 10)',
      '[0, 19) 2',
      '|',
    ]);
  });

  test('without a watermark sessions only grow and merge', async () => {
    await verifyOperator({
      subject: () => ({
        make: () => sessionOperator(aggregateNode({ session: byGap, input: sourceNode() }), [update, complete]),
      }),
      input: [rows(a(0), a(30)), barrier(), rows(a(5, 100)), watermark(Infinity), barrier()],
      output: {
        update: [row(0, 10, 'a', 1), row(30, 40, 'a', 1), row(0, 10, 'a', 2), row(0, 15, 'a', 2)],
        complete: [row(0, 10, 'a', 1), row(30, 40, 'a', 1), row(0, 15, 'a', 2), row(30, 40, 'a', 1)],
      },
    });
  });
});

describe('sessions, in complete', () => {
  test('are there for ever, closed ones too, and a closed one takes no more rows', async () => {
    await verifyOperator({
      subject: subject({}, complete, append),
      input: [
        rows(a(0), a(10)),
        barrier(),
        watermark(20),
        barrier(),
        rows(a(20, 20), { key: 'b', at: 11, stamp: 20 }),
        barrier(),
        watermark(Infinity),
        barrier(),
      ],
      output: {
        append: [row(0, 20, 'a', 2), row(11, 21, 'b', 1), row(20, 30, 'a', 1)],
        complete: [
          row(0, 20, 'a', 2),
          row(0, 20, 'a', 2),
          ...[row(0, 20, 'a', 2), row(11, 21, 'b', 1), row(20, 30, 'a', 1)],
          ...[row(0, 20, 'a', 2), row(11, 21, 'b', 1), row(20, 30, 'a', 1)],
        ],
      },
    });
  });
});
