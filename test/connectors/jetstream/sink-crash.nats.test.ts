// jetstream.sink when its writer or its server is lost, at every point and for any time, and when an old writer wakes up.
import { nanos } from '@nats-io/transport-node';
import { describe, expect, test } from 'vitest';
import type { SinkContext, SinkWriter } from '../../../src/operators/index.ts';
import { until } from '../connector-fixture.ts';
import { type Cut, CutConnection } from './cut-connection.ts';
import { commit, OutputStream, range, serverFor, type Staged, staged, ways } from './sink-fixture.ts';

const second: Partial<SinkContext> = { fresh: false, generation: 2, restoredEpoch: 2 };
const given = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);

describe.each(ways)('after a crash, %s', (_way, config) => {
  const nats = serverFor(config);

  /** Commits two epochs of three rows; the writer is lost once so many messages have gone out (a fence, and six). */
  async function crashed(out: OutputStream, after: number, cut: Cut): Promise<readonly Staged[]> {
    const crash = new AbortController();
    const connection = new CutConnection(await nats.connect(), after, cut);
    const writer = await out.writerOn(connection.shared, { signal: crash.signal });
    const epochs = [await staged(writer, 1, range(3)), await staged(writer, 2, range(3, 3))];
    const commits = given(commit(writer, epochs[0]!).then(() => commit(writer, epochs[1]!)));
    await Promise.race([commits, connection.reached]);
    crash.abort(new Error('crash'));
    await commits;
    await connection.shared.connection.flush();
    await writer.close?.();
    return epochs;
  }

  async function restored(out: OutputStream, [one, two]: readonly Staged[]): Promise<void> {
    const writer = await out.writer(second, two!.state);
    await commit(writer, one!, 2);
    await commit(writer, two!, 2);
    await commit(writer, await staged(writer, 3, range(3, 6)), 2);
  }

  test.each(['unsent', 'unanswered'] as const)(
    'at every point, with messages %s, the restored writer completes (JF2, JL1)',
    async (cut) => {
      for (const after of range(8)) {
        const out = await OutputStream.make(nats, `CRASH-${cut}-${after}`, config);
        await restored(out, await crashed(out, after, cut));
        expect(await out.numbers()).toEqual(range(9));
      }
    },
  );

  test('and another while it is restored, twice', async () => {
    for (const after of range(6)) {
      const out = await OutputStream.make(nats, `TWICE-${after}`, config);
      const [one, two] = await crashed(out, 3, 'unanswered');
      const crash = new AbortController();
      const connection = new CutConnection(await nats.connect(), after, 'unanswered');
      const writer = await out.writerOn(connection.shared, { ...second, signal: crash.signal }, two!.state);
      const commits = given(commit(writer, one!, 2).then(() => commit(writer, two!, 2)));
      await Promise.race([commits, connection.reached]);
      crash.abort(new Error('crash'));
      await commits;
      const third = await out.writer({ ...second, generation: 3 }, two!.state);
      await commit(third, one!, 3);
      await commit(third, two!, 3);
      expect(await out.numbers()).toEqual(range(6));
    }
  });
});

describe.each(ways)('a writer of an older generation that wakes up, %s', (way, config) => {
  const nats = serverFor(config);

  interface Zombie {
    readonly out: OutputStream;
    readonly writer: SinkWriter;
    readonly connection: CutConnection;
    readonly commits: Promise<unknown>;
  }
  /** Two generations of one job: the first is stopped with 200 messages of epoch 2 on their way, the second goes on to epoch 3. */
  async function superseded(name: string, more: Partial<SinkContext> = {}): Promise<Zombie> {
    const out = await OutputStream.make(nats, `${name}-${way.replaceAll(' ', '-')}`, config);
    const connection = new CutConnection(await nats.connect(), 1 + 10 + 50, 'held');
    const writer = await out.writerOn(connection.shared, more);
    await commit(writer, await staged(writer, 1, range(10)));
    const two = await staged(writer, 2, range(250, 10));
    const commits = given(commit(writer, two));
    await until(() => connection.held >= 199);
    const next = await out.writer({ ...second, ...more }, two.state);
    await commit(next, two, 2);
    await commit(next, await staged(next, 3, range(40, 260)), 2);
    return { out, writer, connection, commits };
  }

  test('has 200 of 200 messages rejected, and ends (JF1)', async () => {
    const { out, connection, commits } = await superseded('ZOMBIE');
    expect(connection.held).toBe(200);
    await connection.release();
    expect(await commits).toMatchObject({
      code: 'E_RUNNING',
      retry: 'never',
      message: expect.stringMatching(/^generation 2 of job test/),
    });
    expect(await out.numbers()).toEqual(range(300));
  });

  test('writes nothing that it is given later, and no fence', async () => {
    const { out, writer, connection, commits } = await superseded('LATER');
    await connection.release();
    await commits;
    const before = await out.all();
    await expect(commit(writer, await staged(writer, 4, range(200, 900)))).rejects.toMatchObject({ code: 'E_RUNNING' });
    expect(await out.all()).toEqual(before);
  });

  test('is seen to write with --break no-fence', async () => {
    const { out, connection, commits } = await superseded('BROKEN', { sabotage: 'no-fence' });
    await connection.release();
    await commits;
    expect((await out.numbers()).length).toBeGreaterThan(300);
  });
});

describe.each(ways)('when the server is killed in the middle of an epoch, %s', (_way, config) => {
  const nats = serverFor(config, { per: 'test' });

  test('with kill -9, twice, the epoch is there once, in order (JS1, JS2)', async () => {
    const out = await OutputStream.make(nats, 'KILLED', config);
    const connection = new CutConnection(await nats.connect({ reconnectTimeWait: 100 }), 1500, 'held');
    const writer = await out.writerOn(connection.shared);
    const committed = commit(writer, await staged(writer, 1, range(6000)));
    for (const next of [500, Number.POSITIVE_INFINITY]) {
      await connection.reached;
      await nats.server.kill();
      await nats.restart();
      connection.again(next);
    }
    await committed;
    expect((await out.all()).filter(({ fence }) => fence).length).toBeGreaterThanOrEqual(3);
    await commit(writer, await staged(writer, 2, range(10, 6000)));
    expect(await out.numbers()).toEqual(range(6010));
  });

  test('and is away for longer than the window for duplicates', async () => {
    const out = await OutputStream.make(nats, 'WINDOW', { ...config, duplicate_window: nanos(100) });
    const connection = new CutConnection(await nats.connect({ reconnectTimeWait: 100 }), 1000, 'held');
    const writer = await out.writerOn(connection.shared);
    const one = await staged(writer, 1, range(3000));
    const committed = commit(writer, one);
    await connection.reached;
    await nats.server.kill();
    const since = performance.now();
    await until(() => performance.now() - since > 250);
    await nats.restart();
    connection.again(Number.POSITIVE_INFINITY);
    await committed;
    await nats.server.kill();
    await nats.restart();
    // The id of the last message is known to a restarted server only within the window.
    await commit(writer, await staged(writer, 2, range(10, 3000)));
    await commit(writer, one);
    expect(await out.numbers()).toEqual(range(3010));
  });

  test('an outage that is not over ends with the job', async () => {
    const out = await OutputStream.make(nats, 'AWAY', config);
    const stop = new AbortController();
    const writer = await out.writer({ signal: stop.signal });
    const one = await staged(writer, 1, range(3));
    await nats.server.kill();
    const committed = given(commit(writer, one));
    stop.abort(new Error('stopped'));
    expect(await committed).toMatchObject({ message: 'stopped' });
  });
});
