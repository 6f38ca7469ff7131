import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { batchesOf, TestProgram } from '../dstream/dstream-run.ts';

const read = (path: string): string => readFileSync(join(import.meta.dirname, '../..', path), 'utf8');
const doc = read('docs/dstream.md');

test('the example of docs/dstream.md is the one that can be run', () => {
  const [, example] = /<!-- example: word-count-dstream -->\n```ts\n([\s\S]*?)```/.exec(doc)!;
  expect(example).toBe(read('examples/word-count-dstream.ts'));
});

/** The cells of a line of a picture. */
const cellsOf = (name: string): string[] => {
  const [line] = new RegExp(`^${name} .*$`, 'm').exec(doc)!;
  return line
    .split(/\s{2,}/)
    .slice(1)
    .filter((cell) => cell !== '│');
};
const shown = (batch: readonly (readonly [string, number])[]): string =>
  batch.map(([key, value]) => `(${key},${value})`).join('') || 'nothing';

test('what docs/dstream.md shows of batches in time is so', async () => {
  const batches = cellsOf('batch');
  expect(batches).toEqual(['to be', 'or not to be', '(empty)']);
  const pairs = new TestProgram()
    .queue(...batches.map((batch) => (batch === '(empty)' ? [] : batch.split(' '))))
    .map((word) => [word, 1]);
  const add = (a: number, b: number): number => a + b;
  const counts = await batchesOf(pairs.reduceByKey(add), 3);
  expect(counts.map(shown)).toEqual(cellsOf('reduceByKey'));
  const totals = pairs.updateStateByKey((ones, total: number | undefined) => ones.reduce(add, total ?? 0));
  expect((await batchesOf(totals, 3)).map(shown)).toEqual(cellsOf('updateState'));
});

test('what docs/dstream.md shows of a window is so', async () => {
  const [, length, slide, inWindows] = /window\('(\d) seconds', '(\d) seconds'\)  of batches of a second\n\s+(.*)\n/.exec(doc)!;
  const numbers = new TestProgram().queue(...cellsOf('batches').map((batch) => [Number(batch)]));
  const windows = await batchesOf(numbers.window(`${Number(length)} seconds`, `${Number(slide)} seconds`), 6);
  expect(windows.filter((batch) => batch.length > 0).map((batch) => batch.join(' '))).toEqual(inWindows!.split(/\s{2,}/));
});
