// A peer that can be had runs, and says what it cost; one that cannot says why. The loop by hand is the one that is always there.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { compareResults } from '../../../bench/peers/compare-results.mjs';
import { handQueries } from '../../../bench/peers/hand/queries.mjs';
import { queryNames } from '../../../bench/peers/queries.mjs';
import { readRows } from '../../../bench/peers/result-files.mjs';
import { preparePeer, runPeer } from '../../../bench/peers/run-peer.mjs';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-peers-'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

const at = (ms: number): string => new Date(ms).toISOString();
const bid = (ms: number, auction: number, bidder: number, price: number, channel = 'Apple', url = 'https://a/b/c/d/e?x=1') => ({
  ...{ event_type: 2, auction, bidder, price, channel, url },
  ...{ dateTime: at(ms), extra: 'accc' },
});

/** Bids of two auctions in windows that end at 2 s to 12 s and beyond, and a person in between. */
const events = [
  bid(1000, 123, 7, 2_000_000),
  bid(1500, 5, 8, 300, 'Other', 'https://a/b/c/d/e?x=1&channel_id=77&y'),
  {
    ...{ event_type: 0, id: 7, name: 'x', emailAddress: 'x@y', creditCard: '1', city: 'y', state: 'OR' },
    ...{ dateTime: at(1600), extra: 'c' },
  },
  {
    ...{ event_type: 1, id: 5, itemName: 'i', description: 'd', initialBid: 3, reserve: 4, seller: 7, category: 10 },
    ...{ dateTime: at(1700), expires: at(11_000), extra: 'c' },
  },
  bid(11_000, 5, 7, 101, 'Other'),
];

function byHand(query: string): object[] {
  const rows: object[] = [];
  const { event, end } = handQueries[query]!((row) => rows.push({ ...row }), { each: true });
  events.forEach(event);
  end();
  return rows;
}

const window = (auction: number, end: number, bids: number) => ({ auction, windowStart: end - 10_000, windowEnd: end, bids });

test('by hand, windows hold what is in them, and all of the best are named', () => {
  const early = [2000, 4000, 6000, 8000, 10_000].flatMap((end) => [window(123, end, 1), window(5, end, 1)]);
  const late = [12_000, 14_000, 16_000, 18_000, 20_000].map((end) => window(5, end, 1));
  expect(compareResults('q5', byHand('q5'), [...early, ...late])).toMatchObject({ equal: true });
  expect(byHand('tumbling')).toEqual([
    { bidder: 7, windowStart: 0, windowEnd: 10_000, averagePrice: 2_000_000 },
    { bidder: 8, windowStart: 0, windowEnd: 10_000, averagePrice: 300 },
    { bidder: 7, windowStart: 10_000, windowEnd: 20_000, averagePrice: 101 },
  ]);
});

test('by hand, bids are chosen and changed as the contract says', () => {
  expect(byHand('q2')).toEqual([{ auction: 123, price: 2_000_000 }]);
  expect(byHand('q14')).toEqual([
    { auction: 123, bidder: 7, price: 1_816_000, bidTimeType: 'nightTime', dateTime: 1000, extra: 'accc', cCount: 3 },
  ]);
  expect(byHand('q21')).toEqual([
    { auction: 123, bidder: 7, price: 2_000_000, channel: 'Apple', channelId: '0' },
    { auction: 5, bidder: 8, price: 300, channel: 'Other', channelId: '77' },
  ]);
  expect(byHand('q22')[0]).toMatchObject({ dir1: 'b', dir2: 'c', dir3: 'd' });
  expect(byHand('running').at(-1)).toEqual({ bidder: 7, bids: 2, total: 2_000_101 });
});

test('by hand, sessions end ten seconds after their last bid, and the last and the dearest bids are found', () => {
  expect(byHand('q11')).toEqual([
    { bidder: 7, bids: 2, windowStart: 1000, windowEnd: 21_000 },
    { bidder: 8, bids: 1, windowStart: 1500, windowEnd: 11_500 },
  ]);
  expect(byHand('q15').at(-1)).toMatchObject({ day: '1970-01-01', totalBids: 3, rank1Bids: 2, rank2Bids: 0, totalBidders: 2 });
  expect(byHand('q17').at(-1)).toMatchObject({ auction: 5, minPrice: 101, maxPrice: 300, avgPrice: 200.5 });
  expect(byHand('q18').map((row) => (row as { price: number }).price)).toEqual([2_000_000, 300, 101]);
  expect(byHand('q19').slice(-2)).toMatchObject([
    { auction: 5, rank: 1, price: 300 },
    { auction: 5, rank: 2, price: 101 },
  ]);
});

