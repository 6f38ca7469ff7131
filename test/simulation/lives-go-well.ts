/** Lives of so many seeds on, in which nothing may be wrong, and which must be worth it. */
import { expect } from 'vitest';
import { worthOf } from '../../chaos/sim/worth.mjs';
import { faultKinds } from '../../src/testing/simulation/index.ts';
import { type LifeOutcome, planOf, simulatedLife } from './simulated-life.ts';

export async function livesGoWell(from: number, count: number): Promise<void> {
  const lives: LifeOutcome[] = [];
  for (let seed = from; seed < from + count; seed++) {
    const life = await simulatedLife(planOf(seed));
    expect([`npm run sim -- --seed ${seed}`, ...life.violations]).toHaveLength(1);
    lives.push(life);
  }
  expect(worthOf(lives).filter(({ is, least }) => is < least)).toEqual([]);
  const seen = new Set(lives.flatMap(({ faults }) => Object.keys(faults)));
  expect(faultKinds.filter((kind) => !seen.has(kind))).toEqual([]);
}
