// Joins as a user writes them.
import { describe, expect, test } from 'vitest';
import { count, from, schema, type Stream, sum, t, table, window } from 'weir';
import { testRun, testSource } from 'weir/testing';
import { l, L, left, minutes, r, R, right } from './join-fixture.ts';
import { z } from 'zod';
import { answered, Click, perOwner, Shown } from '../../examples/ad-clicks.ts';

describe('advertisements, as in the documentation,', () => {
  test('are answered within the hour or not at all, and counted by owner, through a crash', async () => {
    const [shown, clicks] = [testSource(Shown), testSource(Click)];
    await using run = await testRun(perOwner(answered(from(shown), from(clicks))), { parallelism: 2 });
    shown.push(...[0, 1, 2].map((n) => ({ adId: `ad ${n}`, campaign: 'summer', shownAt: minutes(n) })));
    clicks.push({ adId: 'ad 1', user: 'ann', clickedAt: minutes(61) }, { adId: 'ad 0', user: 'bob', clickedAt: minutes(61) });
    expect(await run.drain()).toEqual([]);
    await run.crash();
    shown.end();
    clicks.end();
    expect(await run.drain()).toEqual([{ window: { start: 0, end: 3_600_000 }, owner: 'owner-1', clicked: 1, ignored: 2 }]);
  });
});

describe('a join of two streams', () => {
  test('of two aggregations is by their windows; what has no partner goes out when its window has ended', async () => {
    const [ls, rs] = [testSource(L), testSource(R)];
    const lw = from(ls)
      .withWatermark('at', '0 minutes')
      .groupBy(window('at', '10 minutes'), 'id')
      .agg({ a: sum('a') });
    const rw = from(rs)
      .withWatermark('seen', '0 minutes')
      .groupBy(window('seen', '10 minutes'), 'id')
      .agg({ b: sum('b') });
    await using run = await testRun(lw.join(rw, { on: ['window', 'id'], how: 'left' }));
    ls.push(l('x', 1), l('x', 2), l('y', 3), l('x', 30));
    rs.push(r('x', 5, 7), r('x', 30));
    const of = (start: number) => ({ start: minutes(start), end: minutes(start + 10) });
    expect((await run.drain()).toSorted((p, q) => (p.id < q.id ? -1 : 1))).toEqual([
      { window: of(0), id: 'x', a: 2, b: 7 },
      { window: of(0), id: 'y', a: 1, b: null },
    ]);
  });

  test('gives rows alone that are not late for what follows, even where the watermark is at their times', async () => {
    const [ls, rs] = [testSource(L), testSource(R)];
    const joined = from(ls)
      .withWatermark('at', '1 minute')
      .join(from(rs).withWatermark('seen', '1 minute'), { on: 'id', how: 'left', within: ['0 minutes', '5 minutes'] })
      .dropDuplicates(['id', 'at']);
    await using run = await testRun(joined);
    ls.push(l('x', 10));
    await run.drain();
    ls.push(l('y', 16));
    rs.push(r('z', 16));
    await run.drain();
    ls.end();
    rs.end();
    expect([(await run.drain()).map(({ id }) => id), run.late]).toEqual([['x', 'y'], 0]);
  });

  test('may be grouped by a time, or a window, that it leaves null: such a group is open until the inputs end', async () => {
    for (const by of ['at', 'window'] as const) {
      const [ls, rs] = [testSource(L), testSource(R)];
      const joined = from(ls)
        .withWatermark('at', '0 minutes')
        .withColumns((c) => ({ window: window(c.at, '10 minutes') }))
        .join(from(rs).withWatermark('seen', '0 minutes'), {
          on: 'id',
          how: 'full',
          within: ['0 minutes', '5 minutes'],
          times: ['at', 'seen'],
        });
      await using run = await testRun(joined.groupBy(by).agg({ n: count() }), { parallelism: 2 });
      ls.push(l('x', 10), l('y', 11), l('end', 40));
      rs.push(r('x', 12), r('z', 13), r('u', 14), r('end', 40));
      expect((await run.drain()).map(({ n }) => n)).toEqual(by === 'at' ? [1, 1] : [2]);
      await run.crash();
      ls.end();
      rs.end();
      expect((await run.drain()).filter((row) => row[by] === null)).toEqual([{ [by]: null, n: 2 }]);
    }
  });

  test('has a key of one name once, also where another has two names', async () => {
    const [ls, rs] = [testSource(L), testSource(schema({ key: t.string, at: t.timestamp, b: t.number }))];
    const joined = from(ls)
      .withWatermark('at', '0 minutes')
      .join(from(rs).withWatermark('at', '0 minutes'), { on: { id: 'key', at: 'at' }, how: 'full' });
    await using run = await testRun(joined);
    ls.push(l('x', 1), l('y', 2));
    rs.push({ key: 'x', at: minutes(1), b: 5 }, { key: 'z', at: minutes(3), b: 6 });
    ls.end();
    rs.end();
    expect((await run.drain()).toSorted((p, q) => p.at - q.at)).toEqual([
      { id: 'x', a: 1, at: minutes(1), key: 'x', b: 5 },
      { id: 'y', a: 1, at: minutes(2), key: null, b: null },
      { id: null, a: null, at: minutes(3), key: 'z', b: 6 },
    ]);
  });

  test('of rows without a schema takes whole rows', async () => {
    const orders = from([{ id: 1, item: 'pen' }]) as Stream<{ id: number; item: string }>;
    const payments = from([
      { id: 1, paid: 3 },
      { id: 2, paid: 4 },
    ]) as Stream<{ id: number; paid: number }>;
    await using run = await testRun(orders.join(payments, { on: 'id' }));
    expect(await run.drain()).toEqual([{ id: 1, item: 'pen', paid: 3 }]);
  });

  test('may be joined again, and aggregated, with times that are never late', async () => {
    const [ls, rs, cs] = [testSource(L), testSource(R), testSource(schema({ id: t.string, c: t.timestamp }))];
    const joined = from(ls)
      .withWatermark('at', '0 minutes')
      .join(from(rs).withWatermark('seen', '0 minutes'), { on: 'id', within: ['0 minutes', '30 minutes'] })
      .join(from(cs).withWatermark('c', '0 minutes'), { on: 'id', within: ['-10 minutes', '10 minutes'], times: ['seen', 'c'] })
      .groupBy(window('at', '5 minutes'))
      .agg({ n: count() });
    await using run = await testRun(joined);
    ls.push(l('x', 0));
    rs.push(r('x', 30));
    cs.push({ id: 'x', c: minutes(31) });
    ls.end();
    rs.end();
    cs.end();
    expect([await run.drain(), run.late]).toEqual([[{ window: { start: 0, end: 300_000 }, n: 1 }], 0]);
  });
});

