// Carts of a shop: each as it is paid or given up, and what they are worth as they grow.
import {
  count,
  from,
  globalWindow,
  type Params,
  pipeline,
  type RowOf,
  schema,
  state,
  type Stream,
  sum,
  t,
  timestamp,
  windowTrigger,
} from 'weir';
import { file, generator } from 'weir/connectors';

export const Event = schema({ cart: t.string, kind: t.oneOf('add', 'pay'), price: t.number, at: t.timestamp });
type Events = Stream<RowOf<typeof Event>>;

/** Final rows: a cart goes out as it is paid, or an hour after it was begun, and is forgotten. */
export const closed = (events: Events) =>
  events
    .withWatermark('at', '5 minutes')
    .groupBy((c) => ({
      all: globalWindow({ trigger: { when: c.kind.eq('pay'), eventTime: { of: c.at, after: '1 hour' } } }),
      cart: c.cart,
    }))
    .agg((c) => ({ items: count().where(c.kind.eq('add')), worth: sum(c.price) }));

/** Each time that a cart has grown by 50. */
const grown = windowTrigger({
  results: 'running',
  state: { worth: state.value(t.number), told: state.value(t.number) },
  onRow({ kind, price }: { kind: 'add' | 'pay'; price: number }, { state: { worth, told } }) {
    if (kind === 'pay') return 'emit-and-purge';
    const now = (worth.get() ?? 0) + price;
    worth.set(now);
    if (now - (told.get() ?? 0) < 50) return 'continue';
    told.set(now);
    return 'emit';
  },
});

/** Rows that change: what a cart was worth when it was last told of. */
export const growing = (events: Events) =>
  events
    .groupBy(globalWindow({ trigger: grown(['kind', 'price']) }), 'cart')
    .agg((c) => ({ items: count().where(c.kind.eq('add')), worth: sum(c.price) }));

const minute = 60_000;

// An event each 20 seconds in one of five carts; of three carts the eighth event pays, the others are given up.
const events = (rows: number) =>
  generator.source({
    rowsPerSecond: 5000,
    rows,
    row: (i) => {
      const paid = i % 5 < 3 && Math.floor(i / 5) % 8 === 7;
      return {
        cart: `cart-${i % 5}`,
        kind: paid ? ('pay' as const) : ('add' as const),
        price: paid ? 0 : 5 + (i % 31),
        at: timestamp(i * 20_000 - (i % 50 === 49 ? 3 * minute : 0)),
      };
    },
  });

export default (params: Params) => {
  const typed = from(events(params.number('rows', 5000))).map((row) => row, Event);
  return pipeline({
    name: 'carts',
    outputs: [
      closed(typed).to(file.sink({ path: 'carts.jsonl' })),
      growing(typed)
        .changelog()
        .to(file.sink({ path: 'growing.jsonl' })),
    ],
  });
};
