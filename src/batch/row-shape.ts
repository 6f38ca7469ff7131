/**
 * Rows of one shape, quickly: for each schema, code is generated that reads properties from objects of one shape and
 * makes objects of one shape. A loop over names costs several times as much, as the engine can predict none of them.
 * Names go into the code only as JSON strings; `__proto__` cannot be among them (B1). Where no code may be made, loops do.
 */
import { canCompile } from '../core/index.ts';
import type { Column, ColumnBuilder } from './column.ts';
import { propertyReader } from './property.ts';
import type { SchemaField } from './schema.ts';

export interface RowShape {
  /** Physical row → fresh plain object, its properties in the order of the fields. */
  maker(columns: readonly Column[]): (row: number) => object;
  /** Appends a row's properties to their columns. If one throws, some columns are longer than others. */
  appender(builders: readonly ColumnBuilder[]): (row: object) => void;
}

/** A memo, not state: what it holds follows from its key alone. Without it each small batch would compile anew. */
const shapes = new WeakMap<readonly SchemaField[], RowShape>();

export function rowShape(fields: readonly SchemaField[]): RowShape {
  let shape = shapes.get(fields);
  if (shape === undefined) {
    const names = fields.map((field) => field.name);
    shape = canCompile() ? compile(names) : interpret(names);
    shapes.set(fields, shape);
  }
  return shape;
}

export function compile(names: readonly string[]): RowShape {
  const made = names.map((name, i) => `${literal(name)}: c${i}.get(row)`);
  const appended = names.map((name, i) => `c${i}.append(${readOf(name)});`);
  return {
    maker: overColumns(names.length, `({ ${made.join(', ')} })`) as RowShape['maker'],
    appender: overColumns(names.length, `{ ${appended.join(' ')} }`) as RowShape['appender'],
  };
}

/** The same by loops. */
export function interpret(names: readonly string[]): RowShape {
  const reads = names.map(propertyReader);
  return {
    maker: (columns) => (row) => {
      const made: Record<string, unknown> = {};
      for (let i = 0; i < names.length; i++) made[names[i]!] = columns[i]!.get(row);
      return made;
    },
    appender: (builders) => (row) => {
      for (let i = 0; i < reads.length; i++) builders[i]!.append(reads[i]!(row));
    },
  };
}

/** A function of a list, whose elements are the variables c0, c1, … of the function of a row that it returns. */
function overColumns(count: number, body: string): unknown {
  const names = Array.from({ length: count }, (_, i) => `c${i}`).join(', ');
  // oxlint-disable-next-line typescript/no-implied-eval -- the code holds nothing but JSON strings and numbers.
  return new Function('columns', `const [${names}] = columns; return (row) => ${body};`);
}

/** As `propertyReader`, in code. */
function readOf(name: string): string {
  const read = `row[${literal(name)}]`;
  return name in Object.prototype ? `(Object.hasOwn(row, ${literal(name)}) ? ${read} : undefined)` : read;
}

const literal = (name: string): string => JSON.stringify(name);
