/**
 * What users must be allowed so that the stores of a job work, where only the coordinator owns pointers, manifests and deletions.
 *
 * Owns: the subjects of the stores' requests, by who makes them. A worker writes chunks of snapshots and, for sources that are kept in
 * a journal, entries; the ids of chunks have four parts (actors/subtask-state.ts), that of a manifest two, so that a pattern tells them
 * apart.
 */
import { checkJobName, type StreamKind, streamKinds, streamName, subjectOf, subjectsBelow } from './store-streams.ts';

export interface StorePermissions {
  /** Without what all of JetStream's API begins with. */
  readonly api: readonly string[];
  readonly publish: readonly string[];
}

const coordinatorVerbs = ['INFO', 'CREATE', 'PURGE', 'MSG.GET', 'MSG.DELETE'];

export function coordinatorStorePermissions(job: string): StorePermissions {
  return {
    api: [...streamKinds.flatMap((kind) => requests(job, kind, coordinatorVerbs)), chunksOf(job)],
    publish: streamKinds.map((kind) => subjectsBelow(checkJobName(job), kind)),
  };
}

/** @param journal some source keeps its records in the journal; `releases`, and gives space back */
export function workerStorePermissions(job: string, journal: { readonly releases: boolean } | null): StorePermissions {
  const chunks = ['h', 'p'].map((role) => `${subjectOf(checkJobName(job), 'blobs', role)}.*.*.*.*`);
  const looks = [
    ...streamKinds.flatMap((kind) => requests(job, kind, ['INFO'])),
    ...(['blobs', 'cells'] as const).flatMap((kind) => requests(job, kind, ['MSG.GET'])),
    chunksOf(job),
  ];
  if (journal === null) return { api: looks, publish: chunks };
  return {
    api: [...looks, ...requests(job, 'journal', ['MSG.GET', ...(journal.releases ? ['PURGE'] : [])])],
    publish: [...chunks, subjectsBelow(job, 'journal'), subjectsBelow(job, 'cells', 'j')],
  };
}

const chunksOf = (job: string): string => `DIRECT.GET.${streamName(job, 'blobs')}`;

function requests(job: string, kind: StreamKind, verbs: readonly string[]): string[] {
  return verbs.map((verb) => `STREAM.${verb}.${streamName(job, kind)}`);
}
