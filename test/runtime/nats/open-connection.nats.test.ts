import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nkeys } from '@nats-io/transport-node';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { LogFields, Logger } from '../../../src/core/index.ts';
import type { ConnectionFlags } from '../../../src/runtime/nats/connection-flags.ts';
import { connectionOptions } from '../../../src/runtime/nats/connection-options.ts';
import { type OpenConnection, openConnection } from '../../../src/runtime/nats/open-connection.ts';
import { checkServer } from '../../../src/runtime/nats/server-check.ts';
import { realClock } from '../../../src/runtime/real-clock.ts';
import { Issuer } from '../../nats/issuer.ts';
import { withServer } from '../../nats/server.ts';

const certificate = (name: string): string => join(import.meta.dirname, '../../nats/certificates', `${name}.pem`);
const tls = (more = ''): string =>
  `tls { cert_file: "${certificate('server')}", key_file: "${certificate('server-key')}", ca_file: "${certificate('authority')}" ${more} }`;

const opened: OpenConnection[] = [];
let lines: ({ message: string } & LogFields)[] = [];
let heard: (() => void)[] = [];
let directory = '';
beforeEach(async () => {
  [lines, heard] = [[], []];
  directory = await mkdtemp(join(tmpdir(), 'weir-connection-'));
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((connection) => connection.close()));
  await rm(directory, { recursive: true, force: true });
});

const into = (fields: LogFields, message: string): void => {
  lines.push({ ...fields, message });
  for (const call of heard) call();
};
const logger: Logger = { debug: into, info: into, warn: into, error: into };
/** Resolves once this was logged. */
async function logged(message: RegExp, error = /^/): Promise<LogFields> {
  for (;;) {
    const line = lines.find((each) => message.test(each.message) && error.test(String(each['error'])));
    if (line !== undefined) return line;
    await new Promise<void>((resolve) => heard.push(resolve));
  }
}
/** Resolves once the server answers, after however many interruptions. */
async function flushed({ nats }: OpenConnection): Promise<void> {
  for (;;) {
    const error = await nats.flush().catch((thrown: unknown) => thrown);
    if (error === undefined) return;
  }
}
async function open(flags: ConnectionFlags, clock = realClock): Promise<OpenConnection> {
  const options = await connectionOptions(flags, { HOME: directory });
  const connection = await openConnection(options!, clock, logger);
  opened.push(connection);
  return connection;
}
const file = async (name: string, text: string): Promise<string> => {
  await writeFile(join(directory, name), text);
  return join(directory, name);
};
const refusal = (message: RegExp, hint: RegExp, retry = 'never') => ({
  code: 'E_BROKER',
  exitCode: 3,
  retry,
  message: expect.stringMatching(message),
  hint: expect.stringMatching(hint),
});

