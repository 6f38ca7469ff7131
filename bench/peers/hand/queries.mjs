// The queries by hand: each takes where its rows go, and gives what is done with an event, and at the end.

const bidType = 2;
const watermarkDelayMs = 4000;
const updateEveryMs = 1000;
const channels = new Map(Object.entries({ apple: '0', google: '1', facebook: '2', baidu: '3' }));

/** A query that looks at one bid at a time. */
const perBid = (bid) => (emit) => ({
  event: (event) => {
    if (event.event_type === bidType) bid(event, emit);
  },
  end: () => {},
});

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

export const handQueries = {
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
