// The queries by hand: each takes where its rows go, and gives what is done with an event, and at the end. Those of persons and auctions are in
// join-queries.mjs.
import { bidOf, bidType, isDearer, perBid, updateEveryMs, watermarkDelayMs } from './bids.mjs';
import { joinQueries } from './join-queries.mjs';

const channels = new Map(Object.entries({ apple: '0', google: '1', facebook: '2', baidu: '3' }));

function channelOf({ channel, url }) {
  return channels.get(channel.toLowerCase()) ?? /(&|^)channel_id=([^&]*)/.exec(url)?.[2];
}

function timeTypeOf(hour) {
  if (hour >= 8 && hour <= 18) return 'dayTime';
  return hour <= 6 || hour >= 20 ? 'nightTime' : 'otherTime';
}

function timesIn(text, character) {
  let count = 0;
  for (let i = 0; i < text.length; i++) if (text[i] === character) count++;
  return count;
}

/**
 * A query over windows of `sizeMs` that begin each `slideMs`: a Map of keys in each, emitted when the watermark is at its end. Times
 * that are too late for a window do not count in it.
 */
const windows =
  ({ sizeMs, slideMs, key, add, close }) =>
  (emit) => {
    const open = new Map();
    let watermark = Number.NEGATIVE_INFINITY;
    let nextEnd = Number.POSITIVE_INFINITY;

    function closeUpTo(time) {
      const ends = [...open.keys()].filter((end) => end <= time).sort((a, b) => a - b);
      for (const end of ends) {
        close(open.get(end), { windowStart: end - sizeMs, windowEnd: end }, emit);
        open.delete(end);
      }
      nextEnd = Math.min(...open.keys());
    }

    function event(row) {
      const time = Date.parse(row.dateTime);
      if (row.event_type === bidType) {
        const first = Math.floor(time / slideMs) * slideMs + slideMs;
        for (let end = first; end < first + sizeMs; end += slideMs) {
          if (end <= watermark) continue;
          let keys = open.get(end);
          if (keys === undefined) {
            open.set(end, (keys = new Map()));
            nextEnd = Math.min(nextEnd, end);
          }
          keys.set(row[key], add(keys.get(row[key]), row));
        }
      }
      watermark = Math.max(watermark, time - watermarkDelayMs);
      if (nextEnd <= watermark) closeUpTo(watermark);
    }
    return { event, end: () => closeUpTo(Number.POSITIVE_INFINITY) };
  };

const countBids = (count = 0) => count + 1;

const hottest = windows({
  ...{ sizeMs: 10_000, slideMs: 2000, key: 'auction', add: countBids },
  close(counts, bounds, emit) {
    const most = Math.max(...counts.values());
    for (const [auction, bids] of counts) if (bids === most) emit({ auction, ...bounds, bids });
  },
});

const sliding = windows({
  ...{ sizeMs: 60_000, slideMs: 10_000, key: 'auction', add: countBids },
  close(counts, bounds, emit) {
    for (const [auction, bids] of counts) emit({ auction, ...bounds, bids });
  },
});

const tumbling = windows({
  ...{ sizeMs: 10_000, slideMs: 10_000, key: 'bidder' },
  add(of, { price }) {
    if (of === undefined) return { sum: price, bids: 1 };
    of.sum += price;
    of.bids++;
    return of;
  },
  close(sums, bounds, emit) {
    for (const [bidder, { sum, bids }] of sums) emit({ bidder, ...bounds, averagePrice: sum / bids });
  },
});

function running(emit, { each }) {
  const totals = new Map();
  const changed = new Set();
  let next = performance.now() + updateEveryMs;

  function emitChanged() {
    for (const of of changed) emit(of);
    changed.clear();
    next = performance.now() + updateEveryMs;
  }

  function event({ event_type, bidder, price }) {
    if (event_type !== bidType) return;
    let of = totals.get(bidder);
    if (of === undefined) totals.set(bidder, (of = { bidder, bids: 0, total: 0 }));
    of.bids++;
    of.total += price;
    if (each) {
      emit(of);
      return;
    }
    changed.add(of);
    if (performance.now() >= next) emitChanged();
  }
  return { event, end: emitChanged };
}

/**
 * A query whose rows replace each other: `add` takes a bid into what there is of its key and gives it, or undefined where nothing has changed;
 * `rows` are those of a key. What changed is said each second, or with each row.
 */
