/** The first and the last value that is not null. */
import { fieldCodec, type FieldType } from '../../batch/index.ts';
import type { Aggregate } from './aggregate.ts';

interface Arrived {
  readonly ordinal: number;
  readonly value: unknown;
}

export function first(column: string, field: FieldType): Aggregate<Arrived | null> {
  return byArrival('first', column, field, (a, b) => a < b);
}

export function last(column: string, field: FieldType): Aggregate<Arrived | null> {
  return byArrival('last', column, field, (a, b) => a > b);
}

/** The accumulator is null before the first value. */
function byArrival(
  id: string,
  column: string,
  { type }: FieldType,
  isBetter: (a: number, b: number) => boolean,
): Aggregate<Arrived | null> {
  const codec = fieldCodec({ type, nullable: false });
  return {
    id: `${id} of ${type.kind}`,
    column,
    create: () => null,
    accumulate: (acc, value, ordinal) =>
      value === null || (acc !== null && !isBetter(ordinal, acc.ordinal)) ? acc : { ordinal, value },
    merge: (a, b) => (b === null || (a !== null && !isBetter(b.ordinal, a.ordinal)) ? a : b),
    result: (acc) => acc?.value ?? null,
    write(out, acc) {
      out.varint(acc === null ? 0 : 1);
      if (acc === null) return;
      out.varint(acc.ordinal);
      codec.write(out, acc.value);
    },
    read: (from) => (from.varint() === 0 ? null : { ordinal: from.varint(), value: codec.read(from) }),
  };
}
