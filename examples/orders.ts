// Orders, some of which are sent again: each once, the three largest of every minute, the last of each customer, and the first ten as a sample.
import { writeFile } from 'node:fs/promises';
import { foreachBatch, from, type Params, pipeline, type RowOf, schema, type Stream, t, timestamp, window } from 'weir';
import { file, generator } from 'weir/connectors';

export const Order = schema({ id: t.string, customer: t.string, amount: t.number, at: t.timestamp });
type Orders = Stream<RowOf<typeof Order>>;

/** Who sends an order again does so within ten minutes. */
export const once = (orders: Orders) => orders.withWatermark('at', '1 minute').dropDuplicates(['id'], { within: '10 minutes' });

type EachOnce = ReturnType<typeof once>;

export const largest = (orders: EachOnce) => orders.groupBy(window('at', '1 minute')).top(3, { by: 'amount' });

export const latest = (orders: EachOnce) => orders.groupBy('customer').top(1, { by: 'at' });

// Ten orders a second of their time by one of seven customers; every fifth comes again three seconds later.
const orders = (rows: number) =>
  generator.source({
    rowsPerSecond: 5000,
    rows,
    row: (i) => {
      const n = i % 5 === 4 && i > 31 ? i - 31 : i;
      return { id: `order-${n}`, customer: `customer-${n % 7}`, amount: (n * 7919) % 1000, at: timestamp(i * 100) };
    },
  });

export default (params: Params) => {
  const all = once(from(orders(params.number('rows', 20_000))).map((row) => row, Order));
  return pipeline({
    name: 'orders',
    outputs: [
      largest(all).to(file.sink({ path: 'largest.jsonl' })),
      // The whole table each time.
      latest(all).to(
        foreachBatch((rows) => writeFile('latest.json', JSON.stringify(rows))),
        { mode: 'complete' },
      ),
      all.limit(10).to(file.sink({ path: 'sample.jsonl' })),
    ],
  });
};
