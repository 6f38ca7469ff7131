import { describe, expect, test } from 'vitest';
import { count, from, globalWindow, max, schema, type Source, state, sum, t, timestamp, window, windowTrigger } from 'weir';
import { testRun, testSource } from 'weir/testing';
import { describePlan, planJob } from '../../src/plan/index.ts';
import { logicalJob, pipeline, type Stream } from '../../src/api/index.ts';
import { sinkOf, streamFrom } from './graphs.ts';
import { refusalIn } from './refusal.ts';

const Event = schema({ key: t.string, at: t.timestamp, n: t.number });
const minutes = (n: number) => timestamp(n * 60_000);
const event = (key: string, n: number, at = 0) => ({ key, n, at: minutes(at) });
const total = { rows: count(), sum: sum('n') };

describe('a global window', () => {
  test('goes out after so many rows, at the end too if that is wanted, and survives a crash', async () => {
    const events = testSource(Event);
    const threes = from(events)
      .groupBy(globalWindow({ trigger: { rows: 3, atEnd: true } }), 'key')
      .agg(total);
    await using run = await testRun(threes, { parallelism: 2 });
    events.push(event('a', 1), event('a', 2), event('b', 4), event('a', 8), event('a', 16));
    expect(await run.drain()).toEqual([{ key: 'a', rows: 3, sum: 11 }]);
    await run.crash();
    events.push(event('b', 32), event('b', 64));
    expect(await run.drain()).toEqual([{ key: 'b', rows: 3, sum: 100 }]);
    events.end();
    expect(await run.drain()).toEqual([{ key: 'a', rows: 1, sum: 16 }]);
  });

  test('has no late rows, though they may be asked for', async () => {
    const events = testSource(Event);
    const pairs = from(events)
      .withWatermark('at', '0 minutes')
      .groupBy(globalWindow({ trigger: { rows: 2 } }), 'key')
      .count();
    await using run = await testRun(pairs.late());
    events.push(event('a', 1, 10), event('a', 2, 1), event('a', 4, 0));
    events.end();
    expect([await run.drain(), run.late]).toEqual([[], 0]);
  });

  test('holds back at the end what no rule has given out', async () => {
    const events = testSource(Event);
    await using run = await testRun(
      from(events)
        .groupBy(globalWindow({ trigger: { rows: 3 } }), 'key')
        .count(),
    );
    events.push(event('a', 1));
    events.end();
    expect(await run.drain()).toEqual([]);
  });

  test('goes out with a row for which a condition is true; the key may be computed, and the window is no column', async () => {
    const events = testSource(Event);
    const until = from(events)
      .groupBy((c) => ({ letter: c.key.slice(0, 1), all: globalWindow({ trigger: { when: c.n.lt(0) } }), odd: c.n.mod(2).ne(0) }))
      .agg((c) => ({ sum: sum(c.n.mul(10)) }));
    await using run = await testRun(until);
    events.push(event('ab', 1), event('ac', 3), event('ad', 2), event('a', -1), event('a', -2), event('a', -3));
    expect(await run.drain()).toEqual([
      { letter: 'a', odd: true, sum: 30 },
      { letter: 'a', odd: false, sum: 0 },
      { letter: 'a', odd: true, sum: -30 },
    ]);
  });

  test('goes out once the watermark has passed the time of its first row, and so much more', async () => {
    const events = testSource(Event);
    const batches = from(events)
      .withWatermark('at', '1 minute')
      .groupBy(globalWindow({ trigger: { rows: 3, eventTime: { of: 'at', after: '10 minutes' } } }), 'key')
      .agg({ ...total, last: max('at') });
    await using run = await testRun(batches, { parallelism: 2 });
    events.push(event('a', 1, 5), event('b', 2, 6), event('a', 4, 15.9));
    expect(await run.drain()).toEqual([]);
    await run.crash();
    events.push(event('c', 8, 16));
    expect(await run.drain()).toEqual([{ key: 'a', rows: 2, sum: 5, last: minutes(15.9) }]);
    // No row is late, and what was set begins anew with the next row.
    events.push(event('a', 16, 1), event('b', 32, 6), event('b', 64, 6), event('b', 128, 7));
    const out = (await run.drain()).toSorted((x, y) => (x.key < y.key ? -1 : 1));
    expect([out, run.late]).toEqual([
      [
        { key: 'a', rows: 1, sum: 16, last: minutes(1) },
        { key: 'b', rows: 3, sum: 98, last: minutes(6) },
      ],
      0,
    ]);
  });

  test('may wait by the windows of an earlier aggregation', async () => {
    const events = testSource(Event);
    const perMinute = from(events).withWatermark('at', '0 minutes').groupBy(window('at', '1 minute'), 'key').count();
    const sums = perMinute
      .groupBy((c) => ({ all: globalWindow({ trigger: { eventTime: { of: c.window, after: '2 minutes' } } }), key: c.key }))
      .agg({ windows: count(), rows: sum('count') });
    await using run = await testRun(sums);
    events.push(event('a', 1, 0), event('a', 1, 0), event('a', 1, 1), event('a', 1, 2), event('a', 1, 3));
    expect(await run.drain()).toEqual([{ key: 'a', windows: 3, rows: 4 }]);
  });

  test('goes out so long after its first row by the clock, after a crash too', async () => {
    const events = testSource(Event);
    const batches = from(events)
      .groupBy(globalWindow({ trigger: { rows: 3, processingTime: '10 seconds' } }), 'key')
      .agg(total);
    await using run = await testRun(batches);
    events.push(event('a', 1), event('b', 2), event('b', 4), event('b', 8));
    expect(await run.drain()).toEqual([{ key: 'b', rows: 3, sum: 14 }]);
    await run.advance('4 seconds');
    events.push(event('a', 16), event('b', 32));
    expect(await run.drain()).toEqual([]);
    await run.crash();
    await run.advance('6 seconds');
    expect(await run.drain()).toEqual([{ key: 'a', rows: 2, sum: 17 }]);
    await run.advance('10 seconds');
    expect(await run.drain()).toEqual([{ key: 'b', rows: 1, sum: 32 }]);
  });

  const kept = (source: Source<{ key: string; n: number }>) =>
    from(source)
      .groupBy(globalWindow({ trigger: { rows: 2, atEnd: true, keep: true } }), 'key')
      .agg(total);

  test('that keeps what goes out is written in update and complete, as often as it goes out, and is never final', async () => {
    for (const [mode, last] of [
      ['update', [{ key: 'a', rows: 5, sum: 31 }]],
      [
        'complete',
        [
          { key: 'a', rows: 5, sum: 31 },
          { key: 'b', rows: 2, sum: 12 },
        ],
      ],
    ] as const) {
      const events = testSource(Event);
      await using run = await testRun(kept(events), { mode });
      events.push(event('a', 1), event('a', 2), event('a', 4));
      expect(await run.drain()).toEqual([{ key: 'a', rows: 2, sum: 3 }]);
      await run.crash();
      events.push(event('a', 8), event('a', 16), event('b', 4), event('b', 8));
      expect((await run.drain()).length).toBe(2);
      events.end();
      expect(await run.drain()).toEqual(last);
    }
  });

  test('that keeps what goes out may be aggregated again, and its changes written as rows', async () => {
    const events = testSource(Event);
    await using run = await testRun(
      kept(events)
        .groupBy()
        .agg({ keys: count(), sum: sum('sum') })
        .changelog(),
    );
    events.push(event('a', 1), event('a', 2), event('a', 4));
    expect(await run.drain()).toEqual([{ keys: 1, sum: 3, op: '+I' }]);
    await run.crash();
    events.push(event('a', 8), event('b', 4), event('b', 8));
    expect(await run.drain()).toEqual([
      { keys: 1, sum: 3, op: '-U' },
      { keys: 2, sum: 27, op: '+U' },
    ]);
  });
});

