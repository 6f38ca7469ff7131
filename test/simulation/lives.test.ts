// Whole clusters on virtual time: a coordinator, a standby and workers, random pipelines, random faults. `npm run sim` lives many more.
import { describe, expect, test } from 'vitest';
import { livesGoWell } from './lives-go-well.ts';
import { planOf, simulatedLife } from './simulated-life.ts';

describe('a simulated cluster', () => {
  test('gives the plain answer, whatever happens to it', { timeout: 240_000 }, () => livesGoWell(236, 30));

  test('lives the same life again for the same seed, and another for another', async () => {
    const lived = async (seed: number): Promise<string> => JSON.stringify(await simulatedLife(planOf(seed)));
    const [first, again, other] = [await lived(7), await lived(7), await lived(8)];
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });
});
