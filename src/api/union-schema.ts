/**
 * What a union of several streams has in common.
 *
 * Its columns are those that every input has, in the order of the first: a stream with more columns is taken where one with
 * fewer is wanted. A column is nullable if it is in one input, under a watermark if it is in all.
 */
import {
  anySchema,
  type BatchSchema,
  batchSchema,
  columnIndex,
  type DataType,
  type SchemaField,
  typeId,
} from '../batch/index.ts';
import { typeText } from '../plan/index.ts';
import { type Call, refused } from './call.ts';

/** @throws WeirError `E_PLAN` for a common column of two types, and for inputs with nothing in common */
export function unionSchema(schemas: readonly BatchSchema[], call: Call): BatchSchema {
  const columns = schemas.map((schema) => (schema.kind === 'any' ? null : schema.fields));
  if (columns.includes(null)) return anySchema;
  const [first = [], ...others] = columns as readonly (readonly SchemaField[])[];
  const common = first.flatMap((field) => {
    const same = others.map((fields) => fields.find(({ name }) => name === field.name));
    return same.includes(undefined)
      ? []
      : [same.reduce<SchemaField>((merged, other) => mergeFields(merged, other!, call), field)];
  });
  if (common.length === 0) throw refused(call, 'the streams have no column in common');
  return batchSchema(common);
}

function mergeFields(a: SchemaField, b: SchemaField, call: Call): SchemaField {
  if (typeOf(a) !== typeOf(b)) {
    throw refused(call, `column '${a.name}' is ${typeText(a.type)} in one stream and ${typeText(b.type)} in another`);
  }
  return { name: a.name, type: mergeTypes(a.type, b.type), nullable: a.nullable || b.nullable };
}

const typeOf = ({ type }: SchemaField): string => typeId({ type, nullable: false });

function mergeTypes(a: DataType, b: DataType): DataType {
  if (a.kind === 'timestamp' && b.kind === 'timestamp')
    return a.eventTime === true && b.eventTime === true ? a : { kind: 'timestamp' };
  if (a.kind === 'string' && b.kind === 'string') {
    return a.values === undefined || b.values === undefined
      ? { kind: 'string' }
      : { kind: 'string', values: [...new Set([...a.values, ...b.values])] };
  }
  return a;
}

/** The names of the union's columns, if an input with this schema has to drop or reorder some first. */
export function projectionTo(union: BatchSchema, input: BatchSchema): readonly string[] | undefined {
  if (union.kind === 'any' || input.kind === 'any') return undefined;
  const names = union.fields.map(({ name }) => name);
  const same = names.length === input.fields.length && names.every((name, i) => columnIndex(input, name) === i);
  return same ? undefined : names;
}
