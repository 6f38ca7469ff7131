// jetstream.sink where the stream takes atomic batches: what is one, when they are used, and what is left of one that was cut off.
import { type StreamConfig } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { describe, expect, onTestFinished, test } from 'vitest';
import { AtomicBatches } from '../../../src/connectors/jetstream/atomic-batches.ts';
import { natsConnection } from '../../../src/connectors/jetstream/connection.ts';
import { OutgoingLink } from '../../../src/connectors/jetstream/outgoing-link.ts';
import { realClock } from '../../../src/runtime/real-clock.ts';
import { withServer } from '../../nats/server.ts';
import { batch, epochs, kept, until } from '../connector-fixture.ts';
import { CutConnection } from './cut-connection.ts';
import { commit, OutputStream, range, serverFor, staged, type StoredRow } from './sink-fixture.ts';

const batched: Partial<StreamConfig> = { allow_atomic: true };
const given = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);

/** How many messages each batch has, in the order of the stream. */
function sizes(rows: readonly StoredRow[]): number[] {
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(row.batch, (counts.get(row.batch) ?? 0) + 1);
  return [...counts.values()];
}

describe('an epoch in atomic batches', () => {
  const nats = serverFor(batched);

  test('is one, or several of a thousand messages, behind one fence (JS3)', async () => {
    const out = await OutputStream.make(nats, 'WHOLE', batched);
    const writer = await out.writer();
    for (const [epoch, count] of [3, 1, 2500].entries()) await commit(writer, await staged(writer, epoch + 1, range(count)));
    const rows = await out.rows();
    expect(rows.every((row) => row.batch !== '')).toBe(true);
    expect(sizes(rows)).toEqual([3, 1, 1000, 1000, 500]);
    expect(await out.all()).toHaveLength(2505);
  });

  test('is cut before 8 MiB', async () => {
    const out = await OutputStream.make(nats, 'LARGE', batched);
    const writer = await out.writer();
    for (const n of range(40)) await writer.write(batch({ n, text: 'x'.repeat(500_000) }));
    await commit(writer, { epoch: 1, staged: kept(await writer.stage(epochs(1), false)), state: [] });
    expect(sizes(await out.rows())).toEqual([16, 16, 8]);
    expect(await out.numbers()).toEqual(range(40));
  });

  test('is there as a whole, or not at all, wherever its writer was lost', async () => {
    for (const cut of ['unsent', 'unanswered'] as const)
      for (const after of range(6)) {
        const out = await OutputStream.make(nats, `PART-${cut}-${after}`, batched);
        const crash = new AbortController();
        const connection = new CutConnection(await nats.connect(), after, cut);
        const writer = await out.writerOn(connection.shared, { signal: crash.signal });
        const commits = given(commit(writer, await staged(writer, 1, range(5))));
        await Promise.race([commits, connection.reached]);
        crash.abort(new Error('crash'));
        await commits;
        await connection.shared.connection.flush();
        expect(await out.numbers()).toEqual(cut === 'unanswered' && after >= 2 ? range(5) : []);
      }
  });

  test('that takes three batches is completed, wherever between them its writer was lost (JF2)', async () => {
    for (const cut of ['unsent', 'unanswered'] as const)
      for (const after of [1000, 1001, 1002, 2000, 2001, 2500]) {
        const out = await OutputStream.make(nats, `BETWEEN-${cut}-${after}`, batched);
        const crash = new AbortController();
        const connection = new CutConnection(await nats.connect(), after, cut);
        const writer = await out.writerOn(connection.shared, { signal: crash.signal });
        const one = await staged(writer, 1, range(2500));
        const commits = given(commit(writer, one));
        await connection.reached;
        crash.abort(new Error('crash'));
        await commits;
        await connection.shared.connection.flush();
        expect((await out.numbers()).length % 1000).toBe(cut === 'unanswered' && after === 2500 ? 500 : 0);
        const next = await out.writer({ fresh: false, generation: 2, restoredEpoch: 1 }, one.state);
        await commit(next, one, 2);
        await commit(next, one, 2);
        expect(await out.numbers()).toEqual(range(2500));
      }
  });

  test('whose last message comes behind the fence of a newer writer is refused as a whole (JF1)', async () => {
    const out = await OutputStream.make(nats, 'LATE', batched);
    const connection = new CutConnection(await nats.connect(), 1 + 499, 'held');
    const writer = await out.writerOn(connection.shared);
    const one = await staged(writer, 1, range(500));
    const committed = given(commit(writer, one));
    await until(() => connection.held === 1);
    const next = await out.writer({ fresh: false, generation: 2, restoredEpoch: 1 }, one.state);
    await commit(next, one, 2);
    await connection.release();
    expect(await committed).toMatchObject({ code: 'E_RUNNING' });
    expect(await out.numbers()).toEqual(range(500));
    expect(sizes(await out.rows())).toEqual([500]);
  });

  test('goes on message by message while the stream has no allow_atomic', async () => {
    const out = await OutputStream.make(nats, 'CHANGED', batched);
    const writer = await out.writer();
    const manager = await out.manager();
    const set = async (allowed: boolean): Promise<void> => {
      const { config } = await manager.streams.info('CHANGED');
      await manager.streams.update('CHANGED', { ...config, allow_atomic: allowed });
    };
    await commit(writer, await staged(writer, 1, range(3)));
    await set(false);
    await commit(writer, await staged(writer, 2, range(3, 3)));
    await set(true);
    const again = await out.writer({ fresh: false, generation: 2, restoredEpoch: 2 }, [writer.snapshot?.()]);
    await commit(again, await staged(again, 3, range(3, 6)), 2);
    expect(await out.numbers()).toEqual(range(9));
    expect((await out.rows()).map((row) => row.batch !== '')).toEqual([true, true, true, false, false, false, true, true, true]);
  });
});

