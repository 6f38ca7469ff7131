import { describe, expect, test } from 'vitest';
import { aggregateOperator } from '../../src/operators/index.ts';
import type { Emission } from '../../src/plan/index.ts';
import { openMemoryStores } from '../../src/state/index.ts';
import { OperatorRun, testBarrier } from '../../src/testing/operator-run.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { verifyOperator } from '../../src/testing/verify-operator.ts';
import {
  aggregateNode,
  type AggregateOptions,
  barrier,
  field,
  number,
  rowsItem,
  sliding,
  sourceNode,
  tumbling,
  watermark,
  watermarkNode,
  windowType,
  schemaOf,
} from './operator-fixture.ts';

const append: Emission = { port: 'append', mode: 'append', everyMs: 0 };
const update: Emission = { port: 'update', mode: 'update', everyMs: 0 };
const complete: Emission = { port: 'complete', mode: 'complete', everyMs: 0 };
const subject =
  (options: AggregateOptions, ...emissions: Emission[]) =>
  () => ({ make: () => aggregateOperator(aggregateNode(options), emissions) });
const row = (start: number, end: number, key: string, count: number) => ({ window: { start, end }, key, count });

describe('an aggregation by windows, in append', () => {
  test('says where the earliest window ends that is open, after a restore too', async () => {
    const options = {
      make: subject({ window: sliding(20, 10) }, append)().make,
      blobs: openMemoryStores().blobs,
      clock: new VirtualClock(),
    };
    const run = new OperatorRun(options);
    expect(run.operator.nextWindowEnd).toBeUndefined();
    await run.feed(rowsItem([{ key: 'a', at: 35 }]));
    expect(run.operator.nextWindowEnd).toBe(40);
    await run.feed(rowsItem([{ key: 'a', at: -5 }], 1));
    expect(run.operator.nextWindowEnd).toBe(0);
    await run.feed(watermark(40));
    expect(run.operator.nextWindowEnd).toBe(50);
    const restored = await OperatorRun.restored(options, [await run.barrier(testBarrier(1))]);
    expect(restored.operator.nextWindowEnd).toBe(50);
    await restored.feed(watermark(50));
    expect(restored.operator.nextWindowEnd).toBeUndefined();
  });

  test('F6: fires a window once the watermark reaches its end, its keys in the order of their first rows', async () => {
    await verifyOperator({
      subject: subject({ window: tumbling(10) }, append),
      barriersEverywhere: true,
      input: [
        rowsItem([
          { key: 'b', at: 9 },
          { key: 'a', at: 1 },
          { key: 'b', at: 2 },
          { key: 'a', at: 10 },
        ]),
        watermark(9),
        watermark(10),
        rowsItem([{ key: 'c', at: 19, stamp: 10 }], 4),
        watermark(30),
      ],
      output: { append: [row(0, 10, 'b', 2), row(0, 10, 'a', 1), row(10, 20, 'a', 1), row(10, 20, 'c', 1)] },
    });
  });

  test('F5: rows of one firing go out by the end of their window, then by first arrival in that window', async () => {
    await verifyOperator({
      subject: subject({ window: sliding(20, 10) }, append),
      barriersEverywhere: true,
      input: [
        rowsItem([
          { key: 'x', at: 15 },
          { key: 'y', at: 5 },
          { key: 'z', at: 12 },
          { key: 'y', at: 14 },
        ]),
        watermark(Infinity),
      ],
      output: {
        append: [
          row(-10, 10, 'y', 1),
          row(0, 20, 'x', 1),
          row(0, 20, 'y', 2),
          row(0, 20, 'z', 1),
          row(10, 30, 'x', 1),
          row(10, 30, 'z', 1),
          row(10, 30, 'y', 1),
        ],
      },
    });
  });

  test('F2: windows before 1970 are [start, end) too, and a row on an end belongs to the next', async () => {
    await verifyOperator({
      subject: subject({ window: tumbling(10, 3) }, append),
      barriersEverywhere: true,
      input: [
        rowsItem([
          { key: 'a', at: -7 },
          { key: 'a', at: -8 },
          { key: 'a', at: 3 },
          { key: 'a', at: 2 },
        ]),
        watermark(Infinity),
      ],
      output: { append: [row(-17, -7, 'a', 1), row(-7, 3, 'a', 2), row(3, 13, 'a', 1)] },
    });
  });

  test('a row whose windows its stamp has closed goes to the late rows, whatever the operator has fired', async () => {
    const result = await verifyOperator({
      subject: subject({ window: tumbling(10) }, append),
      barriersEverywhere: true,
      input: [
        rowsItem([
          { key: 'a', at: 5, stamp: 9 },
          { key: 'a', at: 6, stamp: 10 },
          { key: 'a', at: 15, stamp: 10 },
        ]),
        watermark(Infinity),
      ],
      output: { append: [row(0, 10, 'a', 1), row(10, 20, 'a', 1)], late: [{ key: 'a', at: 6, value: null }] },
    });
    expect(result.late).toBe(1);
  });

  test('F4: a row that is late for its first windows only is never in those, even if they have not fired', async () => {
    await verifyOperator({
      subject: subject({ window: sliding(30, 10) }, append),
      barriersEverywhere: true,
      input: [
        rowsItem([
          { key: 'a', at: 5, stamp: -10 },
          { key: 'a', at: 6, stamp: 15 },
        ]),
        watermark(Infinity),
      ],
      output: { append: [row(-20, 10, 'a', 1), row(-10, 20, 'a', 2), row(0, 30, 'a', 2)] },
    });
  });

  test('rows of a firing carry the last forwarded watermark as stamp, so that a chained window counts them', async () => {
    const result = await verifyOperator({
      subject: subject({ window: tumbling(10) }, append),
      stamps: true,
      input: [
        rowsItem([
          { key: 'a', at: 5 },
          { key: 'a', at: 15 },
        ]),
        watermark(12),
        barrier(),
        watermark(40),
      ],
    });
    expect(result.rows.map(({ stamp }) => stamp)).toEqual([-Infinity, 12]);
  });

  test('a window of an earlier window is that of its last millisecond', async () => {
    const input = sourceNode(schemaOf(field('window', windowType), field('n', number)));
    const node = { ...watermarkNode(0, input, 'window') };
    const item = (start: number, end: number): object => ({ window: { start, end }, n: 1 });
    const { batchOf } = await import('../../src/batch/index.ts');
    await verifyOperator({
      subject: subject(
        { input: node, keys: [], window: { ...tumbling(20), column: 'window' }, aggregates: { n: { fn: 'sum', column: 'n' } } },
        append,
      ),
      barriersEverywhere: true,
      input: [{ kind: 'rows', batch: batchOf(input.schema, [item(0, 10), item(10, 20), item(20, 30)]) }, watermark(Infinity)],
      output: {
        append: [
          { window: { start: 0, end: 20 }, n: 2 },
          { window: { start: 20, end: 40 }, n: 1 },
        ],
      },
    });
  });

  test('a row without a time is set aside, and nothing of it is counted', async () => {
    const result = await verifyOperator({
      subject: subject({ window: tumbling(10) }, append),
      barriersEverywhere: true,
      input: [
        rowsItem([
          { key: 'a', at: null },
          { key: 'a', at: 1 },
        ]),
        watermark(Infinity),
      ],
      output: { append: [row(0, 10, 'a', 1)] },
    });
    expect(result.dead).toMatchObject([{ position: 's#0', text: '{"key":"a","at":null,"value":null}' }]);
    expect(result.dead[0]!.error).toContain("column 'at' holds null");
  });
});

