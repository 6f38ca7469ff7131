/** Queries without time: rows one by one, and running aggregates. */
import { count, schema, t } from 'weir';
import type { Definitions } from '../run.ts';
import type { Numbers } from './timed.ts';

const Value = schema({ value: t.int });

/** A fault injected on purpose: once for each query. */
const failingOnceAt = (at: number) => {
  let failed = false;
  return <R extends { readonly value: number }>(row: R): R => {
    if (row.value !== at || failed) return row;
    failed = true;
    throw new Error(`injected at ${at}`);
  };
};

export const counts: Definitions = {
  'spark/sql-filter': ({ input }) => (input as Numbers).where((c) => c.value.mod(2).eq(0)),
  'spark/map-recovery': ({ input }) => (input as Numbers).map(({ value }) => ({ 'value+1': value + 1 })),
  'spark/count-complete': ({ input }) => (input as Numbers).groupBy('value').count(),
  'spark/flatmap-count-complete': ({ input }) =>
    (input as Numbers)
      .flatMap(({ value }) => [{ value }, { value: value + 1 }], Value)
      .groupBy('value')
      .count(),
  'spark/midbatch-failure': ({ input }) =>
    (input as Numbers).map(failingOnceAt(4), Value).groupBy('value').agg({ count: count() }),
};
