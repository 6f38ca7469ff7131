/**
 * Says from a thread of its own that this process is alive, and how far its event loop has got.
 *
 * Owns: the thread, and the counter that it shares with the loop. A loop that is blocked does not make the process look dead: its
 * counter stands still, and the coordinator decides what that means.
 */
import { Worker } from 'node:worker_threads';
import { type Logger, ownModule, WeirError } from '../../core/index.ts';
import type { ConnectionFlags } from '../nats/connection-flags.ts';

export interface LifeData {
  readonly flags: ConnectionFlags;
  readonly subject: string;
  readonly counter: Int32Array;
}

const countMs = 100;

export class SignsOfLife {
  readonly #counter = new Int32Array(new SharedArrayBuffer(4));
  readonly #thread: Worker;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(flags: ConnectionFlags, subject: string, logger: Logger) {
    const data: LifeData = { flags, subject, counter: this.#counter };
    this.#thread = new Worker(ownModule('runtime/remote/life-thread'), { workerData: data });
    this.#thread.unref();
    this.#thread.on('error', (error) => {
      logger.error(
        { err: WeirError.from(error, 'E_BROKER').message },
        'no signs of life can be given: this worker will be taken for dead',
      );
    });
    this.#timer = setInterval(() => void Atomics.add(this.#counter, 0, 1), countMs);
    this.#timer.unref();
  }

  /** From now on they are those of this session. */
  session(session: string): void {
    this.#thread.postMessage(session);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#thread.terminate();
  }
}
