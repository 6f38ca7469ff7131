/**
 * Strings behind one accessor: as JavaScript strings where they were built here, as bytes and offsets where they came
 * over a wire. A column that only passes through never becomes strings.
 */
import type { BufferSink, BufferSource, ColumnForm } from '../buffers.ts';
import { damaged } from '../buffers.ts';
import type { Column, ColumnBuilder } from '../column.ts';
import type { DataType } from '../schema.ts';
import { bufferOver, isWellFormed } from '../text.ts';
import { describeValue, valueError } from '../value-error.ts';
import { WeirError } from '../../core/index.ts';
import { keptMax } from './growth.ts';
import { isNullAt, NullsBuilder, takeNulls } from './nulls.ts';
import { takeRanges } from './ranges.ts';

type StringType = Extract<DataType, { kind: 'string' }>;
const encodings = ['latin1', 'utf8', 'utf16le'] as const;

/** Built here: an array of strings. */
export class StringColumn implements Column {
  readonly type: DataType;
  readonly values: readonly (string | null)[];
  readonly byteSize: number;

  constructor(type: DataType, values: readonly (string | null)[], characters: number) {
    this.type = type;
    this.values = values;
    this.byteSize = characters + values.length * 4;
  }
  get length(): number {
    return this.values.length;
  }
  get(row: number): string | null {
    return this.values[row]!;
  }
  reader(): (row: number) => unknown {
    const { values } = this;
    return (row) => values[row];
  }
  isNull(row: number): boolean {
    return this.values[row] === null;
  }
  take(rows: Int32Array): StringColumn {
    const values = Array.from(rows, (row) => this.values[row]!);
    return new StringColumn(
      this.type,
      values,
      values.reduce((sum, value) => sum + (value?.length ?? 0), 0),
    );
  }
  encode(sink: BufferSink): ColumnForm {
    return encodeText(this.type, this.values).encode(sink);
  }
}

/** From a wire: decoded at each access. */
export class EncodedStringColumn implements Column {
  readonly type: DataType;
  readonly length: number;
  private readonly text: Buffer;
  private readonly offsets: Uint32Array;
  private readonly nulls: Uint8Array | null;
  private readonly encoding: number;

  constructor(type: DataType, bytes: Uint8Array, offsets: Uint32Array, nulls: Uint8Array | null, encoding: number) {
    this.type = type;
    this.length = offsets.length - 1;
    this.text = bufferOver(bytes);
    this.offsets = offsets;
    this.nulls = nulls;
    this.encoding = encoding;
  }
  static decode(type: DataType, form: ColumnForm, length: number, source: BufferSource): EncodedStringColumn {
    const bytes = source.at(form.b[0]);
    const offsets = source.offsets(form.b[1], length);
    if (offsets[length] !== bytes.length) throw damaged('string offsets do not fit');
    if (encodings[form.e ?? 0] === undefined) throw damaged('an unknown text encoding');
    return new EncodedStringColumn(type, bytes, offsets, source.nulls(form, length), form.e ?? 0);
  }
  get byteSize(): number {
    return this.text.length + this.offsets.byteLength;
  }
  get(row: number): string | null {
    if (this.nulls !== null && isNullAt(this.nulls, row)) return null;
    return this.text.toString(encodings[this.encoding], this.offsets[row]!, this.offsets[row + 1]!);
  }
  isNull(row: number): boolean {
    return isNullAt(this.nulls, row);
  }
  take(rows: Int32Array): EncodedStringColumn {
    const { bytes, offsets } = takeRanges(this.text, this.offsets, rows);
    return new EncodedStringColumn(this.type, bytes, offsets, takeNulls(this.nulls, rows), this.encoding);
  }
  encode(sink: BufferSink): ColumnForm {
    return { b: [sink.add(this.text), sink.add(this.offsets)], e: this.encoding, ...sink.addNulls(this.nulls) };
  }
}

/** All strings end to end: encoded at once, which is faster than one by one. */
function encodeText(type: DataType, values: readonly (string | null)[]): EncodedStringColumn {
  const joined = values.join('');
  const encoding = isWellFormed(joined) && values.every((value) => value === null || isWellFormed(value)) ? 'utf8' : 'utf16le';
  const bytes = Buffer.from(joined, encoding);
  const ascii = encoding === 'utf8' && bytes.length === joined.length;
  const offsets = new Uint32Array(values.length + 1);
  const nulls = new NullsBuilder();
  let at = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value === null) nulls.set(i);
    else at += ascii ? value.length : Buffer.byteLength(value, encoding);
    offsets[i + 1] = at;
  }
  return new EncodedStringColumn(
    type,
    bytes,
    offsets,
    nulls.build(values.length),
    encodings.indexOf(ascii ? 'latin1' : encoding),
  );
}

export class StringBuilder implements ColumnBuilder {
  private values: (string | null)[] = [];
  private count = 0;
  private characters = 0;
  private readonly type: StringType;
  private readonly allowed: ReadonlySet<string> | null;
  private readonly nullable: boolean;
  private readonly where: string;

  constructor(type: StringType, nullable: boolean, where: string) {
    this.type = type;
    this.allowed = type.values === undefined ? null : new Set(type.values);
    this.nullable = nullable;
    this.where = where;
  }
  get length(): number {
    return this.count;
  }
  get byteSize(): number {
    return this.characters + this.count * 4;
  }
  append(value: unknown): void {
    if (typeof value === 'string') {
      if (this.allowed !== null && !this.allowed.has(value)) throw this.notAllowed(value);
      this.push(value);
    } else if (this.nullable && (value === null || value === undefined)) {
      this.appendNull();
    } else {
      throw valueError(this.where, 'a string', value);
    }
  }
  /** A value that is known to fit. */
  push(value: string): void {
    this.characters += value.length;
    this.values[this.count++] = value;
  }
  appendNull(): void {
    this.values[this.count++] = null;
  }
  truncate(length: number): void {
    while (this.count > length) this.characters -= this.values[--this.count]?.length ?? 0;
  }
  build(): StringColumn {
    const { values, count } = this;
    values.length = count;
    const column = new StringColumn(this.type, values, this.characters);
    // The next batch is mostly of the same length: an array that grows is copied again and again.
    this.values = new Array<string | null>(Math.min(count, keptMax));
    this.count = 0;
    this.characters = 0;
    return column;
  }
  private notAllowed(value: string): WeirError {
    const names = this.type
      .values!.slice(0, 10)
      .map((name) => JSON.stringify(name))
      .join(', ');
    return new WeirError(
      'E_VALUE',
      `${this.where}: ${describeValue(value)} is none of its values: ${names}${this.type.values!.length > 10 ? ', …' : ''}`,
    );
  }
}
