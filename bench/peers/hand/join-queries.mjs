// The queries by hand that read persons and auctions too, or a table beside the events.
import { bidOf, bidType, isDearer, perBid, updateEveryMs, watermarkDelayMs } from './bids.mjs';

/** Rows of two kinds that have one key: each is kept, and meets those of the other kind. */
const meeting = (leftOf, rightOf, meet) => (emit) => {
  const [left, right] = [new Map(), new Map()];
  const add = (own, others, { key, row }, pair) => {
    const rows = own.get(key);
    if (rows === undefined) own.set(key, [row]);
    else rows.push(row);
    for (const other of others.get(key) ?? []) emit(pair(row, other));
  };
  return {
    event(event) {
      const l = leftOf(event);
      const r = rightOf(event);
      if (l !== undefined) add(left, right, l, meet);
      if (r !== undefined) add(right, left, r, (row, other) => meet(other, row));
    },
    end: () => {},
  };
};

const states = new Set(['OR', 'ID', 'CA']);
const sellersAndPersons = meeting(
  (event) => (event.event_type === 1 && event.category === 10 ? { key: event.seller, row: event.id } : undefined),
  (event) => (event.event_type === 0 && states.has(event.state) ? { key: event.id, row: event } : undefined),
  (auction, { name, city, state }) => ({ name, city, state, auction }),
);
const bidsAndAuctions = meeting(
  (event) => (event.event_type === bidType ? { key: event.auction, row: event } : undefined),
  (event) => (event.event_type === 1 && event.category === 10 ? { key: event.id, row: event } : undefined),
  (bid, { itemName, initialBid, dateTime, expires, seller, category }) => ({
    ...{ auction: bid.auction, bidder: bid.bidder, price: bid.price, channel: bid.channel, url: bid.url },
    ...{ dateTime: Date.parse(bid.dateTime), itemName, initialBid, auctionTime: Date.parse(dateTime) },
    ...{ expires: Date.parse(expires), seller, category },
  }),
);

/** Of windows of ten seconds, when they close: persons, each once, who opened an auction. */
function newSellers(emit) {
  const open = new Map();
  let watermark = Number.NEGATIVE_INFINITY;
  const closeUpTo = (time) => {
    for (const end of [...open.keys()].filter((each) => each <= time).sort((a, b) => a - b)) {
      const { persons, sellers } = open.get(end);
      for (const { id, name } of persons.values()) if (sellers.has(id)) emit({ id, name, windowStart: end - 10_000 });
      open.delete(end);
    }
  };
  function event(row) {
    const time = Date.parse(row.dateTime);
    const end = Math.floor(time / 10_000) * 10_000 + 10_000;
    if (row.event_type !== bidType && end > watermark) {
      if (!open.has(end)) open.set(end, { persons: new Map(), sellers: new Set() });
      const of = open.get(end);
      if (row.event_type === 0) of.persons.set(`${row.id} ${row.name}`, row);
      else of.sellers.add(row.seller);
    }
    watermark = Math.max(watermark, time - watermarkDelayMs);
    closeUpTo(watermark);
  }
  return { event, end: () => closeUpTo(Number.POSITIVE_INFINITY) };
}

/** Of windows of ten seconds, when they close: the dearest bids, all of them if several are. */
function highestBids(emit) {
  const open = new Map();
  let watermark = Number.NEGATIVE_INFINITY;
  const closeUpTo = (time) => {
    for (const end of [...open.keys()].filter((each) => each <= time).sort((a, b) => a - b)) {
      for (const { auction, bidder, price, dateTime, extra } of open.get(end))
        emit({ auction, bidder, price, dateTime: Date.parse(dateTime), extra });
      open.delete(end);
    }
  };
  function event(row) {
    const time = Date.parse(row.dateTime);
    const end = Math.floor(time / 10_000) * 10_000 + 10_000;
    if (row.event_type === bidType && end > watermark) {
      const best = open.get(end);
      if (best === undefined || row.price > best[0].price) open.set(end, [row]);
      else if (row.price === best[0].price) best.push(row);
    }
    watermark = Math.max(watermark, time - watermarkDelayMs);
    closeUpTo(watermark);
  }
  return { event, end: () => closeUpTo(Number.POSITIVE_INFINITY) };
}

const onSale = ({ initialBid, reserve, dateTime, expires, seller, category }) => ({
  ...{ initialBid, reserve, auctionTime: Date.parse(dateTime), expires: Date.parse(expires), seller, category },
});

/**
 * A query of bids on auctions while those are open; a bid that comes before its auction waits for it. `opened` makes what is kept of an auction, with
 * `from` and `to`; `bid` takes a bid, and gives the group that has changed, if one has, of which `row` is the result.
 */
