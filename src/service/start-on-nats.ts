/**
 * Starts a job whose workers are processes of their own: the coordinator here, the workers as children.
 *
 * Owns: the private server, if there is one, and the children, from start to end.
 */
import { join } from 'node:path';
import { WeirError } from '../core/index.ts';
import type { LogicalJob } from '../plan/index.ts';
import {
  claimStore,
  connectConnectors,
  type ConnectionOptions,
  connectionOptions,
  jobDirectory,
  leadJob,
  type OperatedJob,
  type PrivateServer,
  realClock,
  realRandom,
  startPrivateServer,
} from '../runtime/index.ts';
import type { EngineOptions } from './run-command.ts';
import type { TransportChoice } from './transport-choice.ts';
import { version } from './version.ts';
import { coordinatorUrl, moduleId } from './worker-command.ts';
import { startWorkerProcesses } from './worker-processes.ts';

export interface NatsStart {
  readonly choice: Extract<TransportChoice, { kind: 'spawn' | 'nats' }>;
  /** As the user wrote it. */
  readonly module: string;
  /** The words that run this very program: the script, without the module. */
  readonly program: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}
interface Reached {
  readonly connection: ConnectionOptions;
  readonly environment: NatsStart['environment'];
  readonly server?: PrivateServer;
}

export async function startOnNats(job: LogicalJob, engine: EngineOptions, start: NatsStart): Promise<OperatedJob> {
  const options = { ...engine, parallelism: engine.parallelism ?? usualParallelism(job, start.choice.workers) };
  const directory = jobDirectory(options.stateDir, job.name);
  await claimStore(directory, start.choice.kind === 'spawn' ? 'private nats-server' : 'NATS', options.fresh ?? false);
  const reached =
    start.choice.kind === 'spawn' ? await privately(directory, start) : { ...start.choice, environment: start.environment };
  connectConnectors(start.choice.flags, start.environment, options.logger);
  try {
    const lead = await leadJob(job, {
      ...options,
      connection: reached.connection,
      module: moduleId(start.module),
      version: version(),
      signal: start.signal,
      say: start.say,
      hasOwnWorkers: start.choice.workers > 0,
      ...(reached.server === undefined ? {} : { ownSnapshots: join(directory, 'snapshots') }),
    });
    const workers = startWorkerProcesses(
      start.choice.workers,
      commandOf(job, options, start, reached.environment),
      realClock,
      options.logger,
      (pid) => lead.processEnded(pid),
    );
    return closing(lead, async () => {
      await workers.close();
      await reached.server?.stop();
    });
  } catch (error) {
    await reached.server?.stop();
    throw error;
  }
}

/** Where nobody asks for more than one subtask a stage there is one for each worker. */
export const usualParallelism = (job: LogicalJob, workers: number): number =>
  job.parallelism > 1 ? job.parallelism : Math.max(1, workers);

async function privately(directory: string, { environment }: NatsStart): Promise<Reached> {
  const token = realRandom.id();
  const server = await startPrivateServer({
    directory: join(directory, 'nats'),
    config: `authorization { token: "${token}" }`,
  });
  const url = server.url.replace('nats://', `nats://${token}@`);
  const own = { ...environment, [coordinatorUrl]: url };
  const connection = await connectionOptions({ nats: url }, environment);
  if (connection === undefined) throw new WeirError('E_INTERNAL', 'the private server has no URL');
  return { connection, environment: own, server };
}

/** Secrets go in the environment, where only this user can read them. */
function commandOf(
  job: LogicalJob,
  options: EngineOptions & { readonly parallelism: number },
  { choice, module, program }: NatsStart,
  environment: NatsStart['environment'],
) {
  const { flags } = choice;
  const slots = Math.ceil(options.parallelism / Math.max(1, choice.workers));
  const words = [...program, 'worker', module, '--job', job.name, '--slots', String(slots)];
  const { nats = flags.server, password, ...open } = flags;
  if (options.sabotage?.break !== undefined) words.push('--break', options.sabotage.break);
  if (options.cache !== undefined) words.push('--cache', options.cache);
  if (options.cacheMemory !== undefined) words.push('--cache-memory', String(options.cacheMemory));
  for (const [name, value] of Object.entries(open))
    words.push(`--${name.replaceAll(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`, String(value));
  return {
    words,
    environment: {
      ...environment,
      ...(nats === undefined ? {} : { NATS_URL: nats }),
      ...(password === undefined ? {} : { NATS_PASSWORD: password }),
    },
  };
}

function closing(lead: OperatedJob, close: () => Promise<void>): OperatedJob {
  const finished = lead.finished.finally(close);
  finished.catch(() => undefined); // whoever awaits it sees it
  return {
    name: lead.name,
    finished,
    stop: async () => {
      lead.stop().catch(() => undefined); // `finished` says it
      return finished;
    },
    stopForAll: (savepoint) => lead.stopForAll(savepoint),
    checkpoint: () => lead.checkpoint(),
    savepoint: (to) => lead.savepoint(to),
    kill: () => lead.kill(),
    status: () => lead.status(),
    why: (operator, key) => lead.why(operator, key),
  };
}
