// The contract of the benchmark's queries as data: what QUERIES.md says in words, and what results are compared by.
//
// Kinds of fields: `integer` and `number` are compared exactly; `thousandths` after rounding to three decimals, because prices in the
// other currency are decimals in some engines and doubles in others, and three decimals are what an exact price has; `text` by its
// UTF-16 code units.

/** Window results carry their bounds, both in epoch milliseconds. */
const bounds = { windowStart: 'integer', windowEnd: 'integer' };
const converted = { dateTime: 'integer', bidder: 'integer', auction: 'integer', price: 'thousandths', extra: 'text' };
const bidder = { auction: 'integer', bidder: 'integer', price: 'integer', channel: 'text' };

/** Of each query: its fields in the order in which they are written, `key` where only the last row of a key counts, and the watermark. */
export const queries = {
  q0: { fields: { ...converted, price: 'integer' } },
  q1: { fields: converted },
  q2: { fields: { auction: 'integer', price: 'integer' } },
  q5: { fields: { auction: 'integer', ...bounds, bids: 'integer' }, windowed: true },
  q14: {
    fields: {
      ...{ auction: 'integer', bidder: 'integer', price: 'thousandths' },
      ...{ bidTimeType: 'text', dateTime: 'integer', extra: 'text', cCount: 'integer' },
    },
  },
  q21: { fields: { ...bidder, channelId: 'text' } },
  q22: { fields: { ...bidder, dir1: 'text', dir2: 'text', dir3: 'text' } },
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
