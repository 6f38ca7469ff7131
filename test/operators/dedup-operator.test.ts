import { describe, expect, test } from 'vitest';
import { dedupOperator } from '../../src/operators/index.ts';
import type { Remembered } from '../../src/plan/index.ts';
import { openMemoryStores } from '../../src/state/index.ts';
import { type FedItem, OperatorRun, testBarrier } from '../../src/testing/operator-run.ts';
import { verifyOperator } from '../../src/testing/verify-operator.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { dedupNode, type EventRow, rowsItem, watermark } from './operator-fixture.ts';

const subject = (keys: readonly string[], remembered: Remembered) => () => ({
  make: () => dedupOperator(dedupNode(keys, remembered)),
});
const passed = subject(['key', 'at'], { until: 'passed', column: 'at' });
const within = (ms: number) => subject(['key'], { until: 'expired', ms, column: 'at' });
const forever = subject(['key'], { until: 'forever' });
const rows = (...of: EventRow[]): FedItem => rowsItem(of);
const a = (at: number | null, value: number, stamp?: number): EventRow => ({
  key: 'a',
  at,
  value,
  ...(stamp === undefined ? {} : { stamp }),
});
type Shown = readonly [key: string, at: number | null, value: number | null];
const shown = ([key, at, value]: Shown) => ({ key, at, value });
const out = (...of: Shown[]) => ({ main: of.map(shown) });
const late = (...of: Shown[]) => ({ late: of.map(shown) });

describe('the first row of each value, remembered until the watermark passes its time,', () => {
  test('goes out as it came; those that follow are counted, and so are late ones, which are no duplicates', async () => {
    const result = await verifyOperator({
      subject: passed,
      barriersEverywhere: true,
      stamps: true,
      input: [
        rows(a(5, 1), a(5, 2), { key: 'b', at: 5, value: 3 }, a(6, 4), a(5, 5)),
        watermark(6),
        rows(a(6, 6, 6), a(5, 7, 6), a(5, 8), a(7, 9, 6)),
        watermark(Infinity),
        rows(a(7, 10, 8)),
      ],
      output: { ...out(['a', 5, 1], ['b', 5, 3], ['a', 6, 4], ['a', 7, 9]), ...late(['a', 5, 7], ['a', 5, 8], ['a', 7, 10]) },
    });
    expect([result.duplicates, result.late]).toEqual([3, 3]);
    const stamps = (port: string) => result.rows.filter((row) => row.port === port).map(({ stamp }) => stamp);
    expect([stamps('main'), stamps('late')]).toEqual([
      [-Infinity, -Infinity, -Infinity, 6],
      [6, -Infinity, 8],
    ]);
  });

  test('is remembered until the input ends where the time is null', async () => {
    const result = await verifyOperator({
      subject: passed,
      barriersEverywhere: true,
      input: [rows(a(null, 1)), watermark(Date.UTC(9999, 0)), rows(a(null, 2)), watermark(Infinity), rows(a(null, 3))],
      output: { ...out(['a', null, 1]), ...late(['a', null, 3]) },
    });
    expect(result.duplicates).toBe(1);
  });

  test('DE2: is forgotten by whole seconds, and what a restore brings back is forgotten too', async () => {
    const { blobs } = openMemoryStores();
    const options = { make: passed().make, blobs, clock: new VirtualClock() };
    const run = new OperatorRun(options);
    await run.feed(rows(a(10, 1), a(999, 1), a(1000, 1), a(2500, 1)));
    await run.feed(watermark(999));
    expect(run.stateRows).toBe(4);
    await run.feed(watermark(1000));
    expect(run.stateRows).toBe(2);
    const restored = await OperatorRun.restored(options, [await run.barrier(testBarrier(1))]);
    await restored.feed(rows(a(1000, 2), a(4000, 2)));
    await restored.feed(watermark(3000));
    expect([restored.stateRows, restored.counters.duplicates]).toEqual([1, 1]);
    await restored.feed(watermark(5000));
    expect(restored.stateRows).toBe(0);
  });

  test.each([
    [0, []],
    [5, [3]],
  ])('a row that lies exactly a delay of %i behind the latest is late only if there is a delay', async (delayMs, tooLate) => {
    const result = await verifyOperator({
      subject: () => ({ make: () => dedupOperator(dedupNode(['key', 'at'], { until: 'passed', column: 'at' }, delayMs)) }),
      input: [rows(a(11, 1), a(10, 2)), watermark(9), rows({ key: 'b', at: 9, value: 3, stamp: 9 })],
      output: {
        ...out(['a', 11, 1], ['a', 10, 2], ...(tooLate.length === 0 ? [['b', 9, 3] as const] : [])),
        ...(tooLate.length === 0 ? {} : late(['b', 9, 3])),
      },
    });
    expect(result.late).toBe(tooLate.length);
  });
});

