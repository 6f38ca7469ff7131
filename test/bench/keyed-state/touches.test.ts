// What the job of many keys is compared with.
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { amountOf, expected, keyOf, type Move, sampleEvery } from '../../../bench/keyed-state/touches.ts';

const [keys, touched, rows] = [50, 10, 1_000_000];
const moves: readonly Move[] = [
  [keys, 0],
  [400, 10],
  [400, 20],
  [5000, 45],
];
const firstOf = (index: number): number => moves.findLast(([row]) => row <= index)?.[1] ?? 0;

test('each key is touched once, and then those of the window, which goes round', () => {
  const of = (from: number, to: number, first: number): number[] =>
    [...new Set(Array.from({ length: to - from }, (_, i) => keyOf(from + i, keys, first, touched)))].sort((a, b) => a - b);
  expect(of(0, keys, 0)).toEqual(Array.from({ length: keys }, (_, key) => key));
  expect(of(400, 5000, 20)).toEqual([20, 21, 22, 23, 24, 25, 26, 27, 28, 29]);
  expect(of(5000, 9000, 45)).toEqual([0, 1, 2, 3, 4, 45, 46, 47, 48, 49]);
});

test('the samples are those of totals that are kept one by one, and each window counts the keys that it touched', () => {
  const totals = new Map<number, number>();
  const hash = createHash('sha256');
  for (let index = 0; index < rows; index++) {
    const key = keyOf(index, keys, firstOf(index), touched);
    const total = (totals.get(key) ?? 0) + amountOf(index);
    totals.set(key, total);
    if (index % sampleEvery === 0) hash.update(`${JSON.stringify({ index, key, total })}\n`);
  }
  expect(expected(keys, touched, moves, rows)).toEqual({ hash: hash.digest('hex'), touchedKeys: [10, 0, 10, 10] });
});

test('a window that moves a row later, or a row less, is seen in the samples', () => {
  const { hash } = expected(keys, touched, moves, rows);
  const later: Move[] = [...moves.slice(0, 3), [5001, 45]];
  expect(expected(keys, touched, later, rows).hash).not.toBe(hash);
  expect(expected(keys, touched, moves, rows - sampleEvery).hash).not.toBe(hash);
});
