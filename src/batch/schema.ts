/**
 * What a column can hold, and what a batch's columns are. Plain data: it goes into plans, fingerprints and onto the wire.
 *
 * Invariants: B1 field names are unique, and never `__proto__`.
 */
import { WeirError } from '../core/index.ts';

export type DataType =
  /** IEEE double. `-0` and every NaN are kept as they are in columns. */
  | { readonly kind: 'float64' }
  /** 64-bit integer, stored as such, read as a number: beyond 2^53 is `E_VALUE`, never another number. */
  | { readonly kind: 'int64' }
  /** Integral milliseconds since 1970 UTC. `eventTime`: under a watermark. */
  | { readonly kind: 'timestamp'; readonly eventTime?: boolean }
  | { readonly kind: 'bool' }
  /** `values`: only these. */
  | { readonly kind: 'string'; readonly values?: readonly string[] }
  | { readonly kind: 'bytes' }
  | { readonly kind: 'list'; readonly of: FieldType }
  | { readonly kind: 'struct'; readonly fields: readonly SchemaField[] }
  /** Any value of the codec's domain (see packed-value.ts), kept as it is. */
  | { readonly kind: 'any' };

export interface FieldType {
  readonly type: DataType;
  readonly nullable: boolean;
}
export interface SchemaField extends FieldType {
  readonly name: string;
}

/**
 * The columns of a batch. `any`: rows without a schema, kept whole in one column of type any; their properties are read
 * through `Batch.value`.
 */
export type BatchSchema = { readonly kind: 'columns'; readonly fields: readonly SchemaField[] } | { readonly kind: 'any' };

export const anySchema: BatchSchema = { kind: 'any' };

/**
 * A schema of these columns.
 *
 * @throws WeirError `E_SCHEMA` for a name that is taken twice, or that no object can carry (B1), in structs as well
 */
export function batchSchema(fields: readonly SchemaField[]): BatchSchema {
  checkNames(fields, 'a schema');
  return { kind: 'columns', fields };
}

function checkNames(fields: readonly SchemaField[], where: string): void {
  const seen = new Set<string>();
  for (const { name, type } of fields) {
    if (name === '__proto__') throw new WeirError('E_SCHEMA', `${where}: no column can be called __proto__`);
    if (seen.has(name)) throw new WeirError('E_SCHEMA', `${where}: two columns are called ${JSON.stringify(name)}`);
    seen.add(name);
    checkTypeNames(type, `${where}, column ${JSON.stringify(name)}`);
  }
}

function checkTypeNames(type: DataType, where: string): void {
  if (type.kind === 'struct') checkNames(type.fields, where);
  if (type.kind === 'list') checkTypeNames(type.of.type, where);
}

/** The column of that name; undefined if there is none, and of rows without a schema. */
export function fieldOf(schema: BatchSchema, name: string): SchemaField | undefined {
  return schema.kind === 'any' ? undefined : schema.fields[columnIndex(schema, name)];
}

/** Where the column of that name is; -1 if there is none (a schema of kind `any` has none by name). */
export function columnIndex(schema: BatchSchema, name: string): number {
  return schema.kind === 'any' ? -1 : schema.fields.findIndex((field) => field.name === name);
}

/** A window: the times of its start and its end. */
export function isWindow(type: DataType): boolean {
  if (type.kind !== 'struct' || type.fields.length !== 2) return false;
  return ['start', 'end'].every((name) => type.fields.some((field) => field.name === name && field.type.kind === 'timestamp'));
}

/**
 * A stable text of all that decides what encoded rows mean: names, types, nullability and order. `eventTime` and `values`
 * change no byte and are left out, so that a new enum value or watermark does not make state incompatible.
 */
export function schemaId(schema: BatchSchema): string {
  return schema.kind === 'any' ? 'any' : fieldsId(schema.fields);
}

/** The part of `schemaId` for one type: `float64`, `list<string?>`, `{"a":bool}`. */
export function typeId(field: FieldType): string {
  const { type } = field;
  const text = type.kind === 'list' ? `list<${typeId(type.of)}>` : type.kind === 'struct' ? fieldsId(type.fields) : type.kind;
  return field.nullable ? `${text}?` : text;
}

function fieldsId(fields: readonly SchemaField[]): string {
  return `{${fields.map((field) => `${JSON.stringify(field.name)}:${typeId(field)}`).join(',')}}`;
}
