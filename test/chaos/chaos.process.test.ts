// Short slices of the chaos programs, with fixed seeds: that they pass, and that they fail once the engine is broken.
import { describe, expect, test } from 'vitest';
import { sabotages } from '../../src/core/index.ts';
import { chaos } from './chaos-program.ts';

describe('the main job, killed at random moments,', () => {
  test.each(['1', '3'])('leaves the bytes of an undisturbed run at parallelism %s', async (parallelism) => {
    const { code, result } = await chaos('kill.mjs', '--kills', '4', '--seed', '7', '--parallelism', parallelism);
    expect(result).toMatchObject({ kills: 4, differingBytes: 0 });
    expect(result['restores']).toBeGreaterThanOrEqual(2);
    expect(code).toBe(0);
  });

  const ofOthers = ['no-epoch-budget', 'no-fence', 'no-generation', 'early-publish'];
  test.concurrent.each(Object.keys(sabotages).filter((name) => !ofOthers.includes(name)))(
    'is seen to go wrong with --break %s',
    async (name) => {
      const { code, result } = await chaos('kill.mjs', '--kills', '8', '--seed', '7', '--break', name);
      expect(result['differingBytes']).toBeGreaterThan(0);
      expect(code).toBe(1);
    },
  );
});

describe('a sink that stands still', () => {
  test.each(['write', 'commit'])('in its %s stops the source, within bounded memory, and nothing is lost', async (where) => {
    const { code, result } = await chaos('backpressure.mjs', '--seconds', '4', '--where', where);
    expect(result).toMatchObject({ throttled: true, wrongNumbers: 0, exit: 0 });
    expect(code).toBe(0);
  });

  test('is seen not to stop the source with --break no-epoch-budget', async () => {
    const { code, result } = await chaos('backpressure.mjs', '--seconds', '3', '--where', 'commit', '--break', 'no-epoch-budget');
    expect(result['standsStillAfterMs']).toBeGreaterThan(2000);
    expect(code).toBe(1);
  });
});
