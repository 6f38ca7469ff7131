/**
 * A key as somebody types it: a JSON array of the values of all key columns; of a single column the value as JSON, or as plain text.
 *
 * What fits the column's type counts: `5` is a text where the column is one. Times are milliseconds, or ISO 8601.
 */
import type { DataType } from '../batch/index.ts';
import { WeirError } from '../core/index.ts';
import type { KeyColumns } from '../plan/index.ts';

/** @throws WeirError `E_USAGE` */
export function keyValuesOf(text: string, { keys, schema }: KeyColumns): readonly unknown[] {
  const types = keys.map((name) => typeOf(schema, name));
  const json = jsonOf(text);
  if (Array.isArray(json) && json.length === keys.length) return json.map((value, i) => fitted(value, types[i]));
  if (keys.length === 1) {
    const isText = types[0] === 'string' ? typeof json !== 'string' : json === undefined;
    return [fitted(isText ? text : json, types[0])];
  }
  const wanted = keys.length === 0 ? 'it has none: []' : `a JSON array of ${keys.join(', ')}`;
  throw new WeirError('E_USAGE', `the key ${JSON.stringify(text)} is not one of this operator: ${wanted}`, {
    hint: keys.length === 0 ? 'all rows have the same' : `as in --key '${JSON.stringify(keys.map(() => '…'))}'`,
  });
}

function typeOf(schema: KeyColumns['schema'], name: string): DataType['kind'] | undefined {
  return schema.kind === 'any' ? undefined : schema.fields.find((field) => field.name === name)?.type.kind;
}

function fitted(value: unknown, type: DataType['kind'] | undefined): unknown {
  if (type !== 'timestamp' || typeof value !== 'string') return value;
  const at = Date.parse(value);
  if (!Number.isNaN(at)) return at;
  throw new WeirError('E_USAGE', `${JSON.stringify(value)} is no time`, {
    hint: 'write milliseconds, or ISO 8601: 2026-01-01T12:00:00Z',
  });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
