/**
 * What a person sees of a running job: one line a second, and a line whenever something is worth one.
 *
 * Owns: the words and their order. Does not own: the terminal (terminal.ts), or when to speak of a silence (stall.ts).
 */
import type { JobState, JobStatus } from '../cluster/index.ts';
import type { Clock, Timer } from '../core/index.ts';
import { type StallState, watchStall } from './stall.ts';
import type { Terminal } from './terminal.ts';

const everyMs = 1000;

/** `4000` rows a second, `2001-01-03T11:00:00.000Z`: numbers that can be read by eye and by script. */
export function progressLine(status: JobStatus, rowsPerSecond: number): string {
  const { position, rowsIn, epoch } = status.report;
  const watermark = status.watermark === null ? 'none' : new Date(status.watermark).toISOString();
  return `rows in ${position + rowsIn} | ${Math.max(0, Math.round(rowsPerSecond))} rows/s | watermark ${watermark} | epoch ${epoch} | ${status.state}`;
}

/** The first line of a run: from where it goes. */
export function startLine({ job, report, parallelism }: JobStatus): string {
  const how =
    report.restoredFrom === null
      ? 'starts anew'
      : `goes on from checkpoint ${report.restoredFrom} (epoch ${report.restoredFrom}, position ${report.position})`;
  return `${job} ${how}, parallelism ${parallelism}`;
}

/** What a change of state means to whoever waits; undefined for those that need no words. */
export function stateLine({ state, error }: JobStatus, before: JobState): string | undefined {
  if (state === before) return undefined;
  if (state === 'throttled') return 'throttled: a sink is behind, the sources wait until it has caught up';
  if (before === 'throttled' && state === 'running') return 'no longer throttled: the sink has caught up';
  if (state === 'restarting')
    return `restarting from the last checkpoint${error === null ? '' : ` after ${error.code} ${error.message}`}`;
  return undefined;
}

export class Progress {
  readonly #status: () => JobStatus;
  readonly #terminal: Terminal;
  readonly #clock: Clock;
  #timer: Timer | undefined;
  #state: JobState;
  #rowsIn: number;
  #at: number;
  #stall: StallState | undefined;

  constructor(status: () => JobStatus, terminal: Terminal, clock: Clock) {
    this.#status = status;
    this.#terminal = terminal;
    this.#clock = clock;
    this.#at = clock.monotonic();
    const { state, report } = status();
    this.#state = state;
    this.#rowsIn = report.rowsIn;
    this.#next();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #next(): void {
    this.#timer = this.#clock.setTimer(everyMs, () => {
      this.#tick();
      this.#next();
    });
  }

  #tick(): void {
    const status = this.#status();
    const now = this.#clock.monotonic();
    const words = stateLine(status, this.#state);
    if (words !== undefined) this.#terminal.line(words);
    const { state, line } = watchStall(this.#stall, status, now);
    if (line !== undefined) this.#terminal.line(line);
    const rate = ((status.report.rowsIn - this.#rowsIn) * 1000) / Math.max(1, now - this.#at);
    this.#show(progressLine(status, rate));
    this.#stall = state;
    this.#state = status.state;
    this.#rowsIn = status.report.rowsIn;
    this.#at = now;
  }

  #show(line: string): void {
    if (this.#terminal.paint === undefined) this.#terminal.line(line);
    else this.#terminal.paint(line);
  }
}
