// Least privilege: a job whose coordinator and workers may do what `weir permissions` prints, and nothing else, on a real nats-server.
import { type Consumer, type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { errors, type NatsConnection } from '@nats-io/transport-node';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PrivateServer } from '../../src/runtime/nats/private-server.ts';
import { averagesOf, type Reading } from '../examples/sensor-reference.ts';
import { withServer } from '../nats/server.ts';
import { bin, Folder, Program, root } from './weir-process.ts';

const job = 'device-averages';
const module = join(root, 'examples/device-averages.ts');
const streams = ['BLOBS', 'JOURNAL', 'CELLS'].map((kind) => `WEIR_${job}_${kind}`);
type Role = 'coordinator' | 'worker' | 'operator';

const nats = withServer();
const folder = new Folder();
const started: Program[] = [];
let server: PrivateServer;
let admin: NatsConnection;
let manager: JetStreamManager;

beforeAll(async () => {
  server = await nats.another({ config: await configuration() });
  admin = await nats.connect({ servers: server.url, user: 'admin', pass: 'admin' });
  manager = await jetstreamManager(admin);
  await manager.streams.add({ name: 'AVERAGES', subjects: ['averages.>'] });
  await manager.streams.add({ name: 'PAYMENTS', subjects: ['payments.>'] });
});
afterAll(async () => {
  for (const { child } of started) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  await Promise.all(started.map(({ ended }) => ended));
  folder[Symbol.dispose]();
});

/** What the command prints, with passwords, and an administrator who may do everything. */
async function configuration(): Promise<string> {
  const printed = await folder.weir('permissions', module).ended;
  expect([printed.code, printed.stderr]).toEqual([0, '']);
  return printed.stdout
    .replaceAll(/\$([A-Z]+)_PASSWORD/g, (_, role: string) => JSON.stringify(role.toLowerCase()))
    .replace('users: [', 'users: [\n    { user: admin, password: admin }');
}

function weir(user: string, ...words: string[]): Program {
  const environment = { NATS_URL: server.url, NATS_USER: user, NATS_PASSWORD: user, WEIR_LOG_LEVEL: 'info' };
  const program = new Program(process.execPath, [bin, ...words], folder.path, { environment });
  started.push(program);
  return program;
}
const as = (role: Role, ...words: string[]): Program => {
  const program = new Program(process.execPath, [bin, role, module, '--inbox-prefix', inboxOf(role), ...words], folder.path, {
    environment: { NATS_URL: server.url, NATS_USER: `${job}-${role}`, NATS_PASSWORD: role, WEIR_LOG_LEVEL: 'info' },
  });
  started.push(program);
  return program;
};
const ask = (...words: string[]): Program => {
  const environment = { NATS_URL: server.url, NATS_USER: `${job}-operator`, NATS_PASSWORD: 'operator' };
  const flags = ['--inbox-prefix', inboxOf('operator')];
  const program = new Program(process.execPath, [bin, ...words, ...flags], folder.path, { environment });
  started.push(program);
  return program;
};
const inboxOf = (role: Role): string => `weir-inbox.${job}.${role}`;
const lead = (): Program => as('coordinator', '--parallelism', '2', '--checkpoint-interval', '200');

/** A client with the rights of a role. */
const client = (role: Role): Promise<NatsConnection> =>
  nats.connect({ servers: server.url, user: `${job}-${role}`, pass: role, inboxPrefix: inboxOf(role) });

async function bodies<T>(stream: string): Promise<T[]> {
  const found: T[] = [];
  if ((await manager.streams.info(stream)).state.messages === 0) return found;
  const consumer: Consumer = await jetstream(admin).consumers.get(stream);
  for await (const message of await consumer.consume()) {
    if (message.headers?.has('Weir-Fence') !== true) found.push(message.json<T>());
    if (message.info.pending === 0) break;
  }
  return found;
}
const written = async (): Promise<number> => (await bodies('AVERAGES')).length;

