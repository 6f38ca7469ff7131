// Orders with the risk that an HTTP interface sees in each of them: twenty questions at a time, the orders in their order.
import { type AsyncOptions, from, type Params, pipeline, type RowOf, schema, type Stream, t, timestamp } from 'weir';
import { file, generator } from 'weir/connectors';

export const Order = schema({ orderId: t.string, amount: t.number, placedAt: t.timestamp });
const Scored = schema({ orderId: t.string, amount: t.number, placedAt: t.eventTime, risk: t.number });
type Ask = (order: { readonly orderId: string }, context: { readonly signal: AbortSignal }) => Promise<number>;

/** Asks `GET <url>?order=o1`, which answers with a number. */
export const riskAt =
  (url: string): Ask =>
  async ({ orderId }, { signal }) => {
    const answer = await fetch(`${url}?order=${encodeURIComponent(orderId)}`, { signal });
    if (!answer.ok) throw new Error(`risks: ${answer.status} ${answer.statusText}`);
    return (await answer.json()) as number;
  };

export const scored = (orders: Stream<RowOf<typeof Order>>, riskOf: Ask, options: AsyncOptions = {}) =>
  orders
    .withWatermark('placedAt', '1 minute')
    .mapAsync(
      async (order, context) => ({ ...order, risk: await riskOf(order, context) }),
      { concurrency: 20, timeout: '2 seconds', ...options },
      Scored,
    );

// npx weir run order-risks.ts -- risks=http://localhost:8080/risks
export default (params: Params) => {
  const orders = from(
    generator.source({
      rowsPerSecond: 1000,
      rows: params.number('rows', 1000),
      row: (i) => ({ orderId: `o${i}`, amount: (i * 7919) % 1000, placedAt: timestamp(i * 100) }),
    }),
  ).map((row) => row, Order);
  return pipeline({
    name: 'order-risks',
    outputs: [
      scored(orders, riskAt(params.string('risks', 'http://localhost:8080/risks'))).to(file.sink({ path: 'scored.jsonl' })),
    ],
    deadLetters: file.sink({ path: 'unscored.jsonl' }),
  });
};
