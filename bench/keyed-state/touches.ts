// Which key a row touches and by how much, for the job (job.ts); and what it must have written, by a plain loop.
import { createHash } from 'node:crypto';

/** Of so many rows one comes out, with the total of its key so far. */
export const sampleEvery = 49_999;

/** From `row` on (its index) the window of keys begins at `first`. */
export type Move = readonly [row: number, first: number];

/** First each key once, then those of a window, in no order. */
export const keyOf = (index: number, keys: number, first: number, touched: number): number =>
  index < keys ? index : (first + ((Math.imul(index, 0x9e3779b1) >>> 0) % touched)) % keys;

export const amountOf = (index: number): number => 1 + (index % 101);

export interface Expected {
  /** SHA-256 of all samples, as lines of JSON. */
  readonly hash: string;
  /** Different keys that were touched between one move and the next; the last is the rest of the run. */
  readonly touchedKeys: readonly number[];
}

/** @param moves in their order, the first at row `keys` */
export function expected(keys: number, touched: number, moves: readonly Move[], rows: number): Expected {
  const totals = new Float64Array(keys);
  const seenIn = new Uint32Array(keys);
  const touchedKeys = moves.map(() => 0);
  const hash = createHash('sha256');
  let lines: string[] = [];
  for (let index = 0, move = 0; index < rows; index++) {
    while (move < moves.length && index >= moves[move]![0]) move++;
    const key = keyOf(index, keys, move === 0 ? 0 : moves[move - 1]![1], touched);
    totals[key]! += amountOf(index);
    if (seenIn[key] !== move) {
      seenIn[key] = move;
      touchedKeys[move - 1]!++;
    }
    if (index % sampleEvery !== 0) continue;
    lines.push(`${JSON.stringify({ index, key, total: totals[key] })}\n`);
    if (lines.length < 1000) continue;
    hash.update(lines.join(''));
    lines = [];
  }
  return { hash: hash.update(lines.join('')).digest('hex'), touchedKeys };
}
