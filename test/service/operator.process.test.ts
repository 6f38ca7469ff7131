// Operators of a job of several processes, on a real nats-server: status, savepoint, stop, and what a standby does then.
import { existsSync, readFileSync } from 'node:fs';
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
  const environment = { NATS_SERVER_BIN: natsServerBinary(), WEIR_LOG_LEVEL: 'info', NATS_URL: nats.server.url };
  const program = new Program(process.execPath, [bin, ...words], folder.path, { environment });
  started.push(program);
  return program;
}
const ends = async (folder: Folder, ...words: string[]): Promise<Ended> => weir(folder, ...words).ended;
const lines = (folder: Folder, path: string): string[] =>
  readFileSync(join(folder.path, path), 'utf8').trimEnd().split('\n').sort();
const results = (folder: Folder): string[][] => ['out/result.jsonl', 'out/late.jsonl'].map((path) => lines(folder, path));

describe('a job on NATS', { timeout: 120_000 }, () => {
  test('tells how it does, gives savepoints, and stops for its standby too; a new start goes on, and a savepoint in another', async () => {
    using folder = new Folder();
    const lead = (rate: number, ...more: string[]): Program =>
      weir(folder, 'coordinator', flights, '--parallelism', '2', '--checkpoint-interval', '200', ...more, '--', `rate=${rate}`);
    const worker = (job: string): Program => weir(folder, 'worker', flights, '--slots', '2', '--job', job);
    const first = lead(400); // it goes on for as long as it is asked
    await first.says(/waiting for workers/);
    const standby = lead(400);
    await standby.says(/leads this job: waiting to take over/);
    const early = worker('flight-delays');
    await first.says(/epoch [1-9]/);

    const shown = await ends(folder, 'status');
    expect([shown.code, shown.stdout]).toEqual([0, expect.stringMatching(/^job .*\nflight-delays +running +1 +\d+ +1 +/)]);
    const status = JSON.parse((await ends(folder, 'status', 'flight-delays', '--json')).stdout);
    expect(status).toMatchObject({ job: 'flight-delays', state: 'running', parallelism: 2, workers: 1, report: { restarts: 0 } });
    expect(await ends(folder, 'stop', 'flight-delay')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/E_USAGE no job 'flight-delay' runs at nats:.*\n.*did you mean flight-delays\?/),
    });

    const saved = await ends(folder, 'savepoint', 'flight-delays', 'saved');
    const [, epoch, directory] = /^savepoint of flight-delays at epoch (\d+): (\S+),/.exec(saved.stdout)!;
    expect([saved.code, existsSync(join(directory!, 'COMMITTED'))]).toEqual([0, true]);
    const unable = await ends(folder, 'stop', 'flight-delays', '--savepoint', 'saved');
    expect([unable.code, unable.stderr]).toEqual([2, expect.stringMatching(/E_USAGE .*saved is not empty/)]);

    const stopped = await ends(folder, 'stop', 'flight-delays', '--savepoint', 'last');
    const [, last] = /^flight-delays stopped at checkpoint (\d+); its savepoint is \S+last,/.exec(stopped.stdout)!;
    expect([stopped.code, Number(last) > Number(epoch)]).toEqual([0, true]);
    const ended = await first.ended;
    expect([ended.code, reportOf(ended)['epoch']]).toEqual([0, Number(last)]);
    const waited = await standby.ended;
    expect([waited.code, waited.stderr]).toEqual([0, expect.stringContaining('job flight-delays was stopped')]);
    expect((await early.ended).code).toBe(0);
    expect((await ends(folder, 'status')).stdout).toMatch(/^no job runs at nats:/);

    const late = worker('copy');
    const other = lead(0, '--job', 'copy', '--from-savepoint', 'last');
    await other.says(new RegExp(`copy goes on from checkpoint ${last} `));
    expect([(await other.ended).code, (await late.ended).code]).toEqual([0, 0]);
    expect(results(folder)).toEqual(await plainResults());
  });

  test('of weir run is stopped over NATS, and over HTTP, with exit 0 and its report', async () => {
    for (const over of ['nats', 'http']) {
      using folder = new Folder();
      const job = weir(folder, 'run', flights, '--workers', '1', '--job', over, '--http', '0', '--', 'rate=1000');
      const [url] = await job.says(/http:\/\/127\.0\.0\.1:\d+/);
      await job.says(/epoch [1-9]/);
      const stopped = await ends(folder, 'stop', over, ...(over === 'http' ? ['--http', url] : []));
      const [, epoch] = new RegExp(`^${over} stopped at checkpoint (\\d+)\n`).exec(stopped.stdout)!;
      const ended = await job.ended;
      expect([stopped.code, ended.code, reportOf(ended)['epoch']]).toEqual([0, 0, Number(epoch)]);
    }
  });

  test('that has finished leaves nothing for its standby to do; one that is not reached gives 3', async () => {
    using folder = new Folder();
    const words = ['coordinator', flights, '--job', 'whole', '--', 'rate=0'];
    const first = weir(folder, ...words);
    await first.says(/waiting for workers/);
    const standby = weir(folder, ...words);
    await standby.says(/leads this job: waiting to take over/);
    weir(folder, 'worker', flights, '--job', 'whole');
    expect((await first.ended).code).toBe(0);
    const waited = await standby.ended;
    expect([waited.code, waited.stderr]).toEqual([0, expect.stringContaining('job whole has finished: nothing is left to do')]);
    expect((await ends(folder, 'status', '--nats', 'nats://127.0.0.1:1')).code).toBe(3);
    expect((await ends(folder, 'status', '--http', 'http://127.0.0.1:1')).code).toBe(3);
  });
});

async function plainResults(): Promise<string[][]> {
  using folder = new Folder();
  expect((await ends(folder, 'run', flights, '--transport', 'memory', '--', 'rate=0')).code).toBe(0);
  return results(folder);
}