/** Goes out early with each row above 10, and at last when so much is together. */
const worth = windowTrigger({
  results: 'running',
  state: { total: state.value(t.number) },
  onRow({ n }: { n: number }, { state: { total } }) {
    total.set((total.get() ?? 0) + n);
    if (n < 0) return 'purge';
    return total.get()! >= 100 ? 'emit-and-purge' : n > 10 ? 'emit' : 'continue';
  },
});
/** Goes out on the minute, if there is something. */
const onTheMinute = windowTrigger({
  onRow({ at }: { at: number }, { timers, setTimer }) {
    if (timers().length === 0) setTimer(Math.floor(at / 60_000 + 1) * 60_000);
    return 'continue';
  },
  onTimer: () => 'emit-and-purge',
});

describe('a trigger of one’s own', () => {
  test('says of each row what is to be done, with state that is in the checkpoint', async () => {
    const events = testSource(Event);
    const carts = from(events)
      .groupBy(globalWindow({ trigger: worth(['n']) }), 'key')
      .agg(total);
    await using run = await testRun(carts, { mode: 'update' });
    events.push(event('a', 5), event('a', 20), event('a', 6));
    expect(await run.drain()).toEqual([{ key: 'a', rows: 2, sum: 25 }]);
    await run.crash();
    events.push(event('a', 70), event('a', 3), event('b', 2), event('b', -1));
    expect(await run.drain()).toEqual([{ key: 'a', rows: 4, sum: 101 }]);
    events.push(event('a', 11), event('b', 12));
    expect(await run.drain()).toEqual([
      { key: 'a', rows: 2, sum: 14 },
      { key: 'b', rows: 1, sum: 12 },
    ]);
  });

  test('whose timer is set for a time which the watermark has reached fires at once', async () => {
    const atOnce = windowTrigger({
      onRow({ at }: { at: number }, { setTimer }) {
        setTimer(at);
        return 'continue';
      },
      onTimer: () => 'emit-and-purge',
    });
    const events = testSource(Event);
    const rows = from(events)
      .withWatermark('at', '1 minute')
      .groupBy(globalWindow({ trigger: atOnce(['at']) }), 'key')
      .agg(total);
    await using run = await testRun(rows);
    events.push(event('a', 1, 10));
    expect(await run.drain()).toEqual([]);
    events.push(event('b', 2, 5));
    expect(await run.drain()).toEqual([{ key: 'b', rows: 1, sum: 2 }]);
  });

  test('has timers, over expressions too', async () => {
    const events = testSource(Event);
    const perMinute = from(events)
      .withWatermark('at', '0 minutes')
      .groupBy((c) => ({ all: globalWindow({ trigger: onTheMinute({ at: c.at.add('30 seconds') as never }) }), key: c.key }))
      .agg(total);
    await using run = await testRun(perMinute);
    events.push(event('a', 1, 0.2), event('a', 2, 0.6), event('a', 4, 2), event('a', 8, 2.2));
    expect(await run.drain()).toEqual([{ key: 'a', rows: 3, sum: 7 }]);
    events.end();
    expect(await run.drain()).toEqual([{ key: 'a', rows: 1, sum: 8 }]);
  });

  test('may be of rows without a schema', async () => {
    const events = testSource(Event);
    const untyped = from(events).map((row) => ({ ...row, more: 1 }));
    await using run = await testRun(untyped.groupBy(globalWindow({ trigger: worth(['n']) }), 'key').agg({ rows: count() }), {
      mode: 'update',
    });
    events.push(event('a', 5), event('a', 20));
    expect(await run.drain()).toEqual([{ key: 'a', rows: 2 }]);
  });
});

