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
  /** Texts that it is sure of hold nothing that JSON escapes. */
  readonly plain: boolean;
  /** The reader takes whole numbers as well, as milliseconds. */
  readonly numbers: boolean;
}
/** A column, or a field in one, and how it is read. */
export interface ReadField {
  readonly field: SchemaField;
  readonly read: FieldReader;
  /** Of a time. */
  readonly scan?: TextScan | undefined;
  /** Of a struct: its fields. */
  readonly inside?: readonly ReadField[] | undefined;
}
interface FieldParts {
  readonly scan?: TextScan;
  readonly inside?: Fields;
}

/** What every field is at run time. */
class TypedField {
  readonly column: FieldType;
  readonly read: FieldReader;
  readonly parts: FieldParts;

  constructor(column: FieldType, read: FieldReader, parts: FieldParts) {
    this.column = column;
    this.read = read;
    this.parts = parts;
  }

  nullable(): TypedField {
    const { read } = this;
    const nullOr: FieldReader = (value) => (value === null || value === undefined ? null : read(value));
    return new TypedField({ type: this.column.type, nullable: true }, nullOr, this.parts);
  }
}

/** A field that is not nullable: `read` refuses null and undefined too. */
export function defineField<In, Out>(type: DataType, read: FieldReader, parts: FieldParts = {}): Field<In, Out> {
  return new TypedField({ type, nullable: false }, read, parts) as unknown as Field<In, Out>;
}

/** A field of type any takes null as it takes everything. */
export function defineAnyField<T>(): Field<T, T> {
  const read: FieldReader = (value) => (value === undefined ? null : value);
  return new TypedField({ type: { kind: 'any' }, nullable: true }, read, {}) as unknown as Field<T, T>;
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

/** All that reading needs to know of these fields. */
export function readFields(fields: Fields): readonly ReadField[] {
  return Object.entries(fields).map(([name, field]) => {
    const { read, parts } = typed(field, name);
    const inside = parts.inside === undefined ? undefined : readFields(parts.inside);
    return { field: fieldColumn(name, field), read, scan: parts.scan, inside };
  });
}

/** How values of a field are read; `where` names it in an error. */
export function fieldReader(field: Field<any, any>, where: string): FieldReader {
  return typed(field, where).read;
}
