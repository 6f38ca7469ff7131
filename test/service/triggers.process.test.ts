// weir run --trigger: processes that read what is there and end, killed on the way, on every transport.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { afterEach, describe, expect, test } from 'vitest';
import { natsServerBinary, withServer } from '../nats/server.ts';
import { bin, type Ended, Folder, Program, reportOf } from './weir-process.ts';

const nats = withServer();
const started: Program[] = [];
afterEach(async () => {
  for (const { child } of started) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  await Promise.all(started.splice(0).map(({ ended }) => ended));
});

function weir(folder: Folder, ...words: string[]): Program {
  const environment = { NATS_SERVER_BIN: natsServerBinary(), NATS_URL: nats.server.url, WEIR_LOG_LEVEL: 'info' };
  const program = new Program(process.execPath, [bin, ...words], folder.path, { environment });
  started.push(program);
  return program;
}
const codeOf = ({ code, stderr }: Ended): [number | null, string | undefined] => [code, /weir: E_.*/.exec(stderr)?.[0]];
const ok = [0, undefined];

/** Counts of 5 keys in windows of a second. */
const job = `
import { count, from, json, type Params, pipeline, schema, sum, t, window } from 'weir';
import { file, jetstream } from 'weir/connectors';
const Row = schema({ key: t.string, n: t.number, at: t.timestamp });
export default (params: Params) => {
  const rate = params.number('rate', 0);
  const stream = params.string('stream', '');
  const format = json(Row);
  const source = stream === '' ? file.source({ path: 'in', format, watch: true, rate }) : jetstream.source({ stream, format });
  const counts = from(source).withWatermark('at', '0 seconds').groupBy(window('at', '1 second'), 'key').agg({ rows: count(), sum: sum('n') });
  return pipeline({ name: params.string('name', 'counting'), outputs: [counts.to(file.sink({ path: 'out.jsonl' }))] });
};
`;
const rows = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, i) => from + i).map((n) => JSON.stringify({ key: `k${n % 5}`, n, at: n * 10 }));
function folderOf(files: number): Folder {
  const folder = new Folder({ 'job.ts': job });
  mkdirSync(join(folder.path, 'in'));
  for (let i = 0; i < files; i++) add(folder, i);
  return folder;
}
const perFile = 2000;
const add = (folder: Folder, i: number): void =>
  writeFileSync(join(folder.path, 'in', `${i}.jsonl`), `${rows(i * perFile, perFile).join('\n')}\n`);
