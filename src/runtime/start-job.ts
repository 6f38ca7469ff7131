/**
 * Starts a job in this process, in earnest: real time, real randomness, a LevelDB directory.
 *
 * Owns: the real environment of a cluster and its end. The state of job `J` lies in `<stateDir>/J`; only one process at a
 * time may have it open.
 */
import { join, resolve } from 'node:path';
import { type ClusterEnvironment, type JobReport, type LeadOptions, type RunningJob, startCluster } from '../cluster/index.ts';
import { type Logger, type RunTrigger, type Sabotage, WeirError } from '../core/index.ts';
import { type LogicalJob, planJob } from '../plan/index.ts';
import { forgetLevelStores, type JobStores, openLevelStores } from '../state/index.ts';
import { MemoryTransport } from '../transport/index.ts';
import { Ending, endOf } from './ending.ts';
import type { ConnectionFlags } from './nats/connection-flags.ts';
import { connectConnectors } from './nats/connector-connections.ts';
import type { OperatedJob } from './operated-job.ts';
import { realClock } from './real-clock.ts';
import { realRandom } from './real-random.ts';
import { readSavepoint } from './savepoint.ts';

export interface StartJobOptions {
  /** Where jobs keep their state, each in a directory of its own. */
  readonly stateDir: string;
  readonly logger: Logger;
  /** Instead of the pipeline's. */
  readonly parallelism?: number;
  readonly checkpointIntervalMs?: number;
  /** `continuous` unless said. */
  readonly trigger?: RunTrigger;
  /** Forgets the state that there is (false). */
  readonly fresh?: boolean;
  /** A job without state goes on from this savepoint, a directory. */
  readonly fromSavepoint?: string;
  /** How sources and sinks reach NATS, before the environment and contexts. */
  readonly nats?: ConnectionFlags;
  /** Tests only: breaks the engine on purpose. */
  readonly sabotage?: Sabotage;
}

/**
 * What the sources of a job may pass on between two barriers, in bytes: bounds what an epoch can stage. The smaller it is, the more rows are
 * in a checkpoint that would be gone before the next.
 */
const epochBytesMax = 128 << 20;

export const epochBudget = (sabotage: Sabotage | undefined): number =>
  sabotage?.break === 'no-epoch-budget' ? Number.POSITIVE_INFINITY : epochBytesMax;

/**
 * Resolves once the job runs; at once with a finished job if it had finished before.
 *
 * @throws WeirError `E_PLAN`, `E_RUNNING`, `E_STATE_DAMAGED`, `E_STATE_INCOMPATIBLE`, `E_STORE`, `E_USAGE` for a savepoint
 */
export async function startJob(job: LogicalJob, options: StartJobOptions): Promise<OperatedJob> {
  const plan = planJob(job, options.parallelism);
  connectConnectors(options.nats ?? {}, process.env, options.logger);
  const directory = jobDirectory(options.stateDir, job.name);
  const stores = await openStores(directory, options.fresh ?? false);
  try {
    if (options.fromSavepoint !== undefined) await readSavepoint(options.fromSavepoint, stores);
    const running = await startCluster(plan, environmentOf(stores, options), runOptions(options));
    return closing(running, stores);
  } catch (error) {
    await stores.close();
    throw error;
  }
}

export function jobDirectory(stateDir: string, job: string): string {
  return resolve(join(stateDir, job));
}

export async function openStores(directory: string, fresh: boolean): Promise<JobStores> {
  if (fresh) await onceFree(() => forgetLevelStores(directory));
  return onceFree(() => openLevelStores(directory));
}

/** A process that was just killed may hold its lock for a moment longer. */
async function onceFree<T>(open: () => Promise<T>): Promise<T> {
  const deadline = realClock.monotonic() + 1000;
  for (;;) {
    try {
      return await open();
    } catch (error) {
      if (!(error instanceof WeirError) || error.code !== 'E_RUNNING' || realClock.monotonic() > deadline) throw error;
      await new Promise((retry) => setTimeout(retry, 50));
    }
  }
}

function environmentOf(stores: JobStores, { logger, sabotage }: StartJobOptions): ClusterEnvironment {
  return {
    clock: realClock,
    random: realRandom,
    logger,
    defer: (run) => void setImmediate(run),
    stores,
    transport: oneTransportPerGeneration(),
    epochBytesMax: epochBudget(sabotage),
    ...(sabotage === undefined ? {} : { sabotage }),
  };
}

/** All subtasks of a generation share one; an older generation's is another object, whose frames reach nobody. */
function oneTransportPerGeneration(): ClusterEnvironment['transport'] {
  let current: { generation: number; transport: MemoryTransport } | null = null;
  return (generation) => {
    if (current?.generation !== generation) current = { generation, transport: new MemoryTransport() };
    return current.transport;
  };
}

/** What a job's coordinator is told of the run. */
export function runOptions({
  checkpointIntervalMs,
  trigger,
}: Pick<StartJobOptions, 'checkpointIntervalMs' | 'trigger'>): LeadOptions {
  return {
    ...(checkpointIntervalMs === undefined ? {} : { checkpointIntervalMs }),
    ...(trigger === undefined ? {} : { trigger }),
  };
}

async function closed(running: RunningJob, ending: Ending, stores: JobStores): Promise<JobReport> {
  try {
    const report = await running.finished;
    await ending.copyFrom(stores);
    await stores.close();
    await ending.over(endOf(running.status()));
    return report;
  } catch (error) {
    await stores.close();
    await ending.failed(error);
    throw error;
  }
}

/** The same job, closing its stores once it is over. */
export function closing(running: RunningJob, stores: JobStores): OperatedJob {
  const ending = new Ending(() => void running.stop().catch(() => undefined)); // `finished` says it
  const finished = closed(running, ending, stores);
  finished.catch(() => undefined); // whoever awaits it sees it
  return {
    name: running.name,
    finished,
    stop: async () => {
      await running.stop();
      return finished;
    },
    stopForAll: (savepoint) => ending.ask(savepoint),
    checkpoint: () => running.checkpoint(),
    savepoint: (to) => running.savepoint(to),
    kill: async () => {
      await running.kill();
      await stores.close();
    },
    status: () => running.status(),
    why: (operator, key) => running.why(operator, key),
  };
}