describe('with the permissions that are printed', () => {
  test('a job reads, keeps its state, is killed and restored, writes each result once, and is stopped by an operator', async () => {
    const feed = { rows: 4000, rate: 500, devices: 4 };
    const words = Object.entries(feed).map(([name, value]) => `${name}=${value}`);
    const sensors = weir('admin', 'run', join(root, 'examples/sensors.ts'), '--transport', 'memory', '--', ...words);
    await sensors.says(/epoch [1-9]/);
    const first = lead();
    const workers = [as('worker'), as('worker')];
    await until('it has results', async () => (await written()) > 0);
    workers[0]!.child.kill('SIGKILL');
    await first.says(/a worker was lost/);
    const before = await written();
    as('worker');
    await until('it goes on after the kill of a worker', async () => (await written()) > before);
    first.child.kill('SIGKILL');
    const second = lead();
    await second.says(/goes on from checkpoint [1-9]/);
    await sensors.ended;
    const readings = await bodies<Reading>('SENSOR_DATA');
    const expected = averagesOf(readings);
    expect([readings.length, expected.length > 100]).toEqual([4000, true]);
    await until('all averages are there', async () => (await written()) >= expected.length);
    expect(await ask('status').ended).toMatchObject({ code: 0, stdout: expect.stringMatching(/\ndevice-averages +running /) });
    expect(await ask('savepoint', job, 'saved').ended).toMatchObject({ code: 0 });
    expect(await ask('stop', job).ended).toMatchObject({ code: 0, stderr: '' });
    const end = await second.ended;
    expect([end.code, /weir: E_.*/.exec(end.stderr)?.[0]]).toEqual([0, undefined]);
    expect(sorted(await bodies<object>('AVERAGES'))).toEqual(sorted(expected));
    const violations = started.flatMap(
      ({ stderr }) => stderr.match(/.*[Pp]ermissions? [Vv]iolation.*|.*forbids this user.*/g) ?? [],
    );
    expect(violations).toEqual([]);
  });

  test('NP1: a worker makes no consumer, so that the server sends no stream where the worker may not publish', async () => {
    const evil = { name: 'evil', deliver_subject: 'payments.forged', ack_policy: 'none', deliver_policy: 'all' };
    const body = (config: object): string => JSON.stringify({ stream_name: 'SENSOR_DATA', config });
    const subjects = ['CREATE.SENSOR_DATA', 'CREATE.SENSOR_DATA.evil', 'DURABLE.CREATE.SENSOR_DATA.evil'];
    const worker = await client('worker');
    for (const subject of subjects)
      await forbidden(worker, `$JS.API.CONSUMER.${subject}`, body({ ...evil, durable_name: 'evil' }));
    await forbidden(worker, '$JS.API.CONSUMER.CREATE.AVERAGES.evil', body(evil));
    // Who may do it sees that it would have worked.
    const pushed = admin.subscribe('forged.all', { max: 1 });
    const push = { ...evil, deliver_policy: 'last', deliver_subject: 'forged.all' };
    await admin.request('$JS.API.CONSUMER.CREATE.SENSOR_DATA.evil', body(push));
    for await (const message of pushed) expect(message.json()).toHaveProperty('temperature');
    await manager.consumers.delete('SENSOR_DATA', 'evil');
    expect((await manager.streams.info('PAYMENTS')).state.messages).toBe(0);
  });

  test('NP1: a worker neither changes nor empties a stream, and ends no consumer', async () => {
    const worker = await client('worker');
    await manager.consumers.add('SENSOR_DATA', { durable_name: 'others', ack_policy: 'explicit' });
    const before = await lengths();
    for (const stream of [...streams, 'SENSOR_DATA', 'AVERAGES']) {
      const config = { ...(await manager.streams.info(stream)).config, max_msgs: 1 };
      await forbidden(worker, `$JS.API.STREAM.DELETE.${stream}`);
      await forbidden(worker, `$JS.API.STREAM.PURGE.${stream}`);
      await forbidden(worker, `$JS.API.STREAM.UPDATE.${stream}`, JSON.stringify(config));
      await forbidden(worker, `$JS.API.STREAM.MSG.DELETE.${stream}`, JSON.stringify({ seq: 1 }));
    }
    await forbidden(worker, '$JS.API.STREAM.CREATE.COPY', JSON.stringify({ name: 'COPY', sources: [{ name: 'PAYMENTS' }] }));
    await forbidden(worker, '$JS.API.CONSUMER.DELETE.SENSOR_DATA.others');
    expect(await lengths()).toEqual(before);
    expect((await manager.consumers.info('SENSOR_DATA', 'others')).name).toBe('others');
  });

  test('NP1: a worker moves neither pointer nor lease, writes no manifest, and does not speak as the coordinator', async () => {
    const worker = await client('worker');
    const before = await lengths();
    for (const cell of ['c.checkpoint', 'c.lease', 'q.checkpoint.x.0', 'i', 'f', 'j.source'])
      await forbidden(worker, `weir-store.${job}.cells.${cell}`, 'x');
    await forbidden(worker, `weir-store.${job}.blobs.h.manifest.1`, 'x');
    await forbidden(worker, `weir-store.${job}.journal.h.source`, 'x');
    for (const end of ['beat', 'w.other', 'control']) await forbidden(worker, `weir.${job}.${end}`, 'x');
    expect(await lengths()).toEqual(before);
  });

  test('a worker has no part in other jobs, nor in what others publish', async () => {
    const worker = await client('worker');
    for (const subject of ['weir.other.hello', 'weir.other.d.1.to.0.0', 'weir-store.other.blobs.h.g1.e1.s0.0', 'payments.new'])
      await forbidden(worker, subject, 'x');
    await forbidden(worker, '$JS.API.STREAM.MSG.GET.PAYMENTS', JSON.stringify({ seq: 1 }));
    await forbidden(worker, '$JS.API.CONSUMER.MSG.NEXT.PAYMENTS.any');
    for (const subject of ['>', 'weir.>', 'payments.>', 'weir.other.beat']) await deaf(worker, subject);
  });

  test('NP2: nobody hears the replies of another role', async () => {
    for (const role of ['coordinator', 'worker', 'operator'] as const) {
      const connection = await client(role);
      for (const other of ['coordinator', 'worker', 'operator'] as const)
        if (other !== role) await deaf(connection, `${inboxOf(other)}.>`);
      await deaf(connection, '_INBOX.>');
    }
  });

  test('a coordinator writes no results, and a job is no longer there for an operator than to be asked', async () => {
    const coordinator = await client('coordinator');
    await forbidden(coordinator, 'averages.device-1', 'x');
    await forbidden(coordinator, '$JS.API.CONSUMER.CREATE.AVERAGES.evil', '{}');
    for (const stream of streams) await forbidden(coordinator, `$JS.API.STREAM.DELETE.${stream}`);
    const operator = await client('operator');
    for (const subject of [`weir.${job}.hello`, `weir.${job}.beat`, `weir-store.${job}.cells.c.checkpoint`, 'averages.device-1'])
      await forbidden(operator, subject, 'x');
    for (const stream of streams) await forbidden(operator, `$JS.API.STREAM.INFO.${stream}`);
  });

  test('what no list prevents: the answer to a request that is allowed goes where the request says', async () => {
    const worker = await client('worker');
    const heard = admin.subscribe('forged.answer', { max: 1 });
    await admin.flush();
    await forbidden(worker, 'forged.answer', 'x');
    worker.publish('$JS.API.STREAM.MSG.GET.SENSOR_DATA', JSON.stringify({ seq: 1 }), { reply: 'forged.answer' });
    for await (const message of heard) expect(message.json()).toHaveProperty('message.seq', 1);
    worker.publish('$JS.API.STREAM.MSG.GET.SENSOR_DATA', JSON.stringify({ seq: 1 }), { reply: 'payments.forged' });
    await until('a stream of others has it', async () => (await manager.streams.info('PAYMENTS')).state.messages === 1);
  });
});

