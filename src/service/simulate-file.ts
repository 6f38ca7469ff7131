/** `weir simulate FILE`: runs a file that calls `simulate()`, which asks here for the life that it is to live, and waits for all that it has begun. */
import { setImmediate as turn } from 'node:timers/promises';
import { WeirError } from '../core/index.ts';
import { SimulationFailed, seedAsked, simulationsBegun } from '../testing/index.ts';
import { loadJob } from './load-job.ts';

/** @throws SimulationFailed; WeirError `E_MODULE` if the file cannot be loaded, `E_USAGE` if it simulates nothing */
export async function simulateFile(file: string, seed: number | undefined): Promise<void> {
  const asked = globalThis as unknown as Record<symbol, unknown>;
  if (seed !== undefined) asked[seedAsked] = seed;
  const begun: Promise<void>[] = [];
  asked[simulationsBegun] = begun;
  // What the file neither waits for nor hears of.
  const unheard: unknown[] = [];
  const hear = (reason: unknown): void => void unheard.push(reason);
  process.on('unhandledRejection', hear);
  try {
    await loadJob(file);
    if (begun.length === 0)
      throw new WeirError('E_USAGE', `${file} calls no simulate()`, {
        hint: "call simulate() of 'weir/testing' at the top level of the file",
      });
    await Promise.all(begun);
    await turn();
    if (unheard.length > 0) throw unheard[0];
  } catch (thrown) {
    for (let error: unknown = thrown; error instanceof Error; error = error.cause)
      if (error instanceof SimulationFailed) throw error;
    throw thrown;
  } finally {
    process.off('unhandledRejection', hear);
  }
}
