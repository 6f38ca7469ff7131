/**
 * What coordinator and workers say to each other besides the conversation of src/actors/messages.ts, and how it all becomes bytes.
 *
 * | message | from → to             | how        | when                                                                  |
 * |---------|-----------------------|------------|-----------------------------------------------------------------------|
 * | hello   | worker → anybody      | repeated   | it looks for a coordinator                                            |
 * | welcome | coordinator → worker  | link       | it has heard the hello: what the job is                               |
 * | joined  | worker → coordinator  | link       | its module makes the same plan: it may be deployed on                 |
 * | refused | worker → coordinator  | link       | it does not, and why                                                  |
 * | leaving | worker → coordinator  | link       | it was told to end                                                    |
 * | prepare | coordinator → worker  | link       | it is spare, and may have to go on from this checkpoint               |
 * | prepared| worker → coordinator  | link       | it has read what it would have to restore                             |
 * | over    | coordinator → worker  | link       | the job has ended (`left`: only this coordinator; another may take it over)  |
 * | beat    | coordinator → workers | repeated   | it leads, and these are its workers                                   |
 * | alive   | worker → coordinator  | repeated   | its process runs, and how far its event loop has got                  |
 * | facts   | worker → coordinator  | repeated   | what its subtasks say of themselves                                   |
 * | assist  | worker → coordinator  | request    | a source's reader needs what only the coordinator's user may do       |
 */
import type { Deployment, ToCoordinator, ToSupervisor } from '../../actors/index.ts';
import { packValue, unpackValue } from '../../batch/index.ts';
import { errorForm, type ErrorForm, errorOf } from '../../core/index.ts';
import type { SubtaskFacts } from '../subtask-facts.ts';
import type { Had } from './slots.ts';

/** What a worker must know to make the coordinator's plan. */
export interface JobSpec {
  readonly job: string;
  /** Words after `--`, as the coordinator was given them. */
  readonly params: readonly string[];
  readonly parallelism: number;
  readonly fingerprint: string;
  /** Weir's own version. */
  readonly version: string;
}

export interface Hello {
  readonly session: string;
  readonly slots: number;
  /** What its process ran last, under whatever session; null: nothing. */
  readonly had: Had | null;
}
export interface Beat {
  readonly session: string;
  /** Sessions of the workers that belong to it. */
  readonly members: readonly string[];
}
export interface Alive {
  readonly session: string;
  /** Rises while the event loop turns. */
  readonly progress: number;
}
export interface Facts {
  readonly session: string;
  readonly generation: number;
  readonly subtasks: readonly SubtaskFacts[];
}

export type ToWorker =
  | { readonly kind: 'welcome'; readonly spec: JobSpec }
  | { readonly kind: 'prepare'; readonly epoch: number }
  | { readonly kind: 'over'; readonly left: boolean }
  | { readonly kind: 'control'; readonly message: ToSupervisor };
export type FromWorker =
  | { readonly kind: 'joined' }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'leaving' }
  | { readonly kind: 'prepared' }
  | { readonly kind: 'control'; readonly message: ToCoordinator };

/** A deployment as it is sent: the manifest is named only, for it lies in the store, and may be long. */
export interface DeploymentForm extends Omit<Deployment, 'restore'> {
  readonly restore: number | null;
}
export type ReceivedByWorker = ToWorker | { readonly kind: 'deploy'; readonly deployment: DeploymentForm };

export function encodeToWorker(message: ToWorker): Uint8Array {
  if (message.kind !== 'control' || message.message.kind !== 'deploy') return packValue(message);
  const { deployment } = message.message;
  const form: DeploymentForm = { ...deployment, restore: deployment.restore?.epoch ?? null };
  return packValue({ kind: 'deploy', deployment: form } satisfies ReceivedByWorker);
}

export function decodeToWorker(bytes: Uint8Array): ReceivedByWorker {
  return unpackValue(bytes) as ReceivedByWorker;
}

export function encodeFromWorker(message: FromWorker): Uint8Array {
  if (message.kind !== 'control' || message.message.kind !== 'failed') return packValue(message);
  return packValue({ ...message, message: { ...message.message, error: errorForm(message.message.error) } });
}

export function decodeFromWorker(bytes: Uint8Array): FromWorker {
  const message = unpackValue(bytes) as FromWorker;
  if (message.kind !== 'control' || message.message.kind !== 'failed') return message;
  const error = errorOf(message.message.error as ErrorForm);
  return { kind: 'control', message: { ...message.message, error } };
}

/** The subjects of one job. */
export interface Subjects {
  readonly hello: string;
  readonly beat: string;
  readonly alive: string;
  readonly facts: string;
  readonly assist: string;
  coordinator(session: string): string;
  worker(session: string): string;
}

/** All of them begin with `prefix`. */
export function subjects(prefix: string): Subjects {
  return {
    hello: `${prefix}.hello`,
    beat: `${prefix}.beat`,
    alive: `${prefix}.alive`,
    facts: `${prefix}.facts`,
    assist: `${prefix}.assist`,
    coordinator: (session) => `${prefix}.c.${session}`,
    worker: (session) => `${prefix}.w.${session}`,
  };
}
