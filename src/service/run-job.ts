/**
 * One life of a job in this process: said where it goes on from, watched, stopped when asked to.
 *
 * Owns: the order of things from the start of a job to its end, and what is said at each. Does not own: the engine, signals
 * (shutdown.ts), the words of progress (progress.ts).
 * Invariants: SV2 once the job has started, the last line on stdout is its report, however it ends.
 */
import type { JobReport, JobStatus, RunningJob } from '../cluster/index.ts';
import { type Clock, sleep, WeirError } from '../core/index.ts';
import { Progress, startLine } from './progress.ts';
import type { RunSettings } from './run-settings.ts';
import type { Shutdown, StopSignal } from './shutdown.ts';
import type { Terminal } from './terminal.ts';

export interface JobEnvironment {
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly shutdown: Shutdown;
  /** Stdout is the job's own: progress goes to stderr. */
  readonly ownsStdout: boolean;
  /** Called once the job has finished: the module's own `finished`. */
  readonly afterwards: () => void | Promise<void>;
}

/** @returns the exit code; throws what made the job fail */
export async function runJob(
  running: RunningJob,
  settings: Pick<RunSettings, 'shutdownTimeout'>,
  environment: JobEnvironment,
): Promise<number> {
  const { terminal } = environment;
  try {
    if (running.status().state === 'finished') {
      const { job, report } = running.status();
      terminal.line(`${job} has finished before, at checkpoint ${report.epoch}: nothing is left to do; --fresh starts it anew`);
      return 0;
    }
    terminal.line(startLine(running.status()));
    await untilItEnds(running, settings.shutdownTimeout, environment);
    return 0;
  } finally {
    terminal.line(JSON.stringify(reportLine(running.status().report)));
  }
}

async function untilItEnds(running: RunningJob, shutdownTimeout: number, environment: JobEnvironment): Promise<void> {
  const { terminal, clock, shutdown, afterwards, ownsStdout } = environment;
  const note = (text: string): void => terminal.note(text);
  const shown = ownsStdout ? { line: note, note } : terminal;
  const progress = new Progress(() => running.status(), shown, clock);
  let signal: StopSignal | undefined;
  try {
    signal = await Promise.race([running.finished.then(() => undefined), shutdown.requested]);
    if (signal !== undefined) await stopWithin(running, shutdownTimeout, signal, environment);
  } finally {
    progress.stop();
  }
  const { state, job, report } = running.status();
  if (state === 'finished') await afterwards();
  else terminal.line(`${job} stopped at checkpoint ${report.epoch}; started again it goes on from there`);
}

/** @throws WeirError `E_STUCK` if the job has not stopped in time; says what it waits for */
async function stopWithin(
  running: RunningJob,
  seconds: number,
  signal: StopSignal,
  { terminal, clock }: JobEnvironment,
): Promise<void> {
  terminal.line(`${signal}: stopping with a final checkpoint, within ${seconds} s; a second signal ends at once`);
  const late = new AbortController();
  const timeout = sleep(clock, seconds * 1000, late.signal).then(() => {
    throw new WeirError('E_STUCK', `the job did not stop within ${seconds} s: ${blockers(running)}`, {
      hint: 'started again it goes on from its last checkpoint; --shutdown-timeout gives it more time',
    });
  });
  try {
    await Promise.race([running.stop(), timeout]);
  } finally {
    late.abort();
    timeout.catch(() => {}); // the job was quicker
  }
}

/** What a stop that takes too long waits for, by the job's own account. */
export function blockers(running: Pick<RunningJob, 'status'>): string {
  const { state, checkpoints, subtasks } = running.status();
  const open = checkpoints.find((checkpoint) => checkpoint.state === 'in progress');
  const busy = subtasks
    .filter(({ state }) => state !== 'stopped' && state !== 'finished')
    .map(({ stage, subtask, state }) => `${stage}/${subtask} (${state})`);
  return [
    `it is ${state}`,
    ...(open === undefined ? unpublished(state, checkpoints[0]) : [`checkpoint ${open.epoch} is not complete`]),
    ...(busy.length === 0 ? [] : [`not ended: ${busy.slice(0, 5).join(', ')}`]),
  ].join('; ');
}

/** Where none is in progress, the next waits until the sinks have published the last. */
function unpublished(state: JobStatus['state'], last: JobStatus['checkpoints'][number] | undefined): string[] {
  const runs = state === 'running' || state === 'throttled';
  return runs && last?.state === 'completed' ? [`the sinks have not published all of checkpoint ${last.epoch}`] : [];
}

/** The report's fields in the order that scripts may rely on. */
function reportLine(report: JobReport): JobReport {
  const { job, epoch, restoredFrom, position, rowsIn, rowsOut, rowsLate, deadLetters, restarts } = report;
  return { job, epoch, restoredFrom, position, rowsIn, rowsOut, rowsLate, deadLetters, restarts };
}
