// Whole clusters on virtual time: a coordinator, a standby and workers, random pipelines, random faults. `npm run sim` lives many more.
import { describe, expect, test } from 'vitest';
import { worthOf } from '../../chaos/sim/worth.mjs';
import { faultKinds } from '../../src/testing/simulation/index.ts';
import { type LifeOutcome, planOf, simulatedLife } from './simulated-life.ts';

const seeds = Array.from({ length: 150 }, (_, i) => i + 1);

describe('a simulated cluster', () => {
  test('gives the plain answer, whatever happens to it', { timeout: 240_000 }, async () => {
    const lives: LifeOutcome[] = [];
    for (const seed of seeds) {
      const life = await simulatedLife(planOf(seed));
      expect([`npm run sim -- --seed ${seed}`, ...life.violations]).toHaveLength(1);
      lives.push(life);
    }
    expect(worthOf(lives).filter(({ is, least }) => is < least)).toEqual([]);
    const seen = new Set(lives.flatMap(({ faults }) => Object.keys(faults)));
    expect(faultKinds.filter((kind) => !seen.has(kind))).toEqual([]);
  });

  test('lives the same life again for the same seed, and another for another', async () => {
    const lived = async (seed: number): Promise<string> => JSON.stringify(await simulatedLife(planOf(seed)));
    const [first, again, other] = [await lived(7), await lived(7), await lived(8)];
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });
});
