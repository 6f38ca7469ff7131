import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assign, subtasksOf, withoutSplits } from '../../src/coordinator/index.ts';
import { type PhysicalPlan, planJob } from '../../src/plan/index.ts';
import { job, map, reduce, sink, source, union } from '../plan/nodes.ts';
import { manifest, part, split } from './manifests.ts';

const plan = planJob(
  job([
    sink(reduce(union(map(source('a', { name: 'a', parallelism: 2 })), source('b', { name: 'b', parallelism: 3 }))), 'update', {
      single: true,
    }),
  ]),
);
const nothing = async (): Promise<string[]> => [];

/** Worker → `stage/subtask: splits`. */
async function placed(
  plan: PhysicalPlan,
  workers: readonly string[],
  restore: Parameters<typeof assign>[2],
  discover: Parameters<typeof assign>[3],
): Promise<Record<string, string[]>> {
  const assignments = await assign(plan, workers, restore, discover);
  return Object.fromEntries(
    [...assignments].map(([worker, list]) => [
      worker,
      list.map(({ stage, subtask, splits }) => `${stage}/${subtask}${splits.length === 0 ? '' : `: ${splits.join(' ')}`}`),
    ]),
  );
}

describe('placement', () => {
  test('Z1: assigns every subtask once, spread over the workers', async () => {
    expect(subtasksOf(plan)).toEqual(['0/0', '0/1', '1/0', '1/1', '1/2', '2/0', '2/1', '3/0']);
    expect(await placed(plan, ['only'], null, nothing)).toEqual({ only: subtasksOf(plan) });
    expect(await placed(plan, ['x', 'y'], null, nothing)).toEqual({
      x: ['0/0', '1/0', '1/2', '2/0', '3/0'],
      y: ['0/1', '1/1', '2/1'],
    });
    expect(await placed(plan, ['x', 'y', 'z', 'idle'], null, nothing)).toMatchObject({ idle: [] });
  });

  test('Z2: deals the splits of a source to its subtasks in turn, and to no other operator', async () => {
    const discover = async (operator: string): Promise<string[]> => (operator === 'a' ? ['a1', 'a2', 'a3'] : ['b1']);
    expect(await placed(plan, ['w'], null, discover)).toEqual({
      w: ['0/0: a1 a3', '0/1: a2', '1/0: b1', '1/1', '1/2', '2/0', '2/1', '3/0'],
    });
    expect(withoutSplits(plan, await assign(plan, ['x', 'y'], null, discover)).toSorted()).toEqual(['1/1', '1/2']);
  });

  test('Z2: keeps the splits of the restored checkpoint, in an order of their own, and adds what is new', async () => {
    const restore = manifest(4, [
      part('a', { splits: [split('a3'), split('gone')] }),
      part('a', { subtask: 1, splits: [split('a2')] }),
      part('b'),
    ]);
    const discover = async (operator: string): Promise<string[]> => (operator === 'a' ? ['a1', 'a2', 'a3'] : []);
    expect(await placed(plan, ['w'], restore, discover)).toMatchObject({
      w: expect.arrayContaining(['0/0: a2 gone', '0/1: a3 a1']),
    });
  });

  test('looks for no new splits of a job that has finished', async () => {
    const restore = manifest(4, [part('a', { splits: [split('a1', { ended: true })] })], { finished: true });
    const discover = async (): Promise<string[]> => ['a1', 'a2'];
    expect(await placed(plan, ['w'], restore, discover)).toMatchObject({ w: expect.arrayContaining(['0/0: a1', '0/1', '1/0']) });
  });

  test('Z1, Z2: whatever is known and found, every subtask is placed once and every split read once', async () => {
    const names = fc.uniqueArray(fc.constantFrom('s1', 's2', 's3', 's4', 's5', 's6'));
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 4 }),
        names,
        names,
        async (parallelism, workers, known, found) => {
          const plan = planJob(job([sink(source('a', { name: 'a' }))]), parallelism);
          const restore = manifest(1, [part('a', { splits: known.map((name) => split(name)) })]);
          const all = [
            ...(
              await assign(
                plan,
                Array.from({ length: workers }, (_, i) => `w${i}`),
                restore,
                async () => found,
              )
            ).values(),
          ].flat();
          expect(all.map(({ stage, subtask }) => `${stage}/${subtask}`).sort()).toEqual([...subtasksOf(plan)].sort());
          expect(all.flatMap(({ splits }) => splits).sort()).toEqual([...new Set([...known, ...found])].sort());
        },
      ),
      { numRuns: 60 },
    );
  });
});
