import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { from, json } from 'weir';
import { file } from 'weir/connectors';
import { testRun } from 'weir/testing';
import { describe, expect, test } from 'vitest';
import { Generator, LineWriter } from '../../../bench/nexmark/generator/index.ts';
import { Event } from '../../../bench/nexmark/schemas.ts';
import { nexmark, type NexmarkSourceOptions } from '../../../bench/nexmark/source.ts';
import { auctionsOf, bidsOf, personsOf } from '../../../bench/nexmark/views.ts';
import { sourceDefinition } from '../../../src/api/index.ts';
import { readPieces, readRows, sourceContext } from '../../connectors/connector-fixture.ts';
import { sourceContract } from '../../connectors/source-contract.ts';
import { Folder } from '../../service/weir-process.ts';
import { events, isAuction, isBid, isPerson } from './events-fixture.ts';

const definition = (options: NexmarkSourceOptions) => sourceDefinition(nexmark.source(options));
const byTime = <T extends { readonly dateTime: number }>(rows: readonly T[]): T[] =>
  [...rows].sort((a, b) => a.dateTime - b.dateTime);
/** Each event at a time of its own. */
const rate = 1000;

describe('nexmark.source', () => {
  sourceContract(async () => {
    const run = events(new Generator(), 0, 128);
    return {
      source: definition({ events: 128, splits: 2 }),
      splits: { 0: [...run.slice(0, 50), ...run.slice(100)], 1: run.slice(50, 100) },
    };
  });

  test('gives each event once, however many splits there are', async () => {
    const run = events(new Generator({ rate }), 0, 2345);
    for (const splits of [1, 2, 46, 47, 48]) {
      const rows = (await readRows(definition({ events: 2345, splits, rate }))) as (typeof run)[number][];
      expect(byTime(rows)).toEqual(run);
    }
    expect(await readRows(definition({ events: 0, splits: 2 }))).toEqual([]);
  });

  test('comes for ever without a number of events', async () => {
    const pieces = await readPieces(definition({ splits: 3 }), '1', sourceContext(), undefined, 5000);
    expect(pieces.at(-1)!.records).toBeGreaterThanOrEqual(5000);
  });

  test('gives no more than the clock allows', async () => {
    const reader = await definition({ rowsPerSecond: 200, splits: 2 }).open('0', undefined, 0, sourceContext());
    const startedAt = performance.now();
    let rows = 0;
    while (rows < 15) rows += (await reader.read())!.records;
    const elapsed = performance.now() - startedAt;
    await reader.close();
    // Row 14 is due at 140 ms; the first is given when the reader is asked, just after `startedAt`.
    expect(elapsed).toBeGreaterThanOrEqual(139);
    expect(rows).toBeLessThanOrEqual(elapsed / 10 + 1);
  });

  test('is another source for each run', () => {
    const variants: NexmarkSourceOptions[] = [
      {},
      { seed: 2 },
      { rate: 1 },
      { baseTimeMs: 0 },
      { outOfOrderGroupSize: 2 },
      { splits: 2 },
    ];
    expect(new Set(variants.map((options) => definition(options).identity)).size).toBe(variants.length);
    expect(definition({ events: 5, rowsPerSecond: 7 }).identity).toBe(definition({}).identity);
  });

  test('refuses what makes no sense', () => {
    const refused = (options: NexmarkSourceOptions, message: RegExp) =>
      expect(() => nexmark.source(options)).toThrow(
        expect.objectContaining({ code: 'E_PLAN', message: expect.stringMatching(message) as string }),
      );
    refused({ events: -1 }, /-1 is no number of events/);
    refused({ events: 1.5 }, /1.5 is no number of events/);
    refused({ splits: 0 }, /0 is no number of splits/);
    refused({ rowsPerSecond: Number.NaN }, /NaN is no number of rows a second/);
    refused({ rate: 0 }, /0 is no rate/);
  });
});

describe('views', () => {
  const run = events(new Generator({ rate }), 0, 300);
  const rowsOf = (kind: (event: (typeof run)[number]) => boolean) =>
    run.filter(kind).map((event) => Object.fromEntries(Object.entries(event).filter(([column]) => column !== 'event_type')));
  const expected = { persons: rowsOf(isPerson), auctions: rowsOf(isAuction), bids: rowsOf(isBid) };

  async function viewed(events: Parameters<typeof bidsOf>[0]) {
    await using persons = await testRun(personsOf(events));
    await using auctions = await testRun(auctionsOf(events));
    await using bids = await testRun(bidsOf(events));
    const all = [await persons.drain(), await auctions.drain(), await bids.drain()] as const;
    return { persons: byTime(all[0]), auctions: byTime(all[1]), bids: byTime(all[2]) };
  }

  test('hold the columns of their kind, from the source', async () => {
    expect(await viewed(from(nexmark.source({ events: 300, splits: 2, rate })))).toEqual(expected);
  });

  test('and from a file', async () => {
    using folder = new Folder();
    const path = join(folder.path, 'events.jsonl');
    writeFileSync(path, new LineWriter(new Generator({ rate })).slice(0, 300));
    const rows = await readRows(sourceDefinition(file.source({ path, format: json(Event) })));
    expect(await viewed(from(rows as Event[]))).toEqual(expected);
  });

  test('go on with the next event after a crash', async () => {
    await using run = await testRun(bidsOf(from(nexmark.source({ events: 300, splits: 2, rate }))));
    await run.checkpoint();
    await run.crash();
    expect(byTime(await run.drain())).toEqual(expected.bids);
  });
});
