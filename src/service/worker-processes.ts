/**
 * The worker processes of a job that `weir run` started: children that are replaced when they die.
 *
 * Owns: their number. They are in process groups of their own, so that Ctrl-C reaches the coordinator alone, which stops the job and
 * lets them go; orphans end by themselves. Invariants: WP1 no child outlives `close` by more than its grace.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Clock, Logger } from '../core/index.ts';

export interface WorkerCommand {
  readonly words: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** A child that ends sooner than this is replaced after a while, another one at once. */
const briefMs = 5000;
const againMs = 500;
/** What a child may take to go by itself once the job is over. */
const graceMs = 2000;

export class WorkerProcesses {
  readonly #command: WorkerCommand;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #onEnded: (pid: number) => void;
  readonly #children = new Set<ChildProcess>();
  #closed = false;

  constructor(count: number, command: WorkerCommand, clock: Clock, logger: Logger, ended: (pid: number) => void) {
    this.#onEnded = ended;
    this.#command = command;
    this.#clock = clock;
    this.#logger = logger;
    for (let i = 0; i < count; i++) this.#start();
  }

  get pids(): readonly number[] {
    return [...this.#children].flatMap(({ pid }) => (pid === undefined ? [] : [pid]));
  }

  /** Resolves once all have ended: by themselves, or killed after a while. */
  async close(): Promise<void> {
    this.#closed = true;
    const ended = Promise.all(
      [...this.#children].map((child) => new Promise<void>((resolve) => child.once('exit', () => resolve()))),
    );
    const timer = this.#clock.setTimer(graceMs, () => {
      for (const child of this.#children) child.kill('SIGKILL');
    });
    await ended;
    timer.cancel();
  }

  #start(): void {
    const { words, environment } = this.#command;
    const child = spawn(process.execPath, [...words], {
      env: { ...environment } as Record<string, string>,
      stdio: ['ignore', 'inherit', 'inherit'],
      detached: true,
    });
    const startedAt = this.#clock.monotonic();
    this.#children.add(child);
    this.#logger.info({ pid: child.pid }, 'a worker process was started');
    child.on('error', (error) => this.#logger.error({ err: error.message }, 'a worker process cannot be started'));
    child.once('exit', (code, signal) => this.#ended(child, code, signal, this.#clock.monotonic() - startedAt < briefMs));
  }

  #ended(child: ChildProcess, code: number | null, signal: string | null, wasBrief: boolean): void {
    this.#children.delete(child);
    if (child.pid !== undefined) this.#onEnded(child.pid);
    if (this.#closed) return;
    this.#logger.warn({ pid: child.pid, code, signal }, 'a worker process ended, and is replaced');
    this.#clock.setTimer(wasBrief ? againMs : 0, () => {
      if (!this.#closed) this.#start();
    });
  }
}