describe('an as-of join', () => {
  test('gives each row the version of its time, when none can come any more, and windows of its times', async () => {
    const [ls, rs] = [testSource(L), testSource(R)];
    const valued = from(ls)
      .withWatermark('at', '0 minutes')
      .asOfJoin(from(rs).withWatermark('seen', '0 minutes'), { on: 'id', how: 'left', tolerance: '30 minutes' });
    await using run = await testRun(valued, { parallelism: 2 });
    rs.push(r('x', 0, 1), r('x', 10, 2), r('y', 10, 9));
    ls.push(l('x', 9), l('y', 9), l('x', 10));
    expect((await run.drain()).toSorted((p, q) => (p.id < q.id ? -1 : 1))).toEqual([
      { id: 'x', a: 1, at: minutes(9), b: 1, seen: minutes(0) },
      { id: 'y', a: 1, at: minutes(9), b: null, seen: null },
    ]);
    await run.crash();
    ls.push(l('x', 40), l('x', 41));
    rs.push(r('y', 70));
    expect(await run.drain()).toEqual([
      { id: 'x', a: 1, at: minutes(10), b: 2, seen: minutes(10) },
      { id: 'x', a: 1, at: minutes(40), b: 2, seen: minutes(10) },
    ]);
    ls.end();
    rs.end();
    expect(await run.drain()).toEqual([{ id: 'x', a: 1, at: minutes(41), b: null, seen: null }]);
  });

  test('may be aggregated and joined again, with times that are never late', async () => {
    const [ls, rs] = [testSource(L), testSource(R)];
    const joined = from(ls)
      .withWatermark('at', '1 minute')
      .asOfJoin(from(rs).withWatermark('seen', '1 minute'), { on: 'id' })
      .dropDuplicates(['id', 'at'])
      .groupBy(window('at', '5 minutes'))
      .agg({ n: count(), b: sum('b') });
    await using run = await testRun(joined);
    rs.push(r('x', 0, 5), r('x', 3, 7), r('x', 10));
    ls.push(l('x', 1));
    await run.drain();
    ls.push(l('x', 2), l('x', 2));
    await run.drain();
    ls.push(l('x', 4), l('x', 10));
    ls.end();
    rs.end();
    const of = (start: number) => ({ start: minutes(start), end: minutes(start + 5) });
    expect([await run.drain(), run.late]).toEqual([
      [
        { window: of(0), n: 3, b: 17 },
        { window: of(10), n: 1, b: 1 },
      ],
      0,
    ]);
  });
});

