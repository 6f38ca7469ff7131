import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ConnectionFlags, connectionFlags } from '../../../src/runtime/nats/connection-flags.ts';
import { connectionOptions } from '../../../src/runtime/nats/connection-options.ts';

let home = '';
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'weir-options-'));
  await mkdir(join(home, '.config/nats/context'), { recursive: true });
});
afterEach(() => rm(home, { recursive: true, force: true }));

const file = async (name: string, text: string): Promise<string> => {
  const path = join(home, name);
  await writeFile(path, text);
  return path;
};
const context = (name: string, fields: object): Promise<string> =>
  file(`.config/nats/context/${name}.json`, JSON.stringify(fields));
const select = (name: string): Promise<string> => file('.config/nats/context.txt', `${name}\n`);
const options = (flags: ConnectionFlags, environment: Record<string, string> = {}) =>
  connectionOptions(flags, { HOME: home, ...environment });
const flagsOf = (...words: string[]): ConnectionFlags => {
  const command = new Command().exitOverride();
  for (const option of connectionFlags()) command.addOption(option);
  return command.parse(words, { from: 'user' }).opts();
};
const usage = (message: RegExp, hint = /./) => ({
  code: 'E_USAGE',
  message: expect.stringMatching(message),
  hint: expect.stringMatching(hint),
});

