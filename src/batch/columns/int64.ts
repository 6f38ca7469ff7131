import { WeirError } from '../../core/index.ts';
import type { BufferSink, BufferSource, ColumnForm } from '../buffers.ts';
import type { Column, ColumnBuilder } from '../column.ts';
import type { DataType } from '../schema.ts';
import { valueError } from '../value-error.ts';
import { grow, handOver } from './growth.ts';
import { isNullAt, NullsBuilder, takeNulls } from './nulls.ts';

const type: DataType = { kind: 'int64' };
const two32 = 4_294_967_296;
/** Halves of a 64-bit integer in memory: low, high (wires and machines here are little-endian). */
const halves = (values: BigInt64Array): Int32Array => new Int32Array(values.buffer, values.byteOffset, values.length * 2);

/** 64-bit integers, read as numbers by their halves: a bigint per value would cost an allocation. */
export class Int64Column implements Column {
  readonly type: DataType = type;
  readonly values: BigInt64Array;
  readonly nulls: Uint8Array | null;
  private readonly words: Int32Array;

  constructor(values: BigInt64Array, nulls: Uint8Array | null) {
    this.values = values;
    this.nulls = nulls;
    this.words = halves(values);
  }
  static decode(form: ColumnForm, length: number, source: BufferSource): Int64Column {
    return new Int64Column(source.int64(form.b[0], length), source.nulls(form, length));
  }
  get length(): number {
    return this.values.length;
  }
  get byteSize(): number {
    return this.values.byteLength + (this.nulls?.length ?? 0);
  }
  get(row: number): number | null {
    if (this.nulls !== null && isNullAt(this.nulls, row)) return null;
    const value = this.words[row * 2 + 1]! * two32 + (this.words[row * 2]! >>> 0);
    if (!Number.isSafeInteger(value))
      throw new WeirError('E_VALUE', `an int64 column holds ${this.values[row]}, which no number can hold exactly`);
    return value;
  }
  isNull(row: number): boolean {
    return isNullAt(this.nulls, row);
  }
  take(rows: Int32Array): Int64Column {
    const values = new BigInt64Array(rows.length);
    const words = halves(values);
    for (let i = 0; i < rows.length; i++) {
      words[i * 2] = this.words[rows[i]! * 2]!;
      words[i * 2 + 1] = this.words[rows[i]! * 2 + 1]!;
    }
    return new Int64Column(values, takeNulls(this.nulls, rows));
  }
  encode(sink: BufferSink): ColumnForm {
    return { b: [sink.add(this.values)], ...sink.addNulls(this.nulls) };
  }
}

export class Int64Builder implements ColumnBuilder {
  length = 0;
  private words = new Int32Array(128);
  private readonly nulls = new NullsBuilder();
  private readonly nullable: boolean;
  private readonly where: string;

  constructor(nullable: boolean, where: string) {
    this.nullable = nullable;
    this.where = where;
  }
  get byteSize(): number {
    return this.length * 8;
  }
  append(value: unknown): void {
    if (typeof value === 'number' && Number.isSafeInteger(value)) {
      this.push(value);
    } else if (value === null || value === undefined) {
      if (!this.nullable) throw valueError(this.where, 'int64', value);
      this.appendNull();
    } else if (typeof value === 'bigint' && Number.isSafeInteger(Number(value))) {
      this.push(Number(value));
    } else {
      throw valueError(this.where, 'an integer within 2^53', value);
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
  build(): Int64Column {
    const { built, next } = handOver(this.words, this.length * 2);
    const values = new BigInt64Array(built.buffer, built.byteOffset, this.length);
    const column = new Int64Column(values, this.nulls.build(this.length));
    this.words = next;
    this.length = 0;
    return column;
  }
  /** A value that is known to fit. */
  push(value: number): void {
    const at = this.length++ * 2;
    if (at === this.words.length) this.words = grow(this.words, at + 2);
    this.words[at] = value;
    this.words[at + 1] = Math.floor(value / two32);
  }
}
