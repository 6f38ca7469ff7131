// The examples on JetStream as real processes: fed while they run, with workers and coordinators killed, on a real nats-server.
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { withServer } from '../nats/server.ts';
import { bin, Folder, Program, reportOf, root } from '../service/weir-process.ts';
import { averagesOf, lateOf, type Reading, slidingCountsOf } from './sensor-reference.ts';

interface Feed {
  readonly rows: number;
  readonly rate: number;
  readonly devices: number;
}

describe('fed while they run, and killed,', () => {
  const nats = withServer({ per: 'test' });
  const started: Program[] = [];
  let folder: Folder;

  afterEach(async () => {
    for (const { child } of started) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    for (const pid of workers()) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
    await Promise.all(started.splice(0).map(({ ended }) => ended));
    folder[Symbol.dispose]();
  });

  function weir(...words: string[]): Program {
    const environment = { NATS_URL: nats.server.url, WEIR_LOG_LEVEL: 'info' };
    const program = new Program(process.execPath, [bin, ...words], folder.path, { environment });
    started.push(program);
    return program;
  }
  const run = (example: string, ...words: string[]): Program => weir('run', join(root, 'examples', example), ...words);
  /** Of all jobs that were started. */
  const workers = (): number[] =>
    started.flatMap(({ stderr }) =>
      [...stderr.matchAll(/"pid":(\d+),"msg":"a worker process was started"/g)].map(([, pid]) => Number(pid)),
    );

  /** Resolves once there are streams with readings in them. */
  async function fed(feed: Feed): Promise<Program> {
    folder = new Folder();
    const params = Object.entries(feed).map(([name, value]) => `${name}=${value}`);
    const sensors = run('sensors.ts', '--transport', 'memory', '--checkpoint-interval', '100', '--', ...params);
    await sensors.says(/epoch [1-9]/);
    return sensors;
  }

  const job = (example: string, ...params: string[]): Program =>
    run(example, '--workers', '2', '--parallelism', '2', '--checkpoint-interval', '200', '--', ...params);

  /** One worker is killed, then the coordinator, in the middle of the feed; the job that goes on. */
  async function killed(sensors: Program, example: string, seen: () => Promise<number>, ...params: string[]): Promise<Program> {
    const first = job(example, ...params);
    await until('it has results', async () => (await seen()) > 0);
    process.kill(workers()[0]!, 'SIGKILL');
    await first.says(/a worker process ended, and is replaced/);
    const before = await seen();
    await until('it goes on after the kill of a worker', async () => (await seen()) > before);
    first.child.kill('SIGKILL');
    expect(sensors.child.exitCode).toBe(null);
    const second = job(example, ...params);
    await second.says(/goes on from checkpoint [1-9]/);
    return second;
  }

  async function stopped(program: Program): Promise<void> {
    program.child.kill('SIGTERM');
    const end = await program.ended;
    expect([end.code, /weir: E_.*/.exec(end.stderr)?.[0]]).toEqual([0, undefined]);
    await until('no worker is left', async () => !workers().some(isAlive));
  }

  /** Bodies of all messages that are rows, as they stand in the stream. */
  async function bodies<T>(stream: string): Promise<T[]> {
    const { streams } = await jetstreamManager(nats.connection);
    const there = await streams.info(stream).then(
      ({ state }) => state.messages,
      () => 0,
    );
    const found: T[] = [];
    if (there === 0) return found;
    const consumer = await jetstream(nats.connection).consumers.get(stream);
    for await (const message of await consumer.consume()) {
      if (message.headers?.has('Weir-Fence') !== true) found.push(message.json<T>());
      if (message.info.pending === 0) break;
    }
    return found;
  }

  /** All readings are in, and what is written of them is each average of each closed window, once. */
  async function averaged(sensors: Program, second: Program): Promise<void> {
    expect(reportOf(await sensors.ended)).toMatchObject({ rowsIn: 4000, rowsOut: 8000 });
    const readings = await bodies<Reading>('SENSOR_DATA');
    const expected = averagesOf(readings);
    expect([readings.length, lateOf(readings) > 20, expected.length > 100]).toEqual([4000, true, true]);
    await until('all averages are there', async () => (await written()) >= expected.length);
    await stopped(second);
    expect(sorted(await bodies<object>('AVERAGES'))).toEqual(sorted(expected));
  }
  const written = async (): Promise<number> => (await bodies('AVERAGES')).length;

  test('device-averages writes each average of each closed window once', async () => {
    const sensors = await fed({ rows: 4000, rate: 250, devices: 4 });
    await averaged(sensors, await killed(sensors, 'device-averages.ts', written));
  });

  test('device-averages does so on threads of one process, each with connections of its own', async () => {
    const sensors = await fed({ rows: 4000, rate: 250, devices: 4 });
    const onThreads = (): Program => run('device-averages.ts', '--transport', 'threads', '--checkpoint-interval', '200');
    const first = onThreads();
    await until('it has results', async () => (await written()) > 0);
    first.child.kill('SIGKILL');
    await first.ended;
    const second = onThreads();
    await second.says(/goes on from checkpoint [1-9]/);
    await averaged(sensors, second);
  });

  test('sliding-counts prints at last the table in which each reading counts once in each of its windows', async () => {
    // A short table is written at once: nothing that another process prints comes in its middle.
    const sensors = await fed({ rows: 2000, rate: 125, devices: 2 });
    const shown = async (): Promise<number> => lastTable(started).length;
    const second = await killed(sensors, 'sliding-counts.ts', shown, 'rows=1000');
    await sensors.ended;
    const readings = await bodies<Reading>('INPUT');
    const expected = slidingCountsOf(readings).sort();
    expect([readings.length, expected.length > 200]).toEqual([2000, true]);
    await until('the table is whole', async () => lastTable(started).sort().join() === expected.join()).catch(() => undefined); // shown below
    await stopped(second);
    expect(lastTable(started).sort()).toEqual(expected);
  });
});

/** Rows of the table of the latest epoch, whichever process printed it: a worker whose coordinator was killed joins the next one. */
function lastTable(programs: readonly Program[]): string[] {
  const tables = programs.flatMap(({ stdout }) => [
    ...stdout.matchAll(/^epoch (\d+), complete: (\d+) rows\n.*\n.*\n((?:\{.*\n)*)\n/gm),
  ]);
  const last = tables.reduce<RegExpMatchArray | undefined>(
    (a, b) => (a !== undefined && Number(a[1]) >= Number(b[1]) ? a : b),
    undefined,
  );
  if (last === undefined) return [];
  const lines = last[3]!.trimEnd().split('\n');
  expect(lines.length).toBe(Number(last[2]));
  return lines.map((line) => line.replaceAll(/ +/g, ' '));
}

async function until(what: string, is: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await is())) {
    if (Date.now() > deadline) throw new Error(`after 20 s it is still not so that ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false; // ESRCH
  }
}

const sorted = (rows: readonly object[]): string[] => rows.map((row) => JSON.stringify(row)).sort();
