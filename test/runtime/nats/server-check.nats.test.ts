import type { NatsConnection, NodeConnectionOptions } from '@nats-io/transport-node';
import { describe, expect, test } from 'vitest';
import { checkServer, checkVersion, describeServer, payloadBytesMin } from '../../../src/runtime/nats/server-check.ts';
import { withServer } from '../../nats/server.ts';

const refusal = (message: RegExp, hint: RegExp) => ({
  code: 'E_BROKER',
  retry: 'never',
  exitCode: 3,
  message: expect.stringMatching(message),
  hint: expect.stringMatching(hint),
});

describe('checking a server', () => {
  const nats = withServer();
  const another = async (config: string, options: NodeConnectionOptions = {}): Promise<NatsConnection> => {
    const { url } = await nats.another({ config });
    return nats.connect({ servers: url, reconnect: false, ...options });
  };

  test('tells what it is, for a line that is printed before anything is made', async () => {
    const report = await checkServer(nats.connection);
    expect(report).toMatchObject({
      address: `127.0.0.1:${nats.server.port}`,
      version: nats.server.version,
      maxPayload: 1 << 20,
    });
    expect(describeServer(report)).toMatch(
      /^nats-server \d+\.\d+\.\d+\S* at 127\.0\.0\.1:\d+(, account \$G)?, messages up to 1 MiB$/,
    );
    expect(describeServer({ ...report, account: 'APP', maxPayload: 5000 })).toMatch(/, account APP, messages up to 5000 bytes$/);
  });

  test('NC6: JetStream is wanted, unless nobody asks it anything', async () => {
    const config =
      'accounts { A { users [{ user: a, password: a }] }, B { jetstream: enabled, users [{ user: b, password: b }] } }';
    const { url } = await nats.another({ config });
    const [without, having] = await Promise.all(
      ['a', 'b'].map((user) => nats.connect({ servers: url, user, pass: user, reconnect: false })),
    );
    const wanted = refusal(/has no JetStream for this account: jetstream not enabled/i, /jetstream: enabled/);
    await expect(checkServer(without!)).rejects.toMatchObject(wanted);
    expect((await checkServer(without!, { jetStream: null })).version).toBe(nats.server.version);
    expect(describeServer(await checkServer(having!))).toMatch(/, account B, /);
  });

  test('NC6: of another domain, nobody may answer', async () => {
    const wrong = checkServer(nats.connection, { jetStream: { domain: 'hub' } });
    await expect(wrong).rejects.toMatchObject(refusal(/nobody answers on \$JS\.hub\.API\.INFO/, /--js-domain/));
    const domain = await another('jetstream { domain: hub }');
    expect((await checkServer(domain, { jetStream: { domain: 'hub' } })).maxPayload).toBe(1 << 20);
  });

  test('NC6: a message must be able to have the size of a frame', async () => {
    const small = await another('max_payload: 4096');
    const wanted = refusal(/takes messages of 4096 bytes at most, and Weir needs 262144/, /max_payload: 1048576/);
    await expect(checkServer(small)).rejects.toMatchObject(wanted);
    expect((await checkServer(small, { payloadBytesMin: 4096 })).maxPayload).toBe(4096);
    expect(payloadBytesMin).toBeLessThan(1 << 20);
  });

  test('NC6: what the user may not do is named, with the words that would allow it', async () => {
    const config = `authorization { users [{ user: u, password: u, permissions {
      publish { allow: ["weir.one.>", "$JS.API.INFO"] }, subscribe { allow: ["_INBOX.>", "weir.one.>"] } } }] }`;
    const user = await another(config, { user: 'u', pass: 'u' });
    expect((await checkServer(user, { publish: ['weir.one.probe'], subscribe: ['weir.one.>'] })).maxPayload).toBe(1 << 20);
    await expect(checkServer(user, { publish: ['weir.one.probe', 'weir.two.a', 'weir.two.b'] })).rejects.toMatchObject(
      refusal(
        /forbids this user to publish on weir\.two\.a, weir\.two\.b$/,
        /publish \{ allow: \["weir\.two\.a","weir\.two\.b"\] \}/,
      ),
    );
    await expect(checkServer(user, { subscribe: ['weir.one.>', 'weir.>'] })).rejects.toMatchObject(
      refusal(/forbids this user to subscribe to weir\.>$/, /subscribe \{ allow: \["weir\.>"\] \}/),
    );
  });

  test('NC6: replies must be able to come', async () => {
    const config = `authorization { users [{ user: u, password: u, permissions {
      publish { allow: ["$JS.API.>"] }, subscribe { allow: ["_INBOX_weir.>"] } } }] }`;
    const { url } = await nats.another({ config });
    const login = { servers: url, user: 'u', pass: 'u', reconnect: false };
    await expect(checkServer(await nats.connect(login))).rejects.toMatchObject(
      refusal(/subscribe to _INBOX\.>, where replies come/, /subscribe to _INBOX\.>.*--inbox-prefix/),
    );
    const inboxPrefix = '_INBOX_weir';
    expect((await checkServer(await nats.connect({ ...login, inboxPrefix }), { inboxPrefix })).version).toBe(nats.server.version);
  });

  test('NC6: asking JetStream must be allowed', async () => {
    const user = await another(
      'authorization { users [{ user: u, password: u, permissions { publish: "weir.>", subscribe: ">" } }] }',
      {
        user: 'u',
        pass: 'u',
      },
    );
    await expect(checkServer(user)).rejects.toMatchObject(refusal(/publish on \$JS\.API\.INFO/, /\["\$JS\.API\.INFO"\]/));
    expect((await checkServer(user, { jetStream: null })).account).toBeUndefined();
  });

  test('leaves nothing behind that listens', async () => {
    const before = nats.connection.stats().inMsgs;
    await checkServer(nats.connection, { subscribe: ['weir.gone.>'] });
    const after = nats.connection.stats().inMsgs;
    nats.connection.publish('weir.gone.now');
    await nats.connection.flush();
    expect([after > before, nats.connection.stats().inMsgs]).toEqual([true, after]);
  });
});

describe('the version of a server', () => {
  test.each(['2.9.10', 'v2.10.27', '2.15.1', '2.14.0-RC.2', '3.0.0'])('%s will do', (version) => {
    checkVersion(version, 'here:4222');
  });
  test.each(['2.8.4', '1.4.1', '2', ''])("'%s' is too old", (version) => {
    expect(() => checkVersion(version, 'here:4222')).toThrow(
      expect.objectContaining(refusal(new RegExp(`here:4222 is version ${version}`), /2\.9 or newer/)),
    );
  });
});
