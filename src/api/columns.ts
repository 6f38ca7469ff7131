/**
 * What a verb asks of its input's columns, checked when the pipeline is built.
 *
 * Owns: the words for a column that is not there or has the wrong type. The types of the DSL say the same at compile time;
 * this is for plain JavaScript, and for rows whose type was a claim. Rows without a schema have every column.
 */
import { type BatchSchema, columnIndex, type FieldType, isWindow } from '../batch/index.ts';
import { typeText } from '../plan/index.ts';
import { type Call, refused } from './call.ts';
import { nearestName } from './nearest.ts';

const anyField: FieldType = { type: { kind: 'any' }, nullable: true };

/**
 * The type of a column; any where rows have no schema.
 *
 * @throws WeirError `E_PLAN` if there is no such column, with the name that was probably meant
 */
export function columnOf(schema: BatchSchema, name: string, call: Call): FieldType {
  if (typeof name !== 'string') throw refused(call, `a column is named by a string, not by ${typeof name}`);
  if (schema.kind === 'any') return anyField;
  const field = schema.fields[columnIndex(schema, name)];
  if (field !== undefined) return field;
  const names = schema.fields.map((one) => one.name);
  const near = nearestName(name, names);
  throw refused(
    call,
    `there is no column '${name}' here${near === undefined ? '' : `; did you mean '${near}'?`}`,
    `the columns are ${names.join(', ')}`,
  );
}

/** Values of this column are times, or of unknown type. */
export function requireTime(schema: BatchSchema, name: string, call: Call): void {
  const { type } = columnOf(schema, name, call);
  if (type.kind === 'timestamp' || type.kind === 'any') return;
  throw refused(
    call,
    `column '${name}' is not a time but ${typeText(type)}`,
    'declare it as t.timestamp, or make one with timestamp(…) in a map()',
  );
}

/** The time of a window: a timestamp, or the window of an earlier aggregation. */
export function requireWindowTime(schema: BatchSchema, name: string, call: Call): void {
  if (!isWindow(columnOf(schema, name, call).type)) requireTime(schema, name, call);
}

/** The type of a key column: anything with one canonical form. */
export function keyColumn(schema: BatchSchema, name: string, call: Call): FieldType {
  const field = columnOf(schema, name, call);
  if (field.type.kind !== 'struct' || isWindow(field.type)) return field;
  throw refused(
    call,
    `column '${name}' cannot be a key: it is ${typeText(field.type)}`,
    'group by its parts: select or map them into columns of their own',
  );
}
