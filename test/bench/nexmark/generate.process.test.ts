import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Generator, LineWriter, writeEventFile } from '../../../bench/nexmark/generator/index.ts';
import { type Ended, Folder, Program, root } from '../../service/weir-process.ts';

const npmGenerate = (...words: string[]): Promise<Ended> =>
  new Program('npm', ['run', '-s', 'nexmark:generate', '--', ...words], root).ended;
/** The same without npm, which takes its time. */
const generate = (...words: string[]): Promise<Ended> =>
  new Program(process.execPath, [join(root, 'bench/nexmark/generate.mjs'), ...words], root).ended;

describe('npm run nexmark:generate', () => {
  test('makes the file that was asked for, and says how many events, bytes and seconds, and its hash', async () => {
    using folder = new Folder();
    const out = join(folder.path, 'events.jsonl');
    const settings = ['--rate', '12.5', '--seed', '3', '--out-of-order', '40', '--base-time', '2020-01-01T00:00:00Z'];
    const { code, stdout } = await npmGenerate('--events', '50001', '--threads', '2', '--out', out, ...settings);
    const generator = new Generator({ rate: 12.5, seed: 3, outOfOrderGroupSize: 40, baseTimeMs: Date.UTC(2020, 0) });
    const bytes = readFileSync(out);
    expect(bytes.equals(new LineWriter(generator).slice(0, 50_001))).toBe(true);
    expect(code).toBe(0);
    const hash = createHash('sha256').update(bytes).digest('hex');
    expect(stdout).toMatch(new RegExp(`^50001 events, ${bytes.length} bytes, [\\d.]+ s, sha256 ${hash}: .*events\\.jsonl\\n$`));
  });

  test('says it in JSON too', async () => {
    using folder = new Folder();
    const file = join(folder.path, 'events.jsonl');
    const { stdout } = await generate('--events', '50', '--out', file, '--json');
    expect(JSON.parse(stdout)).toEqual({
      events: 50,
      bytes: readFileSync(file).length,
      seconds: expect.any(Number) as number,
      sha256: createHash('sha256').update(readFileSync(file)).digest('hex'),
      file,
    });
  });

  test('makes the same file however many threads there are', async () => {
    using folder = new Folder();
    const written = [1, 2, 3].map((threads) =>
      writeEventFile(join(folder.path, `${threads}.jsonl`), { events: 130_000, threads }),
    );
    const [first, ...others] = await Promise.all(written);
    expect(others).toEqual([first, first]);
    const [bytes, ...copies] = [1, 2, 3].map((threads) => readFileSync(join(folder.path, `${threads}.jsonl`)));
    expect(copies.every((copy) => copy.equals(bytes!))).toBe(true);
  });

  test('leaves no file where a thread fails', async () => {
    using folder = new Folder();
    const { code, stderr } = await generate(
      '--events',
      '100000',
      '--threads',
      '2',
      '--rate',
      '1e-9',
      '--out',
      join(folder.path, 'out'),
    );
    expect({ code, left: readdirSync(folder.path) }).toEqual({ code: 2, left: [] });
    expect(stderr).toMatch(/beyond the last date there is: give a higher rate/);
  });

  test.each([
    ['--out OUT', /--events is missing/],
    ['--events 5', /--out is missing/],
    ['--events many --out OUT', /--events: 'many' is no number/],
    ['--events 0 --out OUT', /0 is no number of events/],
    ['--events 5 --out OUT --rate 0', /0 is no rate/],
    ['--events 5 --out OUT --seed 1.5', /1.5 is no seed/],
    ['--events 5 --out OUT --threads 65', /65 is no number of threads/],
    ['--events 5 --out OUT --out-of-order 953', /hold events twice/],
    ['--events 5 --out OUT --base-time noon', /'noon' is no time like/],
    ['--events 5 --out OUT --speed 3', /--speed/],
    ['--events 5 --out OUT five', /five/],
  ])('refuses %s', async (words, said) => {
    using folder = new Folder();
    const { code, stdout, stderr } = await generate(
      ...words.split(' ').map((word) => (word === 'OUT' ? join(folder.path, 'out') : word)),
    );
    expect({ code, stdout, left: readdirSync(folder.path) }).toEqual({ code: 2, stdout: '', left: [] });
    expect(stderr).toMatch(said);
    expect(stderr).toMatch(/^usage: npm run nexmark:generate/m);
  });

  test('ends with 1 where no file can be written', async () => {
    using folder = new Folder({ file: '' });
    const { code, stderr } = await generate('--events', '5', '--out', join(folder.path, 'file', 'below'));
    expect(code).toBe(1);
    expect(stderr).toMatch(/EEXIST|ENOTDIR/);
  });
});
