import type { BufferSink, BufferSource, ColumnForm } from '../buffers.ts';
import type { Column, ColumnBuilder } from '../column.ts';
import type { DataType } from '../schema.ts';
import { valueError } from '../value-error.ts';
import { grow, handOver } from './growth.ts';
import { isNullAt, NullsBuilder, takeNulls } from './nulls.ts';

/** Doubles, and timestamps, which are integral doubles. */
export class Float64Column implements Column {
  readonly type: DataType;
  readonly values: Float64Array;
  readonly nulls: Uint8Array | null;

  constructor(type: DataType, values: Float64Array, nulls: Uint8Array | null) {
    this.type = type;
    this.values = values;
    this.nulls = nulls;
  }
  static decode(type: DataType, form: ColumnForm, length: number, source: BufferSource): Float64Column {
    return new Float64Column(type, source.float64(form.b[0], length), source.nulls(form, length));
  }
  get length(): number {
    return this.values.length;
  }
  get byteSize(): number {
    return this.values.byteLength + (this.nulls?.length ?? 0);
  }
  get(row: number): number | null {
    return this.nulls !== null && isNullAt(this.nulls, row) ? null : this.values[row]!;
  }
  reader(): ((row: number) => unknown) | undefined {
    const { values } = this;
    return this.nulls === null ? (row) => values[row]! : undefined;
  }
  isNull(row: number): boolean {
    return isNullAt(this.nulls, row);
  }
  take(rows: Int32Array): Float64Column {
    const values = new Float64Array(rows.length);
    for (let i = 0; i < rows.length; i++) values[i] = this.values[rows[i]!]!;
    return new Float64Column(this.type, values, takeNulls(this.nulls, rows));
  }
  encode(sink: BufferSink): ColumnForm {
    return { b: [sink.add(this.values)], ...sink.addNulls(this.nulls) };
  }
}

/** Builds columns of float64 and of timestamp. */
export class Float64Builder implements ColumnBuilder {
  length = 0;
  private values = new Float64Array(64);
  private readonly nulls = new NullsBuilder();
  private readonly type: DataType;
  private readonly integral: boolean;
  private readonly nullable: boolean;
  private readonly where: string;

  constructor(type: DataType, nullable: boolean, where: string) {
    this.type = type;
    this.integral = type.kind === 'timestamp';
    this.nullable = nullable;
    this.where = where;
  }
  get byteSize(): number {
    return this.length * 8;
  }
  append(value: unknown): void {
    if (typeof value === 'number' && (!this.integral || Number.isSafeInteger(value))) {
      // Adding 0 turns -0 into 0: a timestamp has one zero, a float64 both.
      this.push(this.integral ? value + 0 : value);
    } else if (value === null || value === undefined) {
      if (!this.nullable) throw valueError(this.where, this.type.kind, value);
      this.appendNull();
    } else {
      throw valueError(this.where, this.integral ? 'a timestamp in whole milliseconds' : 'a float64', value);
    }
  }
  appendNull(): void {
    this.nulls.set(this.length);
    this.push(0);
  }
  truncate(length: number): void {
    this.nulls.truncate(length);
    this.length = length;
  }
  build(): Float64Column {
    const { built, next } = handOver(this.values, this.length);
    const column = new Float64Column(this.type, built, this.nulls.build(this.length));
    this.values = next;
    this.length = 0;
    return column;
  }
  /** A value that is known to fit. */
  push(value: number): void {
    if (this.length === this.values.length) this.values = grow(this.values, this.length + 1);
    this.values[this.length++] = value;
  }
}
