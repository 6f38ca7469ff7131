// Whole clusters on a simulated NATS, in virtual time: real clients, real connectors, random faults. `npm run sim` lives many more.
import { describe, expect, test } from 'vitest';
import { natsLife, natsPlanOf } from './nats-life.ts';

const lived = (seed: number): Promise<string> => natsLife(natsPlanOf(seed)).then((life) => JSON.stringify(life));

describe('a simulated cluster on a simulated NATS', () => {
  test('writes what it must, whatever happens to it', { timeout: 120_000 }, async () => {
    for (let seed = 1; seed <= 15; seed++) {
      const { violations, totals } = await natsLife(natsPlanOf(seed));
      expect([`npm run sim -- --ground nats --seed ${seed}`, ...violations]).toHaveLength(1);
      expect(totals.completed).toBeGreaterThan(0);
    }
  });

  test('lives the same life again for the same seed, and another for another', async () => {
    const [first, again, other] = [await lived(2), await lived(2), await lived(3)];
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });

  test('is seen to go wrong where rows are published as they come', async () => {
    const { violations } = await natsLife(natsPlanOf(1), { break: 'early-publish' });
    expect(violations).toEqual([expect.stringMatching(/69 rows are expected, 1\d\d are there/)]);
  });
});