const bidding =
  ({ opened, bid, row }) =>
  (emit, { each }) => {
    const [auctions, early, changed] = [new Map(), new Map(), new Set()];
    const open = opened();
    let next = performance.now() + updateEveryMs;

    function emitChanged() {
      for (const group of changed) emit(row(group));
      changed.clear();
      next = performance.now() + updateEveryMs;
    }

    function offer(auction, event) {
      const group = bid(auction, event);
      if (group === undefined) return;
      if (each) emit(row(group));
      else changed.add(group);
    }

    function event(of) {
      if (of.event_type === bidType) {
        const auction = auctions.get(of.auction);
        if (auction !== undefined) offer(auction, of);
        else if (early.has(of.auction)) early.get(of.auction).push(of);
        else early.set(of.auction, [of]);
      } else if (of.event_type === 1) {
        const auction = { ...open(of), from: Date.parse(of.dateTime), to: Date.parse(of.expires) };
        auctions.set(of.id, auction);
        for (const waiting of early.get(of.id) ?? []) offer(auction, waiting);
        early.delete(of.id);
      }
      if (!each && performance.now() >= next) emitChanged();
    }
    return { event, end: emitChanged };
  };

const isInTime = ({ from, to }, time) => time >= from && time <= to;

const winningBids = bidding({
  opened: () => (of) => ({ of, best: undefined }),
  bid(auction, event) {
    const { best } = auction;
    if (best !== undefined && event.price < best.price) return undefined;
    const bid = bidOf(event);
    if (!isInTime(auction, bid.dateTime) || (best !== undefined && !isDearer(bid, best))) return undefined;
    auction.best = bid;
    return auction;
  },
  row({ of, best: { bidder, price, dateTime, extra } }) {
    const { id, itemName, description } = of;
    return { id, itemName, description, ...onSale(of), bidder, price, dateTime, extra };
  },
});

/** Of each category, what the auctions with a bid would bring if they ended now. */
const averagePrices = bidding({
  opened() {
    const categories = new Map();
    return ({ category }) => {
      if (!categories.has(category)) categories.set(category, { category, sum: 0, auctions: 0 });
      return { of: categories.get(category), best: undefined };
    };
  },
  bid(auction, { price, dateTime }) {
    const { of, best } = auction;
    if ((best !== undefined && price <= best) || !isInTime(auction, Date.parse(dateTime))) return undefined;
    of.sum += price - (best ?? 0);
    if (best === undefined) of.auctions++;
    auction.best = price;
    return of;
  },
  row: ({ category, sum, auctions }) => ({ category, average: sum / auctions }),
});

const lastAuctions = 10;
const isLater = (a, b) => (a.to !== b.to ? a.to > b.to : a.id > b.id);
/** Of each seller, what the last ten auctions with a bid would bring. One that has fallen behind those never comes back. */
const averageOfLast = bidding({
  opened() {
    const sellers = new Map();
    return ({ id, seller }) => {
      if (!sellers.has(seller)) sellers.set(seller, { seller, last: [] });
      return { id, of: sellers.get(seller), best: undefined };
    };
  },
  bid(auction, { price, dateTime }) {
    const { of, best } = auction;
    if ((best !== undefined && price <= best) || !isInTime(auction, Date.parse(dateTime))) return undefined;
    auction.best = price;
    const { last } = of;
    if (best !== undefined) return last.includes(auction) ? of : undefined;
    let at = last.length;
    while (at > 0 && isLater(auction, last[at - 1])) at--;
    if (at === lastAuctions) return undefined;
    last.splice(at, 0, auction);
    if (last.length > lastAuctions) last.pop();
    return of;
  },
  row: ({ seller, last }) => ({ seller, average: last.reduce((sum, { best }) => sum + best, 0) / last.length }),
});

/** Bids, the persons who make them, and the auctions that these open: each is kept, and meets the others. */
function biddersWhoSell(emit) {
  const known = new Map();
  const of = (id) => {
    let all = known.get(id);
    if (all === undefined) known.set(id, (all = { persons: [], auctions: [], bids: [] }));
    return all;
  };
  const meet = ({ bidder, price, channel, url }, { name, emailAddress, creditCard, city, state }, auction) => {
    const { itemName, description } = auction;
    const person = { name, emailAddress, creditCard, city, state };
    emit({ bidder, price, channel, url, ...person, itemName, description, ...onSale(auction) });
  };
  function event(row) {
    const kind = row.event_type;
    const all = of(kind === bidType ? row.bidder : kind === 1 ? row.seller : row.id);
    all[['persons', 'auctions', 'bids'][kind]].push(row);
    const only = [row];
    for (const person of kind === 0 ? only : all.persons)
      for (const auction of kind === 1 ? only : all.auctions)
        for (const bid of kind === bidType ? only : all.bids) meet(bid, person, auction);
  }
  return { event, end: () => {} };
}

const side = new Map(Array.from({ length: 10_000 }, (_, key) => [key, `value ${key}`]));

export const joinQueries = {
  q3: sellersAndPersons,
  q4: averagePrices,
  q6: averageOfLast,
  q7: highestBids,
  q8: newSellers,
  q9: winningBids,
  q13: perBid(({ auction, bidder, price, dateTime }, emit) =>
    emit({ auction, bidder, price, dateTime: Date.parse(dateTime), value: side.get(auction % 10_000) }),
  ),
  q20: bidsAndAuctions,
  q23: biddersWhoSell,
};