describe('opening a connection', () => {
  const nats = withServer();

  test('leads to the server, by its name in the URL', async () => {
    const connection = await open({ nats: `nats://localhost:${nats.server.port}` });
    expect(connection.nats.info?.version).toBe(nats.server.version);
    expect(connection.server).toMatch(new RegExp(`:${nats.server.port}$`));
    await connection.close();
    expect(await connection.closed()).toBeUndefined();
    expect(lines).toEqual([]);
  });

  test('NC1: no server there: says where, without the secrets, and how to start one', async () => {
    const none = createServer().listen(0, '127.0.0.1');
    await once(none, 'listening');
    const { port } = none.address() as { port: number };
    none.close();
    await once(none, 'close');
    const thrown: Error = await open({ nats: `nats://u:hunter22@127.0.0.1:${port}` }).then(
      () => new Error('it connected'),
      (error: Error) => error,
    );
    expect(thrown).toMatchObject(
      refusal(new RegExp(`^no NATS server answers at 127.0.0.1:${port} \\(--nats\\)$`), /nats-server -js.*--nats URL/, 'backoff'),
    );
    expect(thrown.message + thrown.stack).not.toContain('hunter22');
  });

  test('no such host, and no answer', async () => {
    await expect(open({ nats: 'no-such-host.invalid' })).rejects.toMatchObject(
      refusal(/^no-such-host\.invalid:4222 \(--nats\): there is no host of that name/, /mend the name/, 'backoff'),
    );
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as { port: number };
    await expect(open({ nats: `127.0.0.1:${port}`, timeout: '50ms' })).rejects.toMatchObject(
      refusal(/did not answer as a NATS server within 50 ms/, /--timeout/, 'backoff'),
    );
    silent.close();
  });

  test('what answers is no NATS server', async () => {
    const web = createServer((socket) => {
      socket.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\n\r\n');
    }).listen(0, '127.0.0.1');
    await once(web, 'listening');
    const { port } = web.address() as { port: number };
    await expect(open({ nats: `127.0.0.1:${port}` })).rejects.toMatchObject({ code: 'E_BROKER' });
    web.close();
  });

  test('NC1: wrong credentials are named by what gave them, and not shown', async () => {
    const { url } = await nats.another({ config: 'authorization { user: u, password: right-one }' });
    const login = url.replace('//', '//u:wrong-one@');
    const wrong = refusal(
      /refused user 'u' \(the URL of --nats\): 'Authorization Violation'|refused user 'u'/,
      /look at the credentials/,
    );
    await expect(open({ nats: login })).rejects.toMatchObject(wrong);
    await expect(open({ nats: url, user: 'wrong-one' })).rejects.toMatchObject(
      refusal(/refused the token \(--user\)/, /look at/),
    );
    await expect(open({ nats: url })).rejects.toMatchObject(
      refusal(/refused a client without credentials/, /it wants credentials: --user and --password, --creds FILE/),
    );
    expect((await open({ nats: url, user: 'u', password: 'right-one' })).nats.isClosed()).toBe(false);
    for (const bad of [{ nats: login }, { nats: url, user: 'wrong-one' }]) {
      const thrown: Error = await open(bad).then(
        () => new Error('it connected'),
        (error: Error) => error,
      );
      expect([thrown.message, thrown.stack, String((thrown.cause as Error).stack)].join()).not.toContain('wrong-one');
    }
  });

  test('a token, an nkey and credentials are proofs; a file without one is refused before anything is sent', async () => {
    const pair = nkeys.createUser();
    const seed = await file('u.nk', `# of the tests\n${Buffer.from(pair.getSeed()).toString()}\n`);
    const byKey = await nats.another({ config: `authorization { users [{ nkey: ${pair.getPublicKey()} }] }` });
    expect((await open({ nats: byKey.url, nkey: seed })).nats.isClosed()).toBe(false);

    const byToken = await nats.another({ config: 'authorization { token: "of-the-tests" }' });
    expect((await open({ nats: byToken.url, user: 'of-the-tests' })).nats.isClosed()).toBe(false);

    const issuer = new Issuer();
    const byJwt = await nats.another({ config: issuer.config });
    const creds = await file('u.creds', issuer.credentials());
    expect((await open({ nats: byJwt.url, creds })).nats.isClosed()).toBe(false);
    await expect(open({ nats: byJwt.url, creds: await file('x.creds', new Issuer().credentials()) })).rejects.toMatchObject(
      refusal(/refused the user of .*x\.creds \(--creds\)/, /./),
    );

    for (const flags of [{ creds: seed }, { nkey: await file('no.nk', 'SUNOTASEED') }, { nkey: '/no/such/file' }])
      await expect(open({ nats: byJwt.url, ...flags })).rejects.toMatchObject({
        code: 'E_USAGE',
        message: expect.stringMatching(/^--(creds|nkey): .* has no credentials that can be read/),
      });
  });
});

describe('a connection over TLS', () => {
  const nats = withServer();
  const ca = certificate('authority');

  test('NC2: needs the certificate of the server’s authority', async () => {
    const { port } = await nats.another({ config: tls() });
    const url = `nats://localhost:${port}`;
    const connection = await open({ nats: url, tlsca: ca });
    expect(connection.nats.info?.tls_required).toBe(true);
    const unknown = refusal(/localhost:\d+ \(--nats\) has a certificate that cannot be trusted/, /--tlsca FILE or NATS_CA/);
    await expect(open({ nats: url })).rejects.toMatchObject(unknown);
    await expect(open({ nats: url, tlsca: certificate('stranger') })).rejects.toMatchObject(unknown);
  });

  test.each([
    ['--tlsca', { tlsca: ca }],
    ['tls://', { tls: true }],
  ])('NC2: with %s a server without it is refused', async (_, how) => {
    const { port } = nats.server;
    const flags = 'tls' in how ? { nats: `tls://127.0.0.1:${port}` } : { nats: `127.0.0.1:${port}`, ...how };
    await expect(open(flags)).rejects.toMatchObject(refusal(/offers no TLS/, /leave out --tlsca.*set up tls \{\}/));
  });

  test('a server may want a certificate of the client', async () => {
    const { port } = await nats.another({ config: tls(', verify: true') });
    const url = `nats://localhost:${port}`;
    const connection = await open({ nats: url, tlsca: ca, tlscert: certificate('client'), tlskey: certificate('client-key') });
    expect(connection.nats.info?.tls_verify).toBe(true);
    await expect(open({ nats: url, tlsca: ca, timeout: '1s' })).rejects.toMatchObject(
      refusal(/did not take the connection over TLS/, /wants a certificate of the client: --tlscert FILE and --tlskey FILE/),
    );
  });
});

