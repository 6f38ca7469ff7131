import type { JobReport, JobState, JobStatus, RunningJob, SubtaskStatus } from '../../src/cluster/status.ts';
import { type Why, whyOf, whyOfKey } from '../../src/cluster/why.ts';
import type { Clock, Timer } from '../../src/core/index.ts';
import type { Terminal } from '../../src/service/terminal.ts';

export function report(fields: Partial<JobReport> = {}): JobReport {
  return {
    job: 'delays',
    epoch: 0,
    restoredFrom: null,
    position: 0,
    rowsIn: 0,
    rowsOut: 0,
    rowsLate: 0,
    deadLetters: 0,
    restarts: 0,
    ...fields,
  };
}
export function subtask(fields: Partial<SubtaskStatus> = {}): SubtaskStatus {
  return {
    stage: 'source',
    operators: ['source'],
    subtask: 0,
    worker: 'worker-0',
    state: 'running',
    rowsIn: 0,
    rowsOut: 0,
    late: 0,
    deadLetters: 0,
    duplicates: 0,
    watermark: null,
    busy: 0,
    backpressured: 0,
    stateRows: 0,
    splits: [],
    ...fields,
  };
}
export function status(fields: Partial<JobStatus> = {}): JobStatus {
  return {
    job: 'delays',
    state: 'running',
    generation: 1,
    parallelism: 1,
    workers: 1,
    spares: 0,
    report: report(),
    totals: { rowsIn: 0, rowsOut: 0, rowsLate: 0, deadLetters: 0, duplicates: 0, checkpoints: 0, restores: 0 },
    watermark: null,
    nextWindowEnd: null,
    heldBackBy: null,
    stateRows: 0,
    windows: [],
    subtasks: [],
    checkpoints: [],
    error: null,
    ...fields,
  };
}

/** A job whose every move is the test's. */
export class FakeJob implements RunningJob {
  readonly name = 'delays';
  readonly finished: Promise<JobReport>;
  current: JobStatus;
  /** How a stop ends: with the state `stopped`, or never. */
  stops = true;
  #end: (report: JobReport) => void = () => {};
  #fail: (error: Error) => void = () => {};

  constructor(fields: Partial<JobStatus> = {}) {
    this.current = status(fields);
    this.finished = new Promise((resolve, reject) => {
      this.#end = resolve;
      this.#fail = reject;
    });
  }

  end(state: JobState, fields: Partial<JobReport> = {}): void {
    this.current = { ...this.current, state, report: { ...this.current.report, ...fields } };
    this.#end(this.current.report);
  }
  fail(error: Error): void {
    this.current = { ...this.current, state: 'failed' };
    this.#fail(error);
  }
  async stop(): Promise<JobReport> {
    if (!this.stops) return new Promise(() => {});
    this.end('stopped');
    return this.finished;
  }
  async checkpoint(): Promise<number> {
    return this.current.report.epoch;
  }
  async savepoint(): Promise<number> {
    return this.current.report.epoch;
  }
  async kill(): Promise<void> {}
  async why(operator?: string, key?: string): Promise<Why> {
    const open = [{ what: 'window', start: 0, end: 60_000, soFar: [{ n: 2 }] }];
    const answer = { values: [key], subtask: 0, worker: 'worker-0', seen: { watermark: 0, open } };
    return key === undefined ? whyOf(this.current, operator) : whyOfKey(this.current, operator!, answer);
  }

  status(): JobStatus {
    return this.current;
  }
}

/** A clock that stands until it is moved. */
export class ManualClock implements Clock {
  #now = 0;
  #timers: { readonly at: number; readonly fn: () => void }[] = [];

  now(): number {
    return this.#now;
  }
  monotonic(): number {
    return this.#now;
  }
  setTimer(delayMs: number, fn: () => void): Timer {
    const timer = { at: this.#now + delayMs, fn };
    this.#timers.push(timer);
    return { cancel: () => void (this.#timers = this.#timers.filter((other) => other !== timer)) };
  }
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const [next] = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#now = next.at;
      next.fn();
    }
    this.#now = end;
  }
}

/** Keeps what was said. */
export class RecordingTerminal implements Terminal {
  readonly lines: string[] = [];
  readonly notes: string[] = [];
  line(text: string): void {
    this.lines.push(text);
  }
  note(text: string): void {
    this.notes.push(text);
  }
}
