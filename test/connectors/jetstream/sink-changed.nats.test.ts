// jetstream.sink and what others do to its stream: what it cannot be sure of any more, it refuses.
import { describe, expect, test } from 'vitest';
import { withServer } from '../../nats/server.ts';
import { commit, OutputStream, range, staged } from './sink-fixture.ts';

const changed = (message: RegExp): object => ({
  code: 'E_SINK_CHANGED',
  retry: 'never',
  message: expect.stringMatching(message),
});
const second = { fresh: false, generation: 2, restoredEpoch: 2 };

describe('a stream that others write to, or that lost messages (JF3)', () => {
  const nats = withServer();

  test('a message between two epochs ends the job; once it is deleted, the job goes on', async () => {
    const out = await OutputStream.make(nats, 'FOREIGN');
    const writer = await out.writer();
    await commit(writer, await staged(writer, 1, range(3)));
    await out.publish('other', 'hello');
    const two = await staged(writer, 2, range(3, 3));
    await expect(commit(writer, two)).rejects.toMatchObject(
      changed(/message 5, to FOREIGN\.other, was written by somebody else/),
    );
    const restored = await out.writer(second, two.state);
    await expect(commit(restored, two, 2)).rejects.toMatchObject(changed(/message 5/));
    await (await out.manager()).streams.deleteMessage('FOREIGN', 5);
    await commit(restored, two, 2);
    expect(await out.numbers()).toEqual(range(6));
  });

  test('what was there when a job began stays, and is nobody else`s; what comes before its first epoch is', async () => {
    const out = await OutputStream.make(nats, 'BEFORE');
    await out.publish('other', '{"n":-1}');
    const writer = await out.writer();
    const one = await staged(writer, 1, range(3));
    const restored = await out.writer({ fresh: false, generation: 2, restoredEpoch: 1 }, one.state);
    await commit(restored, one, 2);
    expect(await out.numbers()).toEqual([-1, ...range(3)]);

    const late = await out.writer({ incarnation: 'another' });
    await out.publish('other', 'x');
    await expect(commit(late, await staged(late, 1, [1]))).rejects.toMatchObject(changed(/BEFORE\.other/));
  });

  test('a job that begins anew writes on behind its former life, which can write no more', async () => {
    const out = await OutputStream.make(nats, 'LIVES');
    const old = await out.writer({ generation: 7 });
    await commit(old, await staged(old, 5, range(3)), 7);
    const fresh = await out.writer({ incarnation: 'second life' });
    await commit(fresh, await staged(fresh, 1, range(3)));
    expect(await out.numbers()).toEqual([...range(3), ...range(3)]);
    const more = await staged(old, 6, [9]);
    await expect(commit(old, more, 7)).rejects.toMatchObject(changed(/sink sink~1 of job test, in another life/));
  });

  test('two sinks of one job have a stream each', async () => {
    const out = await OutputStream.make(nats, 'TWO');
    const [a, b] = [await out.writer(), await out.writer({ operator: 'sink~2' })];
    await commit(a, await staged(a, 1, range(3)));
    await expect(commit(b, await staged(b, 1, range(3)))).rejects.toMatchObject(changed(/sink sink~1 of job test/));
  });

  test('a stream that was purged, or made anew, is refused', async () => {
    const out = await OutputStream.make(nats, 'PURGED');
    const writer = await out.writer();
    await commit(writer, await staged(writer, 1, range(3)));
    const two = await staged(writer, 2, range(3, 3));
    const manager = await out.manager();
    await manager.streams.purge('PURGED');
    const purged = await out.writer(second, two.state);
    await expect(commit(purged, two, 2)).rejects.toMatchObject(changed(/its last message, 4, is gone/));
    await manager.streams.delete('PURGED');
    await manager.streams.add({ name: 'PURGED', subjects: ['PURGED.>'] });
    const restored = await out.writer(second, two.state);
    await expect(commit(restored, two, 2)).rejects.toMatchObject(changed(/made anew, or has lost messages/));
    const risky = await out.writer(second, two.state, { acceptRisk: true });
    await commit(risky, two, 2);
    expect(await out.numbers()).toEqual(range(3, 3));
  });

  test('a checkpoint that is older than the stream is refused', async () => {
    const out = await OutputStream.make(nats, 'OLDER');
    const writer = await out.writer();
    const one = await staged(writer, 1, range(3));
    await commit(writer, one);
    await commit(writer, await staged(writer, 2, range(3, 3)));
    const old = await out.writer({ fresh: false, generation: 2, restoredEpoch: 1 }, one.state);
    await expect(commit(old, one, 2)).rejects.toMatchObject(changed(/results of epoch 2, and the checkpoint .* is of epoch 1/));
  });

  test('a stream that is deleted while the job runs ends it', async () => {
    const out = await OutputStream.make(nats, 'DELETED');
    const writer = await out.writer();
    await commit(writer, await staged(writer, 1, range(3)));
    await (await out.manager()).streams.delete('DELETED');
    await expect(commit(writer, await staged(writer, 2, [4]))).rejects.toMatchObject({
      code: 'E_SINK',
      message: 'stream DELETED does not exist',
    });
  });
});