interface Out {
  readonly key: string;
  readonly rows: number;
  readonly sum: number;
  readonly window: { readonly start: string };
}
const out = (folder: Folder): string[] =>
  readFileSync(join(folder.path, 'out.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Out)
    .map(({ window, key, rows, sum }) => `${new Date(window.start).getTime()} ${key} ${rows} ${sum}`)
    .sort();
/** Of `count` rows, in the windows that the last of them has closed: computed, not run. */
function plain(count: number): string[] {
  const groups = new Map<string, [number, number]>();
  for (let n = 0; n < count; n++) {
    const at = Math.floor((n * 10) / 1000) * 1000;
    if (at + 1000 > (count - 1) * 10) continue;
    const [rows, sum] = groups.get(`${at} k${n % 5}`) ?? [0, 0];
    groups.set(`${at} k${n % 5}`, [rows + 1, sum + n]);
  }
  return [...groups].map(([key, [rows, sum]]) => `${key} ${rows} ${sum}`).sort();
}

const transports: Readonly<Record<string, () => string[]>> = {
  memory: () => ['--transport', 'memory'],
  threads: () => ['--transport', 'threads'],
  spawn: () => ['--transport', 'spawn', '--workers', '2', '--parallelism', '2'],
  nats: () => ['--transport', nats.server.url, '--workers', '1', '--parallelism', '2'],
};

describe.each(Object.keys(transports))('on %s', { timeout: 120_000 }, (transport) => {
  const run = (folder: Folder, trigger: string, ...params: string[]): Program => {
    const words = [...transports[transport]!(), '--trigger', trigger, '--checkpoint-interval', '100'];
    return weir(folder, 'run', 'job.ts', ...words, '--', `name=on-${transport}`, ...params);
  };

  test('available-now reads what is there, also after a kill, and ends with 0; once reads what came since, in one epoch', async () => {
    using folder = folderOf(2);
    const killed = run(folder, 'available-now', 'rate=2000');
    await killed.says(/epoch (?:[2-9]|1\d)/);
    killed.child.kill('SIGKILL');
    await killed.ended;
    const drained = await run(folder, 'available-now').ended;
    expect([codeOf(drained), out(folder)]).toEqual([ok, plain(2 * perFile)]);
    expect(Number(reportOf(drained)['rowsIn'])).toBeLessThan(2 * perFile);
    add(folder, 2);
    const once = await run(folder, 'once').ended;
    expect([codeOf(once), reportOf(once)['rowsIn'], out(folder)]).toEqual([ok, perFile, plain(3 * perFile)]);
    expect(Number(reportOf(once)['epoch'])).toBe(Number(reportOf(drained)['epoch']) + 1);
  });
});

test('a JetStream stream is read to the message that was its last when the run began, though more come all the time', async () => {
  using folder = folderOf(0);
  const manager = await jetstreamManager(nats.connection);
  await manager.streams.add({ name: 'READINGS', subjects: ['readings'] });
  const client = jetstream(nats.connection);
  let published = 0;
  const publish = async (count: number): Promise<void> => {
    for (const row of rows(published, count)) await client.publish('readings', row);
    published += count;
  };
  await publish(1500);
  let over = false;
  const more = (async () => {
    while (!over) await publish(20);
  })();
  const drained = async (): Promise<number> => {
    const words = ['--transport', 'memory', '--trigger', 'available-now'];
    const before = published;
    const ended = await weir(folder, 'run', 'job.ts', ...words, '--', 'stream=READINGS', 'name=on-jetstream').ended;
    const { position } = reportOf(ended);
    const read = Number(position) + Number(reportOf(ended)['rowsIn']);
    expect([codeOf(ended), out(folder)]).toEqual([ok, plain(read)]);
    expect(read).toBeGreaterThanOrEqual(before);
    expect(read).toBeLessThanOrEqual(published);
    return read;
  };
  const first = await drained();
  expect(await drained()).toBeGreaterThan(first);
  over = true;
  await more;
}, 120_000);

test.each(['memory', 'threads', 'spawn'])(
  'sources connect by the flags of a connection, over %s too, whatever the environment names',
  async (name) => {
    using folder = folderOf(0);
    const stream = `FLAGS_${name}`;
    await (await jetstreamManager(nats.connection)).streams.add({ name: stream, subjects: [stream] });
    for (const row of rows(0, 200)) await jetstream(nats.connection).publish(stream, row);
    const words = [...transports[name]!(), '--nats', nats.server.url, '--trigger', 'available-now', '--', `stream=${stream}`];
    const environment = { NATS_SERVER_BIN: natsServerBinary(), NATS_URL: 'nats://127.0.0.1:1', WEIR_LOG_LEVEL: 'info' };
    const program = new Program(process.execPath, [bin, 'run', 'job.ts', ...words], folder.path, { environment });
    started.push(program);
    expect([codeOf(await program.ended), out(folder)]).toEqual([ok, plain(200)]);
  },
  60_000,
);

test('a trigger that is none is refused with 2, and so are two intervals', async () => {
  using folder = folderOf(0);
  const refused = await weir(folder, 'run', 'job.ts', '--trigger', 'now').ended;
  expect(codeOf(refused)).toEqual([2, expect.stringMatching(/E_USAGE.*--trigger.*available-now/)]);
  const both = await weir(folder, 'run', 'job.ts', '--trigger', 'every 5 seconds', '--checkpoint-interval', '100').ended;
  expect(codeOf(both)).toEqual([2, expect.stringMatching(/E_USAGE.*both say how often/)]);
});