describe('an aggregation in update', () => {
  const changes = (...rows: object[]) => rows;

  test('gives at each barrier the keys that changed since the last, and nothing twice', async () => {
    await verifyOperator({
      subject: subject({ keys: ['key'] }, update),
      input: [
        rowsItem([
          { key: 'a', at: 1 },
          { key: 'b', at: 1 },
        ]),
        barrier(),
        barrier(),
        rowsItem([{ key: 'b', at: 2 }], 2),
        barrier(),
        barrier({ last: 'end' }),
      ],
      output: { update: changes({ key: 'a', count: 1 }, { key: 'b', count: 1 }, { key: 'b', count: 2 }) },
    });
  });

  test('gives a window at its close what was not given yet, and then no more', async () => {
    await verifyOperator({
      subject: subject({ window: tumbling(10) }, update),
      input: [
        rowsItem([
          { key: 'a', at: 1 },
          { key: 'b', at: 2 },
        ]),
        barrier(),
        rowsItem([{ key: 'b', at: 3 }], 2),
        watermark(10),
        barrier(),
        watermark(20),
        barrier(),
      ],
      output: { update: changes(row(0, 10, 'a', 1), row(0, 10, 'b', 1), row(0, 10, 'b', 2)) },
    });
  });

  test('with `every`, waits for a barrier at which it is due', async () => {
    const slow: Emission = { port: 'slow', mode: 'update', everyMs: 1000 };
    await verifyOperator({
      subject: subject({ keys: ['key'] }, slow),
      input: [
        rowsItem([{ key: 'a', at: 1 }]),
        barrier({ due: [1000] }),
        rowsItem([{ key: 'a', at: 1 }], 1),
        barrier(),
        rowsItem([{ key: 'b', at: 1 }], 2),
        barrier({ due: [1000] }),
        rowsItem([{ key: 'a', at: 1 }], 3),
        barrier({ due: [1000], last: 'stop' }),
      ],
      output: { slow: changes({ key: 'a', count: 1 }, { key: 'a', count: 2 }, { key: 'b', count: 1 }, { key: 'a', count: 3 }) },
    });
  });

  test('a changed slice changes every window that shares it', async () => {
    await verifyOperator({
      subject: subject({ window: sliding(20, 10) }, update),
      input: [
        rowsItem([{ key: 'a', at: 5 }]),
        barrier(),
        rowsItem([{ key: 'a', at: 15 }], 1),
        barrier(),
        watermark(20),
        rowsItem([{ key: 'a', at: 12, stamp: 20 }], 2),
        watermark(Infinity),
      ],
      output: {
        update: changes(row(-10, 10, 'a', 1), row(0, 20, 'a', 1), row(0, 20, 'a', 2), row(10, 30, 'a', 1), row(10, 30, 'a', 2)),
      },
    });
  });
});

