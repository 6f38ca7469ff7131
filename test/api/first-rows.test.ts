// First rows as a user writes them.
import { describe, expect, test } from 'vitest';
import { count, from, schema, t, timestamp, window } from 'weir';
import { testRun, testSource } from 'weir/testing';

const Order = schema({ id: t.string, at: t.timestamp, n: t.number });
const order = (id: string, at: number, n = 1) => ({ id, at: timestamp(at * 1000), n });
const timed = () => {
  const orders = testSource(Order);
  return { orders, stream: from(orders).withWatermark('at', '10 seconds') };
};

describe('dropDuplicates', () => {
  test('gives the first row of each value, and after a crash it gives none again', async () => {
    const { orders, stream } = timed();
    await using run = await testRun(stream.dropDuplicates(['id', 'at']), { parallelism: 2 });
    orders.push(order('a', 1), order('a', 1, 2), order('b', 1), order('a', 2));
    const first = await run.drain();
    expect(first.map(({ id, at }) => `${id} ${at / 1000}`).toSorted()).toEqual(['a 1', 'a 2', 'b 1']);
    await run.crash();
    orders.push(order('a', 1), order('b', 1), order('c', 1));
    expect(await run.drain()).toEqual([order('c', 1)]);
    expect([run.duplicates, run.late]).toEqual([3, 0]);
  });

  test('of whole rows tells apart whatever differs', async () => {
    const { orders, stream } = timed();
    await using run = await testRun(stream.dropDuplicates('*'));
    orders.push(order('a', 1), order('a', 1), order('a', 1, 2), order('b', 1), order('a', 2), order('a', 1, 2));
    expect(await run.drain()).toEqual([order('a', 1), order('a', 1, 2), order('b', 1), order('a', 2)]);
  });

  test('within a length of time remembers no longer, by the times of the rows', async () => {
    const { orders, stream } = timed();
    await using run = await testRun(stream.dropDuplicates(['id'], { within: '1 minute' }).select('id', 'n'));
    orders.push(order('a', 0, 1), order('a', 59, 2), order('b', 70, 3), order('a', 75, 4), order('c', 5, 5));
    expect(await run.drain()).toEqual([
      { id: 'a', n: 1 },
      { id: 'b', n: 3 },
      { id: 'a', n: 4 },
    ]);
    expect(run.late).toBe(1);
  });

  test('within a length of time, where rows have none under a watermark, goes by the clock', async () => {
    const orders = testSource(Order);
    await using run = await testRun(from(orders).dropDuplicates(['id'], { within: '1 minute' }));
    orders.push(order('a', 0, 1), order('a', 3600, 2));
    expect(await run.drain()).toEqual([order('a', 0, 1)]);
    await run.advance('59 seconds');
    orders.push(order('a', 0, 3));
    expect(await run.drain()).toEqual([]);
    await run.advance('1 second');
    orders.push(order('a', 0, 4));
    expect(await run.drain()).toEqual([order('a', 0, 4)]);
  });

  test('of the rows of an aggregation takes the final ones, by their window, and another aggregation may follow', async () => {
    const { orders, stream } = timed();
    const busy = stream
      .groupBy(window('at', '10 seconds'), 'id')
      .count()
      .dropDuplicates(['window', 'count'])
      .groupBy(window('window', '1 minute'))
      .agg({ different: count() });
    await using run = await testRun(busy);
    orders.push(order('a', 1), order('b', 2), order('b', 3), order('c', 4), order('a', 11), order('a', 100));
    // In the first ten seconds counts of 1 and 2, in the next of 1.
    expect(await run.drain()).toEqual([{ window: { start: timestamp(0), end: timestamp(60_000) }, different: 3 }]);
  });
});

describe('limit', () => {
  test('gives the first rows of all, once, at any parallelism and after a crash', async () => {
    const orders = testSource(Order);
    await using run = await testRun(from(orders).limit(3), { parallelism: 3 });
    orders.push(order('a', 1), order('b', 2));
    expect(await run.drain()).toHaveLength(2);
    await run.crash();
    orders.push(order('c', 3), order('d', 4), order('e', 5));
    expect(await run.drain()).toHaveLength(1);
    orders.push(order('f', 6));
    expect(await run.drain()).toEqual([]);
  });
});
