// What a shop takes: the day so far, hour by hour, and each hour as it is known now, for a board that bears to be corrected.
import {
  count,
  cumulativeWindow,
  foreachBatch,
  from,
  type Params,
  pipeline,
  type RowOf,
  schema,
  type Stream,
  sum,
  t,
  timestamp,
  window,
} from 'weir';
import { file, generator } from 'weir/connectors';

export const Order = schema({ shop: t.string, price: t.number, at: t.timestamp });
type Orders = Stream<RowOf<typeof Order>>;

/** Final rows: [0:00, 1:00), [0:00, 2:00) … [0:00, 24:00). */
export const soFar = (orders: Orders) =>
  orders
    .withWatermark('at', '10 minutes')
    .groupBy(cumulativeWindow('at', { step: '1 hour', max: '1 day' }), 'shop')
    .agg({ orders: count(), total: sum('price') });

/** Rows that may be written again: tills that were offline bring their orders up to two hours late. */
export const perHour = (orders: Orders) =>
  orders
    .withWatermark('at', '10 minutes')
    .groupBy(window('at', '1 hour', { lateness: '2 hours' }), 'shop')
    .agg({ orders: count(), total: sum('price') });

const minute = 60_000;

// An order each minute in one of two shops; every fiftieth comes 40 minutes late, every five hundredth three hours.
const orders = (rows: number) =>
  generator.source({
    rowsPerSecond: 5000,
    rows,
    row: (i) => ({
      shop: i % 3 === 0 ? 'north' : 'south',
      price: 1 + (i % 7),
      at: timestamp(i * minute - (i % 500 === 499 ? 180 : i % 50 === 49 ? 40 : 0) * minute),
    }),
  });

export default (params: Params) => {
  const taken = from(orders(params.number('rows', 5000))).map((row) => row, Order);
  const board = perHour(taken);
  const shown = new Map<string, number>();
  return pipeline({
    name: 'takings',
    outputs: [
      soFar(taken).to(file.sink({ path: 'so-far.jsonl' })),
      board.to(
        foreachBatch(async (rows) => {
          for (const { window, shop, total } of rows) shown.set(`${window.start} ${shop}`, total);
        }),
        { mode: 'update' },
      ),
      board.late().to(file.sink({ path: 'too-late.jsonl' })),
    ],
  });
};
