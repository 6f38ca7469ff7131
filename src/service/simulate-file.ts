/** `weir simulate FILE`: runs a file whose top level calls `simulate()`, which asks here for the life that it is to live. */
import { SimulationFailed, seedAsked } from '../testing/index.ts';
import { loadJob } from './load-job.ts';

/** @throws SimulationFailed; WeirError `E_MODULE` if the file cannot be loaded */
export async function simulateFile(file: string, seed: number | undefined): Promise<void> {
  if (seed !== undefined) (globalThis as unknown as Record<symbol, unknown>)[seedAsked] = seed;
  try {
    await loadJob(file);
  } catch (thrown) {
    for (let error: unknown = thrown; error instanceof Error; error = error.cause)
      if (error instanceof SimulationFailed) throw error;
    throw thrown;
  }
}
