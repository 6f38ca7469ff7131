// The kinds of windows, as a user writes them.
import { describe, expect, test } from 'vitest';
import { count, countWindow, cumulativeWindow, from, schema, sum, t, timestamp, window } from 'weir';
import { testRun, testSource } from 'weir/testing';

const Event = schema({ key: t.string, at: t.timestamp, n: t.number });
const minutes = (n: number) => timestamp(n * 60_000);
const event = (key: string, at: number, n = 1) => ({ key, at: minutes(at), n });
const span = (start: number, end: number) => ({ start: minutes(start), end: minutes(end) });

describe('a window with lateness', () => {
  test('is written again for rows that come after its end, until its lateness is over; after a crash too', async () => {
    const events = testSource(Event);
    const counts = from(events)
      .withWatermark('at', '0 minutes')
      .groupBy(window('at', '10 minutes', { lateness: '5 minutes' }), 'key')
      .agg({ rows: count(), sum: sum('n') });
    await using run = await testRun(counts, { mode: 'update', parallelism: 2 });
    events.push(event('a', 1), event('a', 12));
    expect(await run.drain()).toEqual([
      { window: span(0, 10), key: 'a', rows: 1, sum: 1 },
      { window: span(10, 20), key: 'a', rows: 1, sum: 1 },
    ]);
    await run.crash();
    events.push(event('a', 2, 5), event('a', 14.9));
    expect(await run.drain()).toEqual([
      { window: span(0, 10), key: 'a', rows: 2, sum: 6 },
      { window: span(10, 20), key: 'a', rows: 2, sum: 2 },
    ]);
    events.push(event('a', 15), event('a', 9));
    expect([await run.drain(), run.late]).toEqual([[{ window: span(10, 20), key: 'a', rows: 3, sum: 3 }], 1]);
  });
});

describe('windows that grow', () => {
  const growing = cumulativeWindow('at', { step: '10 minutes', max: '30 minutes' });
  const total = { rows: count(), sum: sum('n') };

  test('begin together and end one step after the other; a row is in all that end after it', async () => {
    const events = testSource(Event);
    const sums = from(events).withWatermark('at', '0 minutes').groupBy(growing, 'key').agg(total);
    await using run = await testRun(sums, { parallelism: 2 });
    events.push(event('a', 1, 1), event('a', 12, 2));
    expect(await run.drain()).toEqual([{ window: span(0, 10), key: 'a', rows: 1, sum: 1 }]);
    await run.crash();
    events.push(event('a', 11, 4), event('a', 3, 8), event('a', 20, 16));
    // What comes behind the end of the first two is in time for the third.
    expect(await run.drain()).toEqual([{ window: span(0, 20), key: 'a', rows: 4, sum: 15 }]);
    events.push(event('a', 30, 32), event('a', 29, 64));
    expect([await run.drain(), run.late]).toEqual([[{ window: span(0, 30), key: 'a', rows: 5, sum: 31 }], 1]);
    events.end();
    expect((await run.drain()).map(({ window }) => window)).toEqual([span(30, 40), span(30, 50), span(30, 60)]);
  });

  test('may be of the windows of an earlier aggregation, and gathered again', async () => {
    const events = testSource(Event);
    const inner = from(events).withWatermark('at', '0 minutes').groupBy(window('at', '10 minutes')).agg({ rows: count() });
    const middle = inner
      .groupBy(cumulativeWindow('window', { step: '20 minutes', max: '1 hour', offset: '-20 minutes' }))
      .agg({ rows: sum('rows') });
    const outer = middle.groupBy(window('window', '1 day')).agg({ most: sum('rows'), windows: count() });
    await using run = await testRun(outer);
    events.push(event('a', 1), event('a', 12), event('a', 42));
    events.end();
    // [-20, 20) and [-20, 40) hold two, [40, 60), [40, 80) and [40, 100) one.
    expect(await run.drain()).toEqual([{ window: span(0, 1440), most: 7, windows: 5 }]);
  });
});

