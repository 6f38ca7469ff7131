import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { schema, sinkDefinition, t } from '../../src/api/index.ts';
import { csv, file, msgpack, text } from '../../src/connectors/index.ts';
import type { SinkContext, SinkWriter } from '../../src/operators/index.ts';
import { batch, epochs, folder, kept, permit, sinkContext } from './connector-fixture.ts';

const fails = (code: string, message: RegExp): object =>
  expect.objectContaining({ code, message: expect.stringMatching(message) as string });
const sink = (path: string, format?: unknown) =>
  sinkDefinition(file.sink({ path, ...(format === undefined ? {} : { format: format as never }) }) as never, 'test');
const open = (
  path: string,
  overrides: Partial<SinkContext> = {},
  state: readonly unknown[] = [],
  format?: unknown,
): Promise<SinkWriter> => sink(path, format).open(sinkContext(overrides), state);

async function staged(writer: SinkWriter, epoch: number, ...rows: readonly object[]): Promise<unknown> {
  await writer.write(batch(...rows));
  return kept(await writer.stage(epochs(epoch), false));
}
async function committed(writer: SinkWriter, epoch: number, ...rows: readonly object[]): Promise<unknown> {
  const value = await staged(writer, epoch, ...rows);
  await writer.commit(permit(epoch), value);
  return kept(writer.snapshot!());
}

