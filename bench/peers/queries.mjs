// The contract of the benchmark's queries as data: what QUERIES.md says in words, and what results are compared by.
//
// Kinds of fields: `integer` and `number` are compared exactly; `thousandths` after rounding to three decimals, because prices in the
// other currency are decimals in some engines and doubles in others, and three decimals are what an exact price has; `text` by its
// UTF-16 code units.

/** Window results carry their bounds, both in epoch milliseconds. */
const bounds = { windowStart: 'integer', windowEnd: 'integer' };
const converted = { dateTime: 'integer', bidder: 'integer', auction: 'integer', price: 'thousandths', extra: 'text' };
const bidder = { auction: 'integer', bidder: 'integer', price: 'integer', channel: 'text' };

const bid = { ...bidder, url: 'text', dateTime: 'integer', extra: 'text' };
const perRank = (what) => Object.fromEntries(['total', 'rank1', 'rank2', 'rank3'].map((rank) => [`${rank}${what}`, 'integer']));
const ranks = { ...perRank('Bids'), ...perRank('Bidders'), ...perRank('Auctions') };
const prices = { minPrice: 'integer', maxPrice: 'integer', avgPrice: 'number', sumPrice: 'integer' };

const ofChanges = { spark: 'it takes no aggregate of an aggregate that changes' };
const distinct = { spark: 'it counts no distinct values in a stream' };

const ofAuction = { seller: 'integer', category: 'integer' };
const onSale = { initialBid: 'integer', reserve: 'integer', auctionTime: 'integer', expires: 'integer', ...ofAuction };

/**
 * Of each query: its fields in the order in which they are written, `key` where only the last row of a key counts, `added` where rows are compared only as sums of a field, whether
 * its windows close by a watermark, and which peers do not have it, and why.
 */
export const queries = {
  q0: { fields: { ...converted, price: 'integer' } },
  q1: { fields: converted },
  q2: { fields: { auction: 'integer', price: 'integer' } },
  q3: { fields: { name: 'text', city: 'text', state: 'text', auction: 'integer' } },
  q4: { fields: { category: 'integer', average: 'number' }, key: ['category'], missing: ofChanges },
  q5: { fields: { auction: 'integer', ...bounds, bids: 'integer' }, windowed: true },
  q6: { fields: { seller: 'integer', average: 'number' }, key: ['seller'], missing: ofChanges },
  q7: {
    fields: { auction: 'integer', bidder: 'integer', price: 'integer', dateTime: 'integer', extra: 'text' },
    windowed: true,
  },
  q8: { fields: { id: 'integer', name: 'text', windowStart: 'integer' }, windowed: true },
  q9: {
    fields: {
      ...{ id: 'integer', itemName: 'text', description: 'text', ...onSale },
      ...{ bidder: 'integer', price: 'integer', dateTime: 'integer', extra: 'text' },
    },
    key: ['id'],
  },
  q10: {
    fields: {
      auction: 'integer',
      bidder: 'integer',
      price: 'integer',
      dateTime: 'integer',
      extra: 'text',
      day: 'text',
      minute: 'text',
    },
  },
  q11: { fields: { bidder: 'integer', bids: 'integer', ...bounds }, windowed: true },
  // Which window a bid is in follows from the clock.
  q12: {
    fields: { bidder: 'integer', bids: 'integer', ...bounds },
    key: ['bidder', 'windowStart'],
    added: { by: ['bidder'], field: 'bids' },
    missing: {
      duckdb: 'all of its input has one time',
      flink: 'what is in windows of the clock when the input ends it does not write',
    },
  },
  q13: {
    fields: { auction: 'integer', bidder: 'integer', price: 'integer', dateTime: 'integer', value: 'text' },
  },
  q14: {
    fields: {
      ...{ auction: 'integer', bidder: 'integer', price: 'thousandths' },
      ...{ bidTimeType: 'text', dateTime: 'integer', extra: 'text', cCount: 'integer' },
    },
  },
  q15: { fields: { day: 'text', ...ranks }, key: ['day'], missing: distinct },
  q16: {
    fields: { channel: 'text', day: 'text', minute: 'text', ...ranks },
    key: ['channel', 'day'],
    missing: distinct,
  },
  q17: {
    fields: { auction: 'integer', day: 'text', ...perRank('Bids'), ...prices },
    key: ['auction', 'day'],
  },
  q18: { fields: bid, key: ['bidder', 'auction'] },
  q19: {
    fields: { auction: 'integer', rank: 'integer', ...bid },
    key: ['auction', 'rank'],
    missing: { spark: 'it ranks no rows in a stream' },
  },
  q20: {
    fields: {
      ...{ auction: 'integer', bidder: 'integer', price: 'integer', channel: 'text', url: 'text', dateTime: 'integer' },
      ...{
        itemName: 'text',
        initialBid: 'integer',
        auctionTime: 'integer',
        expires: 'integer',
        seller: 'integer',
        category: 'integer',
      },
    },
  },
  q21: { fields: { ...bidder, channelId: 'text' } },
  q22: { fields: { ...bidder, dir1: 'text', dir2: 'text', dir3: 'text' } },
  q23: {
    fields: {
      ...{ bidder: 'integer', price: 'integer', channel: 'text', url: 'text' },
      ...{ name: 'text', emailAddress: 'text', creditCard: 'text', city: 'text', state: 'text' },
      ...{ itemName: 'text', description: 'text', ...onSale },
    },
  },
  tumbling: { fields: { bidder: 'integer', ...bounds, averagePrice: 'number' }, windowed: true },
  sliding: { fields: { auction: 'integer', ...bounds, bids: 'integer' }, windowed: true },
  running: { fields: { bidder: 'integer', bids: 'integer', total: 'integer' }, key: ['bidder'] },
};

export const queryNames = Object.keys(queries);

/** @returns the query of that name, or an error that says which there are */
export function queryNamed(name) {
  if (Object.hasOwn(queries, name)) return queries[name];
  throw new Error(`there is no query '${name}': ${queryNames.join(', ')}`);
}

/** Why a peer cannot run a query; undefined: it can. */
export function missingFrom(peer, name) {
  const why = queryNamed(name).missing?.[peer];
  return why === undefined ? undefined : `there is no ${name} in ${peer}: ${why}`;
}
