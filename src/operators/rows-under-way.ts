/**
 * Rows whose answers are not there yet, with the watermarks and the idleness that came between them.
 *
 * Owns: what may leave, and in which order. In order, a row leaves behind all that came before it; otherwise rows of a *stretch* leave as their answers
 * come. A stretch ends where a watermark, or idleness, came, which leaves behind all of its rows. Does not own: calls, and what becomes of answers.
 * Invariants: MA1 each row leaves once, and nothing that came behind a stretch before all of its rows; MA2 in order, rows leave as they came.
 */
import { type Batch, decodeBatch, encodeBatch } from '../batch/index.ts';

export type Answer = { readonly row: object } | { readonly error: unknown };
export interface HeldRow {
  readonly batch: Batch;
  readonly i: number;
  answer: Answer | undefined;
}
/** What came behind the rows of a stretch. */
export type Sign = { readonly watermark: number } | { readonly idle: boolean };

interface Numbered extends HeldRow {
  readonly n: number;
  readonly stretch: Stretch;
}
interface Stretch {
  /** Undefined: it has left. */
  readonly rows: (Numbered | undefined)[];
  /** The place of the first that is here. */
  first: number;
  /** The number of the row in place 0; the others follow. */
  base: number;
  /** How many are here. */
  length: number;
  /** Out of order: those that may leave, as their answers came. */
  readonly ready: Numbered[];
  readonly signs: Sign[];
}

/** Places of rows that have left, before the others move up. */
const goneMax = 1024;

export class RowsUnderWay {
  readonly #ordered: boolean;
  readonly #stretches: Stretch[] = [];
  #rows = 0;
  #bytes = 0;
  #next = 0;

  constructor(ordered: boolean) {
    this.#ordered = ordered;
  }

  /** How many are here. */
  get length(): number {
    return this.#rows;
  }

  /** Roughly what they cost. */
  get bytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    return this.#stretches.length === 0;
  }

  /** Something may leave. */
  get hasNext(): boolean {
    const [stretch] = this.#stretches;
    return stretch !== undefined && (stretch.length === 0 || this.#isReady(stretch));
  }

  add(batch: Batch): readonly HeldRow[] {
    const last = this.#stretches.at(-1);
    const stretch = last === undefined || last.signs.length > 0 ? this.#begin() : last;
    const rows = Array.from(
      { length: batch.length },
      (_, i): Numbered => ({
        batch,
        i,
        answer: undefined,
        n: this.#next++,
        stretch,
      }),
    );
    for (const row of rows) stretch.rows.push(row);
    stretch.length += rows.length;
    this.#rows += rows.length;
    this.#bytes += batch.byteSize;
    return rows;
  }

  /** It comes behind all rows that are here. */
  sign(sign: Sign): void {
    const { signs } = this.#stretches.at(-1) ?? this.#begin();
    const last = signs.at(-1);
    if (last !== undefined && 'watermark' in last && 'watermark' in sign) signs[signs.length - 1] = sign;
    else signs.push(sign);
  }

  answered(held: HeldRow, answer: Answer): void {
    held.answer = answer;
    const row = held as Numbered;
    if (!this.#ordered) row.stretch.ready.push(row);
  }

  /** The next rows that may leave, at most so many, those of a batch in its order. */
  takeRows(most: number): readonly HeldRow[] {
    const [stretch] = this.#stretches;
    if (stretch === undefined) return [];
    const rows = this.#ordered ? answeredFirst(stretch, most) : stretch.ready.splice(0, most).sort((a, b) => a.n - b.n);
    for (const row of rows) this.#leave(row);
    if (stretch.length === 0 && stretch.signs.length === 0) this.#stretches.shift();
    return rows;
  }

  /** What came behind the first rows, if all of these have left. */
  takeSigns(): readonly Sign[] {
    const [stretch] = this.#stretches;
    if (stretch === undefined || stretch.length > 0) return [];
    this.#stretches.shift();
    return stretch.signs;
  }

  /** All rows that are here, as they came. */
  *all(): Generator<HeldRow> {
    for (const { rows, first } of this.#stretches)
      for (let at = first; at < rows.length; at++) if (rows[at] !== undefined) yield rows[at]!;
  }

  /** As plain data; without the signs, which whoever goes on is told anew. */
  snapshot(): readonly Uint8Array[] {
    return runsOf(this.all()).map(({ batch, rows }) => encodeBatch(batch.select(Int32Array.from(rows, ({ i }) => i))));
  }

  #begin(): Stretch {
    const stretch: Stretch = { rows: [], first: 0, base: this.#next, length: 0, ready: [], signs: [] };
    this.#stretches.push(stretch);
    return stretch;
  }

  #isReady({ rows, first, ready }: Stretch): boolean {
    return this.#ordered ? rows[first]?.answer !== undefined : ready.length > 0;
  }

  #leave({ stretch, n, batch }: Numbered): void {
    const { rows } = stretch;
    rows[n - stretch.base] = undefined;
    while (stretch.first < rows.length && rows[stretch.first] === undefined) stretch.first++;
    if (stretch.first >= goneMax) {
      rows.splice(0, stretch.first);
      stretch.base += stretch.first;
      stretch.first = 0;
    }
    stretch.length--;
    this.#rows--;
    this.#bytes = this.#rows === 0 ? 0 : this.#bytes - batch.byteSize / batch.length;
  }
}

/** In order: up to the first that has no answer. */
function answeredFirst({ rows, first }: Stretch, most: number): readonly Numbered[] {
  let end = first;
  while (end < rows.length && end - first < most && rows[end]!.answer !== undefined) end++;
  return rows.slice(first, end) as readonly Numbered[];
}

export const batchesOf = (snapshot: readonly Uint8Array[]): readonly Batch[] => snapshot.map(decodeBatch);

/** Rows that follow each other in one batch. */
export interface Run {
  readonly batch: Batch;
  readonly rows: HeldRow[];
}
export function runsOf(rows: Iterable<HeldRow>): readonly Run[] {
  const runs: Run[] = [];
  for (const row of rows) {
    const last = runs.at(-1);
    if (last?.batch === row.batch && last.rows.at(-1)!.i < row.i) last.rows.push(row);
    else runs.push({ batch: row.batch, rows: [row] });
  }
  return runs;
}
