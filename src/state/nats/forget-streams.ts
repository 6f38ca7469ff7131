/**
 * Forgets what the streams of a job hold.
 *
 * The document `f` in the stream of cells says what is being forgotten: all up to some sequence of every stream, so that whoever finds
 * it can finish, without touching what was written since. Invariants: SO2 what is forgotten is forgotten altogether or, killed before
 * `f` is written, not at all; SO3 the cells go last, so that no cell is missing while what it named is there.
 */
import { packValue, unpackValue } from '../../batch/index.ts';
import { WeirError } from '../../core/index.ts';
import type { JetStreamRequests } from './jetstream-requests.ts';
import { infoOf, beginLife } from './open-streams.ts';
import { streamName, subjectOf, subjectsBelow } from './store-streams.ts';
import { type StoredHead, StoredValues } from './stored-values.ts';

interface Forgetting {
  /** Names of cells that stay. */
  readonly kept: readonly string[];
  /** The first messages that stay. */
  readonly blobs: number;
  readonly journal: number;
}

/** Nothing happens to a job that has no stores. */
export async function forgetStreams(requests: JetStreamRequests, job: string, kept: readonly string[]): Promise<void> {
  const what = forgettingOf(job);
  const [cells, blobs, journal] = await Promise.all(
    (['cells', 'blobs', 'journal'] as const).map((kind) => infoOf(requests, job, kind)),
  );
  if (cells === null) return;
  const forgetting: Forgetting = { kept, blobs: (blobs?.lastSeq ?? 0) + 1, journal: (journal?.lastSeq ?? 0) + 1 };
  const values = new StoredValues(requests, streamName(job, 'cells'));
  const subjects = { head: subjectOf(job, 'cells', 'f'), piece: () => '' };
  // Of two who forget at the same time each finishes for both.
  const before = await values.last(subjects.head, what);
  await values.write(subjects, packValue(forgetting), before?.seq ?? 0, what);
  await finishForgetting(requests, job);
}

/** Whether there was something to finish. */
export async function finishForgetting(requests: JetStreamRequests, job: string): Promise<boolean> {
  const what = forgettingOf(job);
  const forgetting = await isForgotten(requests, job);
  if (forgetting === null) return false;
  const { seq, kept, blobs, journal } = forgetting;
  const cells = streamName(job, 'cells');
  await requests.purge(streamName(job, 'blobs'), subjectsBelow(job, 'blobs', '*'), what, blobs);
  await requests.purge(streamName(job, 'journal'), subjectsBelow(job, 'journal', '*'), what, journal);
  const stay = [subjectOf(job, 'cells', 'f'), ...kept.map((name) => subjectOf(job, 'cells', 'c', name))];
  for (const subject of await requests.subjects(cells, subjectsBelow(job, 'cells'), what))
    if (!stay.includes(subject)) await requests.purge(cells, subject, what, seq);
  await beginLife(requests, job);
  await requests.purge(cells, subjectOf(job, 'cells', 'f'), what, seq + 1);
  return true;
}

/** What is being forgotten: whoever began it has not come to its end. */
export async function isForgotten(
  requests: JetStreamRequests,
  job: string,
): Promise<(Forgetting & Pick<StoredHead, 'seq'>) | null> {
  if ((await infoOf(requests, job, 'cells')) === null) return null;
  const what = forgettingOf(job);
  const values = new StoredValues(requests, streamName(job, 'cells'));
  const head = await values.last(subjectOf(job, 'cells', 'f'), what);
  if (head === null) return null;
  const forgetting = unpackValue(await values.value(head, what)) as Partial<Forgetting>;
  if (!Array.isArray(forgetting.kept) || typeof forgetting.blobs !== 'number' || typeof forgetting.journal !== 'number')
    throw new WeirError('E_STATE_INCOMPATIBLE', `${what}: another version of Weir has begun it`);
  return { ...(forgetting as Forgetting), seq: head.seq };
}

const forgettingOf = (job: string): string => `forget the state of job ${job}`;