describe('a connection whose server goes away', () => {
  const nats = withServer({ per: 'test' });

  test('is there again when the server is, and says how long it was gone', async () => {
    const connection = await open({ nats: nats.server.url });
    await nats.server.kill();
    await logged(/was lost; it is sought again/);
    await nats.restart();
    expect(await logged(/connected to NATS again/)).toMatchObject({ outageMs: expect.any(Number) });
    await connection.nats.flush();
    expect(connection.nats.isClosed()).toBe(false);
  });

  test.each([
    ['while it was looked at', async ({ nats: client }: OpenConnection) => checkServer(client, { timeoutMs: 200 })],
    ['before a ping was answered', async ({ nats: client }: OpenConnection) => client.flush()],
    ['before anything was asked', async () => logged(/was lost/).then(() => Promise.reject(new Error('of the test')))],
  ])('what failed because it went %s is done again once it is back', async (_, ask) => {
    const connection = await open({ nats: nats.server.url });
    let tries = 0;
    const done = connection.throughOutages(async () => {
      tries += 1;
      if (tries > 1) return;
      void nats.server.kill().then(() => nats.restart());
      await ask(connection);
    }, new AbortController().signal);
    await done;
    expect(tries).toBe(2);
  });

  test('what fails on a connection that stays, or when no more is wanted, is not done again', async () => {
    const connection = await open({ nats: nats.server.url });
    const fail = vi.fn(async () => Promise.reject(new Error('of the test')));
    await expect(connection.throughOutages(fail, new AbortController().signal)).rejects.toThrow('of the test');
    const end = new AbortController();
    await nats.server.kill();
    await logged(/was lost/);
    const waiting = connection.throughOutages(fail, end.signal);
    end.abort();
    await expect(waiting).rejects.toThrow('of the test');
    expect(fail).toHaveBeenCalledTimes(2);
  });

  test('closed while its server is away, it is closed', async () => {
    const connection = await open({ nats: nats.server.url });
    await nats.server.kill();
    await logged(/was lost/);
    await connection.close();
    expect(await connection.closed()).toBeUndefined();
  });

  test('closed by somebody else, it says that it is over', async () => {
    const connection = await open({ nats: nats.server.url });
    await connection.nats.close();
    expect(await connection.closed()).toMatchObject({ code: 'E_BROKER', message: expect.stringMatching(/was closed for good/) });
  });
});

describe('credentials that are renewed', () => {
  const issuer = new Issuer();
  const nats = withServer({ per: 'file' });

  test('NC3: a job whose user expired goes on once the file has a new one', async () => {
    const { url } = await nats.another({ config: issuer.config });
    const creds = await file('u.creds', issuer.credentials(new Date(Date.now() + 1_000)));
    const connection = await open({ nats: url, creds }, { ...realClock, monotonic: () => 0 });
    await logged(/refuses the credentials/); // it expired
    await logged(/was lost; it is sought again/);
    await file('u.creds', 'half a file');
    await logged(/refuses the credentials/, /authorization violation/i); // in the second of its end it may still be let in
    await file('u.creds', issuer.credentials());
    await flushed(connection);
    const refusals = lines.filter(({ message }) => message.includes('refuses')).map(({ error }) => error);
    expect(refusals).toEqual([...new Set(refusals)]); // its clock stands still: nothing is said twice
    expect(JSON.stringify(lines)).not.toMatch(/eyJ|SU[A-Z2-7]{56}/);
  });
});
