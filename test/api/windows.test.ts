// The kinds of windows, as a user writes them.
import { describe, expect, test } from 'vitest';
import { count, from, schema, sum, t, timestamp, window } from 'weir';
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
