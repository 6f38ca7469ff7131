/**
 * The queries of Nexmark as a user of Weir writes them; bench/peers/QUERIES.md says what each gives.
 *
 * `npx weir run bench/nexmark/queries.ts -- query=q1 input=events.jsonl output=q1.jsonl`
 */
import {
  avg,
  call,
  collect,
  type Columns,
  count,
  countDistinct,
  from,
  json,
  max,
  min,
  type Output,
  type Params,
  type Pipeline,
  pipeline,
  type RowOf,
  schema,
  sessionWindow,
  type Stream,
  sum,
  t,
  timestamp,
  when,
  window,
} from 'weir';
import { file } from 'weir/connectors';
import { joinQueries } from './join-queries.ts';
import { Event } from './schemas.ts';

/** What bids have of an event's columns; persons and auctions have the time and `extra` alone. */
export const BidEvent = schema({
  event_type: t.int,
  auction: t.int.nullable(),
  bidder: t.int.nullable(),
  price: t.int.nullable(),
  channel: t.string.nullable(),
  url: t.string.nullable(),
  dateTime: t.timestamp,
  extra: t.string,
});
type Bids = Stream<RowOf<typeof BidEvent>>;
type Query = (events: Bids, to: (rows: Stream<object, any>, mode?: 'append' | 'update') => Output) => Output;

const bids = (events: Bids): Bids => events.where((c) => c.event_type.eq(2));
const timed = (events: Bids) => events.withWatermark('dateTime', '4 seconds').where((c) => c.event_type.eq(2));

const euros = 0.908;
const letters = (text: string): number => {
  let found = 0;
  for (let at = text.indexOf('c'); at >= 0; at = text.indexOf('c', at + 1)) found++;
  return found;
};

type BidColumns = Columns<RowOf<typeof BidEvent>>;
/** Three ranks of prices. */
const ranksOf = ({ price }: BidColumns) =>
  [price.lt(10_000), price.gte(10_000).and(price.lt(1_000_000)), price.gte(1_000_000)] as const;
const bidsByRank = (c: BidColumns) => {
  const [low, middle, high] = ranksOf(c);
  return {
    totalBids: count(),
    rank1Bids: count().where(low),
    rank2Bids: count().where(middle),
    rank3Bids: count().where(high),
  };
};
const allByRank = (c: BidColumns) => {
  const [low, middle, high] = ranksOf(c);
  return {
    ...bidsByRank(c),
    totalBidders: countDistinct(c.bidder),
    rank1Bidders: countDistinct(c.bidder).where(low),
    rank2Bidders: countDistinct(c.bidder).where(middle),
    rank3Bidders: countDistinct(c.bidder).where(high),
    totalAuctions: countDistinct(c.auction),
    rank1Auctions: countDistinct(c.auction).where(low),
    rank2Auctions: countDistinct(c.auction).where(middle),
    rank3Auctions: countDistinct(c.auction).where(high),
  };
};

const Top = schema({ auction: t.number, windowStart: t.timestamp, windowEnd: t.timestamp, bids: t.number });

