import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startPrivateServer } from '../../src/runtime/nats/private-server.ts';
import { natsServerBinary, withServer } from '../nats/server.ts';
import { Program, root } from '../service/weir-process.ts';

/** Resolves once no process has this word on its command line. */
async function noProcessWith(word: string): Promise<void> {
  const found = (): boolean =>
    readdirSync('/proc').some((pid) => {
      try {
        return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(word);
      } catch {
        return false; // it ended while we looked
      }
    });
  while (found()) await new Promise((resolve) => setImmediate(resolve));
}

describe('a private nats-server', () => {
  const nats = withServer({ per: 'test' });

  test('takes connections on this machine, says its version, and keeps streams', async () => {
    expect(nats.server.url).toBe(`nats://127.0.0.1:${nats.server.port}`);
    expect(nats.server.version).toMatch(/^\d+\.\d+\.\d+/);
    expect(nats.connection.info).toMatchObject({ version: nats.server.version, host: '127.0.0.1', jetstream: true });
    process.kill(nats.server.pid, 0);
  });

  test('NS3: killed and started again, it listens where it did and has all that it acknowledged', async () => {
    await (await jetstreamManager(nats.connection)).streams.add({ name: 'kept', subjects: ['kept.>'] });
    const acks = await Promise.all([1, 2, 3].map((n) => jetstream(nats.connection).publish(`kept.${n}`)));
    expect(acks.map(({ seq }) => seq)).toEqual([1, 2, 3]);
    const { port } = nats.server;
    await nats.server.kill();
    expect(await nats.server.ended).toEqual({ code: null, signal: 'SIGKILL' });
    await nats.restart();
    expect(nats.server.port).toBe(port);
    const { state } = await (await jetstreamManager(await nats.connect())).streams.info('kept');
    expect(state).toMatchObject({ messages: 3, last_seq: 3 });
  });

  test('stops as an operator would stop it', async () => {
    await nats.server.stop();
    expect((await nats.server.ended).signal).toBe(null);
    await nats.server.stop();
    await nats.server.kill();
  });

  test('takes settings, and syncs every write where it can', async () => {
    const set = await nats.another({ syncAlways: true, config: 'max_payload: 4096' });
    const [, minor] = set.version.split('.').map(Number);
    expect(set.syncsAlways).toBe(minor! >= 10);
    const connection = await nats.connect({ servers: set.url });
    expect(connection.info).toMatchObject({ max_payload: 4096, jetstream: true });
  });

  test('says what the server says when it does not start', async () => {
    await expect(nats.another({ config: 'max_payloat: 1' })).rejects.toMatchObject({
      code: 'E_BROKER',
      message: expect.stringMatching(/did not start: it ended with 1: .*unknown field "max_payloat"/),
    });
  });
});

describe('starting a nats-server', () => {
  const nats = withServer();
  let directory = '';
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'weir-nats-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  test('is refused where there is no such program', async () => {
    const missing = startPrivateServer({ directory, binary: '/nowhere/nats-server' });
    await expect(missing).rejects.toMatchObject({
      code: 'E_BROKER',
      retry: 'never',
      hint: expect.stringContaining('NATS_SERVER_BIN'),
    });
  });

  test('is refused on a port that is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    const taken = startPrivateServer({ directory, port, binary: natsServerBinary() });
    await expect(taken).rejects.toMatchObject({ code: 'E_BROKER', message: expect.stringContaining('in use') });
    other.close();
  });

  test('NS2: is refused on a directory that another still runs on, and not once that was killed', async () => {
    const first = await startPrivateServer({ directory, binary: natsServerBinary() });
    await expect(startPrivateServer({ directory, binary: natsServerBinary() })).rejects.toMatchObject({ code: 'E_RUNNING' });
    await first.kill();
    await using _next = await startPrivateServer({ directory, binary: natsServerBinary() });
  });

  test('is refused if the program is not a nats-server', async () => {
    const binary = join(directory, 'nats-server');
    await writeFile(binary, '#!/bin/sh\necho "what is -a?" >&2\nexit 3\n', { mode: 0o755 });
    await expect(startPrivateServer({ directory, binary })).rejects.toMatchObject({
      code: 'E_BROKER',
      message: expect.stringContaining('it ended with 3: what is -a?'),
    });
  });

  test('NS1, TC1: killed with SIGKILL, its owner takes it along', async () => {
    const source = join(root, 'src/runtime/nats/private-server.ts');
    const options = JSON.stringify({ directory, binary: natsServerBinary() });
    const text = `import { startPrivateServer } from ${JSON.stringify(source)};
      console.log('runs', (await startPrivateServer(${options})).pid);`;
    await writeFile(join(directory, 'owner.mts'), text);
    const owner = new Program(process.execPath, ['--import', import.meta.resolve('tsx'), join(directory, 'owner.mts')], root);
    const [, pid] = await owner.says(/runs (\d+)/);
    process.kill(Number(pid), 0); // it is there
    owner.child.kill('SIGKILL');
    await noProcessWith(directory);
  });

  test('TC2: nothing of it is left once it has ended', async () => {
    const server = await startPrivateServer({ directory, binary: natsServerBinary() });
    await server.kill();
    await noProcessWith(directory); // nor of the watcher, which has the same words
    expect(nats.connection.isClosed()).toBe(false);
  });
});
