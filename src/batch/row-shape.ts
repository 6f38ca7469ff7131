/**
 * Rows of one shape, quickly: for each list of names, code is generated that reads them from objects of one shape and
 * makes objects of one shape. A loop over names costs several times as much, as the engine can predict none of them.
 * Names go into the code only as JSON strings; `__proto__` cannot be among them (B1).
 */
import type { Column, ColumnBuilder } from './column.ts';

/** Physical row → fresh plain object, its properties in the order of the names. */
export function rowMaker(names: readonly string[], columns: readonly Column[]): (row: number) => object {
  const parameters = columns.map((_, i) => `c${i}`);
  const body = `return (row) => ({ ${names.map((name, i) => `${literal(name)}: c${i}.get(row)`).join(', ')} });`;
  return new Function(...parameters, body)(...columns) as (row: number) => object;
}

/** Appends a row's properties to their columns. If one throws, some columns are longer than others. */
export function rowAppender(names: readonly string[], builders: readonly ColumnBuilder[]): (row: object) => void {
  const parameters = builders.map((_, i) => `b${i}`);
  const body = `return (row) => { ${names.map((name, i) => `b${i}.append(${readOf(name)});`).join(' ')} };`;
  return new Function(...parameters, body)(...builders) as (row: object) => void;
}

/** As `propertyReader`, in code. */
function readOf(name: string): string {
  const read = `row[${literal(name)}]`;
  return name in Object.prototype ? `(Object.hasOwn(row, ${literal(name)}) ? ${read} : undefined)` : read;
}

const literal = (name: string): string => JSON.stringify(name);
