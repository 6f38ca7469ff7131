/** Rows as a table for a terminal: a line of names, a line of dashes, then the rows; numbers to the right. */
import type { Batch, DataType, SchemaField } from '../../batch/index.ts';

const widthMax = 20;

export interface TableOptions {
  /** Cells are cut to 20 characters, but not times, of which the end says most. */
  readonly truncate: boolean;
}

interface Cell {
  readonly text: string;
  readonly isTime: boolean;
}

/** Rows as text, by column; what a table is drawn of once all are there. */
export interface TableRow {
  readonly names: readonly string[];
  readonly cells: readonly Cell[];
}

/** A logical row of a batch, as its cells. */
export function tableRow(batch: Batch, i: number): TableRow {
  const row = batch.row(i) as Record<string, unknown>;
  if (batch.schema.kind === 'any') return { names: Object.keys(row), cells: Object.values(row).map((value) => cell(value)) };
  const { fields } = batch.schema;
  return { names: namesOf(fields), cells: fields.map(({ name, type }) => cell(row[name], type)) };
}

export function namesOf(fields: readonly SchemaField[]): readonly string[] {
  return fields.map(({ name }) => name);
}

/** @param rows those without a schema may differ in their names: each column that any of them has is shown */
export function tableText(rows: readonly TableRow[], { truncate }: TableOptions): string {
  const names = [...new Set(rows.flatMap((row) => row.names))];
  const table = rows.map((row) => names.map((name) => cellOf(row, name, truncate)));
  const heads = names.map((name) => shown(name, truncate));
  const widths = heads.map((head, i) => Math.max(widthOf(head), ...table.map((cells) => widthOf(cells[i]!))));
  const right = names.map((_, i) => table.length > 0 && table.every((cells) => /^(-?[\d.e+-]+|NaN|null|)$/.test(cells[i]!)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => padded(cell, widths[i]!, right[i]!))
      .join('  ')
      .trimEnd();
  return [line(heads), line(widths.map((width) => '-'.repeat(width))), ...table.map(line)].map((text) => `${text}\n`).join('');
}

function cellOf({ names, cells }: TableRow, name: string, truncate: boolean): string {
  const { text, isTime } = cells[names.indexOf(name)] ?? absent;
  return shown(text, truncate && !isTime);
}
const absent: Cell = { text: '', isTime: false };

function cell(value: unknown, type?: DataType): Cell {
  const times = type?.kind === 'struct' && type.fields.every((field) => field.type.kind === 'timestamp');
  return { text: cellText(value, type), isTime: times || type?.kind === 'timestamp' || value instanceof Date };
}

function cellText(value: unknown, type?: DataType): string {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return 'null';
  if (type?.kind === 'timestamp' && typeof value === 'number') return new Date(value).toISOString();
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (Array.isArray(value))
    return `[${value.map((element) => cellText(element, type?.kind === 'list' ? type.of.type : undefined)).join(', ')}]`;
  return typeof value === 'object' ? structText(value, type) : String(value as number | boolean | bigint);
}

function structText(value: object, type: DataType | undefined): string {
  const typeOf = (name: string): DataType | undefined =>
    type?.kind === 'struct' ? type.fields.find((field) => field.name === name)?.type : undefined;
  return `{${Object.entries(value)
    .map(([name, property]) => `${name}: ${cellText(property, typeOf(name))}`)
    .join(', ')}}`;
}

function shown(cell: string, truncate: boolean): string {
  const line = cell.replace(/[\p{Cc}\u2028\u2029]/gu, ' ');
  return truncate && widthOf(line) > widthMax
    ? `${Array.from(line)
        .slice(0, widthMax - 1)
        .join('')}…`
    : line;
}

function padded(cell: string, width: number, right: boolean): string {
  const space = ' '.repeat(width - widthOf(cell));
  return right ? space + cell : cell + space;
}

function widthOf(text: string): number {
  return Array.from(text).length;
}