test('by hand, persons, auctions and bids meet, whichever comes first', () => {
  expect(byHand('q3')).toEqual([{ name: 'x', city: 'y', state: 'OR', auction: 5 }]);
  expect(byHand('q8')).toEqual([{ id: 7, name: 'x', windowStart: 0 }]);
  expect(byHand('q13')[0]).toMatchObject({ auction: 123, value: 'value 123' });
  expect(byHand('q20').map((row) => [(row as { price: number }).price, (row as { seller: number }).seller])).toEqual([
    [300, 7],
    [101, 7],
  ]);
  const sold = { initialBid: 3, reserve: 4, auctionTime: 1700, expires: 11_000, seller: 7, category: 10 };
  expect(byHand('q23')).toMatchObject([2_000_000, 101].map((price) => ({ bidder: 7, price, emailAddress: 'x@y', ...sold })));
  // The bid at 1500 comes before the auction; the one at 11,000 is the last that counts.
  expect(byHand('q9')).toMatchObject([{ id: 5, ...sold, bidder: 7, price: 101, dateTime: 11_000 }]);
  expect(byHand('q4')).toEqual([{ category: 10, average: 101 }]);
});

test('by hand, an average is of what each auction would bring, which may rise', () => {
  const averages: number[] = [];
  const { event } = handQueries.q4!((row) => averages.push((row as { average: number }).average), { each: true });
  const opened = (id: number) => ({ event_type: 1, id, category: 10, dateTime: at(0), expires: at(9000) });
  for (const one of [bid(10, 2, 1, 50), opened(1), bid(20, 1, 1, 100), opened(2), bid(30, 2, 1, 60), bid(40, 1, 1, 99)])
    event(one);
  expect(averages).toEqual([100, 75, 80]);
});

test('by hand, the average of a seller is of the last ten auctions that have bids, in the order in which they end', () => {
  const averages: number[] = [];
  const { event } = handQueries.q6!((row) => averages.push((row as { average: number }).average), { each: true });
  const opened = (id: number) => ({ event_type: 1, id, seller: 1, category: 10, dateTime: at(0), expires: at(9000 + (id % 3)) });
  for (let id = 1; id <= 11; id++) for (const one of [opened(id), bid(10, id, 1, 100 * id)]) event(one);
  // Of 3, 6 and 9, which end first, the first has fallen behind; so has what is bid on it.
  expect(averages.at(-1)).toBe((6600 - 300) / 10);
  event(bid(20, 3, 2, 10_000));
  expect(averages).toHaveLength(11);
  event(bid(30, 6, 2, 1600));
  expect(averages.at(-1)).toBe((6600 - 300 + 1000) / 10);
  event(bid(9500, 11, 2, 99_999));
  expect(averages).toHaveLength(12);
});

test('by hand, the dearest bids of each window are all of those that cost as much', () => {
  const rows: { price: number; bidder: number }[] = [];
  const { event, end } = handQueries.q7!((row) => rows.push(row as (typeof rows)[0]), { each: true });
  for (const one of [bid(1000, 1, 1, 5), bid(2000, 1, 2, 9), bid(9999, 2, 3, 9), bid(10_000, 2, 4, 9), bid(9000, 2, 5, 8)])
    event(one);
  expect(rows).toEqual([]);
  event(bid(14_000, 1, 6, 7));
  expect(rows.map(({ price, bidder }) => [price, bidder])).toEqual([
    [9, 2],
    [9, 3],
  ]);
  end();
  expect(rows.at(-1)).toEqual({ auction: 2, bidder: 4, price: 9, dateTime: 10_000, extra: 'accc' });
});

test('a peer that has not this query is skipped with that reason', async () => {
  const options = { query: 'q19', input: join(folder, 'nowhere.jsonl'), output: join(folder, 'out'), work: folder };
  expect(await runPeer('spark', options)).toEqual({
    skipped: 'there is no q19 in spark: it ranks no rows in a stream',
  });
});

test('every query has a loop by hand whose rows are of its form', () => {
  for (const query of queryNames) {
    const rows = byHand(query);
    expect(rows.length).toBeGreaterThan(0);
    expect(compareResults(query, rows, rows)).toMatchObject({ equal: true });
  }
});

test('a run says what it cost, and leaves its last pass', async () => {
  const input = join(folder, 'events.jsonl');
  await writeFile(input, events.map((event) => JSON.stringify(event)).join('\n'));
  const options = { query: 'running', input, output: join(folder, 'out'), work: folder, updates: 'each' } as const;
  const run = await runPeer('hand', options);
  if ('skipped' in run) throw new Error(run.skipped);
  expect(run).toMatchObject({ rows: 2, emissions: 3, result: join(folder, 'out/pass-2') });
  for (const cost of [run.startMs, run.totalCpuMs]) expect(cost).toBeGreaterThan(0);
  expect(compareResults('running', readRows(run.result), byHand('running')).equal).toBe(true);
});

test('a program that fails is no result', async () => {
  const options = { query: 'q0', input: join(folder, 'nowhere.jsonl'), output: join(folder, 'out'), work: folder };
  await expect(runPeer('hand', options)).rejects.toThrow('ENOENT');
});

test('a peer whose tools are not there is skipped with the reason; a peer that is none is refused', async () => {
  vi.stubEnv('PATH', folder);
  expect(await preparePeer('flink')).toEqual({ skipped: 'there is no java' });
  await expect(preparePeer('fink')).rejects.toThrow("there is no peer 'fink'");
});
