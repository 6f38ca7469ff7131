/**
 * The one place where the typed streams meet the runtime: `start`, and `from` whose streams can start themselves.
 *
 * Owns: the program's view of a running job. Does not own: running (src/runtime), the graph (src/api).
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AnyStream,
  type FinalKind,
  isStream,
  type Job,
  type JobReport,
  launchable,
  type Launcher,
  type LaunchOptions,
  logicalJob,
  type ModuleRunOptions,
  type Pipeline,
  type Progress,
  type RunOptions,
  type Source,
  type Stream,
  streamNode,
  type Table,
  tableOf,
  type Timestamp,
} from './api/index.ts';
import { from as streamFrom } from './connectors/index.ts';
import { type Duration, durationMs, epoch, runTrigger, silentLogger, sleep, WeirError } from './core/index.ts';
import { type JobStatus, onceItRuns, realClock, type RunningJob, startJob, writeSavepoint } from './runtime/index.ts';

const defaultStateDir = '.weir';
const progressPollMs = 50;
const killMs = 1000;

/**
 * A stream of a source's rows. Arrays are replayable. Other iterables cannot be read twice: they are journaled in the
 * state directory before use, so the job is still exactly-once from the moment a row has been taken.
 */
export function from<Row extends object>(source: Source<Row> | readonly Row[] | AsyncIterable<Row> | Iterable<Row>): Stream<Row> {
  return launchable(streamFrom(source), launcher);
}

/**
 * A bounded source, or a stream of such ones, as a table: what streams are joined with, row by row. Its rows are kept in state.
 *
 * @throws WeirError `E_PLAN` for a source without an end, and for rows that may still change
 * @example orders.join(table(file.source({ path: 'customers.jsonl', format: json(Customer) })), { on: 'customerId', how: 'left' })
 */
export function table<Row extends object>(source: Source<Row> | readonly Row[] | AnyStream<Row, FinalKind>): Table<Row> {
  return tableOf(streamNode(isStream(source) ? source : streamFrom(source as Source<Row> | readonly Row[])));
}

/**
 * Runs a pipeline in this process. Resolves once the job runs; a job that had finished before is finished at once.
 *
 * @throws WeirError `E_PLAN`, `E_RUNNING` if another process runs it, `E_STATE_DAMAGED`, `E_STATE_INCOMPATIBLE`, `E_STORE`
 */
export function start(pipeline: Pipeline, options?: RunOptions): Promise<Job>;
/**
 * Runs the job that a module exports, in this process or over several. Closures do not travel: each process imports the module, and one
 * whose plan differs is refused. Resolves once the job runs; where another coordinator leads it, once that one is gone.
 *
 * @throws WeirError as above, `E_MODULE`, `E_USAGE` for parameters, `E_BROKER`
 */
export function start(module: URL, options?: ModuleRunOptions): Promise<Job>;
export async function start(what: Pipeline | URL, options: ModuleRunOptions = {}): Promise<Job> {
  if (what instanceof URL) return startUrl(what, options);
  return launcher.start(logicalJob(what), { ...options, ephemeral: false });
}

async function startUrl(module: URL, options: ModuleRunOptions): Promise<Job> {
  const { signal, transport = 'auto', stateDir = defaultStateDir, workers, params = {}, fromSavepoint } = options;
  const trigger = runTrigger(options.trigger);
  signal?.throwIfAborted();
  const { startModule } = await import('./service/index.ts'); // programs that do not need it do not load it
  const running = await startModule(module, {
    transport,
    stateDir,
    params,
    trigger,
    signal: signal ?? new AbortController().signal,
    ...(workers === undefined ? {} : { workers }),
    ...(fromSavepoint === undefined ? {} : { fromSavepoint }),
  });
  return jobOf(running, options, async () => {});
}

const launcher: Launcher = {
  async start(job, options) {
    checkTransport(options.transport);
    const trigger = runTrigger(options.trigger);
    options.signal?.throwIfAborted();
    const directory = options.ephemeral ? await mkdtemp(join(tmpdir(), 'weir-')) : (options.stateDir ?? defaultStateDir);
    const forget = async (): Promise<void> => {
      if (options.ephemeral) await rm(directory, { recursive: true, force: true });
    };
    const { fromSavepoint } = options;
    const from = fromSavepoint === undefined ? {} : { fromSavepoint };
    try {
      return jobOf(await startJob(job, { stateDir: directory, logger: silentLogger, trigger, ...from }), options, forget);
    } catch (error) {
      await forget();
      throw error;
    }
  },
};

