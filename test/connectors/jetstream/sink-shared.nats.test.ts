// jetstream.sink on a stream that others write to as well.
import { nanos } from '@nats-io/transport-node';
import { describe, expect, test } from 'vitest';
import { withServer } from '../../nats/server.ts';
import { commit, OutputStream, range, staged } from './sink-fixture.ts';

const second = { fresh: false, generation: 2, restoredEpoch: 2 };
const shared = { shared: true };

describe('a shared stream', () => {
  const nats = withServer({ per: 'test' });
  const ours = async (out: OutputStream): Promise<number[]> =>
    (await out.rows()).filter(({ subject }) => subject.endsWith('.a')).map(({ body }) => (JSON.parse(body) as { n: number }).n);

  test('takes rows between those of others, and a commit that comes again adds nothing, whatever the window (JH1)', async () => {
    const out = await OutputStream.make(nats, 'SHARED', { subjects: ['SHARED.a', 'SHARED.other'], duplicate_window: nanos(100) });
    let said = '';
    const logger = { debug() {}, info() {}, error() {}, warn: (_: unknown, text: string) => void (said = text) };
    await out.publish('other', '1');
    const writer = await out.writer({ logger }, [], shared);
    expect(said).toMatch(/window for duplicates \(100 ms\)/);
    const one = await staged(writer, 1, range(5));
    await commit(writer, one);
    await out.publish('other', '2');
    const two = await staged(writer, 2, range(2500, 5));
    await commit(writer, two);
    await out.publish('other', '3');
    const since = performance.now();
    while (performance.now() - since < 200) await out.publish('other', '4');
    for (const state of [one.state, two.state]) {
      const restored = await out.writer(second, state, shared);
      await commit(restored, one, 2);
      await commit(restored, two, 2);
    }
    expect(await ours(out)).toEqual(range(2505));
    const old = await staged(writer, 3, [9]);
    const next = await out.writer(second, two.state, shared);
    await commit(next, await staged(next, 3, range(5, 2505)), 2);
    const again = await out.writer({ ...second, generation: 1 }, two.state, shared);
    await expect(commit(again, old)).rejects.toMatchObject({ code: 'E_RUNNING' });
    expect(await ours(out)).toEqual(range(2510));
  });

  test('is completed after a crash in the middle, and over a kill of the server', async () => {
    const out = await OutputStream.make(nats, 'SHARED');
    const crash = new AbortController();
    const writer = await out.writer({ signal: crash.signal }, [], shared);
    const one = await staged(writer, 1, range(5000));
    const committed = commit(writer, one).catch(() => undefined);
    while ((await out.rows()).length === 0);
    crash.abort(new Error('crash'));
    await committed;
    await writer.close?.();
    const restored = await out.writer({ ...second, restoredEpoch: 1 }, one.state, shared);
    const completed = commit(restored, one, 2);
    await nats.server.kill();
    await nats.restart();
    await completed;
    expect((await ours(out)).sort((a, b) => a - b)).toEqual(range(5000));
  });

  test('that lost messages which may be ours is refused', async () => {
    const out = await OutputStream.make(nats, 'SHARED');
    const writer = await out.writer({}, [], shared);
    const one = await staged(writer, 1, range(5));
    await commit(writer, one);
    await (await out.manager()).streams.purge('SHARED');
    const restored = await out.writer(second, one.state, shared);
    await expect(commit(restored, one, 2)).rejects.toMatchObject({
      code: 'E_SINK_CHANGED',
      message: expect.stringMatching(/may be ours/),
    });
  });
});
