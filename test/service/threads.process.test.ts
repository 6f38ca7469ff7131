// A job of one process whose workers are threads of it: what comes out, threads that end, and the process that is killed.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { bin, type Ended, Folder, Program, reportOf, root } from './weir-process.ts';

const flights = join(root, 'examples/flight-delays.ts');
const started: Program[] = [];
afterEach(async () => {
  for (const { child } of started) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  await Promise.all(started.splice(0).map(({ ended }) => ended));
});

function weir(folder: Folder, ...words: string[]): Program {
  const program = new Program(process.execPath, [bin, ...words], folder.path, { environment: { WEIR_LOG_LEVEL: 'info' } });
  started.push(program);
  return program;
}
const onThreads = (folder: Folder, ...words: string[]): Program =>
  weir(folder, 'run', flights, '--transport', 'threads', '--checkpoint-interval', '200', ...words);
const sorted = (folder: Folder, path: string): string[] =>
  readFileSync(join(folder.path, path), 'utf8').trimEnd().split('\n').sort();
const results = (folder: Folder): string[][] => ['out/result.jsonl', 'out/late.jsonl'].map((path) => sorted(folder, path));
const codeOf = ({ code, stderr }: Ended): [number | null, string | undefined] => [code, /weir: E_.*/.exec(stderr)?.[0]];
const ok = [0, undefined];

async function plainResults(): Promise<string[][]> {
  using folder = new Folder();
  expect(codeOf(await weir(folder, 'run', flights, '--transport', 'memory', '--', 'rate=0').ended)).toEqual(ok);
  return results(folder);
}

describe('a job whose workers are threads', { timeout: 120_000 }, () => {
  test('gives what one process gives', async () => {
    using folder = new Folder();
    const job = onThreads(folder, '--workers', '2', '--', 'rate=0');
    await job.says(/transport: memory, one process with 2 worker threads/);
    const ended = await job.ended;
    expect(codeOf(ended)).toEqual(ok);
    expect(reportOf(ended)).toMatchObject({ rowsIn: 20_000, rowsLate: 26, restarts: 0 });
    expect(results(folder)).toEqual(await plainResults());
  });
});
