// The rows that came too late, of operators that keep no windows.
import { describe, expect, test } from 'vitest';
import { count, from, schema, t, table, timestamp, window } from 'weir';
import { testRun, testSource } from 'weir/testing';
import { l, L, left, r, R, right } from './join-fixture.ts';

const Order = schema({ id: t.string, n: t.number, at: t.timestamp });
const order = (id: string, n: number, seconds: number) => ({ id, n, at: timestamp(seconds * 1000) });

test('dropDuplicates() gives those that are behind the watermark, also where nothing of them was seen before', async () => {
  const orders = testSource(Order);
  const distinct = from(orders).withWatermark('at', '10 seconds').dropDuplicates(['id', 'at']);
  await using run = await testRun(distinct.late(), { parallelism: 2 });
  orders.push(order('a', 1, 100), order('a', 2, 100), order('b', 3, 90), order('c', 4, 95));
  const early = await run.drain();
  await run.crash();
  orders.push(order('a', 5, 60));
  orders.end();
  expect([...early, ...(await run.drain())].map(({ n }) => n)).toEqual([3, 5]);
  expect([run.late, run.duplicates]).toEqual([2, 1]);
});

test('process() gives those that it emits behind the time that it promises', async () => {
  const orders = testSource(Order);
  const moved = from(orders)
    .withWatermark('at', '0 seconds')
    .keyBy('id')
    .process({
      emits: schema({ n: t.number, at: t.eventTime }),
      onRow: ({ n, at }, { emit }) => emit({ n, at: timestamp(at - (n % 2) * 60_000) as never }),
    });
  await using run = await testRun(moved.late());
  orders.push(order('a', 1, 100));
  const early = await run.drain();
  orders.push(order('a', 2, 200), order('a', 3, 210));
  orders.end();
  expect([...early, ...(await run.drain())].map(({ n }) => n)).toEqual([3]);
  expect(run.late).toBe(1);
});

describe('a join', () => {
  test('gives the rows of each side that came too late, once, through a crash', async () => {
    const [ls, rs] = [testSource(L), testSource(R)];
    const joined = from(ls)
      .withWatermark('at', '1 minute')
      .join(from(rs).withWatermark('seen', '1 minute'), { on: 'id', within: ['0 minutes', '10 minutes'] });
    const late = joined
      .late('left')
      .select((c) => ({ id: c.id, n: c.a }))
      .union(joined.late('right').select((c) => ({ id: c.id, n: c.b })));
    await using run = await testRun(late, { parallelism: 2 });
    ls.push(l('x', 30), l('x', 5, 7), l('y', 5, 8));
    rs.push(r('z', 40), r('x', 29, 2));
    const early = await run.drain();
    await run.crash();
    ls.push(l('x', 6, 9));
    ls.end();
    rs.push(r('y', 39, 1), r('z', 41));
    rs.end();
    const rows = [...early, ...(await run.drain())].map(({ id, n }) => `${id}${n}`);
    expect(rows.toSorted((one, other) => (one < other ? -1 : 1))).toEqual(['x2', 'x7', 'x9', 'y1', 'y8']);
    expect(run.late).toBe(5);
  });

  test.each([
    [
      'no side',
      () => (left().join(right(), { on: 'id', within: ['0 ms', '1 ms'] }) as any).late(),
      /late\(\).*a join has two sides/,
    ],
    [
      'a side without a watermark',
      () =>
        left()
          .join(from(testSource(R)), { on: 'id', within: ['0 ms', '1 ms'], times: ['at', 'seen'] })
          .late('right'),
      /no row of the right stream is late: its time 'seen' is under no watermark/,
    ],
    [
      'a join that nothing bounds',
      () => left().join(right(), { on: 'id' }).late('left'),
      /nothing is late for a join whose rows may have any time/,
    ],
    [
      'a join with a table',
      () => (left().join(table([{ id: 'x' }]), { on: 'id' }) as any).late('left'),
      /nothing is late for a join whose rows may have any time/,
    ],
  ] as const)('has no late rows of %s', (_, make, words) => {
    expect(make).toThrow(words);
  });
});

describe('an aggregation that is written whole', () => {
  test('takes late rows, through a crash, where nothing else takes its rows', async () => {
    const orders = testSource(Order);
    const windows = from(orders).withWatermark('at', '10 seconds').groupBy(window('at', '10 seconds')).agg({ n: count() });
    await using run = await testRun(windows, { mode: 'complete', parallelism: 2 });
    orders.push(order('a', 1, 1), order('a', 2, 50));
    await run.drain();
    await run.crash();
    orders.push(order('a', 3, 2));
    expect((await run.drain()).map(({ n }) => n).toSorted((a, b) => a - b)).toEqual([1, 2]);
    expect(run.late).toBe(0);
  });
});
