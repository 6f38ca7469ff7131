/**
 * One column of a schema: its types for the compiler, its data type for the engine, its reader for values from outside.
 *
 * Owns: `Field` and what it is at run time. Does not own: the kinds of fields there are (fields.ts).
 * A reader gives the value as operators see it, or throws `Misfit`: errors are rare, and a value is returned without a wrapper.
 */
import type { DataType, FieldType, SchemaField } from '../batch/index.ts';
import { WeirError } from '../core/index.ts';

declare const fieldTypes: unique symbol;
/** One column. `In` is what may be fed (tests, sources), `Out` what operators see. */
export interface Field<in out In, out Out> {
  readonly [fieldTypes]: { in: In; out: Out };
  /** The value may be null or missing; it is then null. */
  nullable(): Field<In | null | undefined, Out | null>;
}
export type Fields = Readonly<Record<string, Field<any, any>>>;
export type FieldIn<F> = F extends Field<infer I, any> ? I : never;
export type FieldOut<F> = F extends Field<any, infer O> ? O : never;

/** From a value of the outside to one of the column; throws `Misfit`. */
export type FieldReader = (value: unknown) => unknown;
/** Reads times without making text of them first. */
export interface TextScan {
  /** The text that these bytes are in ASCII, as milliseconds; NaN if that is not sure: the reader then decides. */
  readonly ms: (bytes: Uint8Array, from: number, to: number) => number;
  /** Of texts of another length it is never sure. Absent: they have many. */
  readonly length?: number;
  /** The reader takes whole numbers as well, as milliseconds. */
  readonly numbers: boolean;
}

/** What every field is at run time. */
class TypedField {
  readonly column: FieldType;
  readonly read: FieldReader;
  readonly scan: TextScan | undefined;

  constructor(column: FieldType, read: FieldReader, scan: TextScan | undefined) {
    this.column = column;
    this.read = read;
    this.scan = scan;
  }

  nullable(): TypedField {
    const { read } = this;
    const nullOr: FieldReader = (value) => (value === null || value === undefined ? null : read(value));
    return new TypedField({ type: this.column.type, nullable: true }, nullOr, this.scan);
  }
}

/** A field that is not nullable: `read` refuses null and undefined too. */
export function defineField<In, Out>(type: DataType, read: FieldReader, scan?: TextScan): Field<In, Out> {
  return new TypedField({ type, nullable: false }, read, scan) as unknown as Field<In, Out>;
}

/** A field of type any takes null as it takes everything. */
export function defineAnyField<T>(): Field<T, T> {
  const read: FieldReader = (value) => (value === undefined ? null : value);
  return new TypedField({ type: { kind: 'any' }, nullable: true }, read, undefined) as unknown as Field<T, T>;
}

/** @throws WeirError `E_SCHEMA` if it is no field of ours */
function typed(field: Field<any, any>, where: string): TypedField {
  if (field instanceof TypedField) return field;
  throw new WeirError('E_SCHEMA', `${where} is not a field`, {
    hint: 'describe it with t: t.string, t.number, t.timestamp.nullable(), …',
  });
}

/** The data type of a field, as a column of this name. */
export function fieldColumn(name: string, field: Field<any, any>): SchemaField {
  const { type, nullable } = typed(field, `'${name}'`).column;
  return { name, type, nullable };
}

/** How its times are read as bytes; undefined for a field of something else. */
export function fieldScan(field: Field<any, any>, where: string): TextScan | undefined {
  return typed(field, where).scan;
}

/** How values of a field are read; `where` names it in an error. */
export function fieldReader(field: Field<any, any>, where: string): FieldReader {
  return typed(field, where).read;
}
