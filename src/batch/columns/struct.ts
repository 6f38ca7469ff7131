import type { BufferSink, ColumnForm } from '../buffers.ts';
import type { Column, ColumnBuilder } from '../column.ts';
import { rowShape } from '../row-shape.ts';
import type { DataType } from '../schema.ts';
import { valueError } from '../value-error.ts';
import { isNullAt, NullsBuilder, takeNulls } from './nulls.ts';

type StructType = Extract<DataType, { kind: 'struct' }>;

/** Objects of known fields: a column inside per field. */
export class StructColumn implements Column {
  readonly type: StructType;
  readonly length: number;
  readonly children: readonly Column[];
  readonly nulls: Uint8Array | null;
  private make: ((row: number) => object) | undefined;

  constructor(type: StructType, length: number, children: readonly Column[], nulls: Uint8Array | null) {
    this.type = type;
    this.length = length;
    this.children = children;
    this.nulls = nulls;
  }
  get byteSize(): number {
    return this.children.reduce((sum, child) => sum + child.byteSize, this.nulls?.length ?? 0);
  }
  /** The column of a field: null where the struct is. */
  child(name: string): Column | undefined {
    return this.children[this.type.fields.findIndex((field) => field.name === name)];
  }
  get(row: number): object | null {
    if (isNullAt(this.nulls, row)) return null;
    this.make ??= rowShape(this.type.fields).maker(this.children);
    return this.make(row);
  }
  isNull(row: number): boolean {
    return isNullAt(this.nulls, row);
  }
  take(rows: Int32Array): StructColumn {
    return new StructColumn(
      this.type,
      rows.length,
      this.children.map((child) => child.take(rows)),
      takeNulls(this.nulls, rows),
    );
  }
  encode(sink: BufferSink): ColumnForm {
    return { b: [], c: this.children.map((child) => child.encode(sink)), ...sink.addNulls(this.nulls) };
  }
}

export class StructBuilder implements ColumnBuilder {
  length = 0;
  private readonly nulls = new NullsBuilder();
  private readonly type: StructType;
  readonly children: readonly ColumnBuilder[];
  private readonly appendFields: (value: object) => void;
  private readonly nullable: boolean;
  private readonly where: string;

  constructor(type: StructType, children: readonly ColumnBuilder[], nullable: boolean, where: string) {
    this.type = type;
    this.children = children;
    this.appendFields = rowShape(type.fields).appender(children);
    this.nullable = nullable;
    this.where = where;
  }
  get byteSize(): number {
    return this.children.reduce((sum, child) => sum + child.byteSize, 0);
  }
  append(value: unknown): void {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      this.appendFields(value);
      this.length++;
    } else if (this.nullable && (value === null || value === undefined)) {
      this.appendNull();
    } else {
      throw valueError(this.where, 'an object', value);
    }
  }
  /** A value whose fields whoever calls this has put into the children, or will. */
  push(): void {
    this.length++;
  }
  appendNull(): void {
    this.nulls.set(this.length++);
    for (const child of this.children) child.appendNull();
  }
  truncate(length: number): void {
    this.length = length;
    this.nulls.truncate(length);
    for (const child of this.children) child.truncate(length);
  }
  build(): StructColumn {
    const { length } = this;
    this.length = 0;
    return new StructColumn(
      this.type,
      length,
      this.children.map((child) => child.build()),
      this.nulls.build(length),
    );
  }
}
