/**
 * A row as bytes, as joins and `top` keep it: made of a batch's columns, and put into those of a result, without values between where that is easy.
 *
 * Owns: the form. A bit for each column that is null (if any may be); numbers, times and flags as 8 bytes each; the lengths of texts, 4 bytes
 * each, and the texts end to end, UTF-8 but for those with lone surrogates, whose length says so; all others as their codecs write them.
 * Invariants: JO6 what is put into columns is what the row had.
 */
import {
  anySchema,
  type Batch,
  BatchBuilder,
  batchSchema,
  bufferOver,
  type ColumnBuilder,
  copyBytes,
  ByteReader,
  ByteWriter,
  columnIndex,
  EncodedStringColumn,
  type Float64Builder,
  fieldCodec,
  type FieldCodec,
  Memory,
  rowCodec,
  type BatchSchema,
  type SchemaField,
  type StringBuilder,
} from '../batch/index.ts';
import { invariant } from '../core/index.ts';
import { propertyOf } from '../expr/index.ts';

/** Where a row's bytes are: from `at` on. */
export interface RowBytes {
  readonly memory: Memory;
  readonly at: number;
}
/** A row that has its bytes for itself. */
export const rowOf = (bytes: Uint8Array): RowBytes => ({
  memory: new Memory(bytes.length, bufferOver(bytes)),
  at: 0,
});
type ReadRow = (i: number) => unknown;
/** Puts the text of a row behind `length`; how long it is, or `nullText`. */
type TakeText = (i: number) => number;

interface Part {
  /** Of the column among those that are kept. */
  readonly column: number;
  readonly name: string;
}
interface OtherPart extends Part {
  readonly codec: FieldCodec;
}

const nullText = -1;
/** Beside the length of a text that is UTF-16. */
const wide = 0x8000_0000;
const numbers: ReadonlySet<string> = new Set(['float64', 'timestamp', 'int64', 'bool']);

export class RowForm implements RowBytes {
  /** The row that was written last lies here, from 0 to `length`. */
  memory: Memory = new Memory(256);
  readonly at = 0;
  length = 0;
  readonly #numbers: readonly Part[];
  readonly #texts: readonly Part[];
  readonly #others: readonly OtherPart[];
  readonly #nullBytes: number;
  readonly #fixedBytes: number;
  readonly #whole: boolean;
  readonly #fields: readonly SchemaField[];
  readonly #scratch = new ByteWriter();

