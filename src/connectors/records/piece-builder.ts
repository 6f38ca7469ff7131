/**
 * Records into a piece: rows as columns, what does not parse as dead records, and which record each row was.
 *
 * Invariants: C2 every record that was added is counted in exactly one piece: a row, a dead record, or nothing where nobody needs its row.
 */
import { BatchBuilder, type BatchSchema } from '../../batch/index.ts';
import { WeirError } from '../../core/index.ts';
import type { DeadRecord, Piece, Position } from '../../operators/index.ts';

export class PieceBuilder {
  /** The rows since the last piece. Whoever appends to them says so by `added`. */
  readonly rows: BatchBuilder;
  readonly #split: string;
  readonly #operator: string;
  #first: number;
  #records = 0;
  /** Per row, its record's offset from `#first`; null as long as each record is a row. */
  #offsets: number[] | null = null;
  #dead: DeadRecord[] = [];

  /** @param first records of the split before the first one that is added */
  constructor(schema: BatchSchema, split: string, operator: string, first: number) {
    this.rows = new BatchBuilder(schema);
    this.#split = split;
    this.#operator = operator;
    this.#first = first;
  }

  /** Records since the last piece. */
  get records(): number {
    return this.#records;
  }

  /** A record as the row that `decode` makes of it, or as a dead one if it throws what is the record's fault. */
  add(bytes: Uint8Array, decode: (bytes: Uint8Array) => object, place: () => string): void {
    try {
      this.rows.append(decode(bytes));
    } catch (error) {
      if (!isRecordFault(error)) throw error;
      return this.setAside(bytes, `${place()}: ${error.message}`);
    }
    this.added(1);
  }

  /** A row that is known to be good. */
  addRow(row: object): void {
    this.rows.append(row);
    this.added(1);
  }

  /**
   * So many records were read, and appended to `rows`.
   *
   * @param kept which of them are rows, if not all: only as many of these count as there are rows without a record
   */
  added(count: number, kept: Int32Array | null = null): void {
    if (kept === null) {
      if (this.#offsets !== null) for (let i = 0; i < count; i++) this.#offsets.push(this.#records + i);
    } else {
      const offsets = this.#eachOffset();
      for (let i = 0; offsets.length < this.rows.length; i++) offsets.push(this.#records + kept[i]!);
    }
    this.#records += count;
  }

  /** A record that no row can be made of. */
  setAside(bytes: Uint8Array, reason: string): void {
    this.#eachOffset();
    this.#dead.push({
      bytes: new Uint8Array(bytes),
      error: reason,
      operator: this.#operator,
      position: `${this.#split}#${this.#first + this.#records}`,
    });
    this.#records++;
  }

  #eachOffset(): number[] {
    return (this.#offsets ??= Array.from({ length: this.#records }, (_, i) => i));
  }

  /** All records since the last piece; `position` = where to go on. */
  take(position: Position): Piece {
    const { length } = this.rows;
    const origin = { split: this.#split, first: this.#first };
    const records = this.#offsets === null ? {} : { records: Int32Array.from(this.#offsets) };
    const batch = length === 0 ? null : this.rows.build({ origin: { ...origin, ...records } });
    const piece: Piece = { batch, dead: this.#dead, records: this.#records, position };
    this.#first += this.#records;
    this.#records = 0;
    this.#offsets = null;
    this.#dead = [];
    return piece;
  }
}

export function isRecordFault(error: unknown): error is WeirError {
  return error instanceof WeirError && (error.code === 'E_RECORD' || error.code === 'E_VALUE');
}
