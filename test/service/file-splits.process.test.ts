// One file, two splits, two workers: each reads half of it, and a kill costs nothing.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { natsServerBinary } from '../nats/server.ts';
import { bin, Folder, Program, reportOf } from './weir-process.ts';

const job = `
import { from, pipeline, schema, t, type Params } from 'weir';
import { file, json } from 'weir/connectors';
const Row = schema({ n: t.int });
const Read = schema({ n: t.int, pid: t.int });
export default (params: Params) => pipeline({ name: 'halves', outputs: [
  from(file.source({ path: 'in.jsonl', format: json(Row), splits: 2, rate: params.number('rate', 0) }))
    .map(({ n }) => ({ n, pid: process.pid }), Read)
    .to(file.sink({ path: 'out.jsonl' })),
] });
`;
const count = 40_000;
const lineBytes = 100;
const input = Array.from({ length: count }, (_, n) => `${`{"n":${n}}`.padEnd(lineBytes - 1)}\n`).join('');
/** Of the blocks that the nth line may begin in, the one or the other half. */
const half = (n: number): number => Math.floor((n * lineBytes) / (1024 * 1024)) % 2;

const started: Program[] = [];
afterEach(async () => {
  for (const { child } of started) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  await Promise.all(started.splice(0).map(({ ended }) => ended));
});

function run(folder: Folder, rate: number): Program {
  const words = ['run', 'job.ts', '--workers', '2', '--checkpoint-interval', '100', '--', `rate=${rate}`];
  const program = new Program(process.execPath, [bin, ...words], folder.path, {
    environment: { NATS_SERVER_BIN: natsServerBinary() },
  });
  started.push(program);
  return program;
}
const rowsIn = (folder: Folder): { n: number; pid: number }[] =>
  readFileSync(join(folder.path, 'out.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { n: number; pid: number });
const numbers = (folder: Folder): number[] =>
  rowsIn(folder)
    .map(({ n }) => n)
    .sort((a, b) => a - b);
const all = Array.from({ length: count }, (_, n) => n);

function folderOf(): Folder {
  const folder = new Folder({ 'job.ts': job, 'package.json': '{ "name": "somewhere" }' });
  writeFileSync(join(folder.path, 'in.jsonl'), input);
  return folder;
}

test('each of two workers reads one split of the file, in its order', async () => {
  using folder = folderOf();
  const ended = await run(folder, 0).ended;
  expect([ended.code, ended.stderr.match(/weir: E_.*/)?.[0]]).toEqual([0, undefined]);
  expect(numbers(folder)).toEqual(all);
  const rows = rowsIn(folder);
  const workers = [...new Set(rows.map(({ pid }) => pid))].map((of) => rows.filter(({ pid }) => pid === of).map(({ n }) => n));
  const halves = workers.map((read) => [...new Set(read.map(half))]);
  expect(halves.toSorted((a, b) => a[0]! - b[0]!)).toEqual([[0], [1]]);
  for (const read of workers) expect(read).toEqual(read.toSorted((a, b) => a - b));
});

test('killed in the middle of the file the job goes on in both splits, and gives every line once', async () => {
  using folder = folderOf();
  const first = run(folder, 8000);
  await first.says(/epoch [2-9]\d* \| running/);
  first.child.kill('SIGKILL');
  await first.ended;
  expect(rowsIn(folder).length).toBeLessThan(count);
  const ended = await run(folder, 0).ended;
  expect([ended.code, ended.stderr.match(/weir: E_.*/)?.[0]]).toEqual([0, undefined]);
  expect(reportOf(ended)['position']).toBeGreaterThan(0);
  expect(numbers(folder)).toEqual(all);
});
