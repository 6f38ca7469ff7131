import { describe, expect, test } from 'vitest';
import { countWindowOperator } from '../../src/operators/index.ts';
import type { Emission } from '../../src/plan/index.ts';
import { openMemoryStores } from '../../src/state/index.ts';
import { OperatorRun, testBarrier } from '../../src/testing/operator-run.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { verifyOperator } from '../../src/testing/verify-operator.ts';
import { aggregateNode, type AggregateOptions, barrier, number, rowsItem, watermark } from './operator-fixture.ts';

const append: Emission = { port: 'append', mode: 'append', everyMs: 0 };
const complete: Emission = { port: 'complete', mode: 'complete', everyMs: 0 };
const seldom: Emission = { port: 'seldom', mode: 'complete', everyMs: 2000 };
const update: Emission = { port: 'update', mode: 'update', everyMs: 0 };
const subject =
  (options: AggregateOptions, ...emissions: Emission[]) =>
  () => ({ make: () => countWindowOperator(aggregateNode(options), emissions) });
const values = (key: string, ...of: (number | null)[]) => of.map((value) => ({ key, at: 0, value }));
const row = (first: number, last: number, key: string, all: readonly number[]) => ({ window: { first, last }, key, all });
const all: AggregateOptions['aggregates'] = {
  all: { fn: 'collect', column: 'value', type: { kind: 'list', of: { type: number, nullable: true } } },
};

describe('windows of so many rows', () => {
  test('CW1: go out with their last row, per key, in the order of arrival, to all that want them', async () => {
    await verifyOperator({
      subject: subject({ count: { size: 3, slide: 3 }, aggregates: all }, append, update),
      barriersEverywhere: true,
      input: [
        rowsItem([...values('a', 1, 2), ...values('b', 10), ...values('a', 3, 4)]),
        watermark(100),
        rowsItem([...values('b', 20, 30, 40), ...values('a', 5, 6)], 5),
      ],
      output: {
        append: [row(0, 2, 'a', [1, 2, 3]), row(0, 2, 'b', [10, 20, 30]), row(3, 5, 'a', [4, 5, 6])],
        update: [row(0, 2, 'a', [1, 2, 3]), row(0, 2, 'b', [10, 20, 30]), row(3, 5, 'a', [4, 5, 6])],
      },
    });
  });

  test('CW1: slide by so many rows, and overlap', async () => {
    await verifyOperator({
      subject: subject({ count: { size: 3, slide: 2 }, aggregates: all }, append),
      barriersEverywhere: true,
      input: [rowsItem(values('a', 0, 1, 2, 3, 4, 5, 6, 7))],
      output: { append: [row(0, 2, 'a', [0, 1, 2]), row(2, 4, 'a', [2, 3, 4]), row(4, 6, 'a', [4, 5, 6])] },
    });
  });

  test('are all in a complete result, each as it was when it was full, in the order in which they came to be', async () => {
    const a = [row(0, 1, 'a', [1, 2]), row(1, 2, 'a', [2, 3]), row(2, 3, 'a', [3, 4])];
    const b = row(0, 1, 'b', [8, 9]);
    await verifyOperator({
      subject: subject({ count: { size: 2, slide: 1 }, aggregates: all }, append, complete, seldom),
      input: [
        rowsItem([...values('a', 1, 2), ...values('b', 8)]),
        barrier(),
        rowsItem([...values('a', 3), ...values('b', 9)], 3),
        barrier({ due: [2000] }),
        barrier(),
        rowsItem(values('a', 4), 5),
        barrier({ last: 'end', due: [2000] }),
      ],
      output: {
        append: [a[0]!, a[1]!, b, a[2]!],
        complete: [a[0]!, a[0]!, a[1]!, b, a[0]!, a[1]!, b, a[0]!, a[1]!, b, a[2]!],
        seldom: [a[0]!, a[1]!, b, a[0]!, a[1]!, b, a[2]!],
      },
    });
  });

  test('no row is late, whatever its stamp', async () => {
    const result = await verifyOperator({
      subject: subject({ count: { size: 1, slide: 1 }, aggregates: all }, append),
      barriersEverywhere: true,
      input: [watermark(50), rowsItem([{ key: 'a', at: 3, value: 7, stamp: 50 }])],
      output: { append: [row(0, 0, 'a', [7])] },
    });
    expect(result.late).toBe(0);
  });

  test('CW2: a row that an aggregate throws on, guarded, is set aside and not counted', async () => {
    const wary = {
      state: { name: 'acc', type: number, nullable: false },
      create: () => 0,
      accumulate: ((acc: number, value: number) => {
        if (value === 13) throw new Error('not this one');
        return acc + value;
      }) as never,
      merge: ((a: number, b: number) => a + b) as never,
      result: ((acc: number) => acc) as never,
    };
    const make = subject(
      { count: { size: 2, slide: 1 }, aggregates: { sum: { fn: 'custom', column: 'value', custom: wary } } },
      append,
    )().make;
    const run = new OperatorRun({ make, blobs: openMemoryStores().blobs, clock: new VirtualClock(), guarded: true });
    await run.feed(rowsItem(values('a', 1, 13, 2, 4)));
    expect([run.emitted.map((each) => (each.row as { sum: number }).sum), run.dead.length]).toEqual([[3, 6], 1]);
  });

  test('keep one entry a key, which goes on after a restore', async () => {
    const options = {
      make: subject({ count: { size: 2, slide: 2 }, aggregates: all }, append)().make,
      blobs: openMemoryStores().blobs,
      clock: new VirtualClock(),
    };
    const run = new OperatorRun(options);
    await run.feed(rowsItem([...values('a', 1, 2, 3), ...values('b', 9)]));
    const restored = await OperatorRun.restored(options, [await run.barrier(testBarrier(1))]);
    await restored.feed(rowsItem(values('a', 4), 4));
    expect([restored.emitted.map((each) => each.row), restored.stateRows]).toEqual([[row(2, 3, 'a', [3, 4])], 2]);
  });
});