describe('options of a connection', () => {
  test('are undefined where nothing names a server: none is taken that merely runs', async () => {
    expect(await options({})).toBeUndefined();
    expect(await options({ user: 'u' }, { NATS_URL: '' })).toBeUndefined();
  });

  test('are the flags of the nats command', async () => {
    const [creds, ca] = [await file('u.creds', ''), await file('ca.pem', '')];
    const words = ['-s', 'nats://a:1,b', '--creds', creds, '--tlsca', ca, '--js-domain', 'hub'];
    const given = await options(flagsOf(...words, '--inbox-prefix', '_IN.me', '--timeout', '1m1.5s'));
    expect(given).toMatchObject({
      servers: ['a:1', 'b:4222'],
      identity: { kind: 'creds', file: creds, from: '--creds' },
      tls: { caFile: ca },
      jetStream: { domain: 'hub' },
      inboxPrefix: '_IN.me',
      timeoutMs: 61_500,
      from: '--server',
    });
    const more = flagsOf(
      '--nats',
      'n',
      '--user',
      'u',
      '--password',
      'p',
      '--nkey',
      'k',
      '--context',
      'c',
      '--tlscert',
      'x',
      '--tlskey',
      'y',
    );
    expect(more).toEqual({ nats: 'n', user: 'u', password: 'p', nkey: 'k', context: 'c', tlscert: 'x', tlskey: 'y' });
  });

  test('are the variables of the nats command', async () => {
    const [cert, key, ca] = [await file('c.pem', ''), await file('k.pem', ''), await file('a.pem', '')];
    const variables = { NATS_URL: 'tls://a', NATS_USER: 'u', NATS_PASSWORD: 'pass', NATS_CERT: cert, NATS_KEY: key, NATS_CA: ca };
    expect(await options({}, { ...variables, NATS_TIMEOUT: '250ms' })).toMatchObject({
      servers: ['a:4222'],
      identity: { kind: 'user', user: 'u', password: 'pass', from: 'NATS_USER' },
      tls: { caFile: ca, certFile: cert, keyFile: key },
      timeoutMs: 250,
    });
    expect((await options({}, { NATS_URL: 'a', NATS_NKEY: '~/u.nk' }))?.identity).toEqual({
      kind: 'nkey',
      file: join(home, 'u.nk'),
      from: 'NATS_NKEY',
    });
    expect((await options({}, { NATS_URL: 'a', NATS_CREDS: '/x' }))?.identity).toMatchObject({ kind: 'creds', file: '/x' });
  });

  test('a user without a password is a token, as the nats command has it', async () => {
    expect((await options({ nats: 'a', user: 'secret-token' }))?.identity).toMatchObject({
      kind: 'token',
      token: 'secret-token',
    });
    expect((await options({ nats: 'nats://secret-token@a' }))?.identity).toMatchObject({ kind: 'token', token: 'secret-token' });
  });

  test('a flag counts before a variable, and a variable before the context', async () => {
    await context('c', { url: 'nats://c', user: 'cu', password: 'cp', jetstream_domain: 'cd', inbox_prefix: '_C' });
    const named = { NATS_CONTEXT: 'c' };
    expect(await options({}, named)).toMatchObject({
      servers: ['c:4222'],
      identity: { user: 'cu', password: 'cp' },
      jetStream: { domain: 'cd' },
      inboxPrefix: '_C',
      from: "context 'c'",
    });
    expect(await options({ jsDomain: 'fd' }, { ...named, NATS_URL: 'e', NATS_USER: 'eu', NATS_PASSWORD: 'ep' })).toMatchObject({
      servers: ['e:4222'],
      identity: { user: 'eu', password: 'ep' },
      jetStream: { domain: 'fd' },
    });
    expect(await options({ nats: 'f', user: 'fu', password: 'fp' }, { ...named, NATS_URL: 'e', NATS_USER: 'eu' })).toMatchObject({
      servers: ['f:4222'],
      identity: { user: 'fu', password: 'fp' },
    });
    expect(await options({ password: 'fp' }, named)).toMatchObject({ identity: { user: 'cu', password: 'fp' } });
  });

  test('who connects is taken from one of them: a password of the context is no password of a flag’s user', async () => {
    await context('c', { url: 'c', user: 'cu', password: 'cp' });
    expect((await options({ context: 'c', user: 'token' }))?.identity).toMatchObject({ kind: 'token', token: 'token' });
    expect((await options({ context: 'c', creds: '/x' }))?.identity).toMatchObject({ kind: 'creds' });
    expect((await options({ context: 'c' }, { NATS_NKEY: '/x' }))?.identity).toMatchObject({ kind: 'nkey' });
    expect((await options({ user: 'u' }, { NATS_URL: 'a', NATS_PASSWORD: 'p' }))?.identity).toMatchObject({
      user: 'u',
      password: 'p',
    });
  });

  test('of one that says more than it needs, a user counts before creds before nkey before token', async () => {
    const all = { url: 'c', user: 'u', creds: '/c', nkey: '/n', token: 't' };
    const kinds: unknown[] = [];
    for (const without of [[], ['user'], ['user', 'creds'], ['user', 'creds', 'nkey'], ['user', 'creds', 'nkey', 'token']]) {
      await context('c', { ...all, ...Object.fromEntries(without.map((name) => [name, ''])) });
      kinds.push((await options({ context: 'c' }))?.identity.kind);
    }
    expect(kinds).toEqual(['user', 'creds', 'nkey', 'token', 'none']);
  });

  test('credentials in a URL count as if they stood beside it', async () => {
    expect((await options({ nats: 'nats://u:p%40ss@a,nats://u:p%40ss@b:1' }))?.identity).toMatchObject({
      user: 'u',
      password: 'p@ss',
    });
    expect((await options({ nats: 'nats://u:p@a', user: 'v', password: 'q' }))?.identity).toMatchObject({
      user: 'v',
      password: 'q',
    });
    expect((await options({ nats: 'nats://u:p@a' }, { NATS_CREDS: '/x' }))?.identity).toMatchObject({ user: 'u' });
    expect((await options({ nats: 'nats://u:p@a' }))?.servers).toEqual(['a:4222']);
    await expect(options({ nats: 'nats://u:secret@a,nats://v:secret@b' })).rejects.toMatchObject(
      usage(/^--nats: .* different credentials/),
    );
  });

  test('NC2: a CA, a certificate or a tls:// URL ask for TLS, nothing else does', async () => {
    const pem = await file('x.pem', '');
    expect((await options({ nats: 'a', tlsca: '~/x.pem' }))?.tls).toEqual({ caFile: pem });
    expect((await options({ nats: 'a', tlscert: pem, tlskey: pem }))?.tls).toEqual({ certFile: pem, keyFile: pem });
    expect((await options({ nats: 'nats://a,tls://b' }))?.tls).toEqual({});
    await context('first', { url: 'a', tls_first: true });
    expect((await options({ context: 'first' }))?.tls).toEqual({ handshakeFirst: true });
    expect((await options({ nats: 'a' }))?.tls).toBeUndefined();
  });

  test.each<[string, ConnectionFlags, RegExp, RegExp]>([
    ['two names of one server', { nats: 'a', server: 'b' }, /--nats and --server/, /./],
    ['a scheme', { nats: 'wss://u:secret@a' }, /^--nats: wss:\/\/ is not spoken/, /nats:\/\/host:4222/],
    ['a port', { nats: 'nats://u:secret@a:x' }, /^--nats: 'a:x' is no address/, /./],
    ['a password that is no part of a URL', { nats: 'nats://u:sec/ret@a' }, /^--nats: 'a' is no address/, /./],
    ['nothing but commas', { server: ' , ' }, /^--server: it is empty/, /./],
    ['a certificate without its key', { nats: 'a', tlscert: '/x' }, /--tlscert needs its key/, /./],
    ['a key without its certificate', { nats: 'a', tlskey: '/x' }, /--tlskey needs the certificate/, /./],
    ['a file that is not there', { nats: 'a', tlsca: '/no/such.pem' }, /--tlsca: there is no file \/no\/such\.pem/, /./],
    ['a time', { nats: 'a', timeout: '5' }, /--timeout: '5' is no time/, /5s/],
    ['a prefix', { nats: 'a', inboxPrefix: 'a.>' }, /--inbox-prefix: 'a\.>' is no beginning/, /./],
    ['a context', { context: 'none' }, /no context 'none' in .*nats\/context/, /nats context add/],
    ['the name of a context', { context: '../x' }, /'\.\.\/x' is no name of a context/, /./],
  ])('%s may be wrong, and the message has no secret', async (_, flags, message, hint) => {
    const thrown: Error = await options(flags).then(
      () => new Error('it passed'),
      (error: Error) => error,
    );
    expect(thrown).toMatchObject(usage(message, hint));
    expect(thrown.message).not.toMatch(/sec/);
  });
});