// What types refuse, plain JavaScript can still write: the streams here have none.
type Untyped = Stream<Record<string, any>> & Record<string, any>;
const plain = streamFrom(Event) as unknown as Untyped;
const timed = plain.withWatermark('at' as never, '10 minutes') as unknown as Untyped;
const running = streamFrom(Event).groupBy('key').count() as unknown as Untyped;
const refusal = refusalIn('global-windows.test.ts');
const by = (stream: Untyped, trigger: unknown): any =>
  stream.groupBy(globalWindow({ trigger } as never) as never, 'key' as never);

describe('what a global window cannot be is refused', () => {
  test.each([
    [() => by(plain, { eventTime: { of: 'key', after: '1 ms' } }).count(), "groupBy(): column 'key' is not a time but string"],
    [() => by(plain, { eventTime: { of: 'att', after: '1 ms' } }).count(), "groupBy(): there is no column 'att' here"],
    [
      () => by(plain, { eventTime: { of: 'at', after: '1 ms' } }).count(),
      "count(): its trigger waits for the watermark to pass 'at', which is under none",
    ],
    [
      () => plain.groupBy(((c: any) => ({ all: globalWindow({ trigger: { when: c.key } }), key: c.key })) as never),
      "globalWindow() when takes true or false, and 'key' is a string",
    ],
    [() => by(plain, worth(['nn'] as never)).count(), "groupBy(): there is no column 'nn' here; did you mean 'n'?"],
    [
      () => by(running, { rows: 2 }).agg({ x: count() }),
      'agg(): the rows of its input never become final, and a global window takes only final rows',
    ],
    [
      () => by(plain, { rows: 2, keep: true }).top(1, { by: 'n' }),
      'top(): of a global window that keeps what goes out of it there are no first rows',
    ],
    [
      () => by(plain, { rows: 2 }).count().to(sinkOf(), { mode: 'complete' }),
      'to(): ✗ complete writes the whole result each time, and of what a trigger has purged nothing is left',
    ],
    [() => by(plain, { rows: 2, keep: true }).count().to(sinkOf()), 'to(): ✗ append writes a row once it is final'],
    [
      () => by(plain, { rows: 2, keep: true }).count().keyBy('key'),
      'keyBy(): the rows of this stream never become final, and it takes only final rows',
    ],
    [
      () => plain.groupBy(globalWindow({ trigger: { rows: 2 } }) as never, window('at', '1 minute') as never),
      'groupBy(): it takes one window',
    ],
  ])('%#', (attempt, message) => {
    expect(refusal(attempt)).toContain(message);
  });

  test.each([
    [() => by(plain, {}).count(), 'globalWindow(): by its trigger nothing ever goes out'],
    [() => by(plain, { rows: 1.5 }).count(), 'globalWindow(): its trigger counts a whole number of rows from 1, not 1.5'],
    [() => by(plain, { processingTime: '0 ms' }).count(), "globalWindow() processingTime: '0 ms' is not longer than nothing"],
    [() => by(timed, { eventTime: { of: 'at', after: '-1 ms' } }).count(), "globalWindow() eventTime.after: '-1 ms' is negative"],
    [() => by(plain, undefined), 'globalWindow(): its trigger is none'],
    [() => windowTrigger({ onRow: 3 } as never), "windowTrigger(): 'onRow' is a function, not number"],
    [() => windowTrigger({ onRow: () => 'purge', onTimer: 3 } as never), "windowTrigger(): 'onTimer' is a function, not number"],
    [() => windowTrigger({ onRow: () => 'purge', results: 'all' } as never), "results are 'final' or 'running', not 'all'"],
    [() => windowTrigger({ onRow: () => 'purge', state: { n: 1 } } as never), "windowTrigger(): 'n' is not state"],
    [
      () => windowTrigger({ onRow: () => 'purge', state: { n: state.value(t.number, { ttl: '1 hour', time: 'event' }) } }),
      "windowTrigger(): state 'n' is forgotten in event time, of which a trigger has its timers alone",
    ],
    [() => worth('n' as never), 'a trigger takes names of columns, or expressions by name, not string'],
  ])('before it is used: %#', (attempt, message) => {
    expect(attempt).toThrow(message);
  });
});

test('a plan says what a trigger does, what its state is, and that several inputs may come in any order', () => {
  const others = streamFrom(Event, 'others').withWatermark('at', '1 minute') as unknown as Untyped;
  const counted = by(timed.union(others) as Untyped, {
    rows: 2,
    eventTime: { of: 'at', after: '1 minute' },
    atEnd: true,
  }).count();
  const own = by(plain, worth(['n'])).count();
  const outputs = [counted.to(sinkOf()), own.to(sinkOf(), { mode: 'update' })];
  const text = describePlan(planJob(logicalJob(pipeline({ name: 'x', outputs })), 1));
  expect(text).toContain(
    'global window, after 2 rows or 1 minute after at or at the end (since: float64); keys key; count = count()',
  );
  expect(text).toContain('global window, by a function, kept (total: float64); keys key');
  expect(text).toContain('so what its window holds when its trigger fires depends on their order of arrival');
});
