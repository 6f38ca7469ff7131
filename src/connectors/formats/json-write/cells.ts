/**
 * Values of columns as JSON: for each kind of column what writes the value of a row.
 *
 * Owns: the layouts of columns, so that no value is made only to be written. A column that is none of these is asked for its values.
 */
import {
  AnyColumn,
  BoolColumn,
  BytesColumn,
  type Column,
  EncodedStringColumn,
  Float64Column,
  Int64Column,
  ListColumn,
  type SchemaField,
  StringColumn,
  StructColumn,
} from '../../../batch/index.ts';
import { valueText } from '../json-text.ts';
import { type LineBytes, viewOf, wordsOf } from './line-bytes.ts';

/** Writes the value of a physical row. @throws WeirError `E_VALUE` for what JSON cannot hold */
export type Cell = (row: number) => void;

const ascii = (text: string): Uint8Array => Buffer.from(text);
const nullWord = ascii('null');
const words = [ascii('false'), ascii('true')] as const;

/** @param path where the column is: a value that is nested too deep is so from there */
export function cellOf(column: Column, out: LineBytes, path: readonly PropertyKey[]): Cell {
  const write = valueCell(column, out, path);
  if (column instanceof StringColumn || column instanceof AnyColumn) return write;
  if ('nulls' in column && column.nulls === null) return write;
  return (row) => {
    if (column.isNull(row)) out.put(nullWord);
    else write(row);
  };
}

/** Of rows that are not null. */
function valueCell(column: Column, out: LineBytes, path: readonly PropertyKey[]): Cell {
  if (column instanceof Float64Column) {
    const { values } = column;
    return (row) => out.number(values[row]!);
  }
  if (column instanceof Int64Column) return (row) => out.number(column.get(row)!);
  if (column instanceof BoolColumn) {
    const { values } = column;
    return (row) => out.put(words[values[row] === 0 ? 0 : 1]);
  }
  if (column instanceof StringColumn) return stringCell(column, out);
  if (column instanceof EncodedStringColumn && column.encoding !== 'utf16le') return utf8Cell(column, out);
  if (column instanceof ListColumn) return listCell(column, out, path);
  if (column instanceof StructColumn) return objectCell(column.type.fields, column.children, out, path);
  if (column instanceof BytesColumn) return (row) => out.text(valueText(column.get(row), [...path]));
  return (row) => writeValue(column.get(row), out, path);
}

function writeValue(value: unknown, out: LineBytes, path: readonly PropertyKey[]): void {
  if (typeof value === 'number') out.number(value);
  else if (typeof value === 'string') out.string(value);
  else out.text(valueText(value, [...path]));
}

function stringCell({ values }: StringColumn, out: LineBytes): Cell {
  return (row) => {
    const value = values[row]!;
    if (value === null) out.put(nullWord);
    else out.string(value);
  };
}

function utf8Cell({ text, starts, ends }: EncodedStringColumn, out: LineBytes): Cell {
  const view = viewOf(text);
  return (row) => out.utf8(text, view, starts[row]!, ends[row]!);
}

function listCell({ offsets, elements }: ListColumn, out: LineBytes, path: readonly PropertyKey[]): Cell {
  const element = cellOf(elements, out, [...path, 0]);
  return (row) => {
    const end = offsets[row + 1]!;
    out.byte(91);
    for (let i = offsets[row]!, isFirst = true; i < end; i++, isFirst = false) {
      if (!isFirst) out.byte(44);
      element(i);
    }
    out.byte(93);
  };
}

/** What stands before the value of each field, in the order in which an object has them: names that are numbers stand first. */
export function fieldHeads(fields: readonly SchemaField[]): { readonly head: Uint8Array; readonly field: number }[] {
  const names = Object.keys(Object.fromEntries(fields.map(({ name }) => [name, null])));
  return names.map((name, i) => ({
    head: ascii(`${i === 0 ? '{' : ','}${JSON.stringify(name)}:`),
    field: fields.findIndex((field) => field.name === name),
  }));
}

/** The fields of a row, in braces. */
export function objectCell(
  fields: readonly SchemaField[],
  columns: readonly Column[],
  out: LineBytes,
  path: readonly PropertyKey[],
): Cell {
  const cells = fieldHeads(fields).map(({ head, field }) => ({
    head: wordsOf(head),
    write: cellOf(columns[field]!, out, [...path, fields[field]!.name]),
  }));
  const end = ascii(cells.length === 0 ? '{}' : '}');
  return (row) => {
    for (const { head, write } of cells) {
      out.putWords(head);
      write(row);
    }
    out.put(end);
  };
}
