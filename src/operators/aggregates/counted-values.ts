/**
 * Aggregates over rows that change: every value is kept, with how many rows have it, so that it can be taken out again.
 *
 * Their state grows with the values of a group. Over final rows those in extremum.ts and count-distinct.ts do with less.
 */
import { fieldCodec, type FieldType, keyOfOne } from '../../batch/index.ts';
import { invariant } from '../../core/index.ts';
import type { Aggregate } from './aggregate.ts';
import { compareValues } from './extremum.ts';

interface Counted {
  readonly value: unknown;
  rows: number;
}
interface CountedValues {
  /** By their key. */
  readonly values: Map<string, Counted>;
  /** The one that is the result; null where it has to be looked for. */
  best: Counted | null;
}

export const countedMin = (column: string, field: FieldType): Aggregate<CountedValues> =>
  countedValues('min', column, field, (a, b) => compareValues(a, b) < 0);

export const countedMax = (column: string, field: FieldType): Aggregate<CountedValues> =>
  countedValues('max', column, field, (a, b) => compareValues(a, b) > 0);

export function countedDistinct(column: string, field: FieldType): Aggregate<CountedValues> {
  return { ...countedValues('countDistinct', column, field, () => false), result: ({ values }) => values.size };
}

/** Null values do not count. */
function countedValues(
  id: string,
  column: string,
  { type }: FieldType,
  isBetter: (a: unknown, b: unknown) => boolean,
): Aggregate<CountedValues> {
  const codec = fieldCodec({ type, nullable: false });
  const add = (acc: CountedValues, value: unknown, rows: number): CountedValues => {
    const key = keyOfOne(value);
    const known = acc.values.get(key);
    const counted = known ?? { value, rows: 0 };
    counted.rows += rows;
    if (known !== undefined) return acc;
    const better = acc.values.size === 0 || (acc.best !== null && isBetter(value, acc.best.value));
    acc.values.set(key, counted);
    if (better) acc.best = counted;
    return acc;
  };
  const copy = ({ values }: CountedValues): CountedValues => {
    const copied: CountedValues = { values: new Map(), best: null };
    for (const { value, rows } of values.values()) add(copied, value, rows);
    return copied;
  };
  return {
    id: `${id} of all ${type.kind}`,
    column,
    check(value) {
      if (value !== null) keyOfOne(value);
    },
    create: () => ({ values: new Map(), best: null }),
    accumulate: (acc, value) => (value === null ? acc : add(acc, value, 1)),
    retract(acc, value) {
      if (value === null) return acc;
      const key = keyOfOne(value);
      const counted = acc.values.get(key);
      invariant(counted !== undefined, `the ${id} of '${column}' has the value that is taken back`);
      counted.rows--;
      if (counted.rows > 0) return acc;
      acc.values.delete(key);
      if (acc.best === counted) acc.best = null;
      return acc;
    },
    holds: (acc, value) => value === null || acc.values.has(keyOfOne(value)),
    merge(a, b) {
      const both = copy(a);
      for (const { value, rows } of b.values.values()) add(both, value, rows);
      return both;
    },
    result(acc) {
      for (const counted of acc.best === null ? acc.values.values() : [])
        if (acc.best === null || isBetter(counted.value, acc.best.value)) acc.best = counted;
      return acc.best?.value ?? null;
    },
    write(out, { values }) {
      out.varint(values.size);
      for (const { value, rows } of values.values()) {
        codec.write(out, value);
        out.varint(rows);
      }
    },
    read(from) {
      const acc: CountedValues = { values: new Map(), best: null };
      for (let left = from.varint(); left > 0; left--) add(acc, codec.read(from), from.varint());
      return acc;
    },
  };
}
