// Windows that take rows for some time after their end, and are written again.
import { describe, expect, test } from 'vitest';
import { aggregateOperator } from '../../src/operators/index.ts';
import type { Emission } from '../../src/plan/index.ts';
import { openMemoryStores } from '../../src/state/index.ts';
import { OperatorRun, testBarrier } from '../../src/testing/operator-run.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { verifyOperator } from '../../src/testing/verify-operator.ts';
import { aggregateNode, type AggregateOptions, barrier, rowsItem, sliding, tumbling, watermark } from './operator-fixture.ts';

const update: Emission = { port: 'update', mode: 'update', everyMs: 0 };
const subject =
  (options: AggregateOptions, ...emissions: Emission[]) =>
  () => ({ make: () => aggregateOperator(aggregateNode(options), emissions) });
const row = (start: number, end: number, key: string, count: number) => ({ window: { start, end }, key, count });

describe('windows with lateness', () => {
  const lenient = { window: { ...tumbling(10), latenessMs: 5 } };

  test('are written again for rows that come up to so long after their end, by their stamps; what is later is late', async () => {
    const result = await verifyOperator({
      subject: subject(lenient, update),
      input: [
        rowsItem([{ key: 'a', at: 3 }]),
        watermark(10),
        barrier(),
        rowsItem([{ key: 'a', at: 4, stamp: 14 }], 1),
        barrier(),
        rowsItem(
          [
            { key: 'a', at: 5, stamp: 15 },
            { key: 'a', at: 17, stamp: 15 },
          ],
          2,
        ),
        watermark(15),
        barrier(),
        watermark(25),
        barrier(),
      ],
      output: {
        update: [row(0, 10, 'a', 1), row(0, 10, 'a', 2), row(10, 20, 'a', 1)],
        late: [{ key: 'a', at: 5, value: null }],
      },
    });
    expect(result.late).toBe(1);
  });

  test('are dropped once no row can come for them, and not before, after a restore too', async () => {
    const options = {
      make: subject(lenient, update)().make,
      blobs: openMemoryStores().blobs,
      clock: new VirtualClock(),
    };
    const run = new OperatorRun(options);
    await run.feed(rowsItem([{ key: 'a', at: 3 }]));
    await run.feed(watermark(14));
    expect([run.stateRows, run.operator.nextWindowEnd]).toEqual([1, 10]);
    const restored = await OperatorRun.restored(options, [await run.barrier(testBarrier(1))]);
    expect([restored.stateRows, restored.operator.nextWindowEnd]).toEqual([1, 10]);
    await restored.feed(watermark(15));
    expect([restored.stateRows, restored.operator.nextWindowEnd]).toEqual([0, undefined]);
  });

  test('slide: a row counts in those of its windows that may still change', async () => {
    await verifyOperator({
      subject: subject({ window: { ...sliding(20, 10), latenessMs: 5 } }, update),
      input: [rowsItem([{ key: 'a', at: 3, stamp: 15 }]), watermark(15), barrier(), watermark(30)],
      output: { update: [row(0, 20, 'a', 1)] },
    });
  });
});
