// What the queries by hand know of events, and how they keep time.

export const bidType = 2;
export const watermarkDelayMs = 4000;
/** How often is said what has changed. */
export const updateEveryMs = 1000;

/** A query that looks at one bid at a time. */
export const perBid = (bid) => (emit) => ({
  event: (event) => {
    if (event.event_type === bidType) bid(event, emit);
  },
  end: () => {},
});

export const bidOf = ({ auction, bidder, price, channel, url, dateTime, extra }) => ({
  ...{ auction, bidder, price, channel, url },
  ...{ dateTime: Date.parse(dateTime), extra },
});

/** Of equal prices the earliest comes first, then the bidder with the lowest number. */
export const isDearer = (a, b) =>
  a.price !== b.price ? a.price > b.price : a.dateTime !== b.dateTime ? a.dateTime < b.dateTime : a.bidder < b.bidder;