export const queries: Readonly<Record<string, Query>> = {
  q0: (events, to) =>
    to(
      bids(events).select((c) => ({
        dateTime: c.dateTime,
        bidder: c.bidder,
        auction: c.auction,
        price: c.price,
        extra: c.extra,
      })),
    ),

  q1: (events, to) =>
    to(
      bids(events).select((c) => ({
        dateTime: c.dateTime,
        bidder: c.bidder,
        auction: c.auction,
        price: c.price.mul(euros),
        extra: c.extra,
      })),
    ),

  q2: (events, to) =>
    to(
      bids(events)
        .where((c) => c.auction.mod(123).eq(0))
        .select('auction', 'price'),
    ),

  /** The auctions with the most bids of each window. */
  q5: (events, to) =>
    to(
      timed(events)
        .groupBy(window('dateTime', '10 seconds', { slide: '2 seconds' }), 'auction')
        .agg({ bids: count() })
        .groupBy('window')
        .agg({ auctions: collect('auction'), bids: collect('bids') })
        .flatMap(({ window: { start, end }, auctions, bids: counts }) => {
          const most = counts.reduce((a, b) => Math.max(a, b), 0);
          return counts.flatMap((n, i) =>
            n < most ? [] : [{ auction: auctions[i]!, windowStart: timestamp(start), windowEnd: timestamp(end), bids: n }],
          );
        }, Top),
    ),

  /** What a file per day and minute would be named by. */
  q10: (events, to) =>
    to(
      bids(events).select((c) => ({
        auction: c.auction,
        bidder: c.bidder,
        price: c.price,
        dateTime: c.dateTime,
        extra: c.extra,
        day: c.dateTime.format('yyyy-MM-dd'),
        minute: c.dateTime.format('HH:mm'),
      })),
    ),

  q11: (events, to) =>
    to(
      timed(events)
        .groupBy(sessionWindow('dateTime', '10 seconds'), 'bidder')
        .agg({ bids: count() })
        .select((c) => ({ bidder: c.bidder, bids: c.bids, windowStart: c.window.start, windowEnd: c.window.end })),
    ),

  /** Bids by the time at which they are read. */
  q12: (events, to) =>
    to(
      events
        .withProcessingTime('seen')
        .where((c) => c.event_type.eq(2))
        .groupBy(window('seen', '10 seconds'), 'bidder')
        .agg({ bids: count() })
        .select((c) => ({ bidder: c.bidder, bids: c.bids, windowStart: c.window.start, windowEnd: c.window.end })),
    ),

  q14: (events, to) =>
    to(
      bids(events)
        .where((c) => c.price.mul(euros).gt(1_000_000).and(c.price.mul(euros).lt(50_000_000)))
        .select((c) => ({
          auction: c.auction,
          bidder: c.bidder,
          price: c.price.mul(euros),
          bidTimeType: when(c.dateTime.hour().gte(8).and(c.dateTime.hour().lte(18)), 'dayTime')
            .when(c.dateTime.hour().lte(6).or(c.dateTime.hour().gte(20)), 'nightTime')
            .otherwise('otherTime'),
          dateTime: c.dateTime,
          extra: c.extra,
          cCount: call(letters, c.extra).as(t.number),
        })),
    ),

  q15: (events, to) =>
    to(
      bids(events)
        .groupBy((c) => ({ day: c.dateTime.format('yyyy-MM-dd') }))
        .agg(allByRank),
      'update',
    ),

  q16: (events, to) =>
    to(
      bids(events)
        .groupBy((c) => ({ channel: c.channel, day: c.dateTime.format('yyyy-MM-dd') }))
        .agg((c) => ({ minute: max(c.dateTime.format('HH:mm')), ...allByRank(c) })),
      'update',
    ),

  q17: (events, to) =>
    to(
      bids(events)
        .groupBy((c) => ({ auction: c.auction, day: c.dateTime.format('yyyy-MM-dd') }))
        .agg((c) => ({
          ...bidsByRank(c),
          minPrice: min(c.price),
          maxPrice: max(c.price),
          avgPrice: avg(c.price),
          sumPrice: sum(c.price),
        })),
      'update',
    ),

  /** The last bid of each bidder on each auction. */
  q18: (events, to) =>
    to(
      bids(events)
        .groupBy('bidder', 'auction')
        .top(1, { by: ['dateTime', 'price', 'channel'] })
        .select('auction', 'bidder', 'price', 'channel', 'url', 'dateTime', 'extra'),
      'update',
    ),

  /** The ten dearest bids on each auction. */
  q19: (events, to) =>
    to(
      bids(events)
        .groupBy('auction')
        .top(10, { by: ['price', 'dateTime', 'bidder', 'extra'], order: ['desc', 'asc', 'asc', 'asc'] })
        .select('auction', 'rank', 'bidder', 'price', 'channel', 'url', 'dateTime', 'extra'),
      'update',
    ),

  q21: (events, to) =>
    to(
      bids(events)
        .select((c) => ({
          auction: c.auction,
          bidder: c.bidder,
          price: c.price,
          channel: c.channel,
          channelId: when(c.channel.lower().eq('apple'), '0')
            .when(c.channel.lower().eq('google'), '1')
            .when(c.channel.lower().eq('facebook'), '2')
            .when(c.channel.lower().eq('baidu'), '3')
            .otherwise(c.url.extract(/(&|^)channel_id=([^&]*)/, 2)),
        }))
        .where((c) => c.channelId.isNull().not()),
    ),

  q22: (events, to) =>
    to(
      bids(events).select((c) => ({
        auction: c.auction,
        bidder: c.bidder,
        price: c.price,
        channel: c.channel,
        dir1: c.url.split('/', 3),
        dir2: c.url.split('/', 4),
        dir3: c.url.split('/', 5),
      })),
    ),

  tumbling: (events, to) =>
    to(
      timed(events)
        .groupBy(window('dateTime', '10 seconds'), 'bidder')
        .agg({ averagePrice: avg('price') })
        .select((c) => ({
          bidder: c.bidder,
          windowStart: c.window.start,
          windowEnd: c.window.end,
          averagePrice: c.averagePrice,
        })),
    ),

  sliding: (events, to) =>
    to(
      timed(events)
        .groupBy(window('dateTime', '60 seconds', { slide: '10 seconds' }), 'auction')
        .agg({ bids: count() })
        .select((c) => ({
          auction: c.auction,
          windowStart: c.window.start,
          windowEnd: c.window.end,
          bids: c.bids,
        })),
    ),

  running: (events, to) =>
    to(
      bids(events)
        .groupBy('bidder')
        .agg({ bids: count(), total: sum('price') }),
      'update',
    ),
};

export default (params: Params): Pipeline => {
  const name = params.string('query');
  const [query, join] = [queries[name], joinQueries[name]];
  if (query === undefined && join === undefined)
    throw new Error(`there is no query '${name}': ${[...Object.keys(queries), ...Object.keys(joinQueries)].join(', ')}`);
  const read = { path: params.string('input'), splits: params.number('splits', 1) };
  const path = params.string('output');
  const to = (rows: Stream<object, any>, mode: 'append' | 'update' = 'append'): Output =>
    mode === 'append' ? rows.to(file.sink({ path })) : rows.to(file.sink({ path, op: 'op' }), { mode });
  const output =
    join === undefined
      ? query!(from(file.source({ ...read, format: json(BidEvent) })), to)
      : join(from(file.source({ ...read, format: json(Event) })), to);
  return pipeline({ name: `nexmark-${name}`, checkpointEvery: '1 second', outputs: [output] });
};
