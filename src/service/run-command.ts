/**
 * `weir run`: from a module's name and its words to a job that has ended.
 *
 * Owns: the order in which things are refused: the module, its parameters, its plan, and only then anything is started.
 */
import { logicalJob } from '../api/index.ts';
import { type Logger, type RunTrigger, type Sabotage, WeirError } from '../core/index.ts';
import type { LogicalJob } from '../plan/index.ts';
import type { JobStatus, OperatedJob } from '../runtime/index.ts';
import type { HttpServer } from './http.ts';
import { jobPipeline } from './job-pipeline.ts';
import { type JobModule, loadJob } from './load-job.ts';
import { CommandParams } from './params.ts';
import { ListedParams, paramsHelp } from './params-help.ts';
import { type JobEnvironment, runJob } from './run-job.ts';
import type { RunSettings } from './run-settings.ts';
import { unlessIdle } from './unless-idle.ts';
import { version } from './version.ts';

export interface EngineOptions {
  readonly stateDir: string;
  /** Words after `--`. */
  readonly params: readonly string[];
  readonly parallelism?: number;
  readonly checkpointIntervalMs?: number;
  readonly trigger?: RunTrigger;
  readonly fresh?: boolean;
  readonly fromSavepoint?: string;
  readonly snapshots?: string;
  readonly cache?: string;
  readonly cacheMemory?: number;
  readonly logger: Logger;
  readonly sabotage?: Sabotage;
}
/** What one run needs from its surroundings. */
export interface RunEnvironment extends Pick<JobEnvironment, 'terminal' | 'clock' | 'shutdown'> {
  readonly start: (job: LogicalJob, options: EngineOptions) => Promise<OperatedJob>;
  readonly logger: Logger;
}

/** @returns the exit code; throws what made the job fail */
export async function runCommand(settings: RunSettings, words: readonly string[], environment: RunEnvironment): Promise<number> {
  const module = await loadJob(settings.module);
  if (wantsHelp(words)) {
    environment.terminal.line(await listParams(module));
    return 0;
  }
  const params = new CommandParams(words);
  const pipeline = await jobPipeline(module, params);
  params.refuseUnasked();
  const written = logicalJob(pipeline);
  const job = settings.job === undefined ? written : { ...written, name: settings.job };

  let running: OperatedJob | undefined;
  const http = await serveJob(() => running, job.name, settings.http, environment);
  try {
    const starting = environment.start(job, engineOptions(settings, words, environment.logger));
    const started = await unlessIdle(starting, 'E_STUCK', 'the start of the job');
    running = started;
    return await runJob(started, settings, {
      ...environment,
      ownsStdout: job.outputs.some(({ sink }) => /^stdout\b/.test(sink.name)),
      afterwards: () => callFinished(module, started.status(), params),
    });
  } finally {
    await http?.close();
  }
}

export const wantsHelp = (words: readonly string[]): boolean => words.includes('--help') || words.includes('-h');

/** The job's own function says what it asks for; it is run for that alone, and what it makes is dropped. */
export async function listParams(module: JobModule): Promise<string> {
  const params = new ListedParams();
  try {
    await jobPipeline(module, params);
  } catch (error) {
    if (params.asked.length === 0) throw error; // else it stumbled over a made-up value, and what it asked for until then is the answer
  }
  return paramsHelp(module.name, params.asked);
}

function engineOptions(settings: RunSettings, params: readonly string[], logger: Logger): EngineOptions {
  const { stateDir, parallelism, checkpointInterval, trigger, fresh, fromSavepoint, snapshots, cache, cacheMemory, abortEvery } =
    settings;
  const sabotage = {
    ...(settings.break === undefined ? {} : { break: settings.break }),
    ...(abortEvery === undefined ? {} : { abortEvery }),
  };
  return {
    stateDir,
    params,
    fresh,
    logger,
    ...(Object.keys(sabotage).length === 0 ? {} : { sabotage }),
    ...(fromSavepoint === undefined ? {} : { fromSavepoint }),
    ...(snapshots === undefined ? {} : { snapshots }),
    ...(cache === undefined ? {} : { cache }),
    ...(cacheMemory === undefined ? {} : { cacheMemory }),
    ...(parallelism === undefined ? {} : { parallelism }),
    ...(trigger === undefined ? {} : { trigger: besides(trigger, checkpointInterval) }),
    ...(checkpointInterval === undefined ? {} : { checkpointIntervalMs: checkpointInterval }),
  };
}

/** @throws WeirError `E_USAGE` where two flags say how often there are epochs */
function besides(trigger: RunTrigger, checkpointInterval: number | undefined): RunTrigger {
  if (trigger.kind !== 'every' || checkpointInterval === undefined) return trigger;
  throw new WeirError('E_USAGE', "--trigger 'every …' and --checkpoint-interval both say how often there are epochs", {
    hint: 'leave out --checkpoint-interval',
  });
}

async function serveJob(
  running: () => OperatedJob | undefined,
  name: string,
  port: number | undefined,
  { clock, terminal }: RunEnvironment,
): Promise<HttpServer | undefined> {
  if (port === undefined) return undefined;
  const build = { version: version(), node: process.versions.node };
  const jobs = (): readonly JobStatus[] => [running()].flatMap((job) => (job === undefined ? [] : [job.status()]));
  const find = (asked: string): OperatedJob | undefined => (running()?.name === asked ? running() : undefined);
  // Loaded where it is asked for: it brings a twentieth of a second with it.
  const { startHttp } = await import('./http.ts');
  const http = await startHttp(port, { jobs, find, build, now: () => clock.now() });
  terminal.line(`status at ${http.url}/v1/jobs/${encodeURIComponent(name)}, metrics at ${http.url}/metrics`);
  return http;
}

async function callFinished(module: JobModule, status: JobStatus, params: CommandParams): Promise<void> {
  try {
    await unlessIdle(Promise.resolve(module.finished?.(status, params)), 'E_STUCK', `the function 'finished' of ${module.name}`);
  } catch (error) {
    if (error instanceof WeirError) throw error;
    const said = error instanceof Error ? error.message : String(error);
    throw new WeirError('E_CLOSURE', `the job has finished, but the function 'finished' of ${module.name} threw: ${said}`, {
      cause: error,
      hint: 'the results are out and complete: mend the function',
    });
  }
}