describe('one file', () => {
  test('a path with an extension is one writer, one without many', () => {
    expect(sink('out/result.jsonl')).toMatchObject({
      single: true,
      modes: ['append'],
      guarantee: 'exactly-once',
      name: 'file out/result.jsonl',
    });
    expect(sink('out/result')).toMatchObject({ single: false });
    expect(sink('out/v1.2/')).toMatchObject({ single: false });
    const changes = sinkDefinition(file.sink({ path: 'out/result', op: 'op' }) as never, 'test');
    expect(changes).toMatchObject({ single: false, modes: ['append', 'update'], op: 'op', takesBack: true });
    expect(changes.identity).not.toBe(sink('out/result').identity);
  });

  test('a job that starts anew empties it; it is there even if no row comes', async () => {
    const path = join(folder(), 'a', 'b', 'out.jsonl');
    await open(path);
    expect(readFileSync(path, 'utf8')).toBe('');
    writeFileSync(path, 'of an earlier job\n');
    await open(path);
    expect(readFileSync(path, 'utf8')).toBe('');
  });

  test('K1: at every instant it is the begin of what it will be: a commit that was cut short is completed', async () => {
    const path = join(folder(), 'out.jsonl');
    const first = await open(path);
    await committed(first, 1, { n: 1 });
    const before = readFileSync(path);
    const two = await staged(first, 2, { n: 2 }, { n: 3 });
    const state = kept(first.snapshot!());
    await first.commit(permit(2), two);
    const whole = readFileSync(path);
    for (let size = before.length; size <= whole.length; size++) {
      writeFileSync(path, whole.subarray(0, size));
      const restored = await open(path, { fresh: false }, [state]);
      await restored.commit(permit(2), two);
      expect(readFileSync(path)).toEqual(whole);
    }
    expect(whole.subarray(0, before.length)).toEqual(before);
  });

  test('K2: a file is written and synced before a commit answers, and goes on from there', async () => {
    const path = join(folder(), 'out.jsonl');
    let state = await committed(await open(path), 1, { n: 0 });
    for (let epoch = 2; epoch < 6; epoch++) {
      const writer = await open(path, { fresh: false }, [state]);
      state = await committed(writer, epoch, { n: epoch, padding: 'x'.repeat(3000) });
    }
    const found = readFileSync(path, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { n: number }).n);
    expect(found).toEqual([0, 2, 3, 4, 5]);
  });

  const changes: readonly [string, (path: string) => void, RegExp][] = [
    ['is gone', (path) => rmSync(path), /is gone/],
    ['was shortened', (path) => truncateSync(path, 3), /has 3 bytes, and \d+ were committed/],
    ['was appended to', (path) => appendFileSync(path, '{"n":2}\nothers'), /bytes, and the job wrote/],
    [
      'has other bytes at its end',
      (path) => writeFileSync(path, readFileSync(path, 'utf8').replace('1', '7')),
      /bytes before byte \d+ are others/,
    ],
  ];
  test.each(changes)('when it %s, the restored job refuses to go on', async (_what, change, message) => {
    const path = join(folder(), 'out.jsonl');
    const state = await committed(await open(path), 1, { n: 1 });
    change(path);
    await expect(open(path, { fresh: false }, [state])).rejects.toThrow(fails('E_SINK_CHANGED', message));
  });

  test.each(changes)('when it %s, the next commit of a running job is refused', async (_what, change, message) => {
    const path = join(folder(), 'out.jsonl');
    const writer = await open(path);
    await committed(writer, 1, { n: 1 });
    const two = await staged(writer, 2, { n: 2 });
    change(path);
    await expect(writer.commit(permit(2), two)).rejects.toThrow(fails('E_SINK_CHANGED', message));
  });

  test('when others wrote where an epoch belongs, its commit is refused', async () => {
    const path = join(folder(), 'out.jsonl');
    const writer = await open(path);
    const one = await staged(writer, 1, { n: 1 });
    writeFileSync(path, '{"x"');
    await expect(writer.commit(permit(1), one)).rejects.toThrow(fails('E_SINK_CHANGED', /other bytes behind byte 0/));
  });

  test('with rows that no checkpoint knows it is not emptied, unless the job is fresh', async () => {
    const path = join(folder(), 'out.jsonl');
    writeFileSync(path, 'precious\n');
    await expect(open(path, { fresh: false })).rejects.toThrow(fails('E_SINK_CHANGED', /the checkpoint knows of none/));
    expect(readFileSync(path, 'utf8')).toBe('precious\n');
  });

  test('links, folders and devices are refused', async () => {
    const path = folder();
    mkdirSync(join(path, 'folder.jsonl'));
    symlinkSync(join(path, 'elsewhere'), join(path, 'link.jsonl'));
    writeFileSync(join(path, 'file'), '');
    await expect(open(join(path, 'folder.jsonl'))).rejects.toThrow(fails('E_SINK', /is a folder/));
    await expect(open(join(path, 'link.jsonl'))).rejects.toThrow(fails('E_SINK', /is a link/));
    await expect(open(join(path, 'file', 'out.jsonl'))).rejects.toThrow(
      expect.objectContaining({ code: 'E_SINK', retry: 'never' }),
    );
  });

  test('CSV begins with its header, once', async () => {
    const path = join(folder(), 'out.csv');
    const format = csv(schema({ n: t.int, text: t.string }), { header: true });
    const writer = await open(path, {}, [], format);
    await committed(writer, 1, { n: 1, text: 'a,b' });
    await committed(writer, 2, { n: 2, text: '' });
    expect(readFileSync(path, 'utf8')).toBe('n,text\n1,"a,b"\n2,""\n');
  });

  test('a batch with a row that cannot be written is left out as a whole', async () => {
    const path = join(folder(), 'out.txt');
    const writer = await open(path, {}, [], text());
    expect(() => writer.write(batch({ value: 'fine' }, { value: 'two\nlines' }))).toThrow(fails('E_VALUE', /line break/));
    await committed(writer, 1, { value: 'next' });
    expect(readFileSync(path, 'utf8')).toBe('next\n');
  });

  test('options that make no sense are plan errors', () => {
    expect(() => file.sink({ path: '' })).toThrow(fails('E_PLAN', /needs a path/));
    expect(() => file.sink({ path: 'a.jsonl', op: '' })).toThrow(fails('E_PLAN', /`op` is the name of a column/));
    expect(() => file.sink({ path: 'a.msgpack', format: msgpack(schema({ n: t.int })) })).toThrow(
      fails('E_PLAN', /records in msgpack/),
    );
  });

  test('broken on purpose, it writes rows before their checkpoint, and so some twice', async () => {
    const path = join(folder(), 'out.jsonl');
    const writer = await open(path, { sabotage: 'files-before-manifest' });
    expect(await staged(writer, 1, { n: 1 })).toBeUndefined();
    const restored = await open(path, { sabotage: 'files-before-manifest', fresh: false });
    await staged(restored, 2, { n: 1 });
    expect(readFileSync(path, 'utf8')).toBe('{"n":1}\n{"n":1}\n');
  });
});

