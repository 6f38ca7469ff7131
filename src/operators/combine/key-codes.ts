/**
 * Key columns as numbers, so that rows are grouped without making keys of them: equal numbers, equal values. Different numbers may be equal
 * values too (a NaN each, a text before and after its dictionary was cleared): then there is one group more, and no other result.
 */
import {
  type Batch,
  columnIndex,
  Float64Column,
  Int64Column,
  isWindow,
  type SchemaField,
  StructColumn,
} from '../../batch/index.ts';
import { numberOf } from '../key-bytes.ts';

/** The code of a column in each logical row of a batch. */
export interface CodeReader {
  /** Writes them to `codes[0 … length)`. */
  read(batch: Batch, codes: Float64Array): void;
}

const wordsMax = 1 << 16;

export function codeReader(field: SchemaField): CodeReader {
  if (field.type.kind === 'int64') return new IntegerCodes(field.name);
  if (isWindow(field.type)) return new WindowCodes(field.name);
  return field.type.kind === 'float64' || field.type.kind === 'timestamp'
    ? new NumberCodes(field.name)
    : new DictionaryCodes(field.name);
}

/** The number itself; of a column with nulls by dictionary. */
class NumberCodes implements CodeReader {
  readonly #name: string;
  readonly #others: DictionaryCodes;

  constructor(name: string) {
    this.#name = name;
    this.#others = new DictionaryCodes(name);
  }

  read(batch: Batch, codes: Float64Array): void {
    const column = batch.columns[columnIndex(batch.schema, this.#name)];
    if (!(column instanceof Float64Column) || column.nulls !== null) return this.#others.read(batch, codes);
    const { values } = column;
    const { length, selection } = batch;
    // Adding 0 turns -0 into 0, which is the same key.
    if (selection === undefined) for (let i = 0; i < length; i++) codes[i] = values[i]! + 0;
    else for (let i = 0; i < length; i++) codes[i] = values[selection[i]!]! + 0;
  }
}

/** The number itself; none of them is infinite, so that is null. */
class IntegerCodes implements CodeReader {
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  read(batch: Batch, codes: Float64Array): void {
    const column = batch.columns[columnIndex(batch.schema, this.#name)]! as Int64Column;
    const { length, selection } = batch;
    for (let i = 0; i < length; i++) codes[i] = column.get(selection === undefined ? i : selection[i]!) ?? Infinity;
  }
}

/** By dictionary; the window of a row is mostly that of the one before. */
class WindowCodes implements CodeReader {
  readonly #name: string;
  readonly #codes = new Map<number, Map<number, number>>();
  #next = 0;
  #cleared = 0;

  constructor(name: string) {
    this.#name = name;
  }

  read(batch: Batch, codes: Float64Array): void {
    const column = batch.columns[columnIndex(batch.schema, this.#name)] as StructColumn;
    const [startAt, endAt] = [numberOf(column, 'start')!, numberOf(column, 'end')!];
    if (this.#next - this.#cleared > wordsMax) {
      this.#codes.clear();
      this.#cleared = this.#next; // numbers are not given anew: parts have them
    }
    let [lastStart, lastEnd, code] = [Number.NaN, Number.NaN, 0];
    const { length, selection } = batch;
    for (let i = 0; i < length; i++) {
      const row = selection === undefined ? i : selection[i]!;
      const start = startAt(row) ?? Infinity;
      const end = endAt(row) ?? Infinity;
      if (start !== lastStart || end !== lastEnd) code = this.#codeOf((lastStart = start), (lastEnd = end));
      codes[i] = code;
    }
  }

  #codeOf(start: number, end: number): number {
    let ends = this.#codes.get(start);
    if (ends === undefined) this.#codes.set(start, (ends = new Map<number, number>()));
    let code = ends.get(end);
    if (code === undefined) ends.set(end, (code = this.#next++));
    return code;
  }
}

class DictionaryCodes implements CodeReader {
  readonly #name: string;
  readonly #codes = new Map<unknown, number>();
  #next = 0;

  constructor(name: string) {
    this.#name = name;
  }

  read(batch: Batch, codes: Float64Array): void {
    const read = batch.reader(this.#name);
    if (this.#codes.size > wordsMax) this.#codes.clear();
    for (let i = 0; i < batch.length; i++) codes[i] = this.#codeOf(read(i));
  }

  #codeOf(value: unknown): number {
    const known = this.#codes.get(value);
    if (known !== undefined) return known;
    const code = this.#next++;
    this.#codes.set(value, code);
    return code;
  }
}
