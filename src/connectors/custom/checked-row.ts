/** Rows of a user's source, checked against its schema. */
import type { RowSchema } from '../../api/index.ts';
import { batchOf, type BatchSchema, type DataType } from '../../batch/index.ts';
import { isRecordFault } from '../records/index.ts';

/**
 * A row as the schema's columns hold it. The types of a source promise rows of that form already; what comes straight from
 * outside (times as text, say) is read by the schema first.
 *
 * @throws WeirError `E_RECORD` for a row that is neither
 */
export function checkedRow(row: object, { schema, parse }: RowSchema): object {
  try {
    return parse(row);
  } catch (error) {
    if (isRecordFault(error) && isRowOf(row, schema)) return row;
    throw error;
  }
}

function isRowOf(row: object, schema: BatchSchema): boolean {
  if (schema.kind === 'any' || schema.fields.some(({ type }) => hasValues(type))) return false;
  try {
    batchOf(schema, [row]);
    return true;
  } catch {
    return false; // the columns say why not, but the schema's words are the better ones
  }
}

/** Does a column of this type hold less than its kind says? */
function hasValues(type: DataType): boolean {
  if (type.kind === 'list') return hasValues(type.of.type);
  return type.kind === 'struct'
    ? type.fields.some((field) => hasValues(field.type))
    : type.kind === 'string' && type.values !== undefined;
}