describe('a lookup', () => {
  const Name = schema({ id: t.string, name: t.string, since: t.timestamp });

  test('gives rows what is found for their keys, as a schema reads it, and they stay rows', async () => {
    const ls = testSource(L);
    const asked: (readonly string[])[] = [];
    const found = from(ls)
      .withWatermark('at', '0 minutes')
      .lookupJoin(
        {
          schema: Name,
          fetch: async (ids) => {
            asked.push(ids);
            return ids.filter((id) => id !== 'z').map((id) => ({ id, name: id.toUpperCase(), since: '1970-01-01T00:01:00Z' }));
          },
          cache: { entries: 10, ttl: '1 hour' },
        },
        { on: 'id', how: 'left' },
      );
    await using run = await testRun(found.groupBy(window('at', '10 minutes'), 'name', 'since').agg({ a: sum('a') }));
    ls.push(l('x', 1, 1), l('z', 2, 2), l('x', 3, 4));
    await run.drain();
    ls.push(l('x', 4, 8), l('x', 11));
    const of = { start: 0, end: minutes(10) };
    expect((await run.drain()).toSorted((p, q) => p.a - q.a)).toEqual([
      { window: of, name: null, since: null, a: 2 },
      { window: of, name: 'X', since: minutes(1), a: 13 },
    ]);
    expect(asked).toEqual([['x', 'z']]);
    // What was remembered is gone after a restart, and asked for again.
    await run.crash();
    ls.push(l('x', 21));
    await run.drain();
    expect(asked.length).toBeGreaterThan(1);
  });

  test('goes by several columns, for whose values it asks by the names of what is found', async () => {
    const Price = schema({ item: t.string, size: t.number, price: t.number });
    const asked: unknown[] = [];
    const fetch = (keys: readonly { readonly item: string; readonly size: number }[]) => {
      asked.push(...keys);
      return keys.map(({ item, size }) => ({ item, size, price: size * 10 })).filter(({ size }) => size > 1);
    };
    const priced = from([l('x', 1, 2), l('x', 2, 1), l('x', 3, 2)])
      .map((row) => row, L)
      .lookupJoin({ schema: Price, fetch }, { on: { id: 'item', a: 'size' } })
      .select('at', 'price');
    await using run = await testRun(priced);
    expect(await run.drain()).toEqual([
      { at: minutes(1), price: 20 },
      { at: minutes(3), price: 20 },
    ]);
    expect(asked).toEqual([
      { item: 'x', size: 2 },
      { item: 'x', size: 1 },
    ]);
  });

  test('fails the job where a key has no answer, and says which row asked, and why', async () => {
    const ls = testSource(L);
    const fetch = () => Promise.reject(new Error('no such shard'));
    await using run = await testRun(from(ls).lookupJoin({ schema: Name, fetch, attempts: 1 }, { on: 'id' }));
    ls.push(l('x', 1));
    await expect(run.drain()).rejects.toThrow(/operator lookup .*record 0#0: the lookup of 1 key failed: no such shard/);
  });

  test.each([
    ['an outer side', { schema: Name, fetch: () => [] }, { on: 'id', how: 'full' }, /so it cannot be 'full'/],
    ['no function', { schema: Name }, { on: 'id' }, /takes a function/],
    ['a schema of no columns', { schema: z.object({ id: z.string() }), fetch: () => [] }, { on: 'id' }, /must say the columns/],
    [
      'one of two keys that is not there',
      { schema: R, fetch: () => [] },
      { on: { id: 'id', a: 'bb' } },
      /there is no column 'bb' here; did you mean 'b'/,
    ],
    ['keys that are never equal', { schema: Name, fetch: () => [] }, { on: { a: 'name' } }, /no two values are equal/],
    ['no calls', { schema: Name, fetch: () => [], attempts: 0 }, { on: 'id' }, /`attempts` is a whole number from 1, not 0/],
    [
      'a cache of half an entry',
      { schema: Name, fetch: () => [], cache: { entries: 0.5, ttl: '1 hour' } },
      { on: 'id' },
      /`cache.entries` is a whole number/,
    ],
    ['no time at all', { schema: Name, fetch: () => [], timeout: '0 ms' }, { on: 'id' }, /timeout: '0 ms' is not longer than/],
  ])('is refused with %s', (_, lookup, options, words) => {
    expect(() => left().lookupJoin(lookup as never, options as never)).toThrow(words);
  });
});

describe('a join is refused', () => {
  test.each([
    [
      'an outer one without a bound',
      () => left().join(right(), { on: 'id', how: 'left' } as never),
      /An outer join emits an unmatched row/,
    ],
    [
      'an outer one without the watermark that it needs',
      () => left().join(from(testSource(R)) as never, { on: 'id', how: 'anti', within: ['0 ms', '1 hour'] } as never),
      /an? anti join needs a watermark on the right stream/,
    ],
    [
      'columns that both have',
      () => left().join(left() as never, { on: 'id' } as never),
      /both sides have a column 'a'.*rename one/,
    ],
    [
      'a key that is not there',
      () => left().join(right(), { on: { id: 'idd' } } as never),
      /no column 'idd' here; did you mean 'id'/,
    ],
    [
      'keys that are never equal',
      () => left().join(right(), { on: { id: 'b' } } as never),
      /'id' is string on the left side.*'b' is float64/,
    ],
    ['an empty range', () => left().join(right(), { on: 'id', within: ['2 minutes', '1 minute'] }), /`within` is empty/],
    [
      'a range of times that nobody knows',
      () => from(testSource(L)).join(right() as never, { on: 'id', within: ['0 ms', '1 ms'] } as never),
      /left stream has no column under a watermark/,
    ],
    ['no keys', () => left().join(right() as never, { on: [] } as never), /`on` names no columns/],
    [
      'a join that there is not',
      () => left().join(right() as never, { on: 'id', how: 'outer' } as never),
      /there is no join 'outer'/,
    ],
    [
      'versions that are the outer side',
      () => left().asOfJoin(right(), { on: 'id', how: 'right' as never } as never),
      /so it cannot be 'right'/,
    ],
    [
      'versions without a watermark',
      () => left().asOfJoin(from(testSource(R)) as never, { on: 'id' } as never),
      /needs a watermark on the right stream/,
    ],
    [
      'rows without a watermark that ask for versions',
      () => from(testSource(L)).asOfJoin(right() as never, { on: 'id' } as never),
      /needs a watermark on the left stream/,
    ],
    [
      'a time of versions that is under no watermark',
      () => left().asOfJoin(right(), { on: 'id', times: ['at', 'b'] }),
      /column 'b' is not a time/,
    ],
    [
      'a time that only looks like one under a watermark',
      () =>
        left()
          .withColumns((c) => ({ other: c.at.add('1 hour') }))
          .asOfJoin(right(), { on: 'id', times: ['other', 'seen'] }),
      /'other' of the left stream is not under a watermark/,
    ],
    [
      'a range of time as of versions',
      () => left().asOfJoin(right(), { on: 'id', within: ['0 ms', '1 ms'] } as never),
      /`within` is for joins of two streams/,
    ],
    [
      'a negative tolerance',
      () => left().asOfJoin(right(), { on: 'id', tolerance: '-1 minutes' }),
      /tolerance: '-1 minutes' is negative/,
    ],
    [
      'a tolerance of what is no version',
      () => left().join(right(), { on: 'id', tolerance: '1 minute' } as never),
      /`tolerance` is how old the version/,
    ],
    ['a table without an end', () => table(from(testSource(L)) as never), /has no end, so it is never read whole/],
    [
      'a table that is the outer side',
      () => left().join(table([{ id: 'x' }]) as never, { on: 'id', how: 'right' as never } as never),
      /rows of the table that have no partner/,
    ],
    [
      'rows that never become final',
      () =>
        (from(testSource(L)).groupBy('id').count() as unknown as ReturnType<typeof left>).join(
          right() as never,
          { on: 'id' } as never,
        ),
      /never become final/,
    ],
    [
      'a window over several rows as a column',
      () => left().select((c) => ({ w: window(c.at, '2 minutes', { slide: '1 minute' }) })),
      /would be several windows/,
    ],
  ] as const)('for %s', (_, make, words) => {
    expect(make).toThrow(words);
  });
});
