import { describe, expect, test } from 'vitest';
import { count, from, max, schema, sum, t, window } from '../../src/index.ts';
import { testRun, testSource } from '../../src/testing/index.ts';

const Bid = schema({ auction: t.string, category: t.string, price: t.number, at: t.timestamp });
const bid = (auction: string, category: string, price: number, at = 0) => ({ auction, category, price, at });

describe('changelog()', () => {
  test('says what became of each row, once per epoch', async () => {
    const bids = testSource(Bid);
    const best = from(bids)
      .groupBy('auction', 'category')
      .agg({ final: max('price') });
    const perPrice = best.groupBy('final').agg({ auctions: count() });
    await using run = await testRun(perPrice.changelog());
    bids.push(bid('a', 'x', 1), bid('b', 'x', 1));
    expect(await run.drain()).toEqual([{ final: 1, auctions: 2, op: '+I' }]);
    bids.push(bid('a', 'x', 3), bid('a', 'x', 2));
    expect(await run.drain()).toEqual([
      { final: 1, auctions: 2, op: '-U' },
      { final: 1, auctions: 1, op: '+U' },
      { final: 3, auctions: 1, op: '+I' },
    ]);
    bids.push(bid('b', 'x', 3));
    expect(await run.drain()).toEqual([
      { final: 1, auctions: 1, op: '-D' },
      { final: 3, auctions: 1, op: '-U' },
      { final: 3, auctions: 2, op: '+U' },
    ]);
  });

  test('of final rows says that each is new', async () => {
    const bids = testSource(Bid);
    const perMinute = from(bids)
      .withWatermark('at', '0 ms')
      .groupBy(window('at', '1 minute'), 'category')
      .agg({ total: sum('price') });
    await using run = await testRun(perMinute.select('category', 'total').changelog());
    bids.push(bid('a', 'x', 1), bid('a', 'x', 2, 1), bid('a', 'y', 0, 60_000));
    expect(await run.drain()).toEqual([{ category: 'x', total: 3, op: '+I' }]);
  });

  test('of rows without a schema is beside their properties', async () => {
    const counts = from([{ k: 'a' }, { k: 'b' }, { k: 'a' }])
      .groupBy('k')
      .count()
      .map(({ k, count: n }) => ({ k, n }));
    const changes: object[] = [];
    for await (const change of counts.changelog().rows()) changes.push(change);
    expect(changes.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))).toEqual([
      { k: 'a', n: 2, op: '+I' },
      { k: 'b', n: 1, op: '+I' },
    ]);
  });
});
