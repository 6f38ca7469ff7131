// A job of one process whose workers are threads of it: what comes out, threads that end, and the process that is killed.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, test } from 'vitest';
import type * as Weir from '../../src/index.ts';
import { bin, type Ended, Folder, Program, type ProgramOptions, reportOf, root } from './weir-process.ts';

const flights = join(root, 'examples/flight-delays.ts');
const started: Program[] = [];
afterEach(async () => {
  for (const { child } of started) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  await Promise.all(started.splice(0).map(({ ended }) => ended));
});

function weir(folder: Folder, words: readonly string[], environment: ProgramOptions['environment'] = {}): Program {
  const options = { environment: { WEIR_LOG_LEVEL: 'info', ...environment } };
  const program = new Program(process.execPath, [bin, ...words], folder.path, options);
  started.push(program);
  return program;
}
const onThreads = (folder: Folder, module: string, ...words: string[]): Program =>
  weir(folder, ['run', module, '--transport', 'threads', '--checkpoint-interval', '100', ...words]);
const sorted = (folder: Folder, path: string): string[] =>
  readFileSync(join(folder.path, path), 'utf8').trimEnd().split('\n').sort();
const codeOf = ({ code, stderr }: Ended): [number | null, string | undefined] => [code, /weir: E_.*/.exec(stderr)?.[0]];
const ok = [0, undefined];
/** Counts of 7 keys in windows of a second. In the middle of it a worker thread ends once, in the way that it is told. */
const job = `
import { existsSync, writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import { count, from, type Params, pipeline, schema, sum, t, timestamp, window } from 'weir';
import { file, generator } from 'weir/connectors';

const ways: Record<string, () => void> = {
  exit: () => process.exit(7),
  throw: () => void setImmediate(() => { throw new Error('nobody catches this'); }),
  memory: () => { for (const all: unknown[] = []; ; ) all.push(new Array(100_000).fill(all.length)); },
};
const Row = schema({ key: t.string, n: t.number, at: t.timestamp });

export default (params: Params) => {
  const rowsPerSecond = params.number('rate', 4000);
  const end = ways[params.string('end', '')];
  const rows = from(generator.source({ rows: 8000, rowsPerSecond, row: (n) => ({ key: 'k' + (n % 7), n, at: timestamp(n * 10) }) }));
  const marked = rows.map((row) => {
    if (end !== undefined && row.n === 5000 && !isMainThread && !existsSync('ended')) {
      writeFileSync('ended', '');
      end();
    }
    return row;
  }, Row);
  const counts = marked.withWatermark('at', '0 seconds').groupBy(window('at', '1 second'), 'key').agg({ rows: count(), sum: sum('n') });
  return pipeline({ name: 'counting', outputs: [counts.to(file.sink({ path: 'out.jsonl' }))] });
};
`;
let counts: Promise<string[]> | undefined;
const plainCounts = (): Promise<string[]> => (counts ??= countInOneProcess());
async function countInOneProcess(): Promise<string[]> {
  using folder = new Folder({ 'job.ts': job });
  expect(codeOf(await weir(folder, ['run', 'job.ts', '--transport', 'memory', '--', 'rate=0']).ended)).toEqual(ok);
  return sorted(folder, 'out.jsonl');
}

