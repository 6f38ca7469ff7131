/**
 * The worker threads of a job, as the thread sees them that started them.
 *
 * Owns: their ports to each other, to this thread and to the stores; their signs of life, which are given here: a thread whose loop is
 * blocked says nothing, but its process lives, and its counter stands still. One that is stuck is ended, and so replaced.
 */
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { packValue } from '../../batch/index.ts';
import { type Alive, stuckAfterMs, subjects } from '../../cluster/index.ts';
import { type Clock, errorOf, type Logger, type Timer, WeirError } from '../../core/index.ts';
import type { JobStores } from '../../state/index.ts';
import { PortBus, type PortLinks } from '../../transport/index.ts';
import { Crew, type Hand } from '../crew.ts';
import { serveStores } from './stores-over-port.ts';
import { type FromThread, prefix, type ThreadSetup, type ToThread } from './thread-messages.ts';

export interface WorkerThreadsOptions {
  readonly count: number;
  /** The module that each of them runs: it calls `joinThread`. */
  readonly entry: URL;
  /** Anything that can be cloned: what the entry needs to know. */
  readonly settings: unknown;
  /** Of this thread. */
  readonly links: PortLinks;
  readonly stores: JobStores;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly ended: (name: string) => void;
  /** One could not be of use, and neither could another. */
  readonly hopeless: (error: WeirError) => void;
}

interface Thread extends Hand {
  readonly name: string;
  readonly worker: Worker;
  readonly counter: Int32Array;
  session: string | null;
  /** What its counter showed last, and since when. */
  progress: number;
  progressAt: number;
  isStuck: boolean;
  code: number | null;
}

const aliveMs = 250;

export class WorkerThreads {
  readonly #o: WorkerThreadsOptions;
  readonly #bus: PortBus;
  readonly #crew: Crew<Thread>;
  readonly #threads = new Set<Thread>();
  #started = 0;
  #timer: Timer;

  constructor(options: WorkerThreadsOptions) {
    this.#o = options;
    this.#bus = new PortBus(options.links);
    this.#crew = new Crew<Thread>({
      count: options.count,
      clock: options.clock,
      start: () => this.#start(),
      replaced: ({ name, code }) => options.logger.warn({ thread: name, code }, 'a worker thread ended, and is replaced'),
    });
    this.#timer = this.#aliveLater();
  }

  /** Resolves once all have ended: by themselves, for their job is over, or after a while. */
  async close(): Promise<void> {
    await this.#crew.close();
    this.#over();
  }

  async kill(): Promise<void> {
    await this.#crew.kill();
    this.#over();
  }

  #over(): void {
    this.#timer.cancel();
    this.#o.links.close();
  }

  #start(): Thread {
    const { entry, settings, stores, links, logger } = this.#o;
    const name = `thread-${++this.#started}`;
    const calls = new MessageChannel();
    serveStores(stores, calls.port1);
    const own = new MessageChannel();
    links.add(own.port1);
    const ports = [own.port2, ...[...this.#threads].map(linkTo)];
    const counter = new Int32Array(new SharedArrayBuffer(4));
    const setup: ThreadSetup = { name, links: ports, stores: calls.port2, guarantee: stores.guarantee, counter, settings };
    const worker = new Worker(entry, {
      name,
      workerData: setup,
      transferList: [...ports, calls.port2],
    });
    logger.info({ thread: name }, 'a worker thread was started');
    const thread: Thread = {
      name,
      worker,
      counter,
      session: null,
      progress: 0,
      progressAt: this.#o.clock.monotonic(),
      isStuck: false,
      code: null,
      ended: new Promise<void>((resolve) => worker.once('exit', (code) => resolve(this.#ended(thread, code)))),
      hasLeft: () => thread.code === 0,
      kill: () => void worker.terminate(),
    };
    worker.on('message', (message: FromThread) => this.#said(thread, message));
    worker.on('error', (error) => logger.error({ thread: name, err: error.stack ?? error.message }, 'a worker thread failed'));
    this.#threads.add(thread);
    return thread;
  }

  #said(thread: Thread, message: FromThread): void {
    const { logger, hopeless } = this.#o;
    switch (message.kind) {
      case 'session':
        thread.session = message.session;
        return this.#say(thread);
      case 'log':
        return logger[message.level](message.fields, message.message);
      case 'failed': {
        const error = errorOf(message.error);
        logger.error({ thread: thread.name, err: error.message }, 'a worker thread failed');
        return error.retry === 'never' ? hopeless(error) : undefined;
      }
    }
  }

  #ended(thread: Thread, code: number): void {
    thread.code = code;
    this.#threads.delete(thread);
    this.#o.ended(thread.name);
  }

  #aliveLater(): Timer {
    const dueAt = this.#o.clock.monotonic() + aliveMs;
    return this.#o.clock.setTimer(aliveMs, () => {
      for (const thread of this.#threads) {
        this.#look(thread, dueAt);
        this.#say(thread);
      }
      this.#timer = this.#aliveLater();
    });
  }

  /** @param now when this was due: what stood still with the whole process is not stuck */
  #look(thread: Thread, now: number): void {
    const progress = Atomics.load(thread.counter, 0);
    if (progress !== thread.progress || progress === 0) thread.progressAt = now; // at 0 it is being loaded
    thread.progress = progress;
    if (thread.isStuck || now - thread.progressAt < stuckAfterMs) return;
    thread.isStuck = true;
    this.#o.logger.error({ thread: thread.name }, `a worker thread has not got on for ${stuckAfterMs / 1000} s, and is ended`);
    thread.kill();
  }

  #say({ session, progress }: Thread): void {
    if (session === null) return;
    const alive: Alive = { session, progress };
    this.#bus.publish(subjects(prefix).alive, packValue(alive));
  }
}

/** A port of its own to a thread that lives already. */
function linkTo({ worker }: Thread): MessagePort {
  const { port1, port2 } = new MessageChannel();
  worker.postMessage({ kind: 'link', port: port1 } satisfies ToThread, [port1]);
  return port2;
}
