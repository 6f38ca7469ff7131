// First rows of each group as a user writes them.
import { describe, expect, test } from 'vitest';
import { from, schema, sessionWindow, t, timestamp, window } from 'weir';
import { testRun, testSource } from 'weir/testing';

const Bid = schema({ auction: t.string, price: t.number.nullable(), bidder: t.string, at: t.timestamp });
const bid = (auction: string, price: number | null, bidder: string, at = 0) => ({
  auction,
  price,
  bidder,
  at: timestamp(at * 1000),
});
const fed = () => {
  const bids = testSource(Bid);
  return { bids, stream: from(bids).withWatermark('at', '0 seconds') };
};
const brief = (rows: readonly { auction: string; bidder: string; rank: number }[]) =>
  rows.map(({ auction, bidder, rank }) => `${auction} ${rank} ${bidder}`);

describe('top, of each key,', () => {
  test('tells which ranks have another row, and nothing of a row that comes behind', async () => {
    const { bids, stream } = fed();
    await using run = await testRun(stream.groupBy('auction').top(2, { by: 'price' }), { mode: 'update' });
    bids.push(bid('x', 5, 'ann'), bid('y', 1, 'bob'), bid('x', 7, 'cid'));
    expect(await run.drain()).toEqual([
      { auction: 'x', price: 7, bidder: 'cid', at: timestamp(0), rank: 1 },
      { auction: 'x', price: 5, bidder: 'ann', at: timestamp(0), rank: 2 },
      { auction: 'y', price: 1, bidder: 'bob', at: timestamp(0), rank: 1 },
    ]);
    bids.push(bid('x', 6, 'dan'), bid('y', null, 'eve'), bid('x', 6, 'fay'));
    expect(brief(await run.drain())).toEqual(['x 2 dan', 'y 2 eve']);
    await run.crash();
    bids.push(bid('x', 1, 'gus'), bid('y', 0, 'hal'));
    expect(brief(await run.drain())).toEqual(['y 2 hal']);
    bids.push(bid('x', 8, 'ian'));
    expect(brief(await run.drain())).toEqual(['x 1 ian', 'x 2 cid']);
  });

  test('by several columns, each in its own order, is the latest row of each key too', async () => {
    const { bids, stream } = fed();
    const latest = stream.groupBy('bidder').top(1, { by: ['at', 'price'], order: ['desc', 'asc'] });
    await using run = await testRun(latest.select('bidder', 'auction', 'rank'), { mode: 'complete', parallelism: 2 });
    bids.push(bid('x', 5, 'ann', 2), bid('y', 4, 'ann', 2), bid('z', 9, 'ann', 1), bid('z', 9, 'bob', 1));
    expect(brief(await run.drain()).toSorted()).toEqual(['y 1 ann', 'z 1 bob']);
  });

  test('of all rows there are, without a key, keeps the first of equal ones', async () => {
    const { bids, stream } = fed();
    await using run = await testRun(stream.groupBy().top(3, { by: 'price', order: 'asc' }), { mode: 'complete' });
    bids.push(bid('x', null, 'ann'), bid('y', 2, 'bob'), bid('z', 2, 'cid'), bid('x', 1, 'dan'));
    expect(brief(await run.drain())).toEqual(['x 1 dan', 'y 2 bob', 'z 3 cid']);
  });
});

describe('top, of each window,', () => {
  test('goes out once, when the watermark closes it', async () => {
    const { bids, stream } = fed();
    const top = stream.groupBy(window('at', '10 seconds')).top(2, { by: 'price' });
    await using run = await testRun(top);
    bids.push(bid('x', 1, 'ann', 1), bid('y', 2, 'bob', 2), bid('x', 3, 'cid', 3), bid('x', 9, 'dan', 10), bid('x', 9, 'eve', 4));
    const span = { start: timestamp(0), end: timestamp(10_000) };
    expect(await run.drain()).toEqual([
      { window: span, auction: 'x', price: 3, bidder: 'cid', at: timestamp(3000), rank: 1 },
      { window: span, auction: 'y', price: 2, bidder: 'bob', at: timestamp(2000), rank: 2 },
    ]);
    expect(run.late).toBe(1);
  });

  test('in sliding windows too, by keys that are computed', async () => {
    const { bids, stream } = fed();
    const sliding = stream
      .groupBy((c) => ({ first: c.auction.slice(0, 1), w: window(c.at, '20 seconds', { slide: '10 seconds' }) }))
      .top(1, { by: 'price' });
    await using run = await testRun(sliding);
    bids.push(bid('xa', 5, 'ann', 1), bid('xb', 6, 'bob', 12), bid('xc', 4, 'cid', 23), bid('x', 0, 'end', 100));
    expect((await run.drain()).map(({ first, w, auction, bidder }) => [first, w.start / 1000, auction, bidder])).toEqual([
      ['x', -10, 'xa', 'ann'],
      ['x', 0, 'xb', 'bob'],
      ['x', 10, 'xb', 'bob'],
      ['x', 20, 'xc', 'cid'],
    ]);
  });

  test('late rows are those of the input', async () => {
    const { bids, stream } = fed();
    const top = stream.groupBy(window('at', '10 seconds'), 'auction').top(1, { by: 'price' });
    await using run = await testRun(top.late());
    bids.push(bid('x', 1, 'ann', 30), bid('x', 9, 'eve', 4));
    expect(await run.drain()).toEqual([bid('x', 9, 'eve', 4)]);
  });

  test('may be gathered again: the first of the first', async () => {
    const { bids, stream } = fed();
    const top = stream
      .groupBy(sessionWindow('at', '5 seconds'), 'auction')
      .top(2, { by: 'price' })
      .groupBy(window('window', '1 minute'))
      .top(2, { by: 'price' });
    await using run = await testRun(top);
    bids.push(
      bid('x', 1, 'ann', 1),
      bid('x', 2, 'bob', 2),
      bid('y', 3, 'cid', 3),
      bid('x', 4, 'dan', 20),
      bid('x', 0, 'end', 200),
    );
    expect(brief(await run.drain())).toEqual(['x 1 dan', 'y 2 cid']);
  });
});
