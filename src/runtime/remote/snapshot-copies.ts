/**
 * Copies of a job's snapshots on the disk of a worker, in a LevelDB of the worker's own: what it reads again, to fold it or to restore it,
 * does not cross the network a second time.
 *
 * Owns: finding a database that no other worker of this machine has open, and the size of what is in it.
 */
import { join } from 'node:path';
import { type Logger, WeirError } from '../../core/index.ts';
import { cachedBlobs, dropOtherLives, type JobStores, openLevelStores } from '../../state/index.ts';
import type { SharedStores } from './job-stores.ts';

/** Workers of one job on one machine that may have copies. */
const workersMax = 64;

/** The same stores; without copies if there can be none, which the log says. */
export async function withCopies(stores: SharedStores, job: string, directory: string, logger: Logger): Promise<JobStores> {
  const own = await openOwn(join(directory, job)).catch((error: Error) => {
    logger.warn({ directory, err: error.message }, 'no copies of snapshots are kept');
    return null;
  });
  if (own === null) return stores;
  const { identity, pointers, journal, guarantee } = stores;
  await dropOtherLives(own.blobs, identity);
  return {
    blobs: cachedBlobs(own.blobs, stores.blobs, identity),
    pointers,
    journal,
    guarantee,
    async close() {
      await stores.close();
      await own.close();
    },
  };
}

async function openOwn(directory: string): Promise<JobStores> {
  for (let n = 0; ; n++) {
    try {
      return await openLevelStores(join(directory, `copies-${n}`));
    } catch (error) {
      if (!(error instanceof WeirError) || error.code !== 'E_RUNNING' || n === workersMax - 1) throw error;
    }
  }
}
