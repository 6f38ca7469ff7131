/** The first and the last value that is not null. */
import { fieldCodec, type FieldType } from '../../batch/index.ts';
import type { AccumulatorSlot, Aggregate } from './aggregate.ts';
import { isNumeric, loadNumber, numberSlotBytes, storeNumber } from './number-slot.ts';

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

/** The value, null before the first one, and behind it its ordinal. */
const arrivedSlot: AccumulatorSlot<Arrived | null> = {
  bytes: numberSlotBytes + 8,
  load(view, at) {
    const value = loadNumber(view, at);
    return value === null ? null : { ordinal: view.getFloat64(at + numberSlotBytes, true), value };
  },
  store(view, at, acc) {
    view.setFloat64(at + numberSlotBytes, acc?.ordinal ?? 0, true);
    return storeNumber(view, at, acc === null ? null : (acc.value as number));
  },
};

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
    ...(isNumeric(type) ? { slot: arrivedSlot } : {}),
    write(out, acc) {
      out.varint(acc === null ? 0 : 1);
      if (acc === null) return;
      out.varint(acc.ordinal);
      codec.write(out, acc.value);
    },
    read: (from) => (from.varint() === 0 ? null : { ordinal: from.varint(), value: codec.read(from) }),
  };
}
