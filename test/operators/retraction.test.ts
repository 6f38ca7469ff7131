import { describe, expect, test } from 'vitest';
import { type Batch, batchOf, type DataType, rowKind } from '../../src/batch/index.ts';
import { aggregateOperator, changelogOperator, reduceOperator } from '../../src/operators/index.ts';
import type { AggregateSpec, Emission } from '../../src/plan/index.ts';
import { openMemoryStores } from '../../src/state/index.ts';
import { type FedItem, OperatorRun, testBarrier } from '../../src/testing/operator-run.ts';
import { verifyOperator } from '../../src/testing/verify-operator.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import {
  aggregateNode,
  barrier,
  events,
  type EventRow,
  field,
  number,
  reduceNode,
  rowsItem,
  schemaOf,
  sourceNode,
  text,
  tumbling,
  watermark,
} from './operator-fixture.ts';

const { insert, update, delete: gone, updateBefore: before } = rowKind;
const retract: Emission = { port: 'changes', mode: 'retract', everyMs: 0 };
const updates: Emission = { port: 'update', mode: 'update', everyMs: 0 };
const complete: Emission = { port: 'complete', mode: 'complete', everyMs: 0 };

const row = (key: string, value: number | null, at = 0): EventRow => ({ key, value, at });
/** Rows with their kinds, of an aggregation by `key` that never closes. */
function changes(...rows: readonly (readonly [number, EventRow])[]): FedItem {
  const kinds = Uint8Array.from(rows, ([kind]) => kind);
  const batch: Batch = batchOf(
    events,
    rows.map(([, { key, at, value }]) => ({ key, at, value })),
    { kinds, origin: { split: 's', first: 0 } },
  );
  return { kind: 'rows', batch, advances: false };
}
const changing = { ...aggregateNode({ input: sourceNode() }), schema: events };
const ofChanges = (aggregates: Readonly<Record<string, AggregateSpec>>) => aggregateNode({ input: changing, aggregates });
const told = (rows: readonly { readonly port: string; readonly kind: number; readonly row: object }[], port: string) =>
  rows.filter((each) => each.port === port).map(({ kind, row: of }) => [kind, Object.values(of)] as const);

describe('what has changed goes out with what it was', () => {
  test('once per epoch, where it is not the same', async () => {
    const result = await verifyOperator({
      subject: () => ({
        make: () =>
          aggregateOperator(aggregateNode({ aggregates: { n: { fn: 'count' }, most: { fn: 'max', column: 'value' } } }), [
            retract,
          ]),
      }),
      input: [rowsItem([row('a', 1), row('b', 2), row('a', 3)]), barrier(), barrier(), rowsItem([row('b', 1)]), barrier()],
    });
    expect(told(result.rows, 'changes')).toEqual([
      [insert, ['a', 2, 3]],
      [insert, ['b', 1, 2]],
      [before, ['b', 1, 2]],
      [update, ['b', 2, 2]],
    ]);
  });

  test('of windows that close before the barrier, too', async () => {
    const result = await verifyOperator({
      subject: () => ({ make: () => aggregateOperator(aggregateNode({ window: tumbling(10) }), [retract]) }),
      input: [rowsItem([row('a', 0, 1)]), barrier(), rowsItem([row('a', 0, 2)]), watermark(10), barrier()],
    });
    const shown = { start: 0, end: 10 };
    expect(told(result.rows, 'changes')).toEqual([
      [insert, [shown, 'a', 1]],
      [before, [shown, 'a', 1]],
      [update, [shown, 'a', 2]],
    ]);
  });

  test('of reduced rows', async () => {
    const add = (a: { key: string; value: number }, b: { value: number }): object => ({ ...a, value: a.value + b.value });
    const result = await verifyOperator({
      subject: () => ({ make: () => reduceOperator(reduceNode(add as never), [retract]) }),
      input: [rowsItem([row('a', 1), row('b', 5)]), barrier(), rowsItem([row('b', 0), row('a', 2), row('a', 4)]), barrier()],
    });
    expect(told(result.rows, 'changes')).toEqual([
      [insert, ['a', 0, 1]],
      [insert, ['b', 0, 5]],
      [before, ['a', 0, 1]],
      [update, ['a', 0, 7]],
    ]);
  });

  test.each([
    [
      'an aggregation',
      () => aggregateOperator(aggregateNode(), [updates]),
      () => aggregateOperator(aggregateNode(), [updates, retract]),
    ],
    [
      'reduced rows',
      () =>
        reduceOperator(
          reduceNode((a) => a),
          [updates],
        ),
      () =>
        reduceOperator(
          reduceNode((_: never, b: never) => b),
          [updates, retract],
        ),
    ],
  ])('of %s whoever asks for it first after a restore is given all that has changed, as new', async (_, make, more) => {
    const options = { blobs: openMemoryStores().blobs, clock: new VirtualClock() };
    const run = new OperatorRun({ ...options, make });
    await run.feed(rowsItem([row('a', 1), row('b', 1)]));
    const restored = await OperatorRun.restored({ ...options, make: more }, [await run.barrier(testBarrier(1))]);
    await restored.feed(rowsItem([row('a', 9)]));
    await restored.barrier(testBarrier(2));
    expect(told(restored.emitted, 'changes').map(([kind, [key]]) => [kind, key])).toEqual([
      [insert, 'a'],
      [insert, 'b'],
    ]);
    await restored.feed(rowsItem([row('b', 9)]));
    await restored.barrier(testBarrier(3));
    expect(
      told(restored.emitted, 'changes')
        .slice(2)
        .map(([kind]) => kind),
    ).toEqual([before, update]);
  });
});

