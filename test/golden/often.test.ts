import fc from 'fast-check';
import { expect, test } from 'vitest';
import { drawn } from './drawn.ts';
import { liveOut } from './live-out.ts';

const seed = 20_161_129;

/** What the mixed lives meet now and then. */
test.each([
  'fading',
  'joins',
  'versions',
  'lookups',
  'fetched',
  'asked',
  'regroups',
  'revisions',
  'ranks',
  'regulars',
  'changed',
  'reread',
  'lasts',
  'triggers',
  'ownTriggers',
  'microBatches',
] as const)('%s give what the plain way gives, whatever happens to them', { timeout: 300_000 }, async (query) => {
  for (const life of fc.sample(drawn, { numRuns: 12, seed })) {
    const { findings } = await liveOut({ ...life, query });
    const where = JSON.stringify({ ...life, query });
    for (const { what, actual, expected } of findings) expect(actual, `${what}: ${where}`).toEqual(expected);
  }
});
