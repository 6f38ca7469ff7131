import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { batchOf, ByteReader, ByteWriter, rowKind, takesBack } from '../../src/batch/index.ts';
import { aggregateOf } from '../../src/operators/aggregates/index.ts';
import { aggregateOperator } from '../../src/operators/index.ts';
import type { Emission, TopSpec } from '../../src/plan/index.ts';
import type { TestItem } from '../../src/testing/operator-run.ts';
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
  sliding,
  text,
  time,
  watermark,
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

  test('have values to be compared by; what is none is refused', () => {
    const place = field('place', { kind: 'struct', fields: [field('lat', number)] }, true);
    const schema = schemaOf(place, field('list', { kind: 'list', of: { type: number, nullable: false } }));
    for (const [column, refused] of [
      ['place', true],
      ['list', false],
    ] as const) {
      const aggregate = aggregateOf({ fn: 'top', top: { rows: 1, by: [{ column, order: 'asc' }], columns: [] } }, schema);
      const read = aggregate.reader!(
        batchOf(schema, [
          { place: { lat: 1 }, list: [1] },
          { place: null, list: [2] },
        ]),
      );
      const checks = [0, 1].map((i) => () => aggregate.check!(read(i)));
      if (refused) expect(checks[0]).toThrow(expect.objectContaining({ code: 'E_VALUE' }));
      else expect(checks[0]).not.toThrow();
      expect(checks[1]).not.toThrow();
    }
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
    const aggregate = top({ by });
    expect(keys(aggregate.result(taken(aggregate, [row('a', 1, 5), row('b', 1, 4), row('c', 2, 9)])))).toEqual(['c', 'b', 'a']);
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
    const after = [0, 1, 2].reduce((rows, i) => aggregate.accumulate(rows, read(i), 5 + i), acc);
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

// ── against a plain reference

interface Placing {
  readonly key: string;
  readonly rows: readonly EventRow[];
}
const spec: TopSpec = {
  rows: 2,
  by: [
    { column: 'value', order: 'desc' },
    { column: 'at', order: 'asc' },
  ],
  columns: ['at'],
};
const someRows = fc.array(
  fc.record({
    key: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    at: fc.integer({ min: 0, max: 40 }),
    value: fc.oneof(fc.integer({ min: -2, max: 4 }), fc.constant(null)),
  }),
  { minLength: 10, maxLength: 40 },
);

const isBefore = (a: EventRow, b: EventRow): boolean => {
  if (a.value === b.value) return a.at! < b.at!;
  return b.value === null || (a.value !== null && a.value! > b.value!);
};

/** The first two rows of each key, by trying all; keys in the order in which they came. */
function placings(rows: readonly EventRow[]): Placing[] {
  const byKey = new Map<string, EventRow[]>();
  for (const each of rows) {
    const of = byKey.get(each.key!) ?? [];
    const at = of.findIndex((other) => isBefore(each, other));
    of.splice(at < 0 ? of.length : at, 0, each);
    byKey.set(each.key!, of);
  }
  return [...byKey].map(([key, of]) => ({ key, rows: of.slice(0, 2) }));
}

const resultsOf = (rows: readonly EventRow[], window?: object): object[] =>
  placings(rows).flatMap(({ key, rows: of }) =>
    of.map(({ at }, i) => ({ ...(window === undefined ? {} : { window }), key, at, rank: i + 1 })),
  );

describe('first rows against a plain reference', () => {
  const aggregates = { rank: { fn: 'top', top: spec } } as const;
  const ranks = (...emissions: Emission[]) => ({
    make: () =>
      aggregateOperator(
        {
          ...aggregateNode({ aggregates }),
          schema: schemaOf(field('key', text), field('at', time, true), field('rank', number)),
        },
        emissions,
      ),
  });

  test('complete results have them all, whatever the batches are and wherever it is restored; updates come to the same', async () => {
    await fc.assert(
      fc.asyncProperty(someRows, fc.integer({ min: 1, max: 9 }), async (rows, perEpoch) => {
        const items: TestItem[] = [];
        const expected: object[] = [];
        for (let i = 0; i < rows.length; i += perEpoch) {
          items.push(rowsItem(rows.slice(i, i + perEpoch)), barrier());
          expected.push(...resultsOf(rows.slice(0, i + perEpoch)));
        }
        const complete: Emission = { port: 'complete', mode: 'complete', everyMs: 0 };
        await verifyOperator({ subject: () => ranks(complete), input: items, output: { complete: expected } });
        const update: Emission = { port: 'update', mode: 'update', everyMs: 0 };
        const { rows: updates } = await verifyOperator({ subject: () => ranks(update), input: items });
        const latest = new Map(updates.map(({ row: each }) => [keyAndRank(each as Ranked), each]));
        expect(new Set([...latest.values()].map((each) => JSON.stringify(each)))).toEqual(
          new Set(resultsOf(rows).map((each) => JSON.stringify(each))),
        );
      }),
      { numRuns: 30 },
    );
  });

  test('updates that are due at other times have each what is new to them, whatever was restored between', async () => {
    const often: Emission = { port: 'often', mode: 'update', everyMs: 0 };
    const seldom: Emission = { port: 'seldom', mode: 'update', everyMs: 100 };
    const input = [
      rowsItem([row('b', 1, 1), row('a', 1, 2)]),
      barrier(),
      rowsItem([row('b', 2, 3), row('c', 1, 4)]),
      barrier(),
      barrier({ due: [100] }),
      rowsItem([row('a', 0, 5)]),
      barrier({ due: [100] }),
    ];
    const of = (key: string, at: number, rank: number) => ({ key, at, rank });
    const later = [of('b', 3, 1), of('b', 1, 2), of('a', 2, 1), of('c', 4, 1), of('a', 5, 2)];
    await verifyOperator({
      subject: () => ranks(often, seldom),
      input,
      output: {
        often: [of('b', 1, 1), of('a', 2, 1), of('b', 3, 1), of('b', 1, 2), of('c', 4, 1), of('a', 5, 2)],
        seldom: later,
      },
    });
    await verifyOperator({ subject: () => ranks(seldom), input, output: { seldom: later } });
  });

  test('what is taken back is what went out before', async () => {
    await fc.assert(
      fc.asyncProperty(someRows, fc.integer({ min: 1, max: 9 }), async (rows, perEpoch) => {
        const items: TestItem[] = [];
        for (let i = 0; i < rows.length; i += perEpoch) items.push(rowsItem(rows.slice(i, i + perEpoch)), barrier());
        const retract: Emission = { port: 'retract', mode: 'retract', everyMs: 0 };
        const { rows: changes } = await verifyOperator({ subject: () => ranks(retract), input: items });
        const left = new Map<string, number>();
        for (const { row: each, kind } of changes) {
          const line = JSON.stringify(each);
          const count = (left.get(line) ?? 0) + (takesBack(kind!) ? -1 : 1);
          expect(count).toBeGreaterThanOrEqual(0);
          left.set(line, count);
        }
        const there = [...left].flatMap(([line, count]) => new Array<string>(count).fill(line));
        expect(there.toSorted()).toEqual(
          resultsOf(rows)
            .map((each) => JSON.stringify(each))
            .toSorted(),
        );
      }),
      { numRuns: 30 },
    );
  });

  test('windows that overlap have each their own', async () => {
    await fc.assert(
      fc.asyncProperty(someRows, async (rows) => {
        const node = aggregateNode({ window: sliding(20, 10), aggregates });
        const window = node.schema.kind === 'columns' ? node.schema.fields[0]! : field('window', text);
        const schema = schemaOf(window, field('key', text), field('at', time, true), field('rank', number));
        const append: Emission = { port: 'append', mode: 'append', everyMs: 0 };
        const expected = [-10, 0, 10, 20, 30, 40].flatMap((start) =>
          resultsOf(
            rows.filter(({ at }) => at! >= start && at! < start + 20),
            { start, end: start + 20 },
          ),
        );
        const half = Math.floor(rows.length / 2);
        await verifyOperator({
          subject: () => ({ make: () => aggregateOperator({ ...node, schema }, [append]) }),
          input: [rowsItem(rows.slice(0, half)), rowsItem(rows.slice(half)), watermark(Infinity)],
          barriersEverywhere: true,
          output: { append: expected },
        });
      }),
      { numRuns: 30 },
    );
  });
});

type Ranked = { readonly key: string; readonly rank: number };
const keyAndRank = ({ key, rank }: Ranked): string => `${key} ${rank}`;
