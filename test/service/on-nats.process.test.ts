// A job of several processes, on a real nats-server: coordinators, workers, kills.
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { natsServerBinary, withServer } from '../nats/server.ts';
import { bin, type Ended, Folder, Program, reportOf, root } from './weir-process.ts';

const flights = join(root, 'examples/flight-delays.ts');
const nats = withServer();
const started: Program[] = [];
afterEach(async () => {
  for (const { child } of started) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  await Promise.all(started.splice(0).map(({ ended }) => ended));
});

function weir(folder: Folder, ...words: string[]): Program {
  const environment = { NATS_SERVER_BIN: natsServerBinary(), WEIR_LOG_LEVEL: 'info' };
  const program = new Program(process.execPath, [bin, ...words], folder.path, { environment });
  started.push(program);
  return program;
}
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

describe('a job on NATS', { timeout: 120_000 }, () => {
  test('of three processes and a private server gives what one process gives; WP1: a killed worker is replaced', async () => {
    using folder = new Folder();
    const job = weir(
      folder,
      'run',
      flights,
      '--workers',
      '2',
      '--parallelism',
      '2',
      '--checkpoint-interval',
      '200',
      '--',
      'rate=8000',
    );
    await job.says(/transport: a private nats-server and 2 worker processes/);
    await job.says(/epoch [1-9]/);
    const [, pid] = /"pid":(\d+),"msg":"a worker process was started"/.exec(job.stderr)!;
    process.kill(Number(pid), 'SIGKILL');
    await job.says(/a worker process ended, and is replaced/);
    const ended = await job.ended;
    expect(codeOf(ended)).toEqual(ok);
    expect(reportOf(ended)).toMatchObject({ rowsIn: 20_000, rowsLate: 26 });
    expect(reportOf(ended)['restarts']).toBeGreaterThan(0);
    expect(results(folder)).toEqual(await plainResults());
  });

  test('keeps its snapshots in a directory that all share, with copies, and a worker that never saw the job restores them', async () => {
    using folder = new Folder();
    const words = ['--checkpoint-interval', '200', '--snapshots', 'shared', '--cache', 'copies'];
    const run = (...more: string[]): Program =>
      weir(folder, 'run', flights, '--workers', '2', '--parallelism', '2', ...words, ...more, '--', 'rate=4000');
    const first = run();
    await first.says(/epoch [2-9]/);
    first.child.kill('SIGKILL');
    await first.ended;
    rmSync(join(folder.path, 'copies'), { recursive: true, force: true });
    const moved = await weir(folder, 'run', flights, '--workers', '2', '--snapshots', 'elsewhere').ended;
    expect(codeOf(moved)).toEqual([
      4,
      expect.stringMatching(/the snapshots of job flight-delays are in .*shared, not in .*elsewhere/),
    ]);
    const second = run();
    await second.says(/goes on from checkpoint [1-9]/);
    await second.says(/epoch [1-9]/);
    const [, pid] = /"pid":(\d+),"msg":"a worker process was started"/.exec(second.stderr)!;
    process.kill(Number(pid), 'SIGKILL');
    const ended = await second.ended;
    expect(codeOf(ended)).toEqual(ok);
    expect(results(folder)).toEqual(await plainResults());
    expect(readdirSync(join(folder.path, 'copies/flight-delays'))).toContain('copies-0');
    const [life] = readdirSync(join(folder.path, 'shared/flight-delays'));
    expect(readdirSync(join(folder.path, 'shared/flight-delays', life!)).length).toBeGreaterThan(0);
  });

  test('that had finished when it was killed, and had not said so, publishes with workers of its own, and is over', async () => {
    using folder = new Folder();
    const run = (): Program => weir(folder, 'run', flights, '--workers', '2', '--', 'rate=20000');
    const first = run();
    await first.says(/finished/);
    first.child.kill('SIGKILL');
    await first.ended;
    expect(codeOf(await run().ended)).toEqual(ok);
    expect(results(folder)).toEqual(await plainResults());
  });

  test('whose coordinator was killed goes on with a standby, which takes over; the workers join it', async () => {
    using folder = new Folder();
    const url = nats.server.url;
    const lead = (): Program =>
      weir(
        folder,
        'coordinator',
        flights,
        '--nats',
        url,
        '--parallelism',
        '2',
        '--checkpoint-interval',
        '200',
        '--',
        'rate=4000',
      );
    const first = lead();
    await first.says(/waiting for workers/);
    const workers = [1, 2].map(() => weir(folder, 'worker', flights, '--nats', url));
    const second = lead();
    await second.says(/leads this job: waiting to take over/);
    await first.says(/epoch [1-9]/);
    const at = Date.now();
    first.child.kill('SIGKILL');
    await second.says(/goes on from checkpoint/);
    expect(Date.now() - at).toBeLessThan(10_000); // the bound of the lease itself is tested on a clock that stands still
    const ended = await second.ended;
    expect(codeOf(ended)).toEqual(ok);
    expect(results(folder)).toEqual(await plainResults());
    expect((await Promise.all(workers.map((worker) => worker.ended))).map(codeOf)).toEqual([ok, ok]);
  });

  test('RJ1: a coordinator that finds its lease taken waits for it again; workers without any end by themselves', async () => {
    using folder = new Folder();
    const url = nats.server.url;
    const only = weir(folder, 'coordinator', flights, '--nats', url, '--job', 'alone', '--', 'rate=200');
    await only.says(/waiting for workers/);
    const worker = weir(folder, 'worker', flights, '--nats', url, '--job', 'alone');
    await only.says(/epoch [1-9]/);
    const other = weir(folder, 'coordinator', flights, '--nats', url, '--job', 'alone', '--', 'rate=200');
    await other.says(/leads this job: waiting to take over/); // a worker is patient for no longer than a lease and a little more
    only.child.kill('SIGSTOP');
    await other.says(/goes on from checkpoint/);
    only.child.kill('SIGCONT');
    await only.says(/lost its lease.*contending for the lease again/);
    await only.says(/leads this job: waiting to take over/);
    other.child.kill('SIGKILL');
    await only.says(/"generation":3|a worker joined[\s\S]*a worker joined/);
    only.child.kill('SIGKILL');
    expect(codeOf(await worker.ended)).toEqual([1, expect.stringContaining('the coordinator has said nothing for 5 s')]);
  });

  test('a worker of another plan is refused with both values', async () => {
    using folder = new Folder({
      'flight-delays.ts': `
        import { from, pipeline } from 'weir';
        import { file } from 'weir/connectors';
        export default pipeline({ name: 'flight-delays', outputs: [from([{ n: 1 }]).to(file.sink({ path: 'x.jsonl' }))] });`,
    });
    const url = nats.server.url;
    const lead = weir(folder, 'coordinator', flights, '--nats', url, '--job', 'refusing', '--', 'rate=1000');
    await lead.says(/waiting for workers/);
    const worker = weir(folder, 'worker', 'flight-delays.ts', '--nats', url, '--job', 'refusing');
    expect(codeOf(await worker.ended)).toEqual([
      4,
      expect.stringMatching(/its module makes plan \w+, the coordinator's makes \w+/),
    ]);
  });
});
