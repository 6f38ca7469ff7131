/** `weir worker`: a process that joins a job whose coordinator is elsewhere. */
import { basename, extname } from 'node:path';
import { logicalJob } from '../api/index.ts';
import { type JobSpec } from '../cluster/index.ts';
import { type Logger, type SabotageName, WeirError } from '../core/index.ts';
import { type PhysicalPlan, planJob } from '../plan/index.ts';
import { connectConnectors, type ConnectionFlags, connectionOptions, joinJob } from '../runtime/index.ts';
import { jobPipeline } from './job-pipeline.ts';
import { type JobModule, loadJob } from './load-job.ts';
import { CommandParams } from './params.ts';
import type { Shutdown } from './shutdown.ts';
import type { Terminal } from './terminal.ts';
import { version } from './version.ts';

/** Where `weir run` tells its children the server of the coordinator, if sources and sinks may have another. */
export const coordinatorUrl = 'WEIR_COORDINATOR_URL';

export const usualCacheMiB = 128;

export interface WorkerSettings {
  readonly module: string;
  /** Undefined: the one job of the module that is led there. */
  readonly job?: string;
  readonly slots: number;
  readonly flags: ConnectionFlags;
  /** A directory for copies of snapshots. */
  readonly cache?: string;
  /** MiB of copies in memory, where there is no directory (128). */
  readonly cacheMemory?: number;
  /** Tests only: see core/sabotage.ts. */
  readonly break?: SabotageName;
}
export interface WorkerSurroundings {
  readonly terminal: Terminal;
  readonly logger: Logger;
  readonly shutdown: Shutdown;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** @returns the exit code; throws what ends the worker */
export async function workerCommand(settings: WorkerSettings, surroundings: WorkerSurroundings): Promise<number> {
  const { terminal, logger, shutdown, environment } = surroundings;
  const module = await loadJob(settings.module);
  connectConnectors(settings.flags, environment, logger);
  const own = environment[coordinatorUrl];
  const flags = own === undefined ? settings.flags : { nats: own };
  const connection = await connectionOptions(flags, environment);
  if (connection === undefined)
    throw new WeirError('E_USAGE', 'nothing names the NATS server of the coordinator', {
      hint: 'give --nats URL, or set NATS_URL',
    });
  const end = new AbortController();
  void shutdown.requested.then((signal) => end.abort(new WeirError('E_STUCK', signal)));
  await joinJob({
    ...(settings.job === undefined ? {} : { job: settings.job }),
    module: moduleId(settings.module),
    slots: settings.slots,
    version: version(),
    connection,
    flags,
    ...(settings.cache === undefined ? {} : { copies: settings.cache }),
    copiesBytesMax: (settings.cacheMemory ?? usualCacheMiB) * 2 ** 20,
    serverGoesWithJob: own !== undefined,
    logger,
    plan: (spec) => planOf(module, spec),
    signal: end.signal,
    say: (line) => terminal.note(line),
    ...(settings.break === undefined ? {} : { sabotage: { break: settings.break } }),
  });
  return 0;
}

/** By its file's name: the folder may be another on another machine. */
export const moduleId = (module: string): string => basename(module, extname(module));

/** The parameters are the coordinator's. */
export async function planOf(module: JobModule, spec: JobSpec): Promise<PhysicalPlan> {
  const pipeline = await jobPipeline(module, new CommandParams(spec.params));
  return planJob({ ...logicalJob(pipeline), name: spec.job }, spec.parallelism);
}