  private constructor(fields: readonly SchemaField[], whole?: FieldCodec) {
    const parts = fields.map(({ name }, column) => ({ column, name }));
    const kindOf = ({ column }: Part): string => fields[column]!.type.kind;
    this.#whole = whole !== undefined;
    this.#fields = fields;
    this.#numbers = parts.filter((part) => numbers.has(kindOf(part)));
    this.#texts = parts.filter((part) => kindOf(part) === 'string');
    this.#others =
      whole === undefined
        ? parts
            .filter((part) => kindOf(part) !== 'string' && !numbers.has(kindOf(part)))
            .map((part) => ({ ...part, codec: fieldCodec(fields[part.column]!) }))
        : [{ column: 0, name: '', codec: whole }];
    const isNullable = [...this.#numbers, ...this.#texts].some(({ column }) => fields[column]!.nullable);
    this.#nullBytes = isNullable ? Math.ceil(fields.length / 8) : 0;
    this.#fixedBytes = this.#nullBytes + this.#numbers.length * 8 + this.#texts.length * 4;
  }

  static ofColumns(fields: readonly SchemaField[]): RowForm {
    return new RowForm(fields);
  }

  /** Of all columns. */
  static ofSchema(schema: BatchSchema): RowForm {
    invariant(schema.kind === 'columns', 'rows that are put into columns have them');
    return new RowForm(schema.fields);
  }

  /** Of rows that are kept as they are, whatever they have. */
  static ofRows(schema: BatchSchema): RowForm {
    return new RowForm([], rowCodec(schema) as FieldCodec);
  }

  /** The returned function makes bytes of a logical row; they lie in `memory` until the next. */
  writer(batch: Batch): (i: number) => void {
    const numbersOf = this.#numbers.map(({ name }) => batch.reader(name));
    const textsOf = this.#texts.map(({ name }) => this.#textOf(batch, name));
    const othersOf = this.#others.map(({ name }): ReadRow => (this.#whole ? (i) => batch.row(i) : batch.reader(name)));
    return (i) => {
      this.length = 0;
      this.#reserve(this.#fixedBytes);
      this.length = this.#fixedBytes;
      const { bytes, view } = this.memory;
      for (let n = 0; n < this.#nullBytes; n++) bytes[n] = 0;
      let at = this.#nullBytes;
      for (let n = 0; n < numbersOf.length; n++, at += 8) {
        const value = numbersOf[n]!(i);
        if (value === null) this.#setNull(this.#numbers[n]!);
        view.setFloat64(at, Number(value), true);
      }
      for (let n = 0; n < textsOf.length; n++, at += 4) {
        const size = textsOf[n]!(i);
        if (size === nullText) this.#setNull(this.#texts[n]!);
        this.memory.view.setUint32(at, size === nullText ? 0 : size, true);
      }
      if (othersOf.length > 0) this.#putOthers(othersOf, i);
    };
  }

  /** The row that was written last, for itself. */
  copied(): Uint8Array {
    return Uint8Array.from(this.memory.bytes.subarray(0, this.length));
  }

  /**
   * Puts a row into columns: that of each column that is kept, null where it is not wanted.
   *
   * @param rows whose columns they are
   */
  append({ memory, at: from }: RowBytes, to: readonly (ColumnBuilder | null)[], rows: BatchBuilder): void {
    const { bytes, view } = memory;
    let at = from + this.#nullBytes;
    for (let n = 0; n < this.#numbers.length; n++, at += 8) {
      const { column } = this.#numbers[n]!;
      const builder = to[column]!;
      if (builder === null) continue;
      if (this.#nullBytes > 0 && isNull(bytes, from, column)) builder.appendNull();
      else (builder as Float64Builder).push(view.getFloat64(at, true));
    }
    const end = this.#texts.length === 0 ? at : this.#appendTexts({ memory, at: from }, at, to, rows);
    if (this.#others.length > 0) this.#appendOthers(bytes, end, to);
  }

  /** Rows that are kept, as a batch of the columns that are. */
  batch(of: Iterable<RowBytes>): Batch {
    const rows = new BatchBuilder(this.#whole ? anySchema : batchSchema(this.#fields));
    for (const row of of) {
      if (this.#whole) rows.append(this.row(row));
      else {
        this.append(row, rows.builders, rows);
        rows.filled(1);
      }
    }
    return rows.build();
  }

  /** The returned function reads one column of a row, of those that are kept; of rows that are kept as they are, any. */
  reader(name: string): (row: RowBytes) => unknown {
    if (this.#whole) return (row) => propertyOf(this.row(row), name);
    const number = this.#numbers.findIndex((part) => part.name === name);
    if (number >= 0) return this.#numberReader(number);
    const text = this.#texts.findIndex((part) => part.name === name);
    return text >= 0 ? this.#textReader(text) : this.#otherReader(name);
  }

  #numberReader(n: number): (row: RowBytes) => unknown {
    const { column } = this.#numbers[n]!;
    const offset = this.#nullBytes + n * 8;
    const isBool = this.#fields[column]!.type.kind === 'bool';
    return ({ memory, at }) => {
      if (this.#nullBytes > 0 && isNull(memory.bytes, at, column)) return null;
      const value = memory.view.getFloat64(at + offset, true);
      return isBool ? value !== 0 : value;
    };
  }

  #textReader(n: number): (row: RowBytes) => unknown {
    const { column } = this.#texts[n]!;
    const lengths = this.#fixedBytes - this.#texts.length * 4;
    return ({ memory: { bytes, view }, at }) => {
      if (this.#nullBytes > 0 && isNull(bytes, at, column)) return null;
      const start = at + this.#fixedBytes + textBytes(view, at + lengths, n);
      const length = view.getUint32(at + lengths + n * 4, true);
      return bytes.toString(length < wide ? 'utf8' : 'utf16le', start, start + (length & ~wide));
    };
  }

  #otherReader(name: string): (row: RowBytes) => unknown {
    const lengths = this.#fixedBytes - this.#texts.length * 4;
    return ({ memory: { bytes, view }, at }) => {
      const reader = new ByteReader(bytes, at + this.#fixedBytes + textBytes(view, at + lengths, this.#texts.length));
      for (const part of this.#others) {
        const value = part.codec.read(reader);
        if (part.name === name) return value;
      }
      return null;
    };
  }

  /** Of a row that is kept as it is. */
  row({ memory, at }: RowBytes): object {
    return this.#others[0]!.codec.read(new ByteReader(memory.bytes, at)) as object;
  }

  /** @returns where the texts end */
  #appendTexts(
    { memory, at: from }: RowBytes,
    lengths: number,
    to: readonly (ColumnBuilder | null)[],
    rows: BatchBuilder,
  ): number {
    const { texts } = rows;
    const { bytes, view } = memory;
    const first = lengths + this.#texts.length * 4;
    const end = first + textBytes(view, lengths, this.#texts.length);
    // All of them at once: those that are not wanted lie between the others.
    const shift = texts.length - first;
    texts.add(bytes, first, end);
    for (let n = 0, start = first; n < this.#texts.length; n++) {
      const { column } = this.#texts[n]!;
      const length = view.getUint32(lengths + n * 4, true);
      const stop = start + (length & ~wide);
      const builder = to[column] as StringBuilder | null;
      if (builder !== null) {
        if (this.#nullBytes > 0 && isNull(bytes, from, column)) builder.appendNull();
        else if (length < wide && builder.takesRanges()) builder.pushRange(start + shift, stop + shift);
        else builder.append(bytes.toString(length < wide ? 'utf8' : 'utf16le', start, stop));
      }
      start = stop;
    }
    return end;
  }

  #appendOthers(bytes: Uint8Array, at: number, to: readonly (ColumnBuilder | null)[]): void {
    const reader = new ByteReader(bytes, at);
    for (const { column, codec } of this.#others) {
      const value = codec.read(reader);
      to[column]?.append(value);
    }
  }

  #putOthers(readers: readonly ReadRow[], i: number): void {
    const out = this.#scratch;
    out.reset();
    for (let n = 0; n < readers.length; n++) this.#others[n]!.codec.write(out, readers[n]!(i));
    this.#put(out.peek(), 0, out.length);
  }

  #textOf(batch: Batch, name: string): TakeText {
    const column = batch.columns[columnIndex(batch.schema, name)];
    if (!(column instanceof EncodedStringColumn) || column.encoding === 'utf16le') {
      const read = batch.reader(name);
      return (i) => this.#putText(read(i) as string | null);
    }
    const { text, starts, ends, nulls } = column;
    return (i) => {
      const row = batch.physical(i);
      if (nulls !== null && column.isNull(row)) return nullText;
      const start = starts[row]!;
      const end = ends[row]!;
      this.#put(text, start, end);
      return end - start;
    };
  }

  #putText(text: string | null): number {
    if (text === null) return nullText;
    const utf8 = (text as string & { isWellFormed(): boolean }).isWellFormed();
    this.#reserve(text.length * 3);
    const size = this.memory.bytes.write(text, this.length, utf8 ? 'utf8' : 'utf16le');
    this.length += size;
    return utf8 ? size : size + wide;
  }

  #put(source: Uint8Array, from: number, to: number): void {
    this.#reserve(to - from);
    copyBytes(source, from, to, this.memory.bytes, this.length);
    this.length += to - from;
  }

  #setNull({ column }: Part): void {
    this.memory.bytes[column >> 3]! |= 1 << (column & 7);
  }

  #reserve(size: number): void {
    if (this.length + size <= this.memory.bytes.length) return;
    const grown = new Memory(Math.max(this.length + size, this.memory.bytes.length * 2));
    grown.bytes.set(this.memory.bytes);
    this.memory = grown;
  }
}

/** How long the first `count` texts are together. */
function textBytes(view: DataView, lengths: number, count: number): number {
  let size = 0;
  for (let n = 0; n < count; n++) size += view.getUint32(lengths + n * 4, true) & ~wide;
  return size;
}

const isNull = (bytes: Uint8Array, from: number, column: number): boolean =>
  ((bytes[from + (column >> 3)]! >> (column & 7)) & 1) === 1;
