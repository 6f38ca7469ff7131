/** How many different values that are not null; values are the same if they are the same key. */
import { keyOfOne } from '../../batch/index.ts';
import type { Aggregate } from './aggregate.ts';

export function countDistinct(column: string): Aggregate<Set<string>> {
  return {
    id: 'countDistinct',
    column,
    check: (value) => void keyOfOne(value),
    create: () => new Set(),
    accumulate: (acc, value) => (value === null ? acc : acc.add(keyOfOne(value))),
    merge(a, b) {
      const both = new Set(a);
      for (const key of b) both.add(key);
      return both;
    },
    result: (acc) => acc.size,
    write(out, acc) {
      out.varint(acc.size);
      for (const key of acc) out.bytes(Buffer.from(key, 'latin1'));
    },
    read: (from) => new Set(Array.from({ length: from.varint() }, () => Buffer.from(from.bytes()).toString('latin1'))),
  };
}
