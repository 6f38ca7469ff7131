/**
 * The stores of one job in three streams of a NATS server, for workers on any machine.
 *
 * Owns: opening and forgetting. The coordinator makes them; workers find them. Does not own: the connection, which outlives the stores.
 */
import type { NatsConnection } from '@nats-io/transport-node';
import { type Random, WeirError } from '../../core/index.ts';
import type { JobStores } from '../ports.ts';
import { finishForgetting, forgetStreams, isForgotten } from './forget-streams.ts';
import { JetStreamRequests, type JetStreamPlace } from './jetstream-requests.ts';
import { NatsBlobs } from './nats-blobs.ts';
import { NatsJournal } from './nats-journal.ts';
import { NatsPointers } from './nats-pointers.ts';
import { findStreams, makeStreams } from './open-streams.ts';
import { checkJobName, streamKinds, streamName } from './store-streams.ts';

export interface NatsStoresOptions {
  readonly connection: NatsConnection;
  /** Its name is in the names of all that is made. */
  readonly job: string;
  /** Makes what is missing; else that is an error. */
  readonly create: boolean;
  readonly random: Random;
  /** What is there will be forgotten: that it is there only in part does not matter (false). */
  readonly fresh?: boolean;
  readonly jetStream?: JetStreamPlace;
  /** For an answer of the server (5 s). */
  readonly timeoutMs?: number;
  /** Of streams that are made (1). */
  readonly replicas?: number;
}
export interface NatsStores extends JobStores {
  /** Another one once they were forgotten: what was copied from the stores before is of another life. */
  readonly identity: string;
}

/**
 * @throws WeirError `E_STORE` if they are missing, or the server refuses or does not answer; `E_BROKER` if it forbids;
 * `E_STATE_DAMAGED` if there are only parts of them; `E_STATE_INCOMPATIBLE` if a stream is set so that it would not keep them
 */
export async function openNatsStores(options: NatsStoresOptions): Promise<NatsStores> {
  const { connection, random, jetStream, timeoutMs } = options;
  const job = checkJobName(options.job);
  const requests = new JetStreamRequests(connection, jetStream, timeoutMs);
  const identity = options.create ? await findOrMake(requests, job, options) : await find(requests, job);
  const names = streamKinds.map((kind) => streamName(job, kind)).join(', ');
  return {
    identity,
    blobs: new NatsBlobs(requests, job),
    pointers: new NatsPointers(requests, job, random),
    journal: new NatsJournal(requests, job),
    guarantee: `state is kept in the streams ${names}: it survives the kill of every process, the nats-server's too; a power cut of the server only where it runs with sync_interval: always`,
    async close(): Promise<void> {
      requests.close();
    },
  };
}

/**
 * Empties the stores of a job, those that are open too. A kill at any moment leaves all of it or, at the latest when its coordinator
 * opens it again, nothing.
 *
 * @param kept names of cells that stay
 */
export async function forgetNatsStores(
  connection: NatsConnection,
  job: string,
  kept: readonly string[] = [],
  { jetStream, timeoutMs }: Partial<Pick<NatsStoresOptions, 'jetStream' | 'timeoutMs'>> = {},
): Promise<void> {
  await forgetStreams(new JetStreamRequests(connection, jetStream, timeoutMs), checkJobName(job), kept);
}

async function findOrMake(
  requests: JetStreamRequests,
  job: string,
  { fresh = false, replicas = 1 }: NatsStoresOptions,
): Promise<string> {
  await finishForgetting(requests, job);
  const found = fresh ? null : await findStreams(requests, job);
  return found ?? makeStreams(requests, job, replicas, fresh);
}

async function find(requests: JetStreamRequests, job: string): Promise<string> {
  const found = (await isForgotten(requests, job)) === null ? await findStreams(requests, job) : null;
  if (found !== null) return found;
  throw new WeirError('E_STORE', `stream ${streamName(job, 'cells')}: it does not exist`, {
    hint: 'start the coordinator first, on the same server and account: it makes what the job needs',
  });
}
