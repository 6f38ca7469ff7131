/**
 * Makes and adopts the streams of a job.
 *
 * In the stream of cells the document `i` says that all streams were made, and which life of the stores this is. Invariants: SO1 streams
 * that are there only in part, or have lost their beginning, are not taken for those of a new job.
 */
import { packValue, unpackValue } from '../../batch/index.ts';
import { WeirError } from '../../core/index.ts';
import type { JetStreamRequests, StreamInfo } from './jetstream-requests.ts';
import { checkStream, streamConfig, type StreamKind, streamKinds, streamName, subjectOf } from './store-streams.ts';
import { StoredValues } from './stored-values.ts';

const format = 2;

/**
 * What there is must be whole, and fit.
 *
 * @returns the id of this life of the stores; null: there are none
 */
export async function findStreams(requests: JetStreamRequests, job: string): Promise<string | null> {
  if ((await infoOf(requests, job, 'cells')) === null) return null;
  const identity = await identityOf(requests, job);
  if (identity === null) return null;
  // It was written last: from then on all of them are there.
  for (const kind of streamKinds) {
    const info = await infoOf(requests, job, kind);
    if (info === null) throw damaged(job, `stream ${streamName(job, kind)} is missing`);
    checkStream(info.config, job, kind);
  }
  return identity;
}

/**
 * @param lenient takes what is there in part for nothing: it will be forgotten
 * @returns the id of this life of the stores
 */
export async function makeStreams(requests: JetStreamRequests, job: string, replicas: number, lenient: boolean): Promise<string> {
  let messages = 0;
  for (const kind of streamKinds) messages += (await make(requests, job, kind, replicas)).messages;
  // Whoever wrote something wrote this before: what was written while we looked has it.
  const before = await identityOf(requests, job);
  if (before !== null) return before;
  if (messages > 0 && !lenient) throw damaged(job, 'its streams hold something, but not its beginning');
  return beginLife(requests, job);
}

/** Of two that begin one at the same time one does, and both get its id. */
export async function beginLife(requests: JetStreamRequests, job: string): Promise<string> {
  const subjects = { head: subjectOf(job, 'cells', 'i'), piece: () => '' };
  const values = new StoredValues(requests, streamName(job, 'cells'));
  await values.write(subjects, packValue({ format }), 0, `make the stores of job ${job}`);
  const identity = await identityOf(requests, job);
  if (identity !== null) return identity;
  throw new WeirError('E_STORE', `the stores of job ${job} were forgotten while they were made`);
}

export function infoOf(requests: JetStreamRequests, job: string, kind: StreamKind): Promise<StreamInfo | null> {
  const stream = streamName(job, kind);
  return requests.info(stream, `look at stream ${stream}`);
}

async function make(requests: JetStreamRequests, job: string, kind: StreamKind, replicas: number): Promise<StreamInfo> {
  const config = streamConfig(job, kind, replicas);
  const there = await infoOf(requests, job, kind);
  if (there === null) await requests.create(config, `make stream ${config.name}`);
  const info = there ?? (await infoOf(requests, job, kind));
  if (info === null) throw new WeirError('E_STORE', `stream ${config.name} was removed while it was made`);
  checkStream(info.config, job, kind);
  return info;
}

/** No two messages of a server have sequence and time in common. */
async function identityOf(requests: JetStreamRequests, job: string): Promise<string | null> {
  const what = `look for the state of job ${job}`;
  const values = new StoredValues(requests, streamName(job, 'cells'));
  const head = await values.last(subjectOf(job, 'cells', 'i'), what);
  if (head === null) return null;
  const written = unpackValue(await values.value(head, what)) as { readonly format?: unknown } | null;
  if (written?.format === format) return `${head.seq}-${head.time}`.replaceAll(/[^A-Za-z0-9-]/g, '-');
  throw new WeirError('E_STATE_INCOMPATIBLE', `the state of job ${job} on NATS was written by another version of Weir`);
}

function damaged(job: string, what: string): WeirError {
  return new WeirError('E_STATE_DAMAGED', `the state of job ${job} on NATS: ${what}`, {
    hint: 'restore its streams from a backup, or start anew with --fresh: an older checkpoint is never taken silently',
  });
}
