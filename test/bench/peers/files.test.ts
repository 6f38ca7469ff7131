// Results are read in the order in which they were written; the input in parts is the input.
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { interleaved, sliced } from '../../../bench/peers/input-parts.mjs';
import { countRows, filesOf, readRows } from '../../../bench/peers/result-files.mjs';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-peers-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const lines = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => JSON.stringify({ n: from + i, text: 'ä'.repeat((from + i) % 7) }));
const textOf = (parts: string[]): string => parts.map((line) => `${line}\n`).join('');

test('a folder is read in the order of the numbers in its names, without what is hidden or unfinished', async () => {
  await mkdir(join(folder, 'batch-2'));
  await mkdir(join(folder, '_metadata'));
  const files = {
    'part-x-10': [3],
    'part-x-2': [1, 2],
    'batch-2/a': [0],
    '_metadata/1': [8],
    '.part-x-1.inprogress': [9],
  };
  for (const [name, numbers] of Object.entries(files))
    await writeFile(join(folder, name), textOf(numbers.map((n) => `{"n":${n}}`)));
  expect([...readRows(folder)]).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }, { n: 3 }]);
  expect([countRows(folder), filesOf(folder).length]).toEqual([4, 3]);
});

test('a file is read to its end, with lines longer than a piece of it, and a last one without an end', async () => {
  const long = JSON.stringify({ text: 'x'.repeat(3_000_000) });
  const path = join(folder, 'result.jsonl');
  await writeFile(path, `{"n":1}\n${long}\n{"n":2}`);
  expect([...readRows(path)]).toEqual([{ n: 1 }, JSON.parse(long), { n: 2 }]);
});

test('interleaved files hold each line once, in turn', async () => {
  const path = join(folder, 'events.jsonl');
  const all = lines(0, 1001);
  await writeFile(path, textOf(all).trimEnd()); // the last line has no end
  const parts = await interleaved(path, folder, 2);
  const read = async (name: string) => (await readFile(join(parts, name), 'utf8')).trimEnd().split('\n');
  expect((await readdir(parts)).sort()).toEqual(['part-0.jsonl', 'part-1.jsonl']);
  expect(await read('part-0.jsonl')).toEqual(all.filter((_, i) => i % 2 === 0));
  expect(await read('part-1.jsonl')).toEqual(all.filter((_, i) => i % 2 === 1));
});

test('slices are the input in the order of their times, with the closing rows behind them', async () => {
  const path = join(folder, 'events.jsonl');
  const all = lines(0, 200_000);
  await writeFile(path, textOf(all));
  const parts = await sliced(path, folder, 5_000_000, [{ n: -1 }]);
  const found = await Promise.all(
    (await readdir(parts)).map(async (name) => ({ name, time: (await stat(join(parts, name))).mtimeMs })),
  );
  const inTime = found.sort((a, b) => a.time - b.time).map(({ name }) => name);
  expect(new Set(found.map(({ time }) => time)).size).toBe(found.length);
  expect(found.length).toBeGreaterThan(2);
  const texts = await Promise.all(inTime.map((name) => readFile(join(parts, name), 'utf8')));
  expect(texts.join('') === textOf([...all, '{"n":-1}'])).toBe(true);
});

test('parts are made again when the input is another one', async () => {
  const path = join(folder, 'events.jsonl');
  await writeFile(path, '{"n":1}\n');
  await interleaved(path, folder, 1);
  await writeFile(path, '{"n":1}\n{"n":2}\n');
  expect(countRows(await interleaved(path, folder, 1))).toBe(2);
});
