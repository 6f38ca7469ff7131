import { describe, expect, test } from 'vitest';
import { batchOf, ByteReader, ByteWriter, rowKind } from '../../src/batch/index.ts';
import { aggregateOf } from '../../src/operators/aggregates/index.ts';
import { aggregateOperator } from '../../src/operators/index.ts';
import type { Emission, TopSpec } from '../../src/plan/index.ts';
import { verifyOperator } from '../../src/testing/verify-operator.ts';
import {
  aggregateNode,
  barrier,
  events,
  type EventRow,
  field,
  number,
  rowsItem,
  schemaOf,
  text,
  time,
} from './operator-fixture.ts';

const byValue: TopSpec = { rows: 3, by: [{ column: 'value', order: 'desc' }], columns: ['key', 'value'] };
const top = (spec: Partial<TopSpec> = {}) => aggregateOf({ fn: 'top', top: { ...byValue, ...spec } }, events);

type Aggregated = ReturnType<typeof top>;
const taken = (aggregate: Aggregated, rows: readonly EventRow[], from = 1): unknown => {
  const read = aggregate.reader!(batchOf(events, rows));
  return rows.reduce<unknown>((acc, _, i) => aggregate.accumulate(acc, read(i), from + i), aggregate.create());
};
const row = (key: string, value: number | null, at = 0): EventRow => ({ key, value, at });
const keys = (rows: unknown): string[] => (rows as [string][]).map(([key]) => key);

describe('the first rows of a group', () => {
  test.each([
    ['the greatest come first, NaN before all and null behind', 'desc', ['nan', 'b', 'a', 'zero', 'minus', 'null']],
    ['or the least, NaN behind all but null', 'asc', ['minus', 'zero', 'a', 'b', 'nan', 'null']],
  ] as const)('%s', (_, order, expected) => {
    const rows = [row('null', null), row('a', 1), row('zero', 0), row('nan', Number.NaN), row('b', 2), row('minus', -0)];
    const aggregate = top({ rows: 6, by: [{ column: 'value', order }] });
    expect(keys(aggregate.result(taken(aggregate, rows)))).toEqual(expected);
    expect(keys(aggregate.result(taken(aggregate, rows.toReversed())))).toEqual(expected);
  });

  test('are as many as there may be; of equal ones those that came first stay', () => {
    const rows = [row('a', 1), row('b', 1), row('c', 0), row('d', 1), row('e', 1), row('f', 2)];
    expect(keys(top().result(taken(top(), rows)))).toEqual(['f', 'a', 'b']);
    expect(keys(top().result(taken(top(), rows.slice(0, 2))))).toEqual(['a', 'b']);
  });

  test('are compared by the next column where they are equal in one', () => {
    const by = [
      { column: 'value', order: 'desc' },
      { column: 'at', order: 'asc' },
    ] as const;
    expect(keys(top().result(taken(top({ by }), [row('a', 1, 5), row('b', 1, 4), row('c', 2, 9)])))).toEqual(['c', 'b', 'a']);
  });

  test('are the same of several parts, and after they were bytes', () => {
    const aggregate = top();
    const [a, b] = [
      taken(aggregate, [row('a', 1), row('b', 3)], 10),
      taken(aggregate, [row('c', 1), row('d', 3), row('e', 0)], 1),
    ];
    const out = new ByteWriter();
    aggregate.write(out, aggregate.merge(a, b));
    expect(keys(aggregate.result(aggregate.read(new ByteReader(out.finish()))))).toEqual(['d', 'b', 'c']);
    expect(keys(aggregate.result(aggregate.merge(b, a)))).toEqual(['d', 'b', 'c']);
    expect([keys(aggregate.result(a)), keys(aggregate.result(b))]).toEqual([
      ['b', 'a'],
      ['d', 'c', 'e'],
    ]);
  });

  test('a row that comes behind them all is not taken, and only ranks from the first new row on are told', () => {
    const aggregate = top();
    const acc = taken(aggregate, [row('a', 5), row('b', 3), row('c', 1)]);
    const read = aggregate.reader!(batchOf(events, [row('d', 1), row('e', null), row('f', 4)]));
    expect([0, 1, 2].map((i) => aggregate.ignores!(acc, read(i)))).toEqual([true, true, false]);
    const after = aggregate.accumulate(acc, read(2), 7);
    expect([...aggregate.rows!(after, 3)]).toEqual([
      ['f', 4, 2],
      ['b', 3, 3],
    ]);
    expect([...aggregate.rows!(after, 7)]).toEqual([]);
    expect([...aggregate.rows!(after, -Infinity)]).toHaveLength(3);
  });
});

describe('an aggregation of first rows', () => {
  const schema = schemaOf(field('key', text), field('at', time, true), field('value', number, true), field('rank', number));
  const spec: TopSpec = { rows: 2, by: [{ column: 'value', order: 'desc' }], columns: ['at', 'value'] };
  const node = { ...aggregateNode({ aggregates: { rank: { fn: 'top', top: spec } } }), schema };
  const subject =
    (...emissions: Emission[]) =>
    () => ({ make: () => aggregateOperator(node, emissions) });
  const out = (key: string, at: number, value: number, rank: number) => ({ key, at, value, rank });

  test('gives in update what has another row at its rank, in complete all there are', async () => {
    const update: Emission = { port: 'update', mode: 'update', everyMs: 0 };
    const complete: Emission = { port: 'complete', mode: 'complete', everyMs: 100 };
    const result = await verifyOperator({
      subject: subject(update, complete),
      input: [
        rowsItem([row('a', 1, 1), row('b', 5, 2), row('a', 3, 3)]),
        barrier(),
        rowsItem([row('a', 0, 4), row('b', 4, 5)]),
        barrier(),
        rowsItem([row('a', 2, 6), row('b', 1, 7)]),
        barrier({ due: [100] }),
      ],
      output: {
        update: [out('a', 3, 3, 1), out('a', 1, 1, 2), out('b', 2, 5, 1), out('b', 5, 4, 2), out('a', 6, 2, 2)],
        complete: [out('a', 3, 3, 1), out('a', 6, 2, 2), out('b', 2, 5, 1), out('b', 5, 4, 2)],
      },
    });
    expect(result.rows.filter(({ port }) => port === 'update').every(({ kind }) => kind === rowKind.update)).toBe(true);
  });
});
