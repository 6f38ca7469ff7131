/**
 * The stores of one job on a NATS server: streams of its own, for workers on any machine.
 *
 * Owns: making and forgetting them. The coordinator makes them; workers find them.
 */
import type { NatsConnection } from '@nats-io/transport-node';
import { type Random, seededRandom, WeirError } from '../../core/index.ts';
import type { JobStores } from '../ports.ts';
import { NatsBlobs } from './nats-blobs.ts';
import { NatsJournal } from './nats-journal.ts';
import { NatsPointers } from './nats-pointers.ts';
import { storeNames } from './store-names.ts';
import { storeError, StoreStream } from './store-stream.ts';

export interface NatsStoresOptions {
  readonly connection: NatsConnection;
  readonly job: string;
  /** Makes what is missing; else that is an error. */
  readonly create: boolean;
  readonly random: Random;
}

/** @throws WeirError `E_STORE` naming the stream that cannot be had */
export async function openNatsStores({ connection, job, create, random }: NatsStoresOptions): Promise<JobStores> {
  const names = storeNames(job);
  const open = (name: string, subject: string): Promise<StoreStream> =>
    StoreStream.open(connection, random, { name, subjects: [subject], max_msgs_per_subject: 1, allow_direct: false }, create);
  const cells = await open(names.cells, `weir-store.${job}.cell.>`);
  const blobs = await open(names.blobs, `weir-store.${job}.blob.>`);
  let closed = false;
  const whileOpen = <P extends object>(port: P): P =>
    new Proxy(port, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]): unknown => {
          if (closed) return Promise.reject(new WeirError('E_STORE', 'the store is closed', { retry: 'never' }));
          return Reflect.apply(value, target, args);
        };
      },
    });
  return {
    blobs: whileOpen(new NatsBlobs(blobs, names, random)),
    pointers: whileOpen(new NatsPointers(cells, names)),
    journal: whileOpen(new NatsJournal(connection, names, cells, random)),
    guarantee:
      'state is kept in NATS: it survives the kill of every process, the server included; a power cut of the server loses what it had not yet synced (sync_interval), which is detected',
    async close(): Promise<void> {
      closed = true;
    },
  };
}

/**
 * Empties the stores of a job. The commit pointer goes first: a kill in between leaves none that names what is gone.
 *
 * @param kept names of cells that stay
 */
export async function forgetNatsStores(connection: NatsConnection, job: string, kept: readonly string[] = []): Promise<void> {
  const names = storeNames(job);
  const cells = await StoreStream.open(connection, seededRandom(0), { name: names.cells }, false).catch(() => null);
  if (cells === null) return;
  const stay = kept.map((name) => names.cellSubject(name));
  for (const subject of await cells.subjects(names.cellSubject('x').replace(/x$/, '>')))
    if (!stay.includes(subject)) await cells.purge({ filter: subject });
  try {
    const { manager } = cells;
    for await (const { config } of manager.streams.list()) {
      if (config.name === names.blobs) await manager.streams.purge(config.name);
      if (config.name.startsWith(names.journals)) await manager.streams.delete(config.name);
    }
  } catch (error) {
    throw storeError(error, `forget ${job}`);
  }
}
