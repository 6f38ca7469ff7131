/** Aggregates over combined rows: the accumulators are those of the aggregates themselves, what is accumulated are parts (combine/partials.ts). */
import type { Batch } from '../../batch/index.ts';
import type { Aggregate } from './aggregate.ts';
import { addPart, type ExactSum } from './exact-sum.ts';

interface SumPart {
  count: number;
  high: number;
  low: number;
}

/** The same aggregate, of columns of parts: one, or three of a sum. */
export function overParts(aggregate: Aggregate, names: readonly string[]): Aggregate {
  const [first, ...others] = names;
  if (others.length > 0) return sumOverParts(aggregate as Aggregate<ExactSum>, names) as Aggregate;
  const reader = (batch: Batch): ((i: number) => unknown) => batch.reader(first!);
  return aggregate.column === undefined
    ? { ...aggregate, reader, accumulate: (acc, count) => (acc as number) + (count as number) }
    : { ...aggregate, reader };
}

function sumOverParts({ check: _check, ...aggregate }: Aggregate<ExactSum>, names: readonly string[]): Aggregate<ExactSum> {
  return {
    ...aggregate,
    reader: (batch) => {
      const [count, high, low] = names.map((name) => batch.reader(name) as (i: number) => number);
      const part: SumPart = { count: 0, high: 0, low: 0 };
      return (i) => {
        part.count = count!(i);
        part.high = high!(i);
        part.low = low!(i);
        return part;
      };
    },
    accumulate(acc, value) {
      const { count, high, low } = value as SumPart;
      acc.count += count;
      addPart(acc, high);
      if (low !== 0) addPart(acc, low);
      return acc;
    },
  };
}
