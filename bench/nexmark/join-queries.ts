/** The queries of Nexmark that join: persons, auctions and bids are three streams of one source. */
import { avg, from, max, type Output, schema, type Stream, t, table, window } from 'weir';
import type { Event } from './schemas.ts';

type Events = Stream<Event>;
type Query = (events: Events, to: (rows: Stream<object, any>, mode?: 'append' | 'update') => Output) => Output;

const bids = (events: Events) => events.where((c) => c.event_type.eq(2));
const timed = (events: Events) => events.withWatermark('dateTime', '4 seconds');
const states = ['OR', 'ID', 'CA'];

/** What q13 looks up. */
const SideRow = schema({ key: t.int, value: t.string });
export const sideRows = 10_000;

export const joinQueries: Readonly<Record<string, Query>> = {
  /** Who sells in category 10, in three states. */
  q3: (events, to) => {
    const auctions = events
      .where((c) => c.event_type.eq(1).and(c.category.eq(10)))
      .select((c) => ({ seller: c.seller, auction: c.id }));
    const persons = events
      .where((c) => c.event_type.eq(0).and(c.state.in(states)))
      .select((c) => ({ person: c.id, name: c.name, city: c.city, state: c.state }));
    return to(auctions.join(persons, { on: { seller: 'person' } }).select('name', 'city', 'state', 'auction'));
  },

  /** What auctions bring, on average of each category: the highest price of each may still rise. */
  q4: (events, to) => {
    const auctions = events
      .where((c) => c.event_type.eq(1))
      .select((c) => ({ id: c.id, category: c.category, opened: c.dateTime, expires: c.expires }));
    const averages = auctions
      .join(bids(events).select('auction', 'price', 'dateTime'), { on: { id: 'auction' } })
      .where((c) => c.dateTime.gte(c.opened).and(c.dateTime.lte(c.expires)))
      .groupBy('id', 'category')
      .agg({ final: max('price') })
      .groupBy('category')
      .agg({ average: avg('final') });
    return to(averages, 'update');
  },

  /** What a seller's last ten auctions bring, on average: the highest price of each may still rise. */
  q6: (events, to) => {
    const auctions = events
      .where((c) => c.event_type.eq(1))
      .select((c) => ({ id: c.id, seller: c.seller, opened: c.dateTime, expires: c.expires }));
    const averages = auctions
      .join(bids(events).select('auction', 'price', 'dateTime'), { on: { id: 'auction' } })
      .where((c) => c.dateTime.gte(c.opened).and(c.dateTime.lte(c.expires)))
      .groupBy('seller', 'id', 'expires')
      .agg({ final: max('price') })
      .groupBy('seller')
      .top(10, { by: ['expires', 'id'] })
      .groupBy('seller')
      .agg({ average: avg('final') });
    return to(averages, 'update');
  },

  /** The dearest bids of each ten seconds. */
  q7: (events, to) => {
    const timely = timed(events)
      .where((c) => c.event_type.eq(2))
      .select((c) => ({
        auction: c.auction,
        bidder: c.bidder,
        price: c.price,
        dateTime: c.dateTime,
        extra: c.extra,
        window: window(c.dateTime, '10 seconds'),
      }));
    const highest = timely
      .groupBy('window')
      .agg({ highest: max('price') })
      .select((c) => ({ of: c.window, highest: c.highest }));
    return to(
      timely.join(highest, { on: { window: 'of', price: 'highest' } }).select('auction', 'bidder', 'price', 'dateTime', 'extra'),
    );
  },

  /** New persons who open an auction in the same ten seconds. */
  q8: (events, to) => {
    const all = timed(events);
    const persons = all
      .where((c) => c.event_type.eq(0))
      .groupBy(window('dateTime', '10 seconds'), 'id', 'name')
      .count()
      .select('window', 'id', 'name');
    const sellers = all
      .where((c) => c.event_type.eq(1))
      .groupBy(window('dateTime', '10 seconds'), 'seller')
      .count()
      .select((c) => ({ sold: c.window, seller: c.seller }));
    return to(
      persons
        .join(sellers, { on: { window: 'sold', id: 'seller' } })
        .select((c) => ({ id: c.id, name: c.name, windowStart: c.window.start })),
    );
  },

  /** Auctions with the bid that wins as things are: the dearest of those in time. */
  q9: (events, to) => {
    const auctions = events
      .where((c) => c.event_type.eq(1))
      .select((c) => ({
        id: c.id,
        itemName: c.itemName,
        description: c.description,
        initialBid: c.initialBid,
        reserve: c.reserve,
        auctionTime: c.dateTime,
        expires: c.expires,
        seller: c.seller,
        category: c.category,
      }));
    return to(
      auctions
        .join(bids(events).select('auction', 'bidder', 'price', 'dateTime', 'extra'), { on: { id: 'auction' } })
        .where((c) => c.dateTime.gte(c.auctionTime).and(c.dateTime.lte(c.expires)))
        .groupBy('id')
        .top(1, { by: ['price', 'dateTime', 'bidder'], order: ['desc', 'asc', 'asc'] })
        .select(
          ...([
            'id',
            'itemName',
            'description',
            'initialBid',
            'reserve',
            'auctionTime',
            'expires',
            'seller',
            'category',
          ] as const),
          ...(['bidder', 'price', 'dateTime', 'extra'] as const),
        ),
      'update',
    );
  },

  /** Bids with what a bounded table says of them. */
  q13: (events, to) => {
    const side = Array.from({ length: sideRows }, (_, key) => ({ key, value: `value ${key}` }));
    return to(
      bids(events)
        .withColumns((c) => ({ place: c.auction.mod(sideRows) }))
        .join(table(from(side).map((row) => row, SideRow)), { on: { place: 'key' } })
        .select('auction', 'bidder', 'price', 'dateTime', 'value'),
    );
  },

  /** Bids with the auctions that they are on, of category 10. */
  q20: (events, to) => {
    const auctions = events
      .where((c) => c.event_type.eq(1).and(c.category.eq(10)))
      .select((c) => ({
        id: c.id,
        itemName: c.itemName,
        initialBid: c.initialBid,
        auctionTime: c.dateTime,
        expires: c.expires,
        seller: c.seller,
        category: c.category,
      }));
    return to(
      bids(events)
        .select('auction', 'bidder', 'price', 'channel', 'url', 'dateTime')
        .join(auctions, { on: { auction: 'id' } })
        .select(
          ...(['auction', 'bidder', 'price', 'channel', 'url', 'dateTime'] as const),
          ...(['itemName', 'initialBid', 'auctionTime', 'expires', 'seller', 'category'] as const),
        ),
    );
  },
  /** Bids of those who sell as well, with who they are and what they sell. */
  q23: (events, to) => {
    const persons = events
      .where((c) => c.event_type.eq(0))
      .select((c) => ({
        person: c.id,
        name: c.name,
        emailAddress: c.emailAddress,
        creditCard: c.creditCard,
        city: c.city,
        state: c.state,
      }));
    const auctions = events
      .where((c) => c.event_type.eq(1))
      .select((c) => ({
        itemName: c.itemName,
        description: c.description,
        initialBid: c.initialBid,
        reserve: c.reserve,
        auctionTime: c.dateTime,
        expires: c.expires,
        seller: c.seller,
        category: c.category,
      }));
    return to(
      bids(events)
        .select('bidder', 'price', 'channel', 'url')
        .join(persons.join(auctions, { on: { person: 'seller' } }), { on: { bidder: 'person' } })
        .select(
          ...(['bidder', 'price', 'channel', 'url', 'name', 'emailAddress', 'creditCard', 'city', 'state'] as const),
          ...(['itemName', 'description', 'initialBid', 'reserve', 'auctionTime', 'expires', 'seller', 'category'] as const),
        ),
    );
  },
};