const updating =
  ({ key, add, rows }) =>
  (emit, { each }) => {
    const groups = new Map();
    const changed = new Set();
    let next = performance.now() + updateEveryMs;
    const emitRows = (group) => {
      for (const row of rows(group)) emit(row);
    };

    function emitChanged() {
      for (const group of changed) emitRows(group);
      changed.clear();
      next = performance.now() + updateEveryMs;
    }

    function event(bid) {
      if (bid.event_type !== bidType) return;
      const name = key(bid);
      const known = groups.get(name);
      const group = add(known, bid);
      if (group === undefined) return;
      if (known === undefined) groups.set(name, group);
      if (each) emitRows(group);
      else changed.add(group);
      if (!each && performance.now() >= next) emitChanged();
    }
    return { event, end: emitChanged };
  };

const dayOf = ({ dateTime }) => dateTime.slice(0, 10);
const minuteOf = ({ dateTime }) => dateTime.slice(11, 16);
const rankOf = (price) => (price < 10_000 ? 1 : price < 1_000_000 ? 2 : 3);
const ranks = ['total', 'rank1', 'rank2', 'rank3'];
const numbersOf = (what, number) => Object.fromEntries(ranks.map((rank, i) => [`${rank}${what}`, number(i)]));

/** Bids, bidders and auctions, all and by rank. */
const distinct = (keysOf) =>
  updating({
    key: (bid) => Object.values(keysOf(bid)).join(),
    add(known, bid) {
      const sets = () => ranks.map(() => new Set());
      const group = known ?? { keys: keysOf(bid), minute: '', bids: [0, 0, 0, 0], bidders: sets(), auctions: sets() };
      for (const rank of [0, rankOf(bid.price)]) {
        group.bids[rank]++;
        group.bidders[rank].add(bid.bidder);
        group.auctions[rank].add(bid.auction);
      }
      if (minuteOf(bid) > group.minute) group.minute = minuteOf(bid);
      return group;
    },
    *rows({ keys, minute, bids, bidders, auctions }) {
      yield {
        ...keys,
        ...(keys.channel === undefined ? {} : { minute }),
        ...numbersOf('Bids', (i) => bids[i]),
        ...numbersOf('Bidders', (i) => bidders[i].size),
        ...numbersOf('Auctions', (i) => auctions[i].size),
      };
    },
  });

const perAuctionAndDay = updating({
  key: (bid) => `${bid.auction},${dayOf(bid)}`,
  add(known, bid) {
    const { price } = bid;
    const group = known ?? { auction: bid.auction, day: dayOf(bid), bids: [0, 0, 0, 0], min: price, max: price, sum: 0 };
    for (const rank of [0, rankOf(price)]) group.bids[rank]++;
    group.min = Math.min(group.min, price);
    group.max = Math.max(group.max, price);
    group.sum += price;
    return group;
  },
  *rows({ auction, day, bids, min, max, sum }) {
    const prices = { minPrice: min, maxPrice: max, avgPrice: sum / bids[0], sumPrice: sum };
    yield { auction, day, ...numbersOf('Bids', (i) => bids[i]), ...prices };
  },
});

const lastBids = updating({
  key: ({ bidder, auction }) => `${bidder},${auction}`,
  add(known, event) {
    const bid = bidOf(event);
    if (known === undefined) return { bid };
    if (!isLater(bid, known.bid)) return undefined;
    known.bid = bid;
    return known;
  },
  *rows({ bid }) {
    yield bid;
  },
});

function isLater(bid, last) {
  if (bid.dateTime !== last.dateTime) return bid.dateTime > last.dateTime;
  return bid.price !== last.price ? bid.price > last.price : bid.channel > last.channel;
}

const dearest = 10;
const standsBefore = (a, b) => isDearer(a, b) || (!isDearer(b, a) && a.extra < b.extra);
const dearestBids = updating({
  key: ({ auction }) => auction,
  add(known, event) {
    const group = known ?? { bids: [] };
    const { bids } = group;
    if (bids.length === dearest && event.price < bids.at(-1).price) return undefined;
    const bid = bidOf(event);
    let at = bids.length;
    while (at > 0 && standsBefore(bid, bids[at - 1])) at--;
    if (at === dearest) return undefined;
    bids.splice(at, 0, bid);
    if (bids.length > dearest) bids.pop();
    return group;
  },
  *rows({ bids }) {
    for (const [i, { auction, ...bid }] of bids.entries()) yield { auction, rank: i + 1, ...bid };
  },
});

