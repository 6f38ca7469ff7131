import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Generator, lineOf, LineWriter, writeEventFile } from '../../../bench/nexmark/generator/index.ts';
import { Folder } from '../../service/weir-process.ts';
import { events } from './events-fixture.ts';

const linesOf = (generator: Generator, from: number, to: number): string =>
  events(generator, from, to)
    .map((event) => `${lineOf(event)}\n`)
    .join('');
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe('LineWriter', () => {
  test('writes what JSON.stringify would, whatever the settings', () => {
    const midnight = { rate: 0.7, baseTimeMs: Date.UTC(2024, 1, 28, 22, 0, 0, 7) };
    for (const settings of [{}, midnight, { seed: 2 ** 40, outOfOrderGroupSize: 7 }, { rate: 1e9, baseTimeMs: 0 }]) {
      const generator = new Generator(settings);
      for (const from of [0, 12_345])
        expect(text(new LineWriter(generator).slice(from, from + 1000))).toBe(linesOf(generator, from, from + 1000));
    }
  });

  test('writes numbers and years of any length', () => {
    const generator = new Generator({ rate: 20, baseTimeMs: Date.UTC(9998, 11) });
    const from = 50 * 2 ** 32;
    const lines = linesOf(generator, from, from + 60);
    expect(text(new LineWriter(generator).slice(from, from + 60))).toBe(lines);
    expect(lines).toContain(`{"event_type":0,"id":${1000 + 2 ** 32},`);
    expect(lines).toMatch(/"dateTime":"\+\d{6}-/);
  });

  test('makes slices apart that are one run together, also in memory that is too small or held another', () => {
    const whole = text(new LineWriter(new Generator()).slice(0, 5000));
    const writer = new LineWriter(new Generator());
    const last = writer.slice(3333, 5000);
    const slices = [text(last)];
    slices.unshift(text(writer.slice(1, 3333, new ArrayBuffer(10))));
    slices.unshift(text(writer.slice(0, 1, last.buffer)));
    expect(slices.join('')).toBe(whole);
  });
});

describe('writeEventFile', () => {
  test('writes the lines, in a folder that it makes, and says what they are', async () => {
    using folder = new Folder();
    const path = join(folder.path, 'new', 'events.jsonl');
    const said = await writeEventFile(path, { events: 20_001, rate: 1000 });
    const bytes = readFileSync(path);
    expect(said).toEqual({ events: 20_001, bytes: bytes.length, sha256: sha256(bytes) });
    expect(bytes.equals(new LineWriter(new Generator({ rate: 1000 })).slice(0, 20_001))).toBe(true);
  });

  test('writes bytes that are the same on every machine and version', async () => {
    using folder = new Folder();
    const { bytes, sha256: hash } = await writeEventFile(join(folder.path, 'pinned.jsonl'), { events: 10_000 });
    expect({ bytes, hash }).toEqual({
      bytes: 2_953_109,
      hash: 'dadf794bfacb74abc400eb48143509208daf730729415cb3fd030102074df040',
    });
  });

  test('gives up when it is told to, and leaves nothing behind', async () => {
    using folder = new Folder();
    const reason = new Error('enough');
    const written = writeEventFile(join(folder.path, 'events.jsonl'), { events: 1e9, signal: AbortSignal.abort(reason) });
    await expect(written).rejects.toBe(reason);
    expect(readdirSync(folder.path)).toEqual([]);
  });

  test('refuses what makes no sense, and leaves nothing behind', async () => {
    using folder = new Folder({ 'there.jsonl': 'kept' });
    const path = join(folder.path, 'there.jsonl');
    await expect(writeEventFile(path, { events: 0 })).rejects.toThrow(/0 is no number of events/);
    await expect(writeEventFile(path, { events: 10, threads: 0 })).rejects.toThrow(/0 is no number of threads/);
    await expect(writeEventFile(path, { events: 10, threads: 2, rate: -1 })).rejects.toThrow(/-1 is no rate/);
    await expect(writeEventFile(folder.path, { events: 10 })).rejects.toThrow(/is no file/);
    await expect(writeEventFile(join(path, 'below'), { events: 10 })).rejects.toThrow(/EEXIST|ENOTDIR/);
    // Beyond the last date there is.
    await expect(writeEventFile(path, { events: 100_000, rate: 1e-9 })).rejects.toThrow(
      /beyond the last date there is: give a higher rate/,
    );
    expect(readdirSync(folder.path)).toEqual(['there.jsonl']);
    expect(readFileSync(path, 'utf8')).toBe('kept');
  });
});