describe('a folder of parts', () => {
  const names = (path: string): string[] => readdirSync(path).toSorted();

  test('K3: a part has its name only once it is committed; subtasks and epochs have parts of their own', async () => {
    const path = join(folder(), 'out');
    const zero = await open(path, { subtask: 0, parallelism: 2 });
    const one = await open(path, { subtask: 1, parallelism: 2 });
    const waiting = await staged(one, 1, { n: 2 });
    await committed(zero, 1, { n: 1 });
    expect(names(path)).toEqual(['.pending-1-part-1-00000000.jsonl', 'part-0-00000000.jsonl']);
    await one.commit(permit(1), waiting);
    await committed(zero, 2, { n: 3 });
    expect(names(path)).toEqual(['part-0-00000000.jsonl', 'part-0-00000001.jsonl', 'part-1-00000000.jsonl']);
  });

  test('K4: what aborted epochs left is swept when the sink is opened; what a checkpoint knows, and foreign files, stay', async () => {
    const path = join(folder(), 'out');
    const crashed = await open(path, { subtask: 1, parallelism: 2 });
    const one = await staged(crashed, 1, { n: 1 });
    const state = kept(crashed.snapshot!());
    await staged(crashed, 2, { n: 2 });
    writeFileSync(join(path, 'README'), 'mine');
    const other = await open(path, { subtask: 0, parallelism: 2, fresh: false });
    expect(names(path).length).toBe(3);
    const restored = await open(path, { subtask: 1, parallelism: 2, fresh: false, generation: 2 }, [state]);
    expect(names(path)).toEqual(['.pending-1-part-1-00000000.jsonl', 'README']);
    await restored.commit(permit(1), one);
    await other.close?.();
    expect(names(path)).toEqual(['README', 'part-1-00000000.jsonl']);
  });

  test('after a change of parallelism no part of before is written again, and all that was staged is committed', async () => {
    const path = join(folder(), 'out');
    const before = await Promise.all([0, 1, 2].map((subtask) => open(path, { subtask, parallelism: 3 })));
    const waiting: unknown[] = [];
    for (const [i, writer] of before.entries()) waiting.push(await staged(writer, 1, { n: i }));
    const states = before.map((writer) => kept(writer.snapshot!()));
    const [only] = await Promise.all([open(path, { fresh: false, generation: 2 }, states)]);
    for (const value of waiting) await only!.commit(permit(1), value);
    await committed(only!, 2, { n: 3 });
    expect(names(path)).toEqual([
      'part-0-00000000.jsonl',
      'part-0-00000001.jsonl',
      'part-1-00000000.jsonl',
      'part-2-00000000.jsonl',
    ]);
  });

  test('a job that starts anew removes the parts of an earlier one, each subtask its own', async () => {
    const path = folder();
    for (const name of [
      'part-0-00000000.jsonl',
      'part-1-00000007.jsonl',
      'part-2-00000000.jsonl',
      '.pending-9-part-1-00000001.csv',
      'part-x.jsonl',
      'notes',
    ])
      writeFileSync(join(path, name), '');
    await open(path, { subtask: 1, parallelism: 2 });
    expect(names(path)).toEqual(['notes', 'part-0-00000000.jsonl', 'part-2-00000000.jsonl', 'part-x.jsonl']);
    await open(path, { subtask: 0, parallelism: 2 });
    expect(names(path)).toEqual(['notes', 'part-x.jsonl']);
  });

  test.each<[string, (pending: string, part: string) => void, RegExp]>([
    ['a staged file is gone', (pending) => unlinkSync(pending), /is gone/],
    ['a staged file was changed', (pending) => appendFileSync(pending, 'x'), /bytes, and the job wrote/],
    ['a part was there before', (_pending, part) => writeFileSync(part, ''), /before the job wrote it/],
  ])('when %s, the commit is refused', async (_what, change, message) => {
    const path = join(folder(), 'out');
    const writer = await open(path);
    const one = await staged(writer, 1, { n: 1 });
    change(join(path, '.pending-1-part-0-00000000.jsonl'), join(path, 'part-0-00000000.jsonl'));
    await expect(writer.commit(permit(1), one)).rejects.toThrow(fails('E_SINK_CHANGED', message));
  });

  test('each part of CSV has its header', async () => {
    const path = join(folder(), 'out');
    const writer = await open(path, {}, [], csv(schema({ n: t.int }), { header: true }));
    await committed(writer, 1, { n: 1 });
    await committed(writer, 2, { n: 2 });
    expect(existsSync(join(path, 'part-0-00000001.csv'))).toBe(true);
    expect(readFileSync(join(path, 'part-0-00000001.csv'), 'utf8')).toBe('n\n2\n');
  });
});
