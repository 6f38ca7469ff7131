import type { BufferSink, BufferSource, ColumnForm } from '../buffers.ts';
import { damaged } from '../buffers.ts';
import type { Column, ColumnBuilder } from '../column.ts';
import type { DataType } from '../schema.ts';
import { valueError } from '../value-error.ts';
import { grow, handOver } from './growth.ts';
import { isNullAt, NullsBuilder, takeNulls } from './nulls.ts';
import { OffsetsBuilder, takeRanges } from './ranges.ts';

const type: DataType = { kind: 'bytes' };

/** Byte strings, end to end in one arena; copied in and out, so that nobody can change them (B6). */
export class BytesColumn implements Column {
  readonly type: DataType = type;
  readonly length: number;
  private readonly bytes: Uint8Array;
  private readonly offsets: Uint32Array;
  private readonly nulls: Uint8Array | null;

  constructor(bytes: Uint8Array, offsets: Uint32Array, nulls: Uint8Array | null) {
    this.length = offsets.length - 1;
    this.bytes = bytes;
    this.offsets = offsets;
    this.nulls = nulls;
  }
  static decode(form: ColumnForm, length: number, source: BufferSource): BytesColumn {
    const bytes = source.at(form.b[0]);
    const offsets = source.offsets(form.b[1], length);
    if (offsets[length] !== bytes.length) throw damaged('byte offsets do not fit');
    return new BytesColumn(bytes, offsets, source.nulls(form, length));
  }
  get byteSize(): number {
    return this.bytes.length + this.offsets.byteLength;
  }
  get(row: number): Uint8Array | null {
    return isNullAt(this.nulls, row) ? null : this.bytes.slice(this.offsets[row]!, this.offsets[row + 1]!);
  }
  isNull(row: number): boolean {
    return isNullAt(this.nulls, row);
  }
  take(rows: Int32Array): BytesColumn {
    const { bytes, offsets } = takeRanges(this.bytes, this.offsets, rows);
    return new BytesColumn(bytes, offsets, takeNulls(this.nulls, rows));
  }
  encode(sink: BufferSink): ColumnForm {
    return { b: [sink.add(this.bytes), sink.add(this.offsets)], ...sink.addNulls(this.nulls) };
  }
}

export class BytesBuilder implements ColumnBuilder {
  private bytes = new Uint8Array(256);
  private readonly offsets = new OffsetsBuilder();
  private readonly nulls = new NullsBuilder();
  private readonly nullable: boolean;
  private readonly where: string;

  constructor(nullable: boolean, where: string) {
    this.nullable = nullable;
    this.where = where;
  }
  get length(): number {
    return this.offsets.length;
  }
  get byteSize(): number {
    return this.offsets.end + this.offsets.length * 4;
  }
  append(value: unknown): void {
    if (value instanceof Uint8Array) {
      const start = this.offsets.end;
      this.reserve(start + value.length);
      this.bytes.set(value, start);
      this.offsets.push(start + value.length);
    } else if (this.nullable && (value === null || value === undefined)) {
      this.appendNull();
    } else {
      throw valueError(this.where, 'a Uint8Array', value);
    }
  }
  appendNull(): void {
    this.nulls.set(this.length);
    this.offsets.push(this.offsets.end);
  }
  truncate(length: number): void {
    this.nulls.truncate(length);
    this.offsets.truncate(length);
  }
  build(): BytesColumn {
    const nulls = this.nulls.build(this.length);
    const { built, next } = handOver(this.bytes, this.offsets.end);
    this.bytes = next;
    return new BytesColumn(built, this.offsets.build(), nulls);
  }
  private reserve(size: number): void {
    if (size > this.bytes.length) this.bytes = grow(this.bytes, size);
  }
}