describe('contexts of the nats command', () => {
  test('the selected one counts where nothing else names a server; its credentials go to no other', async () => {
    await context('c', { url: 'nats://c', user: 'u', password: 'p' });
    await select('c');
    expect(await options({})).toMatchObject({ servers: ['c:4222'], identity: { user: 'u' }, from: "context 'c'" });
    expect(await options({ nats: 'a' })).toMatchObject({ servers: ['a:4222'], identity: { kind: 'none' } });
    expect(await options({ nats: 'a', context: 'c' })).toMatchObject({ servers: ['a:4222'], identity: { user: 'u' } });
  });

  test('are in XDG_CONFIG_HOME where that is set', async () => {
    await mkdir(join(home, 'x/nats/context'), { recursive: true });
    await file('x/nats/context/c.json', JSON.stringify({ url: 'here', jetstream_api_prefix: '$JS.x.API' }));
    expect(await options({ context: 'c' }, { XDG_CONFIG_HOME: join(home, 'x') })).toMatchObject({
      servers: ['here:4222'],
      jetStream: { apiPrefix: '$JS.x.API' },
    });
  });

  test('an unknown one is refused with those that there are', async () => {
    await context('prod', {});
    await context('dev', {});
    await expect(options({ context: 'test' })).rejects.toMatchObject(usage(/no context 'test'/, /dev, prod/));
  });

  test('what nsc made is refused, with what to do; not if somebody else says who connects', async () => {
    await context('c', { url: 'c', nsc: 'nsc://op/acc/user' });
    await expect(options({ context: 'c' })).rejects.toMatchObject(
      usage(/from nsc, which Weir does not run/, /nsc:\/\/op\/acc\/user.*--creds FILE/),
    );
    expect(await options({ context: 'c', creds: '/x' })).toMatchObject({ servers: ['c:4222'], identity: { kind: 'creds' } });
  });

  test.each([
    ['what is no JSON', '{"password": "secret"', /c\.json is not a JSON object/],
    ['what is no object', '["secret"]', /c\.json is not a JSON object/],
    ['a field of another type', '{"url": 5}', /url is not a text/],
    ['a proxy', '{"url": "c", "socks_proxy": "socks5://secret"}', /socks_proxy asks for what Weir cannot do/],
    ['a JWT of its own', '{"user_jwt": "secret"}', /user_jwt asks for what Weir cannot do/],
  ])('%s is refused, without a word of what is in it', async (_, text, message) => {
    await file('.config/nats/context/c.json', text);
    const thrown: Error = await options({ context: 'c' }).then(
      () => new Error('it passed'),
      (error: Error) => error,
    );
    expect(thrown).toMatchObject(usage(message));
    expect(JSON.stringify([thrown.message, thrown.stack, thrown.cause])).not.toContain('secret');
  });
});
