/**
 * What a worker thread and the thread that started it say to each other besides what goes over buses and stores.
 *
 * | message | from → to | when |
 * |---|---|---|
 * | `link` | main → worker | another worker was started: a port to it |
 * | `session` | worker → main | its signs of life are those of this session from now on |
 * | `log` | worker → main | it has something to say; main has the log |
 * | `failed` | worker → main | it ends, and why |
 */
import type { MessagePort } from 'node:worker_threads';
import type { ErrorForm, LogFields, Logger } from '../../core/index.ts';

/** What a worker thread is started with. */
export interface ThreadSetup {
  readonly name: string;
  /** One to the main thread, and one to each other worker that lives. */
  readonly links: readonly MessagePort[];
  /** To the stores of the job. */
  readonly stores: MessagePort;
  readonly guarantee: string;
  /** Rises while its event loop turns. */
  readonly counter: Int32Array;
  /** What whoever starts threads has to say to them. */
  readonly settings: unknown;
}
export interface ToThread {
  readonly kind: 'link';
  readonly port: MessagePort;
}
export type FromThread =
  | { readonly kind: 'session'; readonly session: string }
  | { readonly kind: 'log'; readonly level: keyof Logger; readonly fields: LogFields; readonly message: string }
  | { readonly kind: 'failed'; readonly error: ErrorForm };

/** What is said on every bus of threads begins with this: there is one job in it. */
export const prefix = 'job';
