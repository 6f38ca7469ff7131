// Orders with the names of their customers, which an HTTP interface knows: a lookup.
import { from, type Params, pipeline, type RowOf, schema, type Stream, t } from 'weir';
import { file, generator } from 'weir/connectors';

const Order = schema({ orderId: t.number, customerId: t.string });
const Customer = schema({ customerId: t.string, name: t.string, country: t.string });

/** Asks `GET <url>?ids=c1,c2`, which answers with the customers that there are, as JSON. */
const customersAt =
  (url: string) =>
  async (ids: readonly string[], { signal }: { readonly signal: AbortSignal }): Promise<RowOf<typeof Customer>[]> => {
    const answer = await fetch(`${url}?ids=${ids.map(encodeURIComponent).join(',')}`, { signal });
    if (!answer.ok) throw new Error(`customers: ${answer.status} ${answer.statusText}`);
    return (await answer.json()) as RowOf<typeof Customer>[];
  };

export const named = (orders: Stream<RowOf<typeof Order>>, url: string) =>
  orders.lookupJoin(
    { schema: Customer, fetch: customersAt(url), cache: { entries: 10_000, ttl: '5 minutes' }, timeout: '2 seconds' },
    { on: 'customerId', how: 'left' },
  );

// npx weir run order-customers.ts -- customers=http://localhost:8080/customers
export default (params: Params) => {
  const orders = from(
    generator.source({
      rowsPerSecond: 1000,
      rows: params.number('rows', 1000),
      row: (i) => ({ orderId: i, customerId: `c${i % 50}` }),
    }),
  ).map((row) => row, Order);
  return pipeline({
    name: 'order-customers',
    outputs: [
      named(orders, params.string('customers', 'http://localhost:8080/customers')).to(file.sink({ path: 'named.jsonl' })),
    ],
  });
};