describe('a server that is set to take fewer messages at once', () => {
  const nats = serverFor(batched);

  test('gets batches that it takes', async () => {
    const server = await nats.another({ config: 'jetstream { limits { batch { max_msgs: 100 } } }' });
    const connect = (): Promise<NatsConnection> => nats.connect({ servers: server.url });
    const out = await OutputStream.make({ connection: await connect(), connect, server }, 'FEWER', batched);
    const writer = await out.writer();
    await commit(writer, await staged(writer, 1, range(300)));
    expect(await out.numbers()).toEqual(range(300));
    expect(Math.max(...sizes(await out.rows()))).toBeLessThanOrEqual(100);
  });
});

describe('a user who may not publish to one of the subjects', () => {
  const nats = serverFor(batched, {
    config: `
      authorization { users: [
        { user: all, password: all }
        { user: some, password: some, permissions: { publish: { deny: ["DENIED.b"] } } }
      ] }
      no_auth_user: all`,
  });

  test('is told which, and nothing of the epoch is there', async () => {
    const out = await OutputStream.make(nats, 'DENIED', batched);
    const url = nats.server.url.replace('//', '//some:some@');
    const subject = ({ n }: { n: number }): string => (n === 1 ? 'DENIED.b' : 'DENIED.a');
    const writer = await out.writer({}, [], { servers: url, subject });
    const committed = commit(writer, await staged(writer, 1, range(5)));
    await expect(committed).rejects.toMatchObject({ code: 'E_BROKER', message: expect.stringContaining('DENIED.b') });
    expect(await out.numbers()).toEqual([]);
  });
});

describe('a stream that takes no batches', () => {
  const nats = withServer();

  test('is not said to have stored one, and gets no message that nothing fences (JA1)', async () => {
    const out = await OutputStream.make(nats, 'PLAIN');
    const shared = await natsConnection({ servers: nats.server.url });
    onTestFinished(() => shared.close());
    const link = new OutgoingLink({ shared, clock: realClock });
    onTestFinished(() => link.close());
    const batches = new AtomicBatches(link, shared.inbox());
    for (const count of [1, 5]) {
      const before = (await out.all()).length;
      const messages = range(count).map((index) => ({ index, subject: 'PLAIN.a', body: Buffer.from('{}') }));
      const outcome = await batches.publish(messages, before, () => []);
      expect(['refused', 'unknown']).toContain(outcome.kind);
      expect((await out.all()).length - before).toBeLessThanOrEqual(1);
      expect((await batches.publish(messages, before + 7, () => [])).kind).not.toBe('stored');
    }
    expect((await out.all()).length).toBeLessThanOrEqual(2);
  });
});
