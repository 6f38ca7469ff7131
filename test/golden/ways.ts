/** How a golden pipeline is lived: undisturbed, with checkpoints, killed and restored, at other parallelisms. */
import { expect } from 'vitest';
import { seededRandom } from '../../src/core/index.ts';
import type { Build } from './golden-jobs.ts';
import { type Ground, type LifeReport, live } from './life.ts';
import { World } from './world.ts';

export interface Way {
  readonly name: string;
  readonly checkpointEveryMs: number;
  readonly crashes: number;
  readonly parallelisms: readonly number[];
  readonly rough?: boolean;
}
export const never = 2 ** 40;
export const straight: Way = { name: 'straight', checkpointEveryMs: never, crashes: 0, parallelisms: [1] };

/** @param ground memory unless said */
export async function lived(
  way: Way,
  build: Build,
  seed: number,
  ground?: Ground,
): Promise<{ world: World; report: LifeReport }> {
  const random = seededRandom(seed);
  const world = new World();
  const { checkpointEveryMs, crashes, parallelisms, rough = false } = way;
  const outputs = build(world, random);
  const report = await live({
    outputs,
    world,
    random,
    crashes,
    parallelisms,
    checkpointEveryMs,
    slow: rough,
    ...(ground === undefined ? {} : { ground }),
  });
  if (crashes > 0) expect(report.crashes).toBeGreaterThan(1); // it may finish before the last of them
  return { world, report };
}