describe('the first row of each value, remembered within a length of time,', () => {
  test('a row without a time is set aside', async () => {
    const { dead } = await verifyOperator({ subject: within(10), input: [rows(a(null, 1), a(1, 2))], output: out(['a', 1, 2]) });
    expect(dead).toMatchObject([{ error: expect.stringContaining("column 'at' holds null, which is no time") }]);
  });

  test('counts as new once the watermark has come to its time and that length, whatever came between', async () => {
    const result = await verifyOperator({
      subject: within(10),
      barriersEverywhere: true,
      input: [
        rows(a(0, 1), a(9, 2, 0), { key: 'b', at: 4, value: 3, stamp: 4 }),
        watermark(9),
        rows(a(12, 4, 9), a(13, 5, 9)),
        watermark(10),
        rows(a(14, 6, 10), a(15, 7, 10), { key: 'b', at: 13, value: 8, stamp: 10 }),
        watermark(14),
        rows({ key: 'b', at: 14, value: 9, stamp: 14 }, a(23, 10, 14)),
      ],
      output: out(['a', 0, 1], ['b', 4, 3], ['a', 14, 6], ['b', 14, 9]),
    });
    expect([result.duplicates, result.late]).toEqual([6, 0]);
  });

  test('T6: a row forgets its own key first, at its stamp', async () => {
    const result = await verifyOperator({
      subject: within(10),
      barriersEverywhere: true,
      input: [rows(a(0, 1), a(30, 2, 9), a(31, 3, 10), a(32, 4, 10), a(8, 5, 20)), watermark(Infinity)],
      output: { ...out(['a', 0, 1], ['a', 31, 3]), ...late(['a', 8, 5]) },
    });
    expect([result.duplicates, result.late]).toEqual([2, 1]);
  });

  test('DE1: whichever of many stretches of time a key lies in, it is found, and forgotten with it', async () => {
    const { blobs } = openMemoryStores();
    const run = new OperatorRun({ make: within(80)().make, blobs, clock: new VirtualClock() });
    const keys = Array.from({ length: 60 }, (_, i) => ({ key: `k${i}`, at: i * 7, value: 0 }));
    await run.feed(rows(...keys, ...keys.toReversed()));
    expect([run.emitted.length, run.counters.duplicates]).toEqual([60, 60]);
    await run.feed(watermark(210));
    // Those of up to 130 have expired; the stretch of those behind 120 has not come to its end.
    expect(run.stateRows).toBe(keys.filter(({ at }) => at > 120).length);
    await run.feed(watermark(1000));
    expect(run.stateRows).toBe(0);
  });

  test('by the clock, where there is no time: it never goes back, not even over a restore', async () => {
    const { blobs } = openMemoryStores();
    const make = subject(['key'], { until: 'expired', ms: 1000 })().make;
    const clock = new VirtualClock(5000);
    const run = new OperatorRun({ make, blobs, clock });
    await run.feed(rows(a(0, 1), a(0, 2)));
    clock.advance(999);
    await run.feed(rows(a(0, 3), { key: 'b', at: 0, value: 4 }));
    clock.advance(1);
    await run.feed(rows(a(0, 5)));
    const snapshot = await run.barrier(testBarrier(1));
    expect(run.emitted.map(({ row }) => (row as EventRow).value)).toEqual([1, 4, 5]);
    const later = await OperatorRun.restored({ make, blobs, clock: new VirtualClock(4000) }, [snapshot]);
    await later.feed(rows(a(0, 6), { key: 'b', at: 0, value: 7 }, { key: 'c', at: 0, value: 8 }));
    expect(later.emitted.map(({ row }) => (row as EventRow).value)).toEqual([8]);
    const clock2 = new VirtualClock(9000);
    const last = await OperatorRun.restored({ make, blobs, clock: clock2 }, [snapshot]);
    await last.barrier(testBarrier(2));
    expect(last.stateRows).toBe(0);
  });
});

describe('the first row of each value, remembered for ever,', () => {
  test('DE3: is the only one; nothing is late', async () => {
    const result = await verifyOperator({
      subject: forever,
      barriersEverywhere: true,
      input: [rows(a(5, 1), a(9, 2)), watermark(100), rows(a(5, 3, 100), { key: 'b', at: null, value: 4, stamp: 100 })],
      output: out(['a', 5, 1], ['b', null, 4]),
    });
    expect([result.duplicates, result.late]).toEqual([2, 0]);
  });
});
