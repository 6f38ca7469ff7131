// Sessions as a user writes them.
import { describe, expect, test } from 'vitest';
import { call, count, from, max, schema, sessionWindow, type Stream, sum, t, timestamp, window } from 'weir';
import { testRun, testSource } from 'weir/testing';
import { Click, patientVisits, visits } from '../../examples/visits.ts';

const Event = schema({ key: t.string, at: t.timestamp, n: t.number });
const minutes = (n: number) => timestamp(n * 60_000);
const event = (key: string, at: number, n = 1) => ({ key, at: minutes(at), n });
const click = (user: string, at: number, page = 'home') => ({ user, page, spent: 1, at: minutes(at) });
const span = (start: number, end: number) => ({ start: minutes(start), end: minutes(end) });

describe('visits, as in the documentation,', () => {
  test('end half an hour after their last click, are joined by a click in between, and are there once after a crash', async () => {
    const clicks = testSource(Click);
    await using run = await testRun(visits(from(clicks)), { parallelism: 2 });
    clicks.push(click('ann', 0), click('bob', 5), click('ann', 38), click('ann', 29));
    expect(await run.drain()).toEqual([]);
    await run.crash();
    clicks.push(click('cid', 78)); // the watermark is at 68, where ann's visit ends
    expect(await run.drain()).toEqual([
      { window: span(5, 35), user: 'bob', clicks: 1, spent: 1 },
      { window: span(0, 68), user: 'ann', clicks: 3, spent: 3 },
    ]);
    clicks.push(click('bob', 38), click('bob', 39));
    expect([await run.drain(), run.late]).toEqual([[], 1]);
  });

  test("with the page's own patience last longer where the manual is read", async () => {
    const clicks = testSource(Click);
    await using run = await testRun(patientVisits(from(clicks)));
    clicks.push(click('ann', 0, 'manual'), click('bob', 0), click('ann', 100), click('bob', 100));
    clicks.end();
    expect((await run.drain()).toSorted((a, b) => a.visit.end - b.visit.end)).toEqual([
      { visit: span(0, 30), user: 'bob', clicks: 1 },
      { visit: span(0, 130), user: 'ann', clicks: 2 },
      { visit: span(100, 130), user: 'bob', clicks: 1 },
    ]);
  });
});

describe('sessions', () => {
  const timed = (events: Parameters<typeof from>[0]) =>
    (from(events) as Stream<{ key: string; at: ReturnType<typeof timestamp>; n: number }>).withWatermark('at', '0 seconds');

  test('can be gathered into windows, and into sessions again', async () => {
    const events = testSource(Event);
    const perHour = timed(events)
      .groupBy(sessionWindow('at', '5 minutes'), 'key')
      .agg({ n: sum('n') })
      .groupBy(sessionWindow('window', '10 minutes'))
      .agg({ most: max('n'), sessions: count() })
      .groupBy(window('window', '1 hour'))
      .agg({ most: max('most') });
    await using run = await testRun(perHour);
    events.push(event('a', 0), event('a', 3), event('b', 7, 5), event('a', 70));
    expect(await run.drain()).toEqual([{ window: span(0, 60), most: 5 }]);
    events.push(event('a', 200));
    expect(await run.drain()).toEqual([{ window: span(60, 120), most: 1 }]);
  });

  test('give their late rows, without the column that a computed gap has got', async () => {
    const events = testSource(Event);
    const sessions = timed(events)
      .groupBy((c) => ({ session: sessionWindow(c.at, c.n.mul(60_000)), key: c.key }))
      .count();
    await using run = await testRun(sessions.late());
    events.push(event('a', 0, 5), event('a', 30), event('a', 10, 20), event('a', 10, 21));
    expect(await run.drain()).toEqual([event('a', 10, 20)]);
  });

  test('of rows without a schema take a gap by a function of the user', async () => {
    const events = testSource(Event);
    const untyped = timed(events).map((row) => ({ ...row }));
    const sessions = untyped
      .groupBy((c) => ({ session: sessionWindow(c.at, call((n: number) => n * 60_000, c.n).as(t.number)) }))
      .agg({ n: count() });
    await using run = await testRun(sessions);
    events.push(event('a', 0, 10), event('b', 9, 2));
    events.end();
    expect(await run.drain()).toEqual([{ session: span(0, 11), n: 2 }]);
  });

  test('in update go out as they change, in complete as a table with those that have closed', async () => {
    const [events, others] = [testSource(Event), testSource(Event)];
    const perKey = (of: typeof events) => timed(of).groupBy(sessionWindow('at', '5 minutes'), 'key').count();
    await using updates = await testRun(perKey(events), { mode: 'update' });
    events.push(event('a', 0));
    expect(await updates.drain()).toEqual([{ window: span(0, 5), key: 'a', count: 1 }]);
    events.push(event('a', 5));
    expect(await updates.drain()).toEqual([{ window: span(0, 10), key: 'a', count: 2 }]);
    await using table = await testRun(perKey(others), { mode: 'complete' });
    others.push(event('a', 0), event('a', 5), event('b', 30));
    expect(await table.drain()).toEqual([
      { window: span(0, 10), key: 'a', count: 2 },
      { window: span(30, 35), key: 'b', count: 1 },
    ]);
  });
});
