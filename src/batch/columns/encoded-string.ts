/**
 * Strings as bytes: from a wire, or from a reader that made none of them. A column that only passes through never becomes strings.
 */
import { isAscii } from 'node:buffer';
import type { BufferSink, BufferSource, ColumnForm } from '../buffers.ts';
import { damaged } from '../buffers.ts';
import type { Column } from '../column.ts';
import type { DataType } from '../schema.ts';
import { copyBytes } from '../memory.ts';
import { latin1Text } from '../text-cache.ts';
import { bufferOver, isWellFormed, type TextBytes } from '../text.ts';
import { isNullAt, NullsBuilder, takeNulls } from './nulls.ts';

/** `latin1` stands for ASCII: what a byte is, is a character. */
const encodings = ['latin1', 'utf8', 'utf16le'] as const;
export type TextEncoding = (typeof encodings)[number];

/** Text i is what lies between `starts[i]` and `ends[i]`. Between texts may lie anything. */
export class EncodedStringColumn implements Column {
  readonly type: DataType;
  readonly length: number;
  readonly byteSize: number;
  readonly text: TextBytes;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  readonly nulls: Uint8Array | null;
  readonly encoding: TextEncoding;

  constructor(
    type: DataType,
    bytes: Uint8Array,
    starts: Uint32Array,
    ends: Uint32Array,
    nulls: Uint8Array | null,
    encoding: TextEncoding,
    characters: number = bytes.length,
  ) {
    this.type = type;
    this.length = ends.length;
    this.byteSize = characters + ends.length * 4;
    this.text = bufferOver(bytes);
    this.starts = starts;
    this.ends = ends;
    this.nulls = nulls;
    this.encoding = encoding;
  }
  static decode(type: DataType, form: ColumnForm, length: number, source: BufferSource): EncodedStringColumn {
    const bytes = source.at(form.b[0]);
    const offsets = source.offsets(form.b[1], length);
    if (offsets[length] !== bytes.length) throw damaged('string offsets do not fit');
    const encoding = encodings[form.e ?? 0];
    if (encoding === undefined) throw damaged('an unknown text encoding');
    return dense(type, bytes, offsets, source.nulls(form, length), encoding);
  }
  get(row: number): string | null {
    if (this.nulls !== null && isNullAt(this.nulls, row)) return null;
    return this.encoding === 'latin1'
      ? latin1Text(this.text, this.starts[row]!, this.ends[row]!)
      : this.text.toString(this.encoding, this.starts[row]!, this.ends[row]!);
  }
  reader(): ((row: number) => unknown) | undefined {
    const { text, starts, ends } = this;
    return this.nulls === null && this.encoding === 'latin1' ? (row) => latin1Text(text, starts[row]!, ends[row]!) : undefined;
  }
  isNull(row: number): boolean {
    return isNullAt(this.nulls, row);
  }
  take(rows: Int32Array): EncodedStringColumn {
    const { text, offsets } = this.#joined(rows.length, (i) => rows[i]!);
    return dense(this.type, text, offsets, takeNulls(this.nulls, rows), this.encoding);
  }
  encode(sink: BufferSink): ColumnForm {
    const { text, offsets } = this.#joined(this.length, (i) => i);
    // Others in the arena may have made it UTF-8.
    const encoding = this.encoding === 'utf8' && isAscii(text) ? 'latin1' : this.encoding;
    return { b: [sink.add(text), sink.add(offsets)], e: encodings.indexOf(encoding), ...sink.addNulls(this.nulls) };
  }

  /** Some texts end to end, without a copy where they lie so. */
  #joined(count: number, rowOf: (i: number) => number): { readonly text: Uint8Array; readonly offsets: Uint32Array } {
    const { starts, ends } = this;
    const offsets = new Uint32Array(count + 1);
    const first = count === 0 ? 0 : starts[rowOf(0)]!;
    let isDense = true;
    for (let i = 0; i < count; i++) {
      const row = rowOf(i);
      isDense &&= starts[row] === first + offsets[i]!;
      offsets[i + 1] = offsets[i]! + ends[row]! - starts[row]!;
    }
    const size = offsets[count]!;
    if (isDense) return { text: this.text.subarray(first, first + size), offsets };
    const text = new Uint8Array(size);
    for (let i = 0; i < count; i++) copyBytes(this.text, starts[rowOf(i)]!, ends[rowOf(i)]!, text, offsets[i]!);
    return { text, offsets };
  }
}

/** Texts end to end: as they travel. */
function dense(
  type: DataType,
  bytes: Uint8Array,
  offsets: Uint32Array,
  nulls: Uint8Array | null,
  encoding: TextEncoding,
): EncodedStringColumn {
  return new EncodedStringColumn(type, bytes, offsets.subarray(0, -1), offsets.subarray(1), nulls, encoding);
}

/** All strings end to end: encoded at once, which is faster than one by one. */
export function encodeText(type: DataType, values: readonly (string | null)[]): EncodedStringColumn {
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
  return dense(type, bytes, offsets, nulls.build(values.length), ascii ? 'latin1' : encoding);
}
