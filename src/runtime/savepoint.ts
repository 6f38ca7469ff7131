/**
 * Savepoints as directories: each is a job's state directory that holds one checkpoint and belongs to nobody.
 *
 * Invariants: SP2 a savepoint's directory appears whole, under its name, or not at all.
 */
import { readdir, rename, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { RunningJob } from '../cluster/index.ts';
import { copySavepoint } from '../coordinator/index.ts';
import { WeirError } from '../core/index.ts';
import { type JobStores, openLevelStores } from '../state/index.ts';

/**
 * Takes a checkpoint of the job and copies it into a new directory. The job goes on meanwhile.
 *
 * @throws WeirError `E_USAGE` if there is something in the directory already, or the job does not run; `E_STORE`
 */
export function writeSavepoint(job: Pick<RunningJob, 'savepoint'>, directory: string): Promise<number> {
  return intoSavepoint(directory, (stores) => job.savepoint(stores));
}

/** Directories that are being written: one at a time may write into each. */
const underWay = new Set<string>();

/**
 * Makes a directory of what `fill` puts into its stores.
 *
 * @throws WeirError `E_USAGE` if there is something in the directory already
 */
export async function intoSavepoint<T>(directory: string, fill: (stores: JobStores) => Promise<T>): Promise<T> {
  const whole = resolve(directory);
  if (underWay.has(whole)) throw new WeirError('E_USAGE', `a savepoint is being written into ${whole} already`);
  underWay.add(whole);
  try {
    await mustBeEmpty(whole);
    return await filled(whole, fill);
  } finally {
    underWay.delete(whole);
  }
}

async function filled<T>(whole: string, fill: (stores: JobStores) => Promise<T>): Promise<T> {
  const partial = `${whole}.partial`;
  await rm(partial, { recursive: true, force: true });
  const stores = await openLevelStores(partial);
  let result: T;
  try {
    result = await fill(stores);
  } catch (error) {
    await stores.close();
    await rm(partial, { recursive: true, force: true });
    throw error;
  }
  await stores.close();
  await rename(partial, whole);
  return result;
}

/**
 * Fills a job's empty stores from a savepoint.
 *
 * @throws WeirError `E_USAGE` if it is no savepoint, or the job has state already
 */
export async function readSavepoint(directory: string, to: JobStores): Promise<void> {
  const found = await entries(directory);
  if (!found.includes('COMMITTED'))
    throw new WeirError('E_USAGE', `${resolve(directory)} is no savepoint`, {
      hint: 'name the directory that savepoint() has written',
    });
  const from = await openLevelStores(resolve(directory));
  try {
    await copySavepoint(from, to);
  } finally {
    await from.close();
  }
}

async function mustBeEmpty(directory: string): Promise<void> {
  if ((await entries(directory)).length === 0) return;
  throw new WeirError('E_USAGE', `${directory} is not empty: a savepoint goes into a directory of its own`, {
    hint: 'name one that does not exist yet',
  });
}

async function entries(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw WeirError.from(error, 'E_STORE', directory);
  }
}
