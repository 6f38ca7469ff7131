/** Rows that a join keeps of one key, for people. */
import { type OpenGroup, openGroup } from '../open-group.ts';
import type { KeptRow } from './kept-rows.ts';
import type { RowBytes, RowForm } from '../row-form.ts';

/** Of all rows that are told of as one, the first few are read. */
const readMax = 5;

/** @param untilOf the watermark from which nothing can come for a row; infinite: there is none */
export function openRows(
  what: string,
  rows: readonly KeptRow[],
  form: RowForm,
  untilOf: (row: KeptRow) => number,
): readonly OpenGroup[] {
  if (rows.length === 0) return [];
  // There may be more than a call takes arguments.
  const start = rows.reduce((least, { time }) => Math.min(least, time), Infinity);
  const end = rows.reduce((most, row) => Math.max(most, untilOf(row)), -Infinity);
  const span = { start: finite(start), end: finite(end) };
  return [openGroup({ what, ...span, rows: rows.length }, valuesOf(rows, form))];
}

/** What is kept of the columns of some rows; none where no column is. */
export function valuesOf(rows: readonly RowBytes[], form: RowForm): readonly object[] {
  const batch = form.batch(rows.slice(0, readMax));
  const values = Array.from({ length: batch.length }, (_, i) => batch.row(i) as object);
  return values.filter((value) => Object.keys(value).length > 0);
}

const finite = (time: number): number | null => (Number.isFinite(time) ? time : null);
