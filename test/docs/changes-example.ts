import { avg, count, from, max, schema, t } from 'weir';
import { testRun, testSource } from 'weir/testing';

export const Bid = schema({ auction: t.string, category: t.string, price: t.number });

const bids = testSource(Bid);
/** The highest bid of each auction, and of each category the mean of those. */
const highest = from(bids)
  .groupBy('auction', 'category')
  .agg({ price: max('price') });
const perCategory = highest.groupBy('category').agg({ auctions: count(), mean: avg('price') });

/** What becomes of the rows, epoch by epoch. */
export async function changes(...epochs: [auction: string, category: string, price: number][][]): Promise<object[][]> {
  await using run = await testRun(perCategory.changelog());
  const said: object[][] = [];
  for (const epoch of epochs) {
    bids.push(...epoch.map(([auction, category, price]) => ({ auction, category, price })));
    said.push([...(await run.drain())]);
  }
  return said;
}
