/**
 * CSV, one record per line.
 *
 * Owns: which cell belongs to which column, by place or by the header's names. Times are read in the form that their
 * column declares, or as milliseconds, which is how they are written. Lists and structs are JSON in a cell.
 */
import { type AnySchema, type Format, type RowOf, type RowSchema, rowSchema } from '../../api/index.ts';
import type { SchemaField } from '../../batch/index.ts';
import { WeirError } from '../../core/index.ts';
import { type CsvCell, csvCell, csvCells } from './csv-line.ts';
import { cellText, cellValue } from './csv-values.ts';
import { asFormat } from './format.ts';
import { textOf } from './utf8.ts';

export interface CsvOptions {
  /** The first line of a file names its columns (false: they stand in the order of the schema). */
  readonly header?: boolean;
  /** One character (`,`). */
  readonly separator?: string;
}

/** @throws WeirError `E_SCHEMA` for a schema without columns; `E_PLAN` for a separator that cannot be one */
export function csv<S extends AnySchema<any, object>>(schema: S, options: CsvOptions = {}): Format<RowOf<S>> {
  const { header = false, separator = ',' } = options;
  if (separator.length !== 1 || /["\r\n]/.test(separator))
    throw new WeirError('E_PLAN', `csv(): ${JSON.stringify(separator)} is no separator`, { hint: 'give one character' });
  const rows = rowSchema(schema);
  const fields = columnsOf(rows);
  const decoder = (places: readonly number[], width: number) => (record: Uint8Array) =>
    rowOf(csvCells(textOf(record), separator), places, width, fields, rows);
  return asFormat({
    type: 'format',
    name: 'csv',
    schema: rows.schema,
    framing: 'lines',
    blankLines: fields.length === 1 ? 'record' : 'skip',
    extension: 'csv',
    decode: decoder(
      fields.map((_, i) => i),
      fields.length,
    ),
    encode: (row) => Buffer.from(lineOf(row as Record<string, unknown>, fields, separator)),
    ...(header
      ? {
          header: {
            bytes: Buffer.from(fields.map(({ name }) => csvCell(name, separator)).join(separator)),
            decoder(line) {
              const names = csvCells(textOf(line), separator).map(({ text }) => text);
              return decoder(placesOf(names, fields), names.length);
            },
          },
        }
      : {}),
  });
}

function columnsOf({ schema }: RowSchema): readonly SchemaField[] {
  if (schema.kind === 'columns') return schema.fields;
  throw new WeirError('E_SCHEMA', 'csv() needs to know its columns', { hint: "describe them with schema({ … }) of 'weir'" });
}

function placesOf(names: readonly string[], fields: readonly SchemaField[]): number[] {
  return fields.map(({ name, nullable }) => {
    const place = names.indexOf(name);
    if (place < 0 && !nullable) throw new WeirError('E_RECORD', `the header has no column '${name}', only ${names.join(', ')}`);
    return place;
  });
}

const nothing: CsvCell = { text: '', quoted: false };

function rowOf(
  cells: readonly CsvCell[],
  places: readonly number[],
  width: number,
  fields: readonly SchemaField[],
  rows: RowSchema,
): object {
  if (cells.length !== width) throw new WeirError('E_RECORD', `the line has ${cells.length} cells, not ${width}`);
  const row: Record<string, unknown> = {};
  for (let i = 0; i < fields.length; i++) row[fields[i]!.name] = cellValue(cells[places[i]!] ?? nothing, fields[i]!);
  try {
    return rows.parse(row);
  } catch (error) {
    if (!withMilliseconds(row, fields)) throw error;
    return rows.parse(row);
  }
}

/** Reads times that are digits only as milliseconds; false if there are none. */
function withMilliseconds(row: Record<string, unknown>, fields: readonly SchemaField[]): boolean {
  let changed = false;
  for (const { name, type } of fields) {
    const value = row[name];
    if (type.kind !== 'timestamp' || typeof value !== 'string' || !/^-?\d+$/.test(value)) continue;
    row[name] = Number(value);
    changed = true;
  }
  return changed;
}

function lineOf(row: Record<string, unknown>, fields: readonly SchemaField[], separator: string): string {
  return fields
    .map(({ name }) => {
      const text = cellText(row[name], name);
      return text === null ? '' : csvCell(text, separator);
    })
    .join(separator);
}
