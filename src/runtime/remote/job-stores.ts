/**
 * The stores of a job whose processes are on many machines: in NATS, but for the snapshots if a directory that all share is to hold those.
 *
 * Owns: where the snapshots are, said once in a cell of the job, so that every process of it looks there. Does not own: the connection.
 * Invariants: JB1 all processes of one life of a job have its snapshots in one place; JB2 what another life left in a shared directory is
 * never read: each has a folder of its own.
 */
import { readdir, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { NatsConnection } from '@nats-io/transport-node';
import { packValue, unpackValue } from '../../batch/index.ts';
import { WeirError } from '../../core/index.ts';
import {
  type BlobStore,
  type JobStores,
  type NatsStores,
  openDirectoryBlobs,
  openNatsStores,
  type PointerStore,
} from '../../state/index.ts';
import type { ConnectionOptions } from '../nats/connection-options.ts';
import { realRandom } from '../real-random.ts';

export interface JobPlace extends Pick<ConnectionOptions, 'jetStream' | 'timeoutMs'> {
  readonly connection: NatsConnection;
  readonly job: string;
}
export interface SharedStores extends JobStores {
  /** Of this life of the job. */
  readonly identity: string;
}

const cell = 'snapshots';

/**
 * The coordinator's, which leads. What is there is used on; `directory` is asked for a job that has no state.
 *
 * @param directory undefined: where they are, and NATS for a job without state
 * @throws WeirError `E_STATE_INCOMPATIBLE` if the snapshots are elsewhere, `E_STORE` if the directory is not there
 */
export async function makeSharedStores(place: JobPlace, directory: string | undefined): Promise<SharedStores> {
  const stores = await openNatsStores({ ...place, create: true, random: realRandom });
  const wanted = directory === undefined ? null : resolve(directory);
  const known = await placeOf(stores.pointers);
  if (known === undefined) return begin(stores, place.job, wanted);
  if (wanted !== null && known !== wanted)
    throw new WeirError('E_STATE_INCOMPATIBLE', `the snapshots of job ${place.job} are in ${known ?? 'NATS'}, not in ${wanted}`, {
      hint: 'leave --snapshots out, or start anew with --fresh',
    });
  return known === null ? stores : inDirectory(stores, await foundBlobs(lifeIn(known, place.job, stores)), known);
}

/** A worker's: they are there. */
export async function findSharedStores(place: JobPlace): Promise<SharedStores> {
  const stores = await openNatsStores({ ...place, create: false, random: realRandom });
  const directory = (await placeOf(stores.pointers)) ?? null;
  return directory === null ? stores : inDirectory(stores, await foundBlobs(lifeIn(directory, place.job, stores)), directory);
}

async function begin(stores: NatsStores, job: string, directory: string | null): Promise<SharedStores> {
  if (directory === null) {
    await remember(stores.pointers, null);
    return stores;
  }
  const life = lifeIn(directory, job, stores);
  const blobs = await openDirectoryBlobs(life, realRandom);
  await dropOthers(join(directory, job), stores.identity);
  await remember(stores.pointers, directory);
  return inDirectory(stores, blobs, directory);
}

const lifeIn = (directory: string, job: string, { identity }: NatsStores): string => join(directory, job, identity);

/** Of a job that was forgotten. */
async function dropOthers(folder: string, identity: string): Promise<void> {
  for (const name of await readdir(folder)) if (name !== identity) await rm(join(folder, name), { recursive: true, force: true });
}

async function foundBlobs(directory: string): Promise<BlobStore> {
  const found = await stat(directory).catch(() => undefined);
  if (found?.isDirectory() === true) return openDirectoryBlobs(directory, realRandom);
  throw new WeirError('E_STORE', `the snapshots of this job are in ${directory}, which is not there on this machine`, {
    hint: 'mount the directory that the coordinator was given with --snapshots, under the same path',
    retry: 'never',
  });
}

function inDirectory(stores: NatsStores, files: BlobStore, directory: string): SharedStores {
  const { pointers, journal, identity } = stores;
  const guarantee = `${stores.guarantee}; snapshots are files in ${directory}, synced`;
  let isOpen = true;
  const opened = async (): Promise<BlobStore> => {
    if (isOpen) return files;
    throw new WeirError('E_STORE', 'the store is closed', { retry: 'never' });
  };
  const blobs: BlobStore = {
    put: async (id, bytes) => (await opened()).put(id, bytes),
    get: async (id) => (await opened()).get(id),
    list: async (prefix) => (await opened()).list(prefix),
    delete: async (ids) => (await opened()).delete(ids),
  };
  const close = async (): Promise<void> => {
    isOpen = false;
    await stores.close();
  };
  return { blobs, pointers, journal, identity, guarantee, close };
}

/** Undefined: nobody has said it yet; null: in NATS. */
async function placeOf(pointers: PointerStore): Promise<string | null | undefined> {
  const found = await pointers.read(cell);
  return found === null ? undefined : (unpackValue(found.value) as { readonly directory: string | null }).directory;
}

async function remember(pointers: PointerStore, directory: string | null): Promise<void> {
  const revision = await pointers.compareAndSet(cell, 0, packValue({ directory }));
  if (revision === null) throw new WeirError('E_STORE', 'another coordinator has begun this job meanwhile');
}
