// A short slice of chaos/chaos.mjs, with a fixed seed: that it passes under everything there is, and that it fails once the engine is broken.
import { beforeEach, describe, expect, inject, test } from 'vitest';
import { chaos } from './chaos-program.ts';

beforeEach(({ skip }) => {
  const { skipped } = inject('natsServer');
  if (skipped !== undefined) skip(skipped);
});

const readings = ['--workload', 'readings'];

describe('a job from JetStream to JetStream under all nemeses', { timeout: 240_000 }, () => {
  test('writes each result once and in order, for half a minute', async () => {
    const { code, result } = await chaos('chaos.mjs', ...readings, '--minutes', '0.5', '--seed', '1');
    expect(result).toMatchObject({ lost: 0, duplicated: 0, reordered: 0, zombieWrites: 0, verdicts: [] });
    const faults = Object.values(result['faults'] as Record<string, number>);
    expect(faults.length).toBeGreaterThanOrEqual(8);
    expect(faults.reduce((sum, n) => sum + n, 0)).toBeGreaterThanOrEqual(10);
    expect(result['restores']).toBeGreaterThanOrEqual(3);
    expect(code).toBe(0);
  });

  test.concurrent.each([
    ['no-fence', 'message-late'],
    ['early-publish', 'kill-worker'],
  ])('is seen to go wrong with --break %s', async (name, nemesis) => {
    const words = ['--minutes', '0.1', '--seed', '1', '--nemesis', nemesis, '--break', name];
    const { code, result } = await chaos('chaos.mjs', ...readings, ...words);
    expect(result['duplicated']).toBeGreaterThan(0);
    expect(code).toBe(1);
  });
});