describe('an aggregation of rows that change', () => {
  const numbers: Readonly<Record<string, AggregateSpec>> = {
    n: { fn: 'count' },
    total: { fn: 'sum', column: 'value' },
    mean: { fn: 'avg', column: 'value' },
    least: { fn: 'min', column: 'value' },
    most: { fn: 'max', column: 'value' },
    kinds: { fn: 'countDistinct', column: 'value' },
  };
  const input = [
    changes([insert, row('a', 1)], [insert, row('a', 5)], [insert, row('b', null)], [insert, row('a', 5)]),
    barrier(),
    changes([before, row('a', 5)], [update, row('b', 7)], [before, row('a', 1)], [update, row('a', 2)]),
    barrier(),
    changes([gone, row('b', 7)], [before, row('b', null)], [gone, row('a', 5)]),
    barrier(),
    changes([insert, row('b', Infinity)], [insert, row('b', -Infinity)]),
    barrier(),
    changes([gone, row('b', Infinity)], [gone, row('a', 2)]),
    barrier(),
  ];

  test('takes back what it was, and forgets who has nothing left', async () => {
    const node = ofChanges(numbers);
    const result = await verifyOperator({
      subject: () => ({ make: () => aggregateOperator(node, [updates, retract, complete]) }),
      input,
    });
    expect(told(result.rows, 'update')).toEqual([
      [update, ['a', 3, 11, 11 / 3, 1, 5, 2]],
      [update, ['b', 1, null, null, null, null, 0]],
      [update, ['a', 2, 7, 3.5, 2, 5, 2]],
      [update, ['b', 2, 7, 7, 7, 7, 1]],
      [update, ['a', 1, 2, 2, 2, 2, 1]],
      [gone, ['b', 2, 7, 7, 7, 7, 1]],
      [update, ['b', 2, NaN, NaN, -Infinity, Infinity, 2]],
      [gone, ['a', 1, 2, 2, 2, 2, 1]],
      [update, ['b', 1, -Infinity, -Infinity, -Infinity, -Infinity, 1]],
    ]);
    expect(told(result.rows, 'changes').filter(([kind]) => kind === insert)).toHaveLength(3);
    expect(told(result.rows, 'complete').slice(-3)).toEqual([
      [insert, ['a', 1, 2, 2, 2, 2, 1]],
      [insert, ['b', 2, NaN, NaN, -Infinity, Infinity, 2]],
      [insert, ['b', 1, -Infinity, -Infinity, -Infinity, -Infinity, 1]],
    ]);
  });

  test('under conditions, and by functions of its own', async () => {
    const product: AggregateSpec = {
      fn: 'custom',
      column: 'value',
      custom: {
        state: { name: 'state', type: number, nullable: false },
        create: () => 1,
        accumulate: ((acc: number, value: number) => acc * value) as never,
        retract: ((acc: number, value: number) => acc / value) as never,
        merge: ((a: number, b: number) => a * b) as never,
        result: ((acc: number) => acc) as never,
      },
    };
    const result = await verifyOperator({
      subject: () => ({ make: () => aggregateOperator(ofChanges({ product }), [updates]) }),
      input: [
        changes([insert, row('a', 3)], [insert, row('a', 4)]),
        barrier(),
        changes([before, row('a', 3)], [update, row('a', 10)]),
        barrier(),
      ],
    });
    expect(told(result.rows, 'update').map(([, values]) => values)).toEqual([
      ['a', 12],
      ['a', 40],
    ]);
  });

  test('moves up those behind the first', async () => {
    const top = { rows: 2, by: [{ column: 'value', order: 'desc' }], columns: ['value'] } as const;
    const schema = schemaOf(field('key', text), field('value', number, true), field('rank', number));
    const node = { ...ofChanges({ rank: { fn: 'top', top } }), schema };
    const result = await verifyOperator({
      subject: () => ({ make: () => aggregateOperator(node, [updates, complete]) }),
      input: [
        changes([insert, row('a', 1)], [insert, row('a', 3)], [insert, row('a', 2)]),
        barrier(),
        changes([gone, row('a', 3)]),
        barrier(),
        changes([gone, row('a', 1)]),
        barrier(),
      ],
    });
    expect(told(result.rows, 'update')).toEqual([
      [update, ['a', 3, 1]],
      [update, ['a', 2, 2]],
      [update, ['a', 2, 1]],
      [update, ['a', 1, 2]],
      [gone, ['a', 1, 2]],
    ]);
    expect(told(result.rows, 'complete').at(-1)).toEqual([insert, ['a', 2, 1]]);
  });

  test('keeps nothing of who has gone', async () => {
    const run = new OperatorRun({
      make: () => aggregateOperator(ofChanges(numbers), [complete]),
      blobs: openMemoryStores().blobs,
      clock: new VirtualClock(),
    });
    await run.feed(changes([insert, row('a', 1)], [insert, row('b', 1)]));
    await run.barrier(testBarrier(1));
    await run.feed(changes([gone, row('a', 1)]));
    await run.barrier(testBarrier(2));
    expect(run.stateRows).toBe(1);
  });
});

