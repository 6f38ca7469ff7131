import { type AnySchema, type Format, type RowOf, type RowSchema, rowSchema } from '../../api/index.ts';
import { anySchema, type BatchSchema, projectSchema } from '../../batch/index.ts';
import { WeirError } from '../../core/index.ts';
import type { RowFilter } from '../../plan/index.ts';
import { asFormat, type FormatDefinition } from './format.ts';
import { JsonRows } from './json-rows.ts';
import { base64Bytes } from './json-read/read-plan.ts';
import { JsonScanner } from './json-scanner.ts';
import { jsonText } from './json-text.ts';
import { nestingMax, notTooDeep } from './nesting.ts';
import { textOf } from './utf8.ts';

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/**
 * One JSON object per record. With a schema each is checked, and its rows are columns; a record that does not fit goes to
 * the dead letters with bytes, reason and position. Without, rows are whatever the JSON says, and the type is a claim.
 * So does one that nests more than 150 deep. How rows are written is in json-text.ts; a column of bytes is base64 both ways.
 */
export function json<S extends AnySchema<any, object>>(schema: S): Format<RowOf<S>>;
export function json<Row extends object = { readonly [key: string]: JsonValue }>(): Format<Row>;
export function json(schema?: AnySchema): Format<object> {
  const rows = schema === undefined ? unchecked : rowSchema(schema);
  return asFormat(jsonFormat(rows, rows.schema));
}

/** @param schema some of the columns of `rows`, or all */
function jsonFormat(rows: RowSchema, schema: BatchSchema, conditions: readonly RowFilter[] = []): FormatDefinition {
  const { fields } = rows;
  const revive = base64Columns(rows.schema);
  return {
    type: 'format',
    name: 'json',
    schema,
    framing: 'lines',
    blankLines: 'skip',
    extension: 'jsonl',
    scanner: (builder) =>
      schema.kind === 'any' || fields === undefined
        ? null
        : new JsonScanner({ fields, wanted: schema.fields, conditions }, builder),
    ...(schema.kind === 'any'
      ? {}
      : {
          project: (columns) => jsonFormat(rows, projectSchema(schema, columns), conditions),
          filter: (more) => jsonFormat(rows, schema, [...conditions, ...more]),
        }),
    decode: (record) => rows.parse(revive(parsed(textOf(record)))),
    encode: (row) => Buffer.from(jsonText(row)),
    rowWriter: () => new JsonRows(),
  };
}

const unchecked: RowSchema = {
  schema: anySchema,
  parse(value) {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
    throw new WeirError(
      'E_RECORD',
      `a row is a JSON object, and this is ${Array.isArray(value) ? 'an array' : JSON.stringify(value)}`,
    );
  },
};

function parsed(text: string): unknown {
  const value = parsedAsItIs(text);
  // What nests takes two characters a level.
  return text.length > 2 * nestingMax ? notTooDeep(value) : value;
}

function parsedAsItIs(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new WeirError('E_RECORD', `the record is not JSON: ${(cause as Error).message}`, { cause });
  }
}

/** Turns the text of columns of bytes into bytes. */
function base64Columns(schema: BatchSchema): (value: unknown) => unknown {
  const names = schema.kind === 'any' ? [] : schema.fields.filter(({ type }) => type.kind === 'bytes').map(({ name }) => name);
  if (names.length === 0) return (value) => value;
  return (value) => {
    if (typeof value !== 'object' || value === null) return value;
    const row = { ...value } as Record<string, unknown>;
    for (const name of names) row[name] = base64Bytes(row[name]);
    return row;
  };
}
