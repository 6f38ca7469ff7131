/** How many different values that are not null; values are the same if they are the same key. */
import { Buffer } from 'node:buffer';
import { keyOfOne } from '../../batch/index.ts';
import type { Aggregate } from './aggregate.ts';

/** Numbers, and of other values their keys, which are texts. Numbers are the same in a set if their keys are: there is one zero, and one NaN. */
type Distinct = Set<number | string>;

const distinctOf = (value: unknown): number | string => (typeof value === 'number' ? value : keyOfOne(value));

export function countDistinct(column: string): Aggregate<Distinct> {
  return {
    id: 'countDistinct of numbers and keys',
    column,
    check: (value) => void distinctOf(value),
    create: () => new Set(),
    accumulate: (acc, value) => (value === null ? acc : acc.add(distinctOf(value))),
    merge(a, b) {
      const both = new Set(a);
      for (const each of b) both.add(each);
      return both;
    },
    result: (acc) => acc.size,
    write(out, acc) {
      const keys: string[] = [];
      for (const each of acc) if (typeof each === 'string') keys.push(each);
      out.varint(acc.size - keys.length);
      for (const each of acc) if (typeof each === 'number') out.f64(each);
      out.varint(keys.length);
      for (const key of keys) out.bytes(Buffer.from(key, 'latin1'));
    },
    read(from) {
      const acc: Distinct = new Set();
      for (let left = from.varint(); left > 0; left--) acc.add(from.f64());
      for (let left = from.varint(); left > 0; left--) acc.add(Buffer.from(from.bytes()).toString('latin1'));
      return acc;
    },
  };
}
