/**
 * The end of a job that an operator asked for, with its last checkpoint as a savepoint if they want one.
 *
 * Owns: that the savepoint is of the very last checkpoint: it is copied between the end of the job and that of its stores. Does not own:
 * the job and its stores; their owner says when the job is over.
 * Invariants: SP3 a stop whose savepoint cannot be begun stops nothing.
 */
import { resolve } from 'node:path';
import type { JobStatus } from '../cluster/index.ts';
import { copySavepoint } from '../coordinator/index.ts';
import { invariant, WeirError } from '../core/index.ts';
import type { JobStores } from '../state/index.ts';
import type { Stopped } from './operated-job.ts';
import { intoSavepoint } from './savepoint.ts';

type End = Pick<Stopped, 'state' | 'epoch'>;

export const endOf = ({ state, report }: JobStatus): End => ({
  state: state === 'finished' ? state : 'stopped',
  epoch: report.epoch,
});

export class Ending {
  readonly #stop: () => void;
  readonly #end: Promise<End>;
  #ended: (end: End) => void = () => {};
  #failed: (error: unknown) => void = () => {};
  #asked: { readonly directory: string | undefined; readonly stopped: Promise<Stopped> } | null = null;
  #to: JobStores | null = null;
  #isStopping = false;
  #isOver = false;

  /** @param stop begins the end of the job */
  constructor(stop: () => void) {
    this.#stop = stop;
    this.#end = new Promise((resolved, rejected) => ([this.#ended, this.#failed] = [resolved, rejected]));
    this.#end.catch(() => undefined); // whoever asked for it sees it
  }

  /** An operator wants the job to be over. */
  get isStopping(): boolean {
    return this.#isStopping;
  }

  async ask(savepoint?: string): Promise<Stopped> {
    const directory = savepoint === undefined ? undefined : resolve(savepoint);
    if (this.#asked !== null) {
      if (directory === undefined || directory === this.#asked.directory) return this.#asked.stopped;
      throw new WeirError('E_USAGE', 'the job is being stopped already, without this savepoint', {
        hint: 'start it again, and stop it with the savepoint',
      });
    }
    const stopped = this.#stopInto(directory);
    this.#asked = { directory, stopped };
    stopped.catch(() => (this.#isStopping ? undefined : (this.#asked = null))); // SP3: it may be asked for again
    return stopped;
  }

  /** The job has ended; its stores are still open. */
  async copyFrom(stores: JobStores): Promise<void> {
    this.#isOver = true;
    try {
      if (this.#to !== null) await copySavepoint(stores, this.#to);
    } catch (error) {
      this.#failed(WeirError.from(error, 'E_STORE', 'the job is over, but its savepoint could not be written'));
    }
  }

  /** Nothing of the job is left. Resolves once whoever asked has what they wanted. */
  async over(end: End): Promise<void> {
    this.#ended(end);
    await this.#settled();
  }

  /** The job has failed. */
  async failed(error: unknown): Promise<void> {
    this.#isOver = true;
    this.#failed(error);
    await this.#settled();
  }

  async #stopInto(directory: string | undefined): Promise<Stopped> {
    if (directory === undefined) return { ...(await this.#stopped()), savepoint: null };
    const end = await intoSavepoint(directory, async (to) => {
      if (this.#isOver) throw new WeirError('E_USAGE', 'the job has ended by itself: no savepoint is taken any more');
      this.#to = to;
      return this.#stopped();
    });
    return { ...end, savepoint: directory };
  }

  #stopped(): Promise<End> {
    invariant(!this.#isStopping, 'SP3: a job is stopped once');
    this.#isStopping = true;
    this.#stop();
    return this.#end;
  }

  async #settled(): Promise<void> {
    await this.#asked?.stopped.catch(() => undefined); // they see it
  }
}
