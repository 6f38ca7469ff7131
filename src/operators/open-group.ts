import type { BatchSchema } from '../batch/index.ts';

/** For people: a window, or session, of one key that has not closed. Plain data. */
export interface OpenGroup {
  /** Event time, ms. */
  readonly start: number;
  readonly end: number;
  /** The rows that it would give now, without its key and window; none where they are too long. */
  readonly soFar: readonly Readonly<Record<string, unknown>>[];
}

const rowsMax = 5;
const textMax = 2000;

/** @param rows of this schema, whose first `from` columns are keys and window */
export function openGroup(
  { start, end }: Pick<OpenGroup, 'start' | 'end'>,
  schema: BatchSchema,
  from: number,
  rows: readonly (readonly unknown[])[],
): OpenGroup {
  const names = schema.kind === 'any' ? [] : schema.fields.map(({ name }) => name);
  const shown = rows
    .slice(0, rowsMax)
    .map((row) => Object.fromEntries(names.flatMap((name, i) => (i < from ? [] : [[name, row[i]]]))));
  const text = JSON.stringify(shown, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
  return { start, end, soFar: text.length > textMax ? [] : (JSON.parse(text) as OpenGroup['soFar']) };
}