describe('an aggregation sets aside a row that is taken back and was never there', () => {
  const of = async (aggregates: Readonly<Record<string, AggregateSpec>>, ...rows: readonly (readonly [number, EventRow])[]) => {
    const { rows: out, dead } = await verifyOperator({
      subject: () => ({ make: () => aggregateOperator(ofChanges(aggregates), [updates]) }),
      input: [changes(...rows), barrier()],
    });
    return { rows: told(out, 'update'), dead: dead.map(({ position }) => position) };
  };

  test('of a group that has none', async () => {
    const n = { n: { fn: 'count' } } as const;
    expect(await of(n, [gone, row('a', 1)], [insert, row('a', 1)], [gone, row('a', 1)])).toEqual({ rows: [], dead: ['s#0'] });
    expect(await of(n, [before, row('a', 1)], [insert, row('a', 2)])).toEqual({ rows: [[update, ['a', 1]]], dead: ['s#0'] });
  });

  test.each<[string, AggregateSpec & { type?: DataType }, number, unknown]>([
    ['sum', { fn: 'sum', column: 'value' }, Infinity, 5],
    ['min', { fn: 'min', column: 'value' }, 4, 5],
    ['max', { fn: 'max', column: 'value' }, 6, 5],
    ['countDistinct', { fn: 'countDistinct', column: 'value' }, 4, 1],
    ['collect', { fn: 'collect', column: 'value', type: { kind: 'any' } }, 4, [5]],
  ])('of a group of which %s can tell, and then nothing of it has changed', async (_, spec, value, left) => {
    const both = { n: { fn: 'count' }, x: spec } as const;
    expect(await of(both, [insert, row('a', 5)], [gone, row('a', value)])).toEqual({
      rows: [[update, ['a', 1, left]]],
      dead: ['s#1'],
    });
    expect((await of(both, [insert, row('a', null)], [gone, row('a', value)])).dead).toEqual(['s#1']);
  });

  test('by what its first rows are', async () => {
    const top = { rows: 1, by: [{ column: 'value', order: 'desc' }], columns: ['value'] } as const;
    const schema = schemaOf(field('key', text), field('value', number, true), field('rank', number));
    const result = await verifyOperator({
      subject: () => ({ make: () => aggregateOperator({ ...ofChanges({ rank: { fn: 'top', top } }), schema }, [updates]) }),
      input: [changes([insert, row('a', 1)], [gone, row('a', 2)]), barrier()],
    });
    expect([told(result.rows, 'update'), result.dead.length]).toEqual([[[update, ['a', 1, 1]]], 1]);
  });
});

describe('a changelog', () => {
  test('has each row as it came, and says how', async () => {
    const result = await verifyOperator({
      subject: () => ({ make: () => changelogOperator() }),
      input: [
        changes([insert, row('a', 1)], [before, row('a', 1)], [update, row('a', 2)], [gone, row('a', 2)]),
        rowsItem([row('b', 3)]),
      ],
      output: {
        main: [
          { key: 'a', at: 0, value: 1, op: '+I' },
          { key: 'a', at: 0, value: 1, op: '-U' },
          { key: 'a', at: 0, value: 2, op: '+U' },
          { key: 'a', at: 0, value: 2, op: '-D' },
          { key: 'b', at: 0, value: 3, op: '+I' },
        ],
      },
    });
    expect(result.rows.map(({ kind }) => kind)).toEqual([insert, insert, insert, insert, insert]);
  });
});
