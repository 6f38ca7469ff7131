/** When rows of a join are. */
import type { Batch } from '../../batch/index.ts';
import { WeirError } from '../../core/index.ts';
import { lateFrom, timeOf } from '../row-time.ts';

export interface Moment {
  readonly time: number;
  /** The watermark from which the row is late; infinite: it never is. */
  readonly lateFrom: number;
}

/**
 * By logical row: when it is, by this column; null where that is null. Throws `E_VALUE` for what is no time.
 *
 * @param isTimed the column is under a watermark
 * @param equalIsLate see plan/lateness.ts
 */
export function momentsOf(batch: Batch, column: string, isTimed: boolean, equalIsLate: boolean): (i: number) => Moment | null {
  const read = batch.reader(column);
  return (i) => {
    const value = read(i);
    if (value === null) return null;
    const time = timeOf(value);
    if (time !== undefined) return { time, lateFrom: isTimed ? lateFrom(value, time, equalIsLate) : Infinity };
    const found = typeof value === 'number' ? value : `a ${typeof value}`;
    throw new WeirError('E_VALUE', `column '${column}' holds ${found}, which is no time`);
  };
}
