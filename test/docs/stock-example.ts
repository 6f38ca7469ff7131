import { from, schema, sum, t } from 'weir';
import { testRun, testSource } from 'weir/testing';

export const Delivery = schema({ item: t.string, pieces: t.number });
export const Name = schema({ item: t.string, name: t.string });
export const [deliveries, names] = [testSource(Delivery), testSource(Name)];

const stock = from(deliveries)
  .groupBy('item')
  .agg({ pieces: sum('pieces') });
/** How much there is of each item, with its name once that is known. */
const named = stock.join(from(names), { on: 'item', how: 'left', ttl: '30 days' });

/** What becomes of the rows. */
export const run = () => testRun(named.changelog());
