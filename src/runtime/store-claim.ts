/**
 * Which store a job's state is in, remembered in its directory: a job that goes on in another one would begin from nothing.
 */
import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { WeirError } from '../core/index.ts';
import { readIfThere, replaceFile } from '../state/index.ts';

export type StoreKind = 'this directory' | 'private nats-server' | 'NATS';

/** @throws WeirError `E_STATE_INCOMPATIBLE` if the state is in another store */
export async function claimStore(directory: string, kind: StoreKind, fresh: boolean): Promise<void> {
  const known = fresh ? undefined : await knownStore(directory);
  if (known === kind) return;
  if (known !== undefined) {
    throw new WeirError('E_STATE_INCOMPATIBLE', `the state of this job is in ${known}, not in ${kind} (${directory})`, {
      hint: `choose the transport that it was started with, another --state-dir, or --fresh to start anew`,
    });
  }
  await mkdir(directory, { recursive: true, mode: 0o700 });
  // Coordinators that start together all claim it, and each reads what another has written.
  await replaceFile(directory, 'STORE', `${kind}\n`, `STORE.${randomUUID()}.tmp`);
}

/** Directories of before there was a choice hold their state themselves. */
async function knownStore(directory: string): Promise<StoreKind | undefined> {
  const [claim, marker] = await Promise.all([readIfThere(join(directory, 'STORE')), readIfThere(join(directory, 'COMMITTED'))]);
  if (claim !== undefined) return claim.trim() as StoreKind;
  return marker === undefined ? undefined : 'this directory';
}
