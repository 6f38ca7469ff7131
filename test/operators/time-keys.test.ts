import { describe, expect, test } from 'vitest';
import { keyOf } from '../../src/batch/index.ts';
import { aggregateOperator } from '../../src/operators/index.ts';
import type { Emission } from '../../src/plan/index.ts';
import { openMemoryStores } from '../../src/state/index.ts';
import { OperatorRun } from '../../src/testing/operator-run.ts';
import { verifyOperator } from '../../src/testing/verify-operator.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { aggregateNode, rowsItem, watermark } from './operator-fixture.ts';

const append: Emission = { port: 'append', mode: 'append', everyMs: 0 };
const byTime = () => ({ make: () => aggregateOperator(aggregateNode({ keys: ['at'] }), [append]) });

describe('an aggregation by a time, in append', () => {
  test('a key that is a time under a watermark closes once the watermark has passed it', async () => {
    await verifyOperator({
      subject: byTime,
      barriersEverywhere: true,
      input: [
        rowsItem([
          { key: 'a', at: 5 },
          { key: 'b', at: 5 },
          { key: 'a', at: 6 },
        ]),
        watermark(5),
        watermark(6),
        watermark(7),
      ],
      output: {
        append: [
          { at: 5, count: 2 },
          { at: 6, count: 1 },
        ],
      },
    });
  });

  test('where a key that is a time is null the group is open until the input ends, and has no end to show', async () => {
    const input = [
      rowsItem([
        { key: 'a', at: null },
        { key: 'b', at: 5 },
        { key: 'b', at: null },
      ]),
    ];
    await verifyOperator({
      subject: byTime,
      barriersEverywhere: true,
      input: [...input, watermark(Date.UTC(9999, 0)), watermark(Infinity)],
      output: {
        append: [
          { at: 5, count: 1 },
          { at: null, count: 2 },
        ],
      },
    });
    const run = new OperatorRun({ make: byTime().make, blobs: openMemoryStores().blobs, clock: new VirtualClock() });
    await run.feed(input[0]!);
    expect(run.operator.nextWindowEnd).toBe(6);
    await run.feed(watermark(7));
    expect(run.operator.nextWindowEnd).toBeUndefined();
    expect(run.operator.openOf!(keyOf([null]))).toMatchObject([
      { what: 'window', start: null, end: null, soFar: [{ count: 2 }] },
    ]);
  });
});
