/** What an operator holds open of one key, for people. */
import type { BatchSchema } from '../batch/index.ts';

/** A window or a session that has not closed, rows that wait, a timer. Plain data. */
export interface OpenGroup {
  /** In a few words: `window`, `left rows without a partner`, `wait for a timer`. */
  readonly what: string;
  /** Event time, ms: its begin; of rows the earliest. Null: it has none. */
  readonly start: number | null;
  /** The watermark that ends it, ms, but for lateness. Null: none does. */
  readonly end: number | null;
  /** `end` is a time of the clock, rather than a watermark. */
  readonly byClock?: true;
  /** How many rows it holds; absent where nobody counts. */
  readonly rows?: number;
  /** With so many rows it is full, and closes. */
  readonly ofRows?: number;
  /** What else closes it. */
  readonly waitsFor?: string;
  /** The rows that it would give now, without its key and window, or that it holds; the first few, and none where they are too long. */
  readonly soFar: readonly Readonly<Record<string, unknown>>[];
}

const rowsMax = 5;
const textMax = 2000;

/** @param rows what it would give, or holds; a few of them are shown */
export function openGroup(group: Omit<OpenGroup, 'soFar'>, rows: readonly object[] = []): OpenGroup {
  const text = JSON.stringify(rows.slice(0, rowsMax), (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
  return { ...group, soFar: text.length > textMax ? [] : (JSON.parse(text) as OpenGroup['soFar']) };
}

/** @param rows of this schema, whose first `from` columns are keys and window: they are left out */
export function resultsOf(schema: BatchSchema, from: number, rows: readonly (readonly unknown[])[]): readonly object[] {
  const names = schema.kind === 'any' ? [] : schema.fields.map(({ name }) => name);
  return rows.slice(0, rowsMax).map((row) => Object.fromEntries(names.flatMap((name, i) => (i < from ? [] : [[name, row[i]]]))));
}