const sessionGapMs = 10_000;
/** Sessions of each bidder that are open; closed ones are looked for once a second of event time. */
function sessions(emit) {
  const open = new Map();
  let watermark = Number.NEGATIVE_INFINITY;
  let next = Number.NEGATIVE_INFINITY;

  function add(bidder, at) {
    const session = { start: at, end: at + sessionGapMs, bids: 1 };
    const apart = [];
    for (const other of open.get(bidder) ?? []) {
      if (other.start > session.end || other.end < session.start) apart.push(other);
      else {
        session.start = Math.min(session.start, other.start);
        session.end = Math.max(session.end, other.end);
        session.bids += other.bids;
      }
    }
    open.set(bidder, [...apart, session]);
  }

  function closeUpTo(time) {
    for (const [bidder, all] of open) {
      const left = all.filter(({ end }) => end > time);
      for (const { start, end, bids } of all) if (end <= time) emit({ bidder, bids, windowStart: start, windowEnd: end });
      if (left.length === 0) open.delete(bidder);
      else if (left.length < all.length) open.set(bidder, left);
    }
    next = time + 1000;
  }

  function event({ event_type, bidder, dateTime }) {
    const time = Date.parse(dateTime);
    if (event_type === bidType) add(bidder, time);
    watermark = Math.max(watermark, time - watermarkDelayMs);
    if (watermark >= next) closeUpTo(watermark);
  }
  return { event, end: () => closeUpTo(Number.POSITIVE_INFINITY) };
}

const clockWindowMs = 10_000;
/** Bids of each bidder by the time at which they are read. */
function byTheClock(emit) {
  let end = Number.NEGATIVE_INFINITY;
  let counts = new Map();

  function close() {
    for (const [bidder, bids] of counts) emit({ bidder, bids, windowStart: end - clockWindowMs, windowEnd: end });
    counts = new Map();
  }

  function event({ event_type, bidder }) {
    if (event_type !== bidType) return;
    const now = Date.now();
    if (now >= end) {
      close();
      end = Math.floor(now / clockWindowMs) * clockWindowMs + clockWindowMs;
    }
    counts.set(bidder, (counts.get(bidder) ?? 0) + 1);
  }
  return { event, end: close };
}

export const handQueries = {
  ...joinQueries,
  q0: perBid(({ dateTime, bidder, auction, price, extra }, emit) =>
    emit({ dateTime: Date.parse(dateTime), bidder, auction, price, extra }),
  ),
  q1: perBid(({ dateTime, bidder, auction, price, extra }, emit) =>
    emit({ dateTime: Date.parse(dateTime), bidder, auction, price: 0.908 * price, extra }),
  ),
  q2: perBid(({ auction, price }, emit) => {
    if (auction % 123 === 0) emit({ auction, price });
  }),
  q5: hottest,
  q10: perBid((bid, emit) => {
    const { auction, bidder, price, dateTime, extra } = bid;
    emit({ auction, bidder, price, dateTime: Date.parse(dateTime), extra, day: dayOf(bid), minute: minuteOf(bid) });
  }),
  q11: sessions,
  q12: byTheClock,
  q15: distinct((bid) => ({ day: dayOf(bid) })),
  q16: distinct((bid) => ({ channel: bid.channel, day: dayOf(bid) })),
  q17: perAuctionAndDay,
  q18: lastBids,
  q19: dearestBids,
  q14: perBid(({ auction, bidder, price: dollars, dateTime, extra }, emit) => {
    const price = 0.908 * dollars;
    if (price <= 1_000_000 || price >= 50_000_000) return;
    const time = Date.parse(dateTime);
    const bidTimeType = timeTypeOf(new Date(time).getUTCHours());
    emit({ auction, bidder, price, bidTimeType, dateTime: time, extra, cCount: timesIn(extra, 'c') });
  }),
  q21: perBid((bid, emit) => {
    const channelId = channelOf(bid);
    if (channelId === undefined) return;
    const { auction, bidder, price, channel } = bid;
    emit({ auction, bidder, price, channel, channelId });
  }),
  q22: perBid(({ auction, bidder, price, channel, url }, emit) => {
    const [, , , dir1, dir2, dir3] = url.split('/');
    emit({ auction, bidder, price, channel, dir1, dir2, dir3 });
  }),
  tumbling,
  sliding,
  running,
};
