import type { BufferSink, BufferSource, ColumnForm } from '../buffers.ts';
import { damaged } from '../buffers.ts';
import type { Column, ColumnBuilder } from '../column.ts';
import { packValue, unpackValue } from '../packed-value.ts';
import type { DataType } from '../schema.ts';
import { valueError } from '../value-error.ts';
import { keptMax } from './growth.ts';

const type: DataType = { kind: 'any' };

/** Arbitrary values, by reference where they were built here, unpacked at the first access where they came over a wire. */
export class AnyColumn implements Column {
  readonly type: DataType = type;
  readonly length: number;
  readonly byteSize: number;
  private values: readonly unknown[] | null;
  private readonly packed: Uint8Array | null;

  constructor(length: number, byteSize: number, values: readonly unknown[] | null, packed: Uint8Array | null) {
    this.length = length;
    this.byteSize = byteSize;
    this.values = values;
    this.packed = packed;
  }
  static decode(form: ColumnForm, length: number, source: BufferSource): AnyColumn {
    const packed = source.at(form.b[0]);
    return new AnyColumn(length, packed.length, null, packed);
  }
  get(row: number): unknown {
    return (this.values ?? this.unpack())[row];
  }
  isNull(row: number): boolean {
    return (this.values ?? this.unpack())[row] === null;
  }
  take(rows: Int32Array): AnyColumn {
    const values = this.values ?? this.unpack();
    const size = Math.ceil((this.byteSize * rows.length) / Math.max(1, this.length));
    return new AnyColumn(
      rows.length,
      size,
      Array.from(rows, (row) => values[row]),
      null,
    );
  }
  encode(sink: BufferSink): ColumnForm {
    return { b: [sink.add(this.packed ?? packValue(this.values))] };
  }

  private unpack(): readonly unknown[] {
    const values = this.read();
    if (!Array.isArray(values) || values.length !== this.length) throw damaged('a column of values has another length');
    this.values = values;
    return values;
  }
  private read(): unknown {
    try {
      return unpackValue(this.packed!);
    } catch (cause) {
      throw damaged('a column of values cannot be read', cause);
    }
  }
}

/** Every how many values one is measured: a size for credit need not be exact. */
const measuredEvery = 16;

export class AnyBuilder implements ColumnBuilder {
  byteSize = 0;
  private values: unknown[] = [];
  private count = 0;
  private lastSize = 0;
  private readonly nullable: boolean;
  private readonly where: string;

  constructor(nullable: boolean, where: string) {
    this.nullable = nullable;
    this.where = where;
  }
  get length(): number {
    return this.count;
  }
  append(value: unknown): void {
    if (value === null || value === undefined) {
      if (!this.nullable) throw valueError(this.where, 'a value', value);
      this.appendNull();
      return;
    }
    if (this.count % measuredEvery === 0) this.lastSize = roughSize(value, 4);
    this.byteSize += this.lastSize;
    this.values[this.count++] = value;
  }
  appendNull(): void {
    this.values[this.count++] = null;
  }
  truncate(length: number): void {
    while (this.count > length) if (this.values[--this.count] !== null) this.byteSize -= this.lastSize;
  }
  build(): AnyColumn {
    const { values, count } = this;
    values.length = count;
    const column = new AnyColumn(count, this.byteSize + count, values, null);
    this.values = new Array<unknown>(Math.min(count, keptMax));
    this.count = 0;
    this.byteSize = 0;
    return column;
  }
}

function roughSize(value: unknown, depth: number): number {
  if (typeof value === 'string') return 2 + value.length;
  if (typeof value !== 'object' || value === null) return 8;
  if (value instanceof Uint8Array) return 4 + value.length;
  if (depth === 0) return 64;
  let size = 2;
  for (const [name, inner] of Object.entries(value).slice(0, 64)) size += name.length + roughSize(inner, depth - 1);
  return size;
}
