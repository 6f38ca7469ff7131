/** Queries of the Nexmark benchmark over one stream of persons, auctions and bids. */
import { avg, call, count, max, sessionWindow, type Stream, t, window } from 'weir';
import type { Event } from '../../../bench/nexmark/schemas.ts';
import type { Definitions } from '../run.ts';

const timed = (events: Stream<any>) => (events as Stream<Event>).withWatermark('dateTime', '4 seconds');
const persons = (events: Stream<any>) => timed(events).where((c) => c.event_type.eq(0));
const auctions = (events: Stream<any>) => timed(events).where((c) => c.event_type.eq(1));
const bids = (events: Stream<any>) => timed(events).where((c) => c.event_type.eq(2));

/** With three decimals, as a text. */
const inEuros = (price: number | null): string => ((price! * 908) / 1000).toFixed(3);

export const nexmark: Definitions = {
  'nexmark/flink20k-q0': ({ events }) => bids(events!).select('auction', 'bidder', 'price', 'dateTime', 'extra'),

  'nexmark/flink20k-q1': ({ events }) =>
    bids(events!).select((c) => ({
      auction: c.auction,
      bidder: c.bidder,
      price: call(inEuros, c.price).as(t.string),
      dateTime: c.dateTime,
      extra: c.extra,
    })),

  'nexmark/flink20k-q2': ({ events }) =>
    bids(events!)
      .where((c) => c.auction.mod(123).eq(0))
      .select('auction', 'price'),

  'nexmark/flink20k-q3': ({ events }) =>
    auctions(events!)
      .where((c) => c.category.eq(10))
      .select('id', 'seller')
      .join(
        persons(events!)
          .where((c) => c.state.in(['OR', 'ID', 'CA']))
          .select((c) => ({ person: c.id, name: c.name, city: c.city, state: c.state })),
        { on: { seller: 'person' } },
      )
      .select('name', 'city', 'state', 'id'),

  // An average of what still changes.
  'nexmark/flink20k-q4': ({ events }) => ({
    stream: auctions(events!)
      .select((c) => ({ id: c.id, category: c.category, opened: c.dateTime, expires: c.expires }))
      .join(bids(events!).select('auction', 'price', 'dateTime'), { on: { id: 'auction' } })
      .where((c) => c.dateTime.gte(c.opened).and(c.dateTime.lte(c.expires)))
      .groupBy('id', 'category')
      .agg({ final: max('price') })
      .groupBy('category')
      .agg({ exact_avg: avg('final') })
      .withColumns((c) => ({ final: c.exact_avg.floor() })),
    mode: 'update',
  }),

  'nexmark/flink20k-q5': ({ events }) => {
    const counts = bids(events!)
      .groupBy(window('dateTime', '10 seconds', { slide: '2 seconds' }), 'auction')
      .agg({ num: count() });
    const most = counts
      .groupBy('window')
      .agg({ most: max('num') })
      .select((c) => ({ of: c.window, most: c.most }));
    return counts
      .join(most, { on: { window: 'of', num: 'most' } })
      .select((c) => ({ auction: c.auction, num: c.num, starttime: c.window.start }));
  },

  'nexmark/flink20k-q7': ({ events }) => {
    const all = bids(events!).select((c) => ({
      auction: c.auction,
      price: c.price,
      bidder: c.bidder,
      dateTime: c.dateTime,
      extra: c.extra,
    }));
    const highest = all
      .groupBy(window('dateTime', '10 seconds'))
      .agg({ highest: max('price') })
      .select((c) => ({ window: c.window, highest: c.highest }));
    // A window's time is its last millisecond, and a bid at its very end counts as well.
    return all
      .join(highest, { on: { price: 'highest' }, within: ['-1 ms', '9999 ms'] })
      .select('auction', 'price', 'bidder', 'dateTime', 'extra');
  },

  'nexmark/flink20k-q8': ({ events }) => {
    const arrived = persons(events!)
      .groupBy(window('dateTime', '10 seconds'), 'id', 'name')
      .count()
      .select('window', 'id', 'name');
    const sellers = auctions(events!)
      .groupBy(window('dateTime', '10 seconds'), 'seller')
      .count()
      .select((c) => ({ sold: c.window, seller: c.seller }));
    return arrived
      .join(sellers, { on: { window: 'sold', id: 'seller' } })
      .select((c) => ({ id: c.id, name: c.name, starttime: c.window.start }));
  },

  'nexmark/flink20k-q11': ({ events }) =>
    bids(events!)
      .groupBy(sessionWindow('dateTime', '10 seconds'), 'bidder')
      .agg({ bid_count: count() })
      .select((c) => ({ bidder: c.bidder, bid_count: c.bid_count, starttime: c.window.start, endtime: c.window.end })),
};
