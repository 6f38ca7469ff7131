import type { BufferSink, ColumnForm } from '../buffers.ts';
import type { Column, ColumnBuilder } from '../column.ts';
import type { DataType } from '../schema.ts';
import { valueError } from '../value-error.ts';
import { isNullAt, NullsBuilder, takeNulls } from './nulls.ts';
import { OffsetsBuilder, takeOffsets } from './ranges.ts';

/** Lists: the elements of all rows end to end in one column inside. */
export class ListColumn implements Column {
  readonly type: DataType;
  readonly length: number;
  readonly offsets: Uint32Array;
  readonly elements: Column;
  readonly nulls: Uint8Array | null;

  constructor(type: DataType, offsets: Uint32Array, elements: Column, nulls: Uint8Array | null) {
    this.type = type;
    this.length = offsets.length - 1;
    this.offsets = offsets;
    this.elements = elements;
    this.nulls = nulls;
  }
  get byteSize(): number {
    return this.offsets.byteLength + this.elements.byteSize;
  }
  get(row: number): unknown[] | null {
    if (isNullAt(this.nulls, row)) return null;
    const values: unknown[] = [];
    for (let i = this.offsets[row]!; i < this.offsets[row + 1]!; i++) values.push(this.elements.get(i));
    return values;
  }
  isNull(row: number): boolean {
    return isNullAt(this.nulls, row);
  }
  take(rows: Int32Array): ListColumn {
    const offsets = takeOffsets(this.offsets, rows);
    const inside = new Int32Array(offsets[rows.length]!);
    let at = 0;
    for (const row of rows) for (let i = this.offsets[row]!; i < this.offsets[row + 1]!; i++) inside[at++] = i;
    return new ListColumn(this.type, offsets, this.elements.take(inside), takeNulls(this.nulls, rows));
  }
  encode(sink: BufferSink): ColumnForm {
    return { b: [sink.add(this.offsets)], c: [this.elements.encode(sink)], ...sink.addNulls(this.nulls) };
  }
}

export class ListBuilder implements ColumnBuilder {
  private readonly offsets = new OffsetsBuilder();
  private readonly nulls = new NullsBuilder();
  private readonly type: DataType;
  private readonly elements: ColumnBuilder;
  private readonly nullable: boolean;
  private readonly where: string;

  constructor(type: DataType, elements: ColumnBuilder, nullable: boolean, where: string) {
    this.type = type;
    this.elements = elements;
    this.nullable = nullable;
    this.where = where;
  }
  get length(): number {
    return this.offsets.length;
  }
  get byteSize(): number {
    return this.elements.byteSize + this.offsets.length * 4;
  }
  append(value: unknown): void {
    if (Array.isArray(value)) {
      for (let i = 0; i < value.length; i++) this.elements.append(value[i]);
      this.offsets.push(this.elements.length);
    } else if (this.nullable && (value === null || value === undefined)) {
      this.appendNull();
    } else {
      throw valueError(this.where, 'an array', value);
    }
  }
  appendNull(): void {
    this.nulls.set(this.length);
    this.offsets.push(this.elements.length);
  }
  truncate(length: number): void {
    this.nulls.truncate(length);
    this.offsets.truncate(length);
    this.elements.truncate(this.offsets.end);
  }
  build(): ListColumn {
    const nulls = this.nulls.build(this.length);
    return new ListColumn(this.type, this.offsets.build(), this.elements.build(), nulls);
  }
}
