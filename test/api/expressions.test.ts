import { describe, expect, test } from 'vitest';
import {
  aggregate,
  approxCountDistinct,
  avg,
  call,
  type Columns,
  count,
  countDistinct,
  first,
  last,
  lit,
  max,
  schema,
  type Stream,
  sum,
  t,
  when,
  window,
} from '../../src/api/index.ts';
import { from } from '../../src/index.ts';
import { testRun, testSource } from '../../src/testing/index.ts';
import { streamFrom } from './graphs.ts';

const Bid = schema({
  auction: t.int,
  price: t.number,
  channel: t.string,
  url: t.string.nullable(),
  at: t.timestamp,
  constructor: t.number,
  place: t.struct({ city: t.string, lat: t.number.nullable() }).nullable(),
});
const bid = (more: object = {}): object => ({
  ...{ auction: 1, price: 100, channel: 'Apple', url: 'https://x/a?channel_id=7', at: 0, constructor: 1, place: null },
  ...more,
});
const minute = 60_000;

type Bids = Stream<{ [K in keyof ReturnType<typeof row>]: ReturnType<typeof row>[K] }>;
declare function row(): (typeof Bid)['~standard'] extends { types?: { output: infer O } | undefined } ? O : never;

/** The rows that come out in the end. */
async function results(make: (bids: Bids) => Stream<object, any>, rows: readonly object[], mode: 'append' | 'update' = 'append') {
  const bids = testSource(Bid);
  await using run = await testRun(make(from(bids) as never) as never, { mode } as never);
  bids.push(...(rows as never[]));
  bids.end();
  return await run.drain();
}

describe('Column verbs', () => {
  test('select computes columns, and says null where SQL does', async () => {
    const out = await results(
      (bids) =>
        bids.select((c) => ({
          id: c.auction,
          dollars: c.price.mul(0.908).round(2),
          source: when(c.channel.lower().eq('apple'), 'a').when(c.price.gt(50), 'b').otherwise(null),
          part: c.url.split('/', 3).orElse('none'),
          found: c.url.extract(/channel_id=(\d+)/, 1).toNumber(),
          unknown: c.url.isNull().or(c.url.eq('x')),
          city: c.place.city,
          hour: c.at.add('90 minutes').hour(),
          day: c.at.format("yyyy/MM/dd'T'HH"),
          one: 1,
        })),
      [bid(), bid({ channel: 'x', url: null, place: { city: 'Bend', lat: 1 } }), bid({ channel: 'y', price: 2, url: 'x' })],
    );
    const common = { id: 1, hour: 1, day: '1970/01/01T00', one: 1 };
    expect(out).toEqual([
      { ...common, dollars: 90.8, source: 'a', part: 'a?channel_id=7', found: 7, unknown: false, city: null },
      { ...common, dollars: 90.8, source: 'b', part: 'none', found: null, unknown: true, city: 'Bend' },
      { ...common, dollars: 1.82, source: null, part: 'none', found: null, unknown: true, city: null },
    ]);
  });

  test('withColumns replaces and adds, where keeps what is true, and names of the language are names', async () => {
    const out = await results(
      (bids) =>
        bids
          .where((c) => c.constructor.eq(1).and(c.place.lat.gt(0)))
          .withColumns((c) => ({ price: c.price.add(c.constructor), extra: c.place.lat }))
          .select('constructor', 'price', 'extra'),
      [bid({ place: { city: 'a', lat: 2 } }), bid(), bid({ place: { city: 'b', lat: null } }), bid({ constructor: 2 })],
    );
    expect(out).toEqual([{ constructor: 1, price: 101, extra: 2 }]);
  });

  test('spread takes all columns along', async () => {
    const out = await results((bids) => bids.select((c) => ({ ...c, price: lit(0) })), [bid()]);
    expect(out).toEqual([bid({ price: 0 })]);
  });

  test('call runs functions of the user, and as() says what they give', async () => {
    const letters = (text: string): number => text.length;
    const out = await results((bids) => bids.select((c) => ({ n: call(letters, c.channel).as(t.number).add(1) })), [bid()]);
    expect(out).toEqual([{ n: 6 }]);
  });

  test('reusable pieces fit every stream that has the column', async () => {
    const inCents = (c: Columns<{ price: number }>) => c.price.mul(100);
    expect(await results((bids) => bids.select((c) => ({ cents: inCents(c as never) })), [bid()])).toEqual([{ cents: 10_000 }]);
  });

  test('rows without a schema have every column, and are held to what is made of it', async () => {
    const out = await results(
      (bids) =>
        bids
          .map((b) => ({ x: b.price, name: b.channel }))
          .where((c) => c.x.gt(1))
          .withColumns((c) => ({ y: c.x.add(1) }))
          .select((c) => ({ y: c.y, name: (c as { name: any }).name.lower() })),
      [bid(), bid({ price: 1 })],
    );
    expect(out).toEqual([{ y: 101, name: 'apple' }]);
  });
});