async function lengths(): Promise<unknown> {
  const all = await Promise.all([...streams, 'SENSOR_DATA', 'AVERAGES'].map((stream) => manager.streams.info(stream)));
  return all.map(({ config, state }) => [config.name, config.max_msgs, state.first_seq, state.last_seq, state.messages]);
}

/** The server says that this user may not publish it. */
async function forbidden(connection: NatsConnection, subject: string, body = ''): Promise<void> {
  const refused = await connection.request(subject, body, { timeout: 2000 }).then(
    (answer) => answer.string(),
    (error: unknown) => causes(error).find((cause) => cause instanceof errors.PermissionViolationError),
  );
  expect({ subject, refused }).toMatchObject({ subject, refused: { operation: 'publish', subject } });
}

async function deaf(connection: NatsConnection, subject: string): Promise<void> {
  const refused = await new Promise((resolve) => {
    const subscription = connection.subscribe(subject, { callback: (error) => resolve(error) });
    void connection.flush().then(() => {
      subscription.unsubscribe();
      resolve('heard');
    });
  });
  expect({ subject, refused }).toMatchObject({ subject, refused: { operation: 'subscription', subject } });
}

function causes(thrown: unknown): Error[] {
  const found: Error[] = [];
  for (let each: unknown = thrown; each instanceof Error; each = each.cause) found.push(each);
  return found;
}

async function until(what: string, is: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!(await is())) {
    if (Date.now() > deadline) throw new Error(`after 30 s it is still not so that ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const sorted = (rows: readonly object[]): string[] => rows.map((row) => JSON.stringify(row)).sort();
