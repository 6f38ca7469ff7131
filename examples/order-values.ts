// What orders are worth in dollars, by the rate that held when each was made, hour by hour: an as-of join.
import { count, from, type Params, pipeline, type RowOf, schema, type Stream, sum, t, timestamp, window } from 'weir';
import { file, generator } from 'weir/connectors';

export const Order = schema({ orderId: t.number, currency: t.string, amount: t.number, madeAt: t.timestamp });
export const Rate = schema({ currency: t.string, dollars: t.number, validFrom: t.timestamp });

/** Each order with the rate that held at its time; without one, if that is more than a day old. */
export const valued = (orders: Stream<RowOf<typeof Order>>, rates: Stream<RowOf<typeof Rate>>) =>
  orders
    .withWatermark('madeAt', '2 minutes')
    .asOfJoin(rates.withWatermark('validFrom', '1 minute'), { on: 'currency', how: 'left', tolerance: '1 day' });

export const perHour = (orders: ReturnType<typeof valued>) =>
  orders
    .withColumns((c) => ({ value: c.amount.mul(c.dollars) }))
    .groupBy(window('madeAt', '1 hour'), 'currency')
    .agg((c) => ({ orders: count(), dollars: sum('value'), withoutRate: count().where(c.dollars.isNull()) }));

const minute = 60_000;
const currencies = ['EUR', 'GBP', 'JPY'] as const;

// An order every half minute; euros and pounds have a new rate every quarter of an hour, and yens have none.
export default (params: Params) => {
  const rows = params.number('rows', 2000);
  const orders = from(
    generator.source({
      rowsPerSecond: 5000,
      rows,
      row: (i) => ({ orderId: i, currency: currencies[i % 3]!, amount: 10 + (i % 7), madeAt: timestamp((i * minute) / 2) }),
    }),
  ).map((row) => row, Order);
  const rates = from(
    generator.source({
      rowsPerSecond: 5000,
      rows: Math.ceil(rows / 15),
      row: (i) => ({
        currency: currencies[i % 2]!,
        dollars: 1 + ((i * 7) % 20) / 100,
        validFrom: timestamp(Math.floor(i / 2) * 15 * minute),
      }),
    }),
  ).map((row) => row, Rate);
  return pipeline({
    name: 'order-values',
    outputs: [perHour(valued(orders, rates)).to(file.sink({ path: 'order-values.jsonl' }))],
  });
};