function checkTransport(transport: LaunchOptions['transport'] = 'auto'): void {
  if (transport === 'auto' || transport === 'memory') return;
  throw new WeirError('E_USAGE', `a pipeline runs in this process, and not on the transport '${transport}'`, {
    hint: "leave it out, or say 'memory'; for threads or several processes give the URL of the job's module: closures do not travel",
  });
}

function jobOf(running: RunningJob, { signal }: RunOptions, over: () => Promise<void>): Job {
  const forced = new ForcedEnd(running);
  const finished = Promise.race([running.finished.then(reportOf), forced.happened]).finally(over);
  finished.catch(() => {}); // whoever awaits it, or stops the job, sees it
  const stop: Job['stop'] = async (options = {}) => {
    running.stop().catch(() => {}); // `finished` says it
    return options.within === undefined ? finished : forced.unlessIn(options.within, finished);
  };
  const abort = (): void => void stop().catch(() => {});
  signal?.addEventListener('abort', abort, { once: true });
  const deaf = (): void => signal?.removeEventListener('abort', abort);
  finished.then(deaf, deaf);
  return {
    name: running.name,
    finished,
    stop,
    checkpoint: async () => {
      await onceItRuns(running, finished);
      return epoch(await running.checkpoint());
    },
    savepoint: async (directory) => {
      await onceItRuns(running, finished);
      await writeSavepoint(running, directory);
    },
    progress: () => progressOf(running, finished),
    [Symbol.asyncDispose]: async () => void (await stop()),
  };
}

/** The end of a job that would not stop: as by a crash, so that nothing is lost but time. */
class ForcedEnd {
  readonly happened: Promise<never>;
  readonly #running: RunningJob;
  #happen: (error: WeirError) => void = () => {};

  constructor(running: RunningJob) {
    this.#running = running;
    this.happened = new Promise((_, reject) => (this.#happen = reject));
    this.happened.catch(() => {}); // a part of `finished`
  }

  async unlessIn(time: Duration, finished: Promise<JobReport>): Promise<JobReport> {
    const inTime = new AbortController();
    sleep(realClock, durationMs(time, 'stop() within'), inTime.signal).then(
      () => this.#end(time),
      () => {}, // it has stopped in time
    );
    return finished.finally(() => inTime.abort());
  }

  async #end(time: Duration): Promise<void> {
    // What hangs may hang even now, a function of the user's that never returns.
    await Promise.race([this.#running.kill(), sleep(realClock, killMs)]);
    const message = `the job '${this.#running.name}' did not stop within ${time}, and was ended as by a crash`;
    this.#happen(new WeirError('E_STUCK', message, { hint: 'its next start goes on from its last checkpoint' }));
  }
}

function reportOf(report: RunningReport): JobReport {
  const { restarts, rowsIn, rowsOut, rowsLate, deadLetters, restoredFrom } = report;
  return {
    epoch: report.epoch as JobReport['epoch'],
    restarts,
    restoredFrom: restoredFrom as JobReport['restoredFrom'],
    rowsIn,
    rowsOut,
    rowsLate,
    deadLetters,
  };
}
type RunningReport = Awaited<RunningJob['finished']>;

/** One value per completed epoch, until the job is over; of epochs that pass while nobody asks, the last. */
async function* progressOf(running: RunningJob, finished: Promise<JobReport>): AsyncGenerator<Progress, void, void> {
  let over = false;
  const end = finished.then(
    () => (over = true),
    () => (over = true),
  );
  let before = { report: running.status().report, at: realClock.monotonic() };
  for (;;) {
    const last = over;
    const status = running.status();
    if (status.report.epoch > before.report.epoch) {
      const now = { report: status.report, at: realClock.monotonic() };
      yield progress(status, (1000 * (now.report.rowsIn - before.report.rowsIn)) / Math.max(1, now.at - before.at));
      before = now;
    }
    if (last) return;
    await Promise.race([end, sleep(realClock, progressPollMs)]);
  }
}

function progress(status: JobStatus, rowsInPerSecond: number): Progress {
  const completed = status.checkpoints.find(({ state }) => state === 'completed');
  return {
    ...reportOf(status.report),
    watermark: status.watermark as Timestamp | null,
    rowsInPerSecond,
    checkpointMs: completed?.durationMs ?? 0,
    stateRows: status.stateRows,
  };
}