describe('windows of so many rows', () => {
  test('go out when they are full, after a crash too, and may be gathered again', async () => {
    const events = testSource(Event);
    const threes = from(events)
      .groupBy(countWindow(3), 'key')
      .agg({ sum: sum('n') });
    const pairs = threes.groupBy(countWindow(2)).agg({ sum: sum('sum') });
    await using run = await testRun(pairs, { parallelism: 2 });
    events.push(event('a', 1, 1), event('a', 2, 2), event('b', 3, 4), event('a', 0, 8));
    expect(await run.drain()).toEqual([]);
    await run.crash();
    events.push(event('b', 1, 16), event('b', 1, 32), event('b', 1, 64));
    expect(await run.drain()).toEqual([{ window: { first: 0, last: 1 }, sum: 63 }]);
    events.end();
    expect(await run.drain()).toEqual([]); // what is not full never is
  });

  test('are all in a complete result, in the order in which they came to be, and have first rows', async () => {
    const rows = [event('a', 1, 1), event('b', 1, 8), event('a', 1, 2), event('a', 1, 4), event('b', 1, 16), event('a', 1, 5)];
    const events = testSource(Event);
    const pairs = from(events).groupBy(countWindow(2), 'key');
    await using run = await testRun(pairs.agg({ sum: sum('n') }), { mode: 'complete', parallelism: 2 });
    events.push(...rows.slice(0, 3));
    const first = { window: { first: 0, last: 1 }, key: 'a', sum: 3 };
    expect(await run.drain()).toEqual([first]);
    await run.crash();
    events.push(...rows.slice(3));
    const all = [
      first,
      { window: { first: 0, last: 1 }, key: 'b', sum: 24 },
      { window: { first: 2, last: 3 }, key: 'a', sum: 9 },
    ];
    const byKey = (of: readonly { key: string }[]) => of.toSorted((a, b) => (a.key < b.key ? -1 : 1));
    expect(byKey(await run.drain())).toEqual(byKey(all));
    const again = testSource(Event);
    await using best = await testRun(from(again).groupBy(countWindow(2), 'key').top(1, { by: 'n' }));
    again.push(...rows);
    expect((await best.drain()).map(({ key, n, rank }) => [key, n, rank])).toEqual([
      ['a', 2, 1],
      ['b', 16, 1],
      ['a', 5, 1],
    ]);
  });

  test('of the rows of windows count windows, and no row is late for them', async () => {
    const events = testSource(Event);
    const perMinute = from(events).withWatermark('at', '0 minutes').groupBy(window('at', '1 minute'), 'key').count();
    const late = perMinute.groupBy(countWindow(2), 'key').agg({ rows: sum('count') });
    await using run = await testRun(late);
    events.push(event('a', 1), event('a', 2), event('a', 2), event('a', 3));
    expect(await run.drain()).toEqual([{ window: { first: 0, last: 1 }, key: 'a', rows: 3 }]);
  });
});

describe('a watermark by a strategy', () => {
  test('of one’s own closes windows when it says so, after a crash too', async () => {
    const events = testSource(Event);
    // The end of an hour is known by a row of the hour after the next.
    const hours = {
      create: () => 0,
      advance: (hour: number, at: number) => Math.max(hour, Math.floor(at / 3_600_000)),
      watermark: (hour: number) => (hour - 1) * 3_600_000,
    };
    const counts = from(events).withWatermark('at', { strategy: hours }).groupBy(window('at', '1 hour')).count();
    await using run = await testRun(counts, { parallelism: 2 });
    events.push(event('a', 10), event('a', 70));
    expect(await run.drain()).toEqual([]);
    await run.crash();
    events.push(event('a', 50), event('a', 121));
    expect(await run.drain()).toEqual([{ window: span(0, 60), count: 2 }]);
  });

  test('is manual where the source says it', async () => {
    const events = testSource(Event);
    const counts = from(events).withWatermark('at', { strategy: 'manual' }).groupBy(window('at', '10 minutes')).count();
    await using run = await testRun(counts);
    events.push(event('a', 1), event('a', 500));
    expect(await run.drain()).toEqual([]);
    events.watermark(minutes(10));
    expect(await run.drain()).toEqual([{ window: span(0, 10), count: 1 }]);
  });
});
