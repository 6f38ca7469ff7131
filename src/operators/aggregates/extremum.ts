/** Least and greatest value. */
import { fieldCodec, type FieldType, keyOfOne } from '../../batch/index.ts';
import type { AccumulatorSlot, Aggregate } from './aggregate.ts';
import { isNumeric, loadNumber, numberSlotBytes, storeNumber } from './number-slot.ts';

export function min(column: string, field: FieldType): Aggregate<unknown> {
  return extremum('min', column, field, (a, b) => compareValues(a, b) < 0);
}

export function max(column: string, field: FieldType): Aggregate<unknown> {
  return extremum('max', column, field, (a, b) => compareValues(a, b) > 0);
}

/** The accumulator is the value itself; null before the first. */
function extremum(id: string, column: string, field: FieldType, better: (a: unknown, b: unknown) => boolean): Aggregate<unknown> {
  const codec = fieldCodec({ type: field.type, nullable: true });
  const pick = (a: unknown, b: unknown): unknown => (b === null || (a !== null && !better(b, a)) ? a : b);
  return {
    id: `${id} of ${field.type.kind}`,
    column,
    check(value) {
      if (rank(value) === lastRank) keyOfOne(value);
    },
    create: () => null,
    accumulate: pick,
    merge: pick,
    result: (acc) => acc,
    ...(isNumeric(field.type) ? { slot: numberSlot } : {}),
    write: (out, acc) => codec.write(out, acc),
    read: (from) => codec.read(from),
  };
}

const numberSlot: AccumulatorSlot<unknown> = {
  bytes: numberSlotBytes,
  load: loadNumber,
  store: (view, at, acc) => storeNumber(view, at, acc as number | null),
};

const lastRank = 3;
const rank = (value: unknown): number =>
  typeof value === 'boolean' ? 0 : typeof value === 'number' ? 1 : typeof value === 'string' ? 2 : lastRank;

/** A total order: booleans, numbers (-0 before 0, NaN last), strings by code unit, then all others by their key. */
export function compareValues(a: unknown, b: unknown): number {
  const byRank = rank(a) - rank(b);
  if (byRank !== 0) return byRank;
  if (typeof a === 'number') return compareNumbers(a, b as number);
  if (rank(a) === lastRank) return compare(keyOfOne(a), keyOfOne(b));
  return compare(a as string | boolean, b as string | boolean);
}

function compareNumbers(a: number, b: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  if (a === b) return a === 0 ? Number(Object.is(b, -0)) - Number(Object.is(a, -0)) : 0;
  return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
}

const compare = <T extends string | boolean>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0);
