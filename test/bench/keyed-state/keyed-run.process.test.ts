import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { keyedRun } from '../../../bench/keyed-state/keyed-run.mjs';
import { Folder } from '../../service/weir-process.ts';

const phases = {
  checkpointed: { intervalMs: 100, seconds: 0.5, checkpoints: true },
  without: { intervalMs: 100, seconds: 0.5, checkpoints: false },
};
const settings = { keys: 2000, touched: 20, rounds: 2, settleMs: 0, phases };

describe('a run of the job of many keys', () => {
  test('gives what a plain loop gives, and for each phase what was measured in it', async () => {
    using folder = new Folder();
    const { fault, skipped, results } = await keyedRun(settings, join(folder.path, 'run'));
    expect({ fault, skipped, rounds: results?.length }).toEqual({ fault: undefined, skipped: undefined, rounds: 2 });
    for (const { checkpointed, without } of results!.map(({ checkpointed, without }) => ({
      checkpointed: checkpointed!,
      without: without!,
    }))) {
      expect(Math.min(checkpointed.rows, without.rows, checkpointed.cpuMs, without.cpuMs)).toBeGreaterThan(0);
      expect(checkpointed.checkpoints.length).toBeGreaterThan(0);
      // One barrier for each of its own checkpoints, and no other.
      expect(checkpointed.gapsAtBarriers.length).toBe(checkpointed.checkpoints.length);
      expect(without).toMatchObject({ checkpoints: [], gapsAtBarriers: [] });
      expect(Math.max(...checkpointed.longestGaps)).toBeGreaterThanOrEqual(Math.max(...checkpointed.gapsAtBarriers));
      for (const { touchedKeys } of [checkpointed, without]) expect(touchedKeys).toBeLessThanOrEqual(5 * settings.touched);
      for (const { bytes } of checkpointed.checkpoints) expect(bytes).toBeGreaterThan(0);
    }
  });

  test('is left out, and says why, where its state would not fit', async () => {
    using folder = new Folder();
    const { skipped, ...rest } = await keyedRun({ ...settings, keys: 10_000_000 }, join(folder.path, 'run'), 2e9);
    expect({ skipped, rest }).toEqual({ skipped: 'it may take 4.7 GB of memory, and 2.0 GB are left', rest: {} });
    expect(existsSync(join(folder.path, 'run'))).toBe(false);
  });
});
