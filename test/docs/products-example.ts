import { avg, count, from, schema, t } from 'weir';
import { testRun, testSource } from 'weir/testing';

const Product = t.struct({ id: t.string, category: t.string, price: t.number });
/** What a database tells of its table: created, updated or deleted, and the row before and after. */
export const Event = schema({ op: t.string, before: Product.nullable(), after: Product.nullable() });

const events = testSource(Event);
const products = from(events)
  .select((c) => ({ op: c.op, id: c.after.id.orElse(c.before.id), category: c.after.category, price: c.after.price }))
  .asUpserts({ key: 'id', deleted: (c) => c.op.eq('d') });
const perCategory = products.groupBy('category').agg({ products: count(), mean: avg('price') });

/** What becomes of the categories, epoch by epoch. */
export async function categories(...epochs: Parameters<typeof events.push>[]): Promise<object[][]> {
  await using run = await testRun(perCategory.changelog());
  const said: object[][] = [];
  for (const told of epochs) {
    events.push(...told);
    said.push([...(await run.drain())]);
  }
  return said;
}
