/**
 * Lines of JSON whose keys come in one order, straight into columns.
 *
 * Owns: the speculation that lines look like one that was seen. Whatever is unusual is left to `JSON.parse`: escapes, bytes beyond
 * ASCII, nested values, other or repeated keys, other blanks than spaces. So what is taken is exactly what that would have given.
 * Talks through: `lineCode`, which reads lines of one shape.
 * Invariants: FS1 a line that is taken gives the row that `decode` gives; a line that `decode` refuses is never taken; FS2 of a line
 * that is not taken nothing is appended.
 */
import type { BatchBuilder } from '../../batch/index.ts';
import { type LineCode, lineCode } from './json-line-code.ts';
import { shapeOf } from './json-shape.ts';
import { JsonValues, type ScannedColumn, valueKind } from './json-values.ts';
import type { LineScanner } from './line-scanner.ts';
import { TextCache } from './text-cache.ts';

/** Null if there are columns that are not read this way: then no line is. */
export function jsonScanner(columns: readonly ScannedColumn[]): LineScanner | null {
  const scanner = new JsonScanner(columns);
  return scanner.readsAll ? scanner : null;
}

/** Lines that were left, from one that is learnt from to the next. */
const learnEvery = 32;

class JsonScanner implements LineScanner {
  readonly #names: readonly string[];
  readonly #texts = new TextCache();
  readonly #values: JsonValues;
  #code: LineCode | null = null;
  #missed = learnEvery;

  constructor(columns: readonly ScannedColumn[]) {
    this.#names = columns.map(({ field }) => field.name);
    this.#values = new JsonValues(columns, this.#texts);
  }

  get readsAll(): boolean {
    return !this.#values.kinds.includes(valueKind.unknown);
  }

  learn(record: Uint8Array): void {
    if (++this.#missed < learnEvery) return;
    this.#missed = 0;
    const shape = shapeOf(record, this.#names);
    if (shape === null || shape.missing.some((column) => !this.#values.nullable[column]!)) return;
    this.#code = lineCode(shape, this.#values, this.#texts);
  }

  read(bytes: Uint8Array, from: number, rows: BatchBuilder): number {
    return this.#code === null ? -1 : this.#code(bytes, from, -1, rows);
  }

  readWhole(record: Uint8Array, rows: BatchBuilder): boolean {
    return this.#code !== null && this.#code(record, 0, record.length, rows) >= 0;
  }
}
