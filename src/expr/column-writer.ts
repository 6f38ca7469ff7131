/**
 * Computed columns, written by physical row: rows that a condition leaves out are left alone, so that no column of the input
 * need be copied beside them. Rows come in ascending order; a row that was written in part, because another column of it threw,
 * is written over or never looked at.
 */
import {
  BoolColumn,
  builderOf,
  type Column,
  type ColumnBuilder,
  type DataType,
  Float64Column,
  NullsBuilder,
  type SchemaField,
  StringColumn,
} from '../batch/index.ts';

export interface ColumnWriter<V = never> {
  /** The next batch has so many rows. */
  begin(length: number): void;
  set(row: number, value: V): void;
  setNull(row: number): void;
  build(): Column;
}

export function columnWriter(field: SchemaField): ColumnWriter {
  switch (field.type.kind) {
    case 'float64':
    case 'timestamp':
      return new NumberWriter(field.type);
    case 'bool':
      return new FlagWriter();
    case 'string':
      return field.type.values === undefined ? new TextWriter(field.type) : new ValueWriter(field);
    default:
      return new ValueWriter(field);
  }
}

class NumberWriter implements ColumnWriter<number> {
  readonly #type: DataType;
  readonly #nulls = new NullsBuilder();
  values = new Float64Array(0);

  constructor(type: DataType) {
    this.#type = type;
  }
  begin(length: number): void {
    this.values = new Float64Array(length);
  }
  set(row: number, value: number): void {
    this.values[row] = value;
  }
  setNull(row: number): void {
    this.#nulls.set(row);
  }
  build(): Column {
    return new Float64Column(this.#type, this.values, this.#nulls.build(this.values.length));
  }
}

class FlagWriter implements ColumnWriter<boolean> {
  readonly #nulls = new NullsBuilder();
  values = new Uint8Array(0);

  begin(length: number): void {
    this.values = new Uint8Array(length);
  }
  set(row: number, value: boolean): void {
    this.values[row] = value ? 1 : 0;
  }
  setNull(row: number): void {
    this.#nulls.set(row);
  }
  build(): Column {
    return new BoolColumn(this.values, this.#nulls.build(this.values.length));
  }
}

class TextWriter implements ColumnWriter<string> {
  readonly #type: DataType;
  #values: (string | null)[] = [];
  #length = 0;
  #characters = 0;

  constructor(type: DataType) {
    this.#type = type;
  }
  begin(length: number): void {
    this.#values = new Array<string | null>(length).fill(null);
    this.#length = length;
    this.#characters = 0;
  }
  set(row: number, value: string): void {
    this.#values[row] = value;
    this.#characters += value.length;
  }
  setNull(row: number): void {
    this.#values[row] = null;
  }
  build(): Column {
    return new StringColumn(this.#type, this.#values, Math.max(this.#characters, this.#length));
  }
}

/** Of any type, by its builder, which checks each value. */
class ValueWriter implements ColumnWriter<unknown> {
  readonly #builder: ColumnBuilder;
  #length = 0;

  constructor({ name, type }: SchemaField) {
    // Rows that were left out are null, whatever the field says.
    this.#builder = builderOf({ type, nullable: true }, `column ${JSON.stringify(name)}`);
  }
  begin(length: number): void {
    this.#length = length;
    this.#builder.truncate(0);
  }
  set(row: number, value: unknown): void {
    this.#reach(row);
    try {
      this.#builder.append(value);
    } catch (error) {
      this.#builder.truncate(row);
      throw error;
    }
  }
  setNull(row: number): void {
    this.#reach(row);
    this.#builder.appendNull();
  }
  build(): Column {
    this.#reach(this.#length);
    return this.#builder.build();
  }
  /** Row `row` is the next one. */
  #reach(row: number): void {
    if (this.#builder.length > row) this.#builder.truncate(row);
    while (this.#builder.length < row) this.#builder.appendNull();
  }
}
