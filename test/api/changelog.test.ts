import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { file } from '../../src/connectors/index.ts';
import { count, from, max, pipeline, schema, start, sum, t, window } from '../../src/index.ts';
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

  test('a file may have what becomes of a result, too, in update: each row as it is', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'weir-test-'));
    const bids = [bid('a', 'x', 1), bid('b', 'x', 1), bid('a', 'x', 3)];
    const best = from(bids)
      .map((row) => row, Bid)
      .groupBy('auction')
      .agg({ final: max('price') });
    const perPrice = best.groupBy('final').agg({ auctions: count() });
    const lines = async (name: string) =>
      (await readFile(join(folder, name), 'utf8'))
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    try {
      const [first, second] = [join(folder, 'a.jsonl'), join(folder, 'b.jsonl')];
      const outputs = [
        best.to(file.sink({ path: first, op: 'op' }), { mode: 'update' }),
        perPrice.to(file.sink({ path: second, op: 'op' }), { mode: 'update' }),
      ];
      await (await start(pipeline({ name: 'bids', outputs }), { stateDir: join(folder, 'state'), transport: 'memory' })).finished;
      expect(await lines('a.jsonl')).toEqual([
        { auction: 'a', final: 3, op: '+U' },
        { auction: 'b', final: 1, op: '+U' },
      ]);
      expect(await lines('b.jsonl')).toEqual([
        { final: 3, auctions: 1, op: '+U' },
        { final: 1, auctions: 1, op: '+U' },
      ]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
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
