/**
 * The stores of a job whose processes are on many machines: in NATS, but for the snapshots if a directory that all share is to hold those.
 *
 * Owns: where the snapshots are, said in a cell of the job, so that every process of it looks there. Does not own: the connection.
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

/** What the cell says. */
interface Place {
  /** Null: in NATS. */
  readonly directory: string | null;
  /** Nobody asked for it. */
  readonly isOwn?: boolean;
}
const cell = 'snapshots';

/**
 * The coordinator's, which leads. What is there is used on; directories are for a job that has no state.
 *
 * @param asked whoever runs the job wants them there (undefined: where they are)
 * @param own of a server that is this job's alone, beside its files: where they are if nobody asks, and they move with it
 * @throws WeirError `E_STATE_INCOMPATIBLE` if the snapshots are elsewhere, `E_STORE` if the directory is not there
 */
export async function makeSharedStores(place: JobPlace, asked?: string, own?: string): Promise<SharedStores> {
  const stores = await openNatsStores({ ...place, create: true, random: realRandom });
  const found = await stores.pointers.read(cell);
  const beside: Place = own === undefined ? { directory: null } : { directory: resolve(own), isOwn: true };
  const wanted: Place = asked === undefined ? beside : { directory: resolve(asked) };
  if (found === null) return begin(stores, place.job, wanted);
  let known = unpackValue(found.value) as Place;
  if (known.isOwn === true && own !== undefined && known.directory !== beside.directory) {
    await remember(stores.pointers, found.revision, beside);
    known = beside;
  }
  if (asked !== undefined && known.directory !== wanted.directory)
    throw new WeirError(
      'E_STATE_INCOMPATIBLE',
      `the snapshots of job ${place.job} are in ${known.directory ?? 'NATS'}, not in ${wanted.directory}`,
      { hint: 'leave --snapshots out, or start anew with --fresh' },
    );
  return opened(stores, place.job, known);
}

/** A worker's: they are there. */
export async function findSharedStores(place: JobPlace): Promise<SharedStores> {
  const stores = await openNatsStores({ ...place, create: false, random: realRandom });
  const found = await stores.pointers.read(cell);
  return opened(stores, place.job, found === null ? { directory: null } : (unpackValue(found.value) as Place));
}

async function opened(stores: NatsStores, job: string, { directory }: Place): Promise<SharedStores> {
  return directory === null ? stores : inDirectory(stores, await foundBlobs(lifeIn(directory, job, stores)), directory);
}

async function begin(stores: NatsStores, job: string, place: Place): Promise<SharedStores> {
  const { directory } = place;
  if (directory === null) {
    await remember(stores.pointers, 0, place);
    return stores;
  }
  const life = lifeIn(directory, job, stores);
  const blobs = await openDirectoryBlobs(life, realRandom);
  await dropOthers(join(directory, job), stores.identity);
  await remember(stores.pointers, 0, place);
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
  const whileOpen = async (): Promise<BlobStore> => {
    if (isOpen) return files;
    throw new WeirError('E_STORE', 'the store is closed', { retry: 'never' });
  };
  const blobs: BlobStore = {
    put: async (id, bytes) => (await whileOpen()).put(id, bytes),
    get: async (id) => (await whileOpen()).get(id),
    list: async (prefix) => (await whileOpen()).list(prefix),
    delete: async (ids) => (await whileOpen()).delete(ids),
  };
  const close = async (): Promise<void> => {
    isOpen = false;
    await stores.close();
  };
  return { blobs, pointers, journal, identity, guarantee, close };
}

async function remember(pointers: PointerStore, revision: number, place: Place): Promise<void> {
  const moved = await pointers.compareAndSet(cell, revision, packValue(place));
  if (moved === null) throw new WeirError('E_STORE', 'another coordinator has begun this job meanwhile');
}