describe('an aggregation in complete', () => {
  test('gives the whole table at each barrier that is due', async () => {
    await verifyOperator({
      subject: subject({ keys: ['key'] }, complete),
      input: [rowsItem([{ key: 'a', at: 1 }]), barrier(), rowsItem([{ key: 'b', at: 1 }], 1), barrier()],
      output: {
        complete: [
          { key: 'a', count: 1 },
          { key: 'a', count: 1 },
          { key: 'b', count: 1 },
        ],
      },
    });
  });

  test('F7: windows that have closed stay in it; without it their state is dropped', async () => {
    await verifyOperator({
      subject: subject({ window: tumbling(10) }, complete, append),
      input: [
        rowsItem([{ key: 'a', at: 1 }]),
        watermark(10),
        barrier(),
        rowsItem(
          [
            { key: 'a', at: 11, stamp: 10 },
            { key: 'a', at: 2, stamp: 10 },
          ],
          1,
        ),
        barrier(),
        watermark(Infinity),
      ],
      output: {
        append: [row(0, 10, 'a', 1), row(10, 20, 'a', 1)],
        complete: [row(0, 10, 'a', 1), row(0, 10, 'a', 1), row(10, 20, 'a', 1)],
        late: [{ key: 'a', at: 2, value: null }],
      },
    });
  });

  test('windows over a time that no watermark closes are never late and never closed', async () => {
    await verifyOperator({
      subject: subject({ input: sourceNode(), window: tumbling(10) }, complete),
      input: [
        rowsItem([
          { key: 'a', at: 25 },
          { key: 'a', at: 5, stamp: 100 },
        ]),
        watermark(Infinity),
        barrier(),
        rowsItem([{ key: 'a', at: 6 }], 2),
        barrier(),
      ],
      output: { complete: [row(0, 10, 'a', 1), row(20, 30, 'a', 1), row(0, 10, 'a', 2), row(20, 30, 'a', 1)] },
    });
  });
});

describe('without keys', () => {
  test('all rows are one group', async () => {
    await verifyOperator({
      subject: subject({ keys: [], window: tumbling(10) }, append),
      input: [
        rowsItem([
          { key: 'a', at: 1 },
          { key: 'b', at: 2 },
        ]),
        watermark(10),
      ],
      barriersEverywhere: true,
      output: { append: [{ window: { start: 0, end: 10 }, count: 2 }] },
    });
  });
});
