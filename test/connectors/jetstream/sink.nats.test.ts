// jetstream.sink: what is in the stream after commits, crashes and restores.
import { describe, expect, test } from 'vitest';
import { commit, OutputStream, range, serverFor, staged, ways } from './sink-fixture.ts';

describe.each(ways)('jetstream.sink, exactly once, %s', (_way, config) => {
  const nats = serverFor(config);

  test('C3, JS2: an epoch appears with its commit, in the order of its rows, behind one fence', async () => {
    const out = await OutputStream.make(nats, 'ORDER', config);
    const writer = await out.writer();
    const one = await staged(writer, 1, range(2500));
    expect(await out.all()).toEqual([]);
    await commit(writer, one);
    expect(await out.numbers()).toEqual(range(2500));
    const two = await staged(writer, 2, range(10, 2500));
    await commit(writer, two);
    expect(await out.numbers()).toEqual(range(2510));
    const all = await out.all();
    expect(all.filter(({ fence }) => fence).length).toBe(1);
    expect(all[0]).toMatchObject({ subject: 'ORDER.weir.fence', body: '' });
    expect(all[11]).toMatchObject({ epoch: 1, index: 10, generation: 1 });
  });

  test('C4, JF2: to commit again, in the same writer and in a restored one, adds nothing', async () => {
    const out = await OutputStream.make(nats, 'AGAIN', config);
    const writer = await out.writer();
    const one = await staged(writer, 1, range(5));
    await commit(writer, one);
    await commit(writer, one);
    const two = await staged(writer, 2, range(5, 5));
    await commit(writer, two);
    await commit(writer, one);
    await commit(writer, two);
    const restored = await out.writer({ fresh: false, generation: 2, restoredEpoch: 2 }, two.state);
    await commit(restored, one, 2);
    await commit(restored, two, 2);
    expect(await out.numbers()).toEqual(range(10));
  });

  test('an epoch without rows stages nothing', async () => {
    const out = await OutputStream.make(nats, 'NONE', config);
    const writer = await out.writer();
    expect((await staged(writer, 1, [])).staged).toBeUndefined();
  });
});