describe('Groups by expressions', () => {
  test('have the keys that were named, in that order, the window among them', async () => {
    const out = await results(
      (bids) =>
        bids
          .withWatermark('at', '0 ms')
          .groupBy((c) => ({ channel: c.channel.lower(), w: window(c.at, '1 minute') }))
          .agg((c) => ({ dear: count().where(c.price.gte(100)), total: sum(c.price.mul(2)), best: max('price') })),
      [bid(), bid({ price: 10, channel: 'APPLE' }), bid({ at: minute })],
    );
    expect(out.map((r) => Object.keys(r))).toEqual([0, 1].map(() => ['channel', 'w', 'dear', 'total', 'best']));
    expect(out).toEqual([
      { channel: 'apple', w: { start: 0, end: minute }, dear: 1, total: 220, best: 100 },
      { channel: 'apple', w: { start: minute, end: 2 * minute }, dear: 1, total: 200, best: 100 },
    ]);
  });

  test('give back their late rows as they were', async () => {
    const late: object[] = await results(
      (bids) =>
        bids
          .withWatermark('at', '0 ms')
          .groupBy((c) => ({ cheap: c.price.lt(50), w: window(c.at, '1 minute') }))
          .agg({ n: count() })
          .late(),
      [bid({ at: 5 * minute }), bid({ at: 1, channel: 'late' })],
    );
    expect(late).toEqual([bid({ at: 1, channel: 'late' })]);
  });

  test('count values, and take the first and the last', async () => {
    const longest = aggregate({
      state: t.string,
      create: () => '',
      accumulate: (a: string, b: string) => (b.length > a.length ? b : a),
      merge: (a, b) => (b.length > a.length ? b : a),
      result: (a) => a,
    });
    const rows = ['b', 'a', 'ccc', 'a'].map((channel, i) => bid({ channel, price: i, url: i === 0 ? null : `u${i}` }));
    const out = await results(
      (bids) =>
        bids.groupBy('auction').agg((c) => ({
          channels: countDistinct(c.channel),
          about: approxCountDistinct('channel'),
          one: first(c.url),
          other: last('price').where(c.price.lt(3)),
          longest: longest(c.channel).where(c.price.ne(2)),
          none: avg(c.price).where(c.price.gt(1000)),
        })),
      rows,
      'update',
    );
    expect(out).toEqual([{ auction: 1, channels: 3, about: 3, one: 'u1', other: 2, longest: 'b', none: null }]);
  });
});

// What types refuse, plain JavaScript can still write.
describe('What has no meaning is refused, with the place and the reason', () => {
  const bids = streamFrom(Bid) as unknown as Record<string, (...args: unknown[]) => any>;
  type C = Record<string, any>;
  test.each<[string, () => unknown, string]>([
    [
      'a text in arithmetic',
      () => bids.select!((c: C) => ({ x: c.channel.add(1) })),
      "select(): add takes a number, and 'channel' is a string",
    ],
    [
      'a column that is not there',
      () => bids.where!((c: C) => c.prise.gt(1)),
      "where(): there is no column 'prise' here; did you mean 'price'?",
    ],
    [
      'a field that is not there',
      () => bids.where!((c: C) => c.place.cyti.eq('')),
      "where(): 'place' has no field 'cyti'; did you mean 'city'?",
    ],
    [
      '&& of conditions',
      () => bids.where!((c: C) => c.price.gt(1) && c.auction.gt(2)),
      "where(): column 'price' is read, and it is in no expression of the result",
    ],
    [
      'a ?: over a column',
      () => bids.select!((c: C) => ({ x: c.price ? c.auction : 1 })),
      "select(): column 'price' is read, and it is in no expression of the result",
    ],
    [
      'a number for a condition',
      () => bids.where!((c: C) => c.price),
      "where(): where() takes true or false, and 'price' is a number",
    ],
    [
      'branches of two kinds',
      () => bids.select!((c: C) => ({ x: when(c.price.gt(1), 'a').otherwise(1 as never) })),
      "select(): when() gives one kind of value, and '\"a\"' is a string, '1' a number",
    ],
    ['an object for a value', () => bids.select!(() => ({ x: {} })), 'select(): an object is no value of an expression'],
    ['no columns', () => bids.select!(() => 3), 'select(): its function gives no named columns'],
    [
      'two windows',
      () => bids.groupBy!((c: C) => ({ a: window(c.at, '1 minute'), b: window(c.at, '1 hour') })),
      'groupBy(): it takes one window',
    ],
    [
      'a struct as a key',
      () => bids.groupBy!((c: C) => ({ a: c.place })),
      "groupBy(): key 'a' cannot be one: 'place' is a struct",
    ],
    [
      'a window over a number',
      () => bids.groupBy!((c: C) => ({ a: window(c.price, '1 minute') })),
      "groupBy(): window(): 'price' is not a time",
    ],
    [
      'the sum of a text',
      () => bids.groupBy!('auction').agg((c: C) => ({ x: sum(c.channel) })),
      "agg(): sum('channel') needs a column of numbers; 'channel' is string",
    ],
    [
      'a pattern without meaning',
      () => bids.select!((c: C) => ({ x: c.at.format('QQ') })),
      "select(): format('QQ'): 'QQ' means nothing in it",
    ],
  ])('%s', (_, attempt, message) => {
    let said = 'taken';
    try {
      attempt();
    } catch (error) {
      said = (error as Error).message.replace(/ at test\/api\/expressions\.test\.ts:\d+/, '');
      expect((error as Error).message).toMatch(/ at test\/api\/expressions\.test\.ts:\d+: /);
    }
    expect(said).toBe(message);
  });

  test('and && is answered with .and()', () => {
    expect(() => bids.where!((c: C) => c.price.gt(1) && c.auction.gt(2))).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('.and()') }),
    );
  });
});
