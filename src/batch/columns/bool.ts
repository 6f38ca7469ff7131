import type { BufferSink, BufferSource, ColumnForm } from '../buffers.ts';
import type { Column, ColumnBuilder } from '../column.ts';
import type { DataType } from '../schema.ts';
import { valueError } from '../value-error.ts';
import { grow, handOver } from './growth.ts';
import { isNullAt, NullsBuilder, takeNulls } from './nulls.ts';

const type: DataType = { kind: 'bool' };

/** Booleans, a byte each. */
export class BoolColumn implements Column {
  readonly type: DataType = type;
  readonly values: Uint8Array;
  readonly nulls: Uint8Array | null;

  constructor(values: Uint8Array, nulls: Uint8Array | null) {
    this.values = values;
    this.nulls = nulls;
  }
  static decode(form: ColumnForm, length: number, source: BufferSource): BoolColumn {
    return new BoolColumn(source.uint8(form.b[0], length), source.nulls(form, length));
  }
  get length(): number {
    return this.values.length;
  }
  get byteSize(): number {
    return this.values.length + (this.nulls?.length ?? 0);
  }
  get(row: number): boolean | null {
    return isNullAt(this.nulls, row) ? null : this.values[row] !== 0;
  }
  isNull(row: number): boolean {
    return isNullAt(this.nulls, row);
  }
  take(rows: Int32Array): BoolColumn {
    return new BoolColumn(
      Uint8Array.from(rows, (row) => this.values[row]!),
      takeNulls(this.nulls, rows),
    );
  }
  encode(sink: BufferSink): ColumnForm {
    return { b: [sink.add(this.values)], ...sink.addNulls(this.nulls) };
  }
}

export class BoolBuilder implements ColumnBuilder {
  length = 0;
  private values = new Uint8Array(64);
  private readonly nulls = new NullsBuilder();
  private readonly nullable: boolean;
  private readonly where: string;

  constructor(nullable: boolean, where: string) {
    this.nullable = nullable;
    this.where = where;
  }
  get byteSize(): number {
    return this.length;
  }
  append(value: unknown): void {
    if (typeof value === 'boolean') this.push(value ? 1 : 0);
    else if (this.nullable && (value === null || value === undefined)) this.appendNull();
    else throw valueError(this.where, 'a bool', value);
  }
  appendNull(): void {
    this.nulls.set(this.length);
    this.push(0);
  }
  truncate(length: number): void {
    this.nulls.truncate(length);
    this.length = length;
  }
  build(): BoolColumn {
    const { built, next } = handOver(this.values, this.length);
    const column = new BoolColumn(built, this.nulls.build(this.length));
    this.values = next;
    this.length = 0;
    return column;
  }
  /** 1 or 0. */
  push(value: number): void {
    if (this.length === this.values.length) this.values = grow(this.values, this.length + 1);
    this.values[this.length++] = value;
  }
}