describe('a job whose workers are threads', { timeout: 120_000 }, () => {
  test('gives what one process gives', async () => {
    const results = async (...words: string[]): Promise<string[][]> => {
      using folder = new Folder();
      const program = weir(folder, ['run', flights, ...words, '--', 'rate=0']);
      const ended = await program.ended;
      expect(codeOf(ended)).toEqual(ok);
      expect(reportOf(ended)).toMatchObject({ rowsIn: 20_000, rowsLate: 26, restarts: 0 });
      if (words.includes('threads')) expect(ended.stderr).toContain('transport: memory, one process with 2 worker threads');
      return ['out/result.jsonl', 'out/late.jsonl'].map((path) => sorted(folder, path));
    };
    expect(await results('--transport', 'threads', '--workers', '2')).toEqual(await results('--transport', 'memory'));
  });

  test('gives the same bytes, where one of them does all', async () => {
    const bytes = async (...words: string[]): Promise<string> => {
      using folder = new Folder({ 'job.ts': job });
      expect(codeOf(await weir(folder, ['run', 'job.ts', ...words, '--', 'rate=0']).ended)).toEqual(ok);
      return readFileSync(join(folder.path, 'out.jsonl'), 'utf8');
    };
    expect(await bytes('--transport', 'threads', '--workers', '1')).toBe(await bytes('--transport', 'memory'));
  });

  test.each([
    ['exit', /"thread":"thread-\d","code":7,"msg":"a worker thread ended, and is replaced"/],
    ['throw', /"err":"Error: nobody catches this[^"]*job\.ts:\d+[^"]*","msg":"a worker thread failed"/],
    ['memory', /"err":"[^"]*JS heap out of memory[^"]*","msg":"a worker thread failed"/],
  ])('goes on from its last checkpoint when a thread ends by %s', async (way, said) => {
    using folder = new Folder({ 'job.ts': job });
    const environment = way === 'memory' ? { NODE_OPTIONS: '--max-old-space-size=150' } : {};
    const words = ['run', 'job.ts', '--transport', 'threads', '--checkpoint-interval', '100', '--', `end=${way}`];
    const ended = await weir(folder, words, environment).ended;
    expect(codeOf(ended)).toEqual(ok);
    expect(ended.stderr).toMatch(said);
    expect(reportOf(ended)).toMatchObject({ rowsIn: 8000, restarts: 1 });
    expect(sorted(folder, 'out.jsonl')).toEqual(await plainCounts());
  });

  test('goes on from its last checkpoint when a program terminates its threads, one after the other', async () => {
    const { start } = (await import(pathToFileURL(join(root, 'dist/index.js')).href)) as typeof Weir;
    using folder = new Folder({ 'job.ts': job.replace("'out.jsonl'", "params.string('out')") });
    const workers: Worker[] = [];
    const seen = (worker: Worker): void => void (worker.constructor.name === 'Worker' && workers.push(worker));
    process.on('worker', seen);
    try {
      const out = join(folder.path, 'out.jsonl');
      const options = {
        transport: 'threads',
        workers: 2,
        stateDir: join(folder.path, 'state'),
        params: { out, rate: 1000 },
      } as const;
      const running = await start(pathToFileURL(join(folder.path, 'job.ts')), options);
      for (const kills of [0, 1, 2]) {
        await running.checkpoint();
        await workers[kills]!.terminate();
      }
      const { rowsIn, restarts } = await running.finished;
      expect(rowsIn).toBe(8000);
      expect(restarts).toBeGreaterThan(0);
      expect(sorted(folder, 'out.jsonl')).toEqual(await plainCounts());
    } finally {
      process.off('worker', seen);
    }
  });

  test('goes on from its last checkpoint when the process is killed, each time', async () => {
    using folder = new Folder({ 'job.ts': job });
    for (const start of ['starts anew', 'goes on from checkpoint', 'goes on from checkpoint']) {
      const program = onThreads(folder, 'job.ts', '--', 'rate=500');
      await program.says(new RegExp(`counting ${start}`));
      await program.says(/rows\/s \| watermark \S+ \| epoch [1-9]\d* \| running/);
      program.child.kill('SIGKILL');
      await program.ended;
    }
    expect(codeOf(await onThreads(folder, 'job.ts', '--', 'rate=0').ended)).toEqual(ok);
    expect(sorted(folder, 'out.jsonl')).toEqual(await plainCounts());
  });

  test('stops with a final checkpoint, from which one process goes on, at another parallelism', async () => {
    using folder = new Folder({ 'job.ts': job });
    const program = onThreads(folder, 'job.ts', '--workers', '3', '--', 'rate=500');
    await program.says(/epoch [1-9]\d* \| running/);
    program.child.kill('SIGTERM');
    expect(codeOf(await program.ended)).toEqual(ok);
    const next = await weir(folder, ['run', 'job.ts', '--transport', 'memory', '--parallelism', '2', '--', 'rate=0']).ended;
    expect([codeOf(next), next.stdout]).toEqual([ok, expect.stringContaining('counting goes on from checkpoint')]);
    expect(sorted(folder, 'out.jsonl')).toEqual(await plainCounts());
  });

  test('loses no thread when the whole process stands still for longer than a thread may be silent', async () => {
    using folder = new Folder({ 'job.ts': job });
    const program = onThreads(folder, 'job.ts', '--', 'rate=1000');
    await program.says(/epoch [1-9]\d* \| running/);
    program.child.kill('SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, 2500)); // not for something to happen: this is what is tried
    program.child.kill('SIGCONT');
    const ended = await program.ended;
    expect([codeOf(ended), reportOf(ended)]).toEqual([ok, expect.objectContaining({ restarts: 0 })]);
  });

  test('has spare threads, of which one takes over', async () => {
    using folder = new Folder({ 'job.ts': job });
    const program = onThreads(
      folder,
      'job.ts',
      '--workers',
      '3',
      '--parallelism',
      '2',
      '--http',
      '0',
      '--',
      'end=exit',
      'rate=1000',
    );
    const [, url] = await program.says(/status at (http:\S+)\/v1\/jobs\/counting/);
    const status = async (): Promise<Record<string, unknown>> =>
      (await fetch(`${url}/v1/jobs/counting`)).json() as Promise<Record<string, unknown>>;
    await expect.poll(status, { timeout: 60_000 }).toMatchObject({ workers: 3, spares: 1 });
    await program.says(/a worker thread ended, and is replaced/);
    const ended = await program.ended;
    expect([codeOf(ended), reportOf(ended)]).toEqual([ok, expect.objectContaining({ restarts: 1 })]);
    expect(sorted(folder, 'out.jsonl')).toEqual(await plainCounts());
  });

  test('fails when nobody reads results on stdout', async () => {
    const printing = `
      import { from, pipeline } from 'weir';
      import { generator, stdout } from 'weir/connectors';
      const rows = from(generator.source({ rows: 100_000, rowsPerSecond: 1000, row: (n) => ({ n }) }));
      export default pipeline({ name: 'printing', outputs: [rows.to(stdout.sink())] });`;
    using folder = new Folder({ 'job.ts': printing });
    const program = onThreads(folder, 'job.ts', '--log-level', 'silent');
    await program.says(/^epoch \d+, /m);
    program.child.stdout!.destroy();
    expect(codeOf(await program.ended)).toEqual([1, expect.stringMatching(/weir: E_SINK .*nobody reads stdout any more/)]);
  });
});

describe('a job whose workers are threads is refused', { timeout: 120_000 }, () => {
  test('when its module makes another plan in a thread, with both', async () => {
    const other = `
      import { isMainThread } from 'node:worker_threads';
      import { from, pipeline } from 'weir';
      import { file } from 'weir/connectors';
      const rows = from([{ n: 1 }]);
      const output = (isMainThread ? rows : rows.filter(() => true)).to(file.sink({ path: 'out.jsonl' }));
      export default pipeline({ name: 'other', outputs: [output] });`;
    using folder = new Folder({ 'job.ts': other });
    const why = /E_STATE_INCOMPATIBLE .*cannot join: its module makes plan \w+, the coordinator's makes \w+/;
    expect(codeOf(await onThreads(folder, 'job.ts').ended)).toEqual([4, expect.stringMatching(why)]);
  });

  test('when its module cannot be loaded in a thread', async () => {
    const other = `
      import { isMainThread } from 'node:worker_threads';
      import { from, pipeline } from 'weir';
      import { file } from 'weir/connectors';
      if (!isMainThread) throw new Error('not in a thread');
      export default pipeline({ name: 'other', outputs: [from([{ n: 1 }]).to(file.sink({ path: 'out.jsonl' }))] });`;
    using folder = new Folder({ 'job.ts': other });
    const why = /E_MODULE .*job\.ts could not be loaded: not in a thread/;
    expect(codeOf(await onThreads(folder, 'job.ts').ended)).toEqual([2, expect.stringMatching(why)]);
  });

  test.each([
    [['--cache', 'copies'], '--cache is for jobs on NATS'],
    [['--snapshots', 'shared'], '--snapshots is for jobs on NATS'],
  ])('with %o', async (words, why) => {
    using folder = new Folder({ 'job.ts': job });
    expect(codeOf(await onThreads(folder, 'job.ts', ...words).ended)).toEqual([2, expect.stringContaining(why)]);
  });
});
