// Whole clusters on a simulated NATS, in virtual time: real clients, real connectors, random faults. `npm run sim` lives many more.
import { describe, expect, test } from 'vitest';
import { natsLife, natsPlanOf } from './nats-life.ts';

const lived = (seed: number): Promise<string> => natsLife(natsPlanOf(seed)).then((life) => JSON.stringify(life));

describe('a simulated cluster on a simulated NATS', () => {
  test('writes what it must, whatever happens to it', { timeout: 120_000 }, async () => {
    for (let seed = 1; seed <= 15; seed++) {
      const { violations, totals } = await natsLife({ ...natsPlanOf(seed), syncs: true });
      expect([`npm run sim -- --ground nats --seed ${seed}`, ...violations]).toHaveLength(1);
      expect(totals.completed).toBeGreaterThan(0);
    }
  });

  test('refuses to go on where a server that does not sync has lost what it needs, and writes nothing wrong', {
    timeout: 120_000,
  }, async () => {
    const refusals: (string | undefined)[] = [];
    for (let seed = 1; seed <= 8; seed++) {
      const { violations, refusal } = await natsLife({ ...natsPlanOf(seed), syncs: false });
      expect([seed, ...violations]).toEqual([seed]);
      refusals.push(refusal);
    }
    expect(refusals).toContain('E_STATE_DAMAGED');
  });

  test('lives the same life again for the same seed, and another for another', async () => {
    const [first, again, other] = [await lived(2), await lived(2), await lived(3)];
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });

  test('is seen to go wrong where rows are published as they come', async () => {
    const plan = { ...natsPlanOf(1), query: 'pass', sink: 'fenced', syncs: true } as const;
    const { violations } = await natsLife(plan, { break: 'early-publish' });
    expect(violations).toContainEqual(expect.stringMatching(/rows are expected, .* missing: , too many: \{/));
  });
});
