/** Values of cases: what inputs are made of, and when two rows are the same. */
import { type AnySchema, schema, t } from '../../src/index.ts';
import type { Case, CaseInput } from './case.ts';
import { inputNames, rowsOf } from './case.ts';
import type { TableInput } from './table-case.ts';

type Field = Parameters<typeof schema>[0][string];

/** By the first word of a type; every other is kept as the JSON has it. */
const fields: Readonly<Record<string, Field>> = {
  BYTE: t.int,
  SHORT: t.int,
  INT: t.int,
  INTEGER: t.int,
  LONG: t.int,
  BIGINT: t.int,
  FLOAT: t.number,
  DOUBLE: t.number,
  STRING: t.string,
  BOOLEAN: t.boolean,
  TIMESTAMP: t.timestamp,
};

const fieldOf = (type: string): Field | undefined => fields[/^\w+/.exec(type)?.[0].toUpperCase() ?? ''];

/** Rows of an input; a column may be null if its type says so, or some row has one that is. */
export function schemaOf(input: CaseInput, of: Case): AnySchema<any, object> {
  const columns = input.schema.map(({ name, type }, i) => {
    const field = fieldOf(type);
    if (field === undefined) return [name, t.any()] as const;
    return [name, /nullable/i.test(type) || hasNull(input, i, of) ? field.nullable() : field] as const;
  });
  return schema(Object.fromEntries(columns));
}

function hasNull({ name }: CaseInput, column: number, of: Case): boolean {
  const names = inputNames(of);
  return of.steps.some((step) =>
    [...rowsOf(step)].some(([input, rows]) => names.get(input) === name && rows.some((row) => (row[column] ?? null) === null)),
  );
}

/** Rows that are objects: the columns of any of them, typed as they are said to be, or else as their values are. */
export function schemaOfRows({ rows, schema: said }: TableInput): AnySchema<any, object> {
  const columns = new Map<string, unknown[]>((said ?? []).map(({ name }) => [name, []]));
  for (const row of rows)
    for (const [name, value] of Object.entries(row)) {
      const values = columns.get(name);
      if (values === undefined) columns.set(name, [value]);
      else values.push(value);
    }
  const types = new Map(said?.map(({ name, type }) => [name, type]));
  return schema(
    Object.fromEntries(
      [...columns].map(([name, values]) => {
        const present = values.filter((value) => value !== null);
        const type = types.get(name);
        const field = type === undefined ? fieldOfValues(present) : fieldOf(type);
        const lacks = present.length < rows.length || /nullable/i.test(type ?? '');
        return [name, field === undefined ? t.any() : lacks ? field.nullable() : field];
      }),
    ),
  );
}

function fieldOfValues(values: readonly unknown[]): Field | undefined {
  const all = (is: (value: unknown) => boolean): boolean => values.length > 0 && values.every(is);
  if (all(Number.isSafeInteger)) return t.int;
  if (all((value) => typeof value === 'number')) return t.number;
  if (all((value) => typeof value === 'boolean')) return t.boolean;
  if (all((value) => typeof value === 'string' && dateTime.test(value))) return t.timestamp;
  return all((value) => typeof value === 'string') ? t.string : undefined;
}

/** @throws Error for a row with more values than columns */
export function objectOf(input: CaseInput, row: readonly unknown[]): object {
  const more = row.slice(input.schema.length).find((value) => value !== null);
  if (more !== undefined) throw new Error(`a row of ${input.name} has more values than it has columns: ${JSON.stringify(row)}`);
  return Object.fromEntries(input.schema.map(({ name }, i) => [name, row[i] ?? null]));
}

/** The named columns of a result. @throws Error for one that it does not have */
export function valuesOf(row: object, names: readonly string[]): readonly unknown[] {
  return names.map((name) => {
    if (name in row) return (row as Record<string, unknown>)[name];
    throw new Error(`the result has no column '${name}': its columns are ${Object.keys(row).join(', ')}`);
  });
}

const dateTime = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?$/;

/** One text for all that is the same: a time is its milliseconds, however it is written; one without an offset is UTC. */
export function canonical(value: unknown): string {
  return JSON.stringify(plain(value));
}

function plain(value: unknown): unknown {
  if (value === undefined || value === null) return null;
  if (typeof value === 'number') return Number.isFinite(value) ? value + 0 : String(value);
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Date) return value.getTime();
  if (typeof value === 'string') {
    const ms = dateTime.test(value)
      ? Date.parse(/(Z|[+-]\d\d:?\d\d)$/.test(value) ? value : `${value.replace(' ', 'T')}Z`)
      : Number.NaN;
    return Number.isNaN(ms) ? value : ms;
  }
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object') {
    const entries = Object.entries(value).map(([name, field]) => [name, plain(field)] as const);
    return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }
  return value;
}

/** How two lists of rows differ, in words; undefined if they are the same, but for their order unless that counts. */
export function difference(actual: readonly unknown[], expected: readonly unknown[], ordered: boolean): string | undefined {
  const [is, wanted] = [actual.map(canonical), expected.map(canonical)];
  if (ordered && is.length === wanted.length) {
    const at = is.findIndex((row, i) => row !== wanted[i]);
    return at < 0 ? undefined : `row ${at} is ${is[at]} and should be ${wanted[at]}`;
  }
  const missing = without(wanted, is);
  const surplus = without(is, wanted);
  if (missing.length + surplus.length === 0) return undefined;
  return [
    ...(missing.length === 0 ? [] : [`missing ${some(missing)}`]),
    ...(surplus.length === 0 ? [] : [`not expected ${some(surplus)}`]),
  ].join('; ');
}

const saidMax = 20;
const some = (rows: readonly string[]): string =>
  rows.length <= saidMax ? rows.join(' ') : `${rows.slice(0, saidMax).join(' ')} and ${rows.length - saidMax} more`;

function without(all: readonly string[], taken: readonly string[]): readonly string[] {
  const left = new Map<string, number>();
  for (const each of taken) left.set(each, (left.get(each) ?? 0) + 1);
  return all.filter((each) => {
    const count = left.get(each) ?? 0;
    left.set(each, count - 1);
    return count <= 0;
  });
}
