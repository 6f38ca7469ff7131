import { damaged } from './buffers.ts';
import { anySchema, type BatchSchema, batchSchema, type DataType, type FieldType, type SchemaField } from './schema.ts';

/**
 * A schema that came over a wire, checked part by part: a decoder trusts it afterwards.
 *
 * @throws WeirError `E_CHANNEL` or `E_SCHEMA` if it is none
 */
export function parseSchema(value: unknown): BatchSchema {
  const { kind, fields } = record(value);
  if (kind === 'any') return anySchema;
  if (kind !== 'columns') throw damaged('it has no schema');
  return batchSchema(parseFields(fields));
}

function parseFields(value: unknown): SchemaField[] {
  if (!Array.isArray(value)) throw damaged('its schema has no fields');
  return value.map((field: unknown) => {
    const { name } = record(field);
    if (typeof name !== 'string') throw damaged('a field has no name');
    return { name, ...parseField(field) };
  });
}

function parseField(value: unknown): FieldType {
  const { type, nullable } = record(value);
  if (typeof nullable !== 'boolean') throw damaged('a field does not say whether it is nullable');
  return { type: parseType(record(type)), nullable };
}

function parseType(type: Record<string, unknown>): DataType {
  switch (type['kind']) {
    case 'float64':
    case 'int64':
    case 'bool':
    case 'bytes':
    case 'any':
      return { kind: type['kind'] };
    case 'timestamp':
      return typeof type['eventTime'] === 'boolean' ? { kind: 'timestamp', eventTime: type['eventTime'] } : { kind: 'timestamp' };
    case 'string':
      return type['values'] === undefined ? { kind: 'string' } : { kind: 'string', values: parseValues(type['values']) };
    case 'list':
      return { kind: 'list', of: parseField(type['of']) };
    case 'struct':
      return { kind: 'struct', fields: parseFields(type['fields']) };
    default:
      throw damaged('a field has an unknown type');
  }
}

function parseValues(value: unknown): readonly string[] {
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) throw damaged('a field has no list of values');
  return value;
}

function record(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw damaged('its schema is not one');
  return value as Record<string, unknown>;
}
