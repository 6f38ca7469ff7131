/**
 * Where the stores of a job are on a NATS server: the names of streams, their subjects, and how they must be set.
 *
 * Owns: names and configuration. Subjects are built here only, from the job's name and names of things stored: `/` becomes `.`, and
 * `.`, which a subject cannot hold, becomes `=`, which no name holds.
 * Invariants: SN1 two names never share a subject; SN2 a stream that could drop, age out or rewrite messages by itself is refused.
 */
import { invariant, WeirError } from '../../core/index.ts';
import { checkStoreName } from '../blob-id.ts';

/** In the order in which they are made; the one that says that the others are there comes last. */
export const streamKinds = ['blobs', 'journal', 'cells'] as const;
export type StreamKind = (typeof streamKinds)[number];

/** What a server says of a stream, as far as it concerns us. */
export interface StreamConfig {
  readonly name: string;
  readonly subjects?: readonly string[];
  readonly [setting: string]: unknown;
}

export function checkJobName(job: string): string {
  invariant(/^[A-Za-z0-9_-]+$/.test(job), `SN1: a job's name is one token, got ${JSON.stringify(job)}`);
  return job;
}

/** No kind has an underscore, so that names of different jobs differ. */
export const streamName = (job: string, kind: StreamKind): string => `WEIR_${job}_${kind.toUpperCase()}`;

const subjectRoot = (job: string, kind: StreamKind): string => `weir-store.${job}.${kind}`;

/** @param name undefined: of the one document that the stream has of this role */
export function subjectOf(job: string, kind: StreamKind, role: string, name?: string): string {
  const root = `${subjectRoot(job, kind)}.${role}`;
  return name === undefined ? root : `${root}.${subjectPath(checkStoreName(name))}`;
}

/** A filter for the subjects of all names of a role (`*`: of any; none: of all documents too) that may begin with this. */
export function subjectsBelow(job: string, kind: StreamKind, role?: string, prefix = ''): string {
  const whole = prefix.split('/').slice(0, -1);
  return [subjectRoot(job, kind), ...(role === undefined ? [] : [role]), ...whole.map(subjectPath), '>'].join('.');
}

/** The name in a subject that `subjectOf` made. */
export function nameIn(subject: string): string {
  return subject.split('.').slice(4).join('/').replaceAll('=', '.');
}

const subjectPath = (name: string): string => name.replaceAll('.', '=').replaceAll('/', '.');

/** What is made on a server for this job, for people. */
export function natsStoreNames(job: string): readonly string[] {
  checkJobName(job);
  return streamKinds.map((kind) => `stream ${streamName(job, kind)} (subjects ${subjectRoot(job, kind)}.>)`);
}

export function streamConfig(job: string, kind: StreamKind, replicas: number): StreamConfig {
  return {
    name: streamName(job, kind),
    description: `Weir keeps the state of job ${job} here`,
    subjects: [`${subjectRoot(job, kind)}.>`],
    retention: 'limits',
    storage: 'file',
    discard: 'new',
    max_consumers: -1,
    max_msgs: -1,
    max_bytes: -1,
    max_age: 0,
    max_msg_size: -1,
    max_msgs_per_subject: kind === 'cells' ? 1 : -1,
    num_replicas: replicas,
    ...(kind === 'blobs' ? { allow_direct: true } : {}),
  };
}

/**
 * Refuses a stream that is there and would not keep what it is given. Replicas, placement, a bound of bytes (writes then fail) and
 * what concerns only readers are the operator's to choose.
 *
 * @param found as the server echoes it: a setting that it does not know is not in it
 * @throws WeirError `E_STATE_INCOMPATIBLE` naming the settings
 */
export function checkStream(found: StreamConfig, job: string, kind: StreamKind): void {
  const wanted = streamConfig(job, kind, 1);
  const faults: string[] = [];
  const must = (setting: string, value: unknown): void => {
    if (JSON.stringify(found[setting] ?? value) !== JSON.stringify(value))
      faults.push(`${setting} is ${JSON.stringify(found[setting])} and must be ${JSON.stringify(value)}`);
  };
  for (const setting of [
    'subjects',
    'retention',
    'storage',
    'discard',
    'max_msgs',
    'max_age',
    'max_msg_size',
    'max_msgs_per_subject',
  ])
    must(setting, wanted[setting]);
  for (const setting of ['sealed', 'no_ack', 'deny_delete', 'deny_purge']) must(setting, false);
  for (const setting of ['mirror', 'sources', 'subject_transform']) must(setting, undefined);
  if (found['persist_mode'] === 'async') must('persist_mode', 'default');
  if (faults.length === 0) return;
  throw new WeirError('E_STATE_INCOMPATIBLE', `stream ${wanted.name} cannot hold the state of job ${job}: ${faults.join(', ')}`, {
    hint: 'set it as the message says, or remove it where it is not of use, and it is made anew',
  });
}
