/**
 * The stores of one job in one directory: `level/` (LevelDB), `COMMITTED` (its marker), `weir.pid` (who has it open).
 *
 * Owns: opening, closing and forgetting. Invariants: S16 one process at a time has a job's directory open: LevelDB's lock decides.
 */
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { WeirError } from '../../core/index.ts';
import type { JobStores } from '../ports.ts';
import { CommittedMarker } from './committed-marker.ts';
import { LevelBlobs } from './level-blobs.ts';
import { LevelDatabase } from './level-database.ts';
import { isLocked, storeError } from './level-errors.ts';
import { LevelJournal } from './level-journal.ts';
import { LevelPointers } from './level-pointers.ts';
import { readPid, removePid, writePid } from './pid-file.ts';

/**
 * Opens a job's directory, and makes it if it is not there.
 *
 * @throws WeirError `E_RUNNING` if another process has it open, `E_STATE_DAMAGED` if it cannot be read as what was
 * written, `E_STORE` if the disk or its permissions refuse
 */
export async function openLevelStores(directory: string): Promise<JobStores> {
  const database = await openDatabase(directory);
  try {
    const marker = await CommittedMarker.open(directory);
    await writePid(directory);
    await rm(forgottenName(directory), { recursive: true, force: true });
    const pointers = new LevelPointers(database, marker);
    return {
      blobs: new LevelBlobs(database),
      pointers,
      journal: new LevelJournal(database, marker),
      guarantee: `state is kept in ${directory}, every write synced to disk: it survives the kill of every process and, on a disk that honours sync, a power cut`,
      async close(): Promise<void> {
        await removePid(directory);
        await pointers.close();
      },
    };
  } catch (thrown) {
    await database.close();
    throw WeirError.from(thrown, 'E_STORE', directory);
  }
}

/**
 * Removes a job's directory, whatever has become of what is in it. It goes under another name first: a kill at any moment
 * leaves all of it or none.
 *
 * @throws WeirError `E_RUNNING` if another process has it open, `E_STORE` if the disk or its permissions refuse
 */
export async function forgetLevelStores(directory: string): Promise<void> {
  const forgotten = forgottenName(directory);
  try {
    await rm(forgotten, { recursive: true, force: true });
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await closedByAll(directory);
    await rename(directory, forgotten);
    await rm(forgotten, { recursive: true, force: true });
  } catch (thrown) {
    throw WeirError.from(thrown, 'E_STORE', `forget ${directory}`);
  }
}

/** What a kill left of one that was being forgotten; no job can have this name. */
const forgottenName = (directory: string): string => `${directory}.forgotten`;

/** Only the lock matters, and LevelDB takes it before it looks at anything else. */
async function closedByAll(directory: string): Promise<void> {
  try {
    await (await LevelDatabase.open(join(directory, 'level'), true)).close();
  } catch (thrown) {
    if (isLocked(thrown)) throw await inUse(directory, thrown);
  }
}

async function inUse(directory: string, cause: unknown): Promise<WeirError> {
  const pid = await readPid(directory);
  return new WeirError('E_RUNNING', `${directory} is in use by ${pid === undefined ? 'another process' : `process ${pid}`}`, {
    cause,
  });
}

async function openDatabase(directory: string): Promise<LevelDatabase> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    // Where a pointer was written, an empty database would be damage, and not a beginning.
    const { isEmpty } = await CommittedMarker.open(directory);
    return await LevelDatabase.open(join(directory, 'level'), isEmpty);
  } catch (thrown) {
    throw isLocked(thrown) ? await inUse(directory, thrown) : storeError(thrown, `open ${directory}`);
  }
}
