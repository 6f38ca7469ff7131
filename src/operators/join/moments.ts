/** When rows of a join are. */
import { type Batch, columnIndex, StructColumn } from '../../batch/index.ts';
import { WeirError } from '../../core/index.ts';
import { numberOf } from '../key-bytes.ts';
import { lateFrom, timeOf } from '../row-time.ts';

/** By logical row of a batch, one at a time. */
export class Moments {
  time = 0;
  /** The watermark from which the row is late; infinite: it never is. */
  lateFrom: number = Infinity;
  readonly #column: string;
  readonly #read: (i: number) => unknown;
  /** Where values are windows: the end of each. */
  readonly #ends: ((i: number) => number | null) | undefined;
  readonly #isTimed: boolean;
  readonly #equalIsLate: boolean;

  /**
   * @param isTimed the column is under a watermark
   * @param equalIsLate see plan/lateness.ts
   */
  constructor(batch: Batch, column: string, isTimed: boolean, equalIsLate: boolean) {
    this.#column = column;
    this.#read = batch.reader(column);
    this.#ends = endsOf(batch, column);
    this.#isTimed = isTimed;
    this.#equalIsLate = equalIsLate;
  }

  /** Says of a row when it is. False: its time is null. Throws `E_VALUE` for what is no time. */
  at(i: number): boolean {
    const end = this.#ends?.(i);
    if (end !== undefined && end !== null && Number.isFinite(end)) {
      this.time = end - 1;
      this.lateFrom = this.#isTimed ? end : Infinity;
      return true;
    }
    const value = this.#read(i);
    if (value === null) {
      this.lateFrom = Infinity;
      return false;
    }
    const time = timeOf(value);
    if (time === undefined) throw this.#noTime(value);
    this.time = time;
    this.lateFrom = this.#isTimed ? lateFrom(value, time, this.#equalIsLate) : Infinity;
    return true;
  }

  #noTime(value: unknown): WeirError {
    const found = typeof value === 'number' ? value : `a ${typeof value}`;
    return new WeirError('E_VALUE', `column '${this.#column}' holds ${found}, which is no time`);
  }
}

function endsOf(batch: Batch, name: string): ((i: number) => number | null) | undefined {
  const column = batch.schema.kind === 'columns' ? batch.columns[columnIndex(batch.schema, name)] : undefined;
  const endOf = column instanceof StructColumn ? numberOf(column, 'end') : undefined;
  return endOf === undefined || batch.selection === undefined ? endOf : (i) => endOf(batch.physical(i));
}
