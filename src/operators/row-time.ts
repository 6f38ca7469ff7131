/** The event time that a column's value stands for. */
import { type Batch, columnIndex, StructColumn } from '../batch/index.ts';
import { WeirError } from '../core/index.ts';
import type { GroupTime } from '../plan/index.ts';
import { numberOf } from './key-bytes.ts';
import type { Slices } from './slices.ts';

/** The time of a timestamp, or of a window `{start, end}` (its last millisecond); undefined where there is none. */
export function timeOf(value: unknown): number | undefined {
  if (typeof value === 'number') return finite(value);
  if (value instanceof Date) return finite(value.getTime());
  if (typeof value === 'object' && value !== null && 'end' in value && typeof value.end === 'number')
    return finite(value.end - 1);
  return undefined;
}

/** By logical row, what `timeOf` makes a time of: of windows it is their last millisecond already, and no object is made for each. */
export function timeReader(batch: Batch, name: string): (i: number) => unknown {
  const column = batch.columns[columnIndex(batch.schema, name)];
  const endAt = column instanceof StructColumn ? numberOf(column, 'end') : undefined;
  if (endAt === undefined) return batch.reader(name);
  return (i) => {
    const end = endAt(batch.physical(i));
    return end === null ? null : end - 1;
  };
}

/** The watermark from which a row of this time is late that is in no window: of a moment as the plan says (lateness.ts), of a window its end. */
export function lateFrom(value: unknown, time: number, equalIsLate: boolean): number {
  return equalIsLate && (typeof value !== 'object' || value instanceof Date) ? time : time + 1;
}

const finite = (time: number): number | undefined => (Number.isFinite(time) ? time : undefined);

/** Where a key that is a time is null: after all times that a watermark reaches before the input ends (no Date is so late). */
export const afterAllTimes: number = 8.64e15 + 1;

/**
 * The time that a row's windows are found by; a key that is a time may be null, and its group is open to the end of the input.
 *
 * @throws WeirError `E_VALUE` where there is none, and for one so far out that no window has it
 */
export function timeIn(value: unknown, { spec: { column }, shown }: GroupTime, slices: Slices): number {
  const time = value === null && !shown ? afterAllTimes : timeOf(value);
  if (time !== undefined && slices.holds(time)) return time;
  const found = value === null ? 'null' : typeof value === 'number' ? value : `a ${typeof value}`;
  throw new WeirError('E_VALUE', `column '${column}' holds ${found}, which no window has`);
}
