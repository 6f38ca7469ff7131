/**
 * Starts the job of a module from a program: as `weir run` does, with nothing said on the terminal, and no signal listened to.
 *
 * Owns: what such a program says instead of flags. Does not own: the job that it is given (src/start.ts).
 */
import { fileURLToPath } from 'node:url';
import { logicalJob } from '../api/index.ts';
import type { RunningJob } from '../cluster/index.ts';
import { ownModule, type RunTrigger, silentLogger, WeirError } from '../core/index.ts';
import { jobPipeline } from './job-pipeline.ts';
import { loadJob } from './load-job.ts';
import { CommandParams } from './params.ts';
import { startChosen } from './start-chosen.ts';
import { chooseTransport } from './transport-choice.ts';

export interface ModuleStart {
  readonly transport: string;
  readonly stateDir: string;
  readonly workers?: number;
  readonly parallelism?: number;
  readonly params: Readonly<Record<string, string | number | boolean>>;
  readonly fromSavepoint?: string;
  readonly trigger?: RunTrigger;
  /** Ends the wait for another coordinator. */
  readonly signal: AbortSignal;
}

/** Resolves once the job runs; with a coordinator elsewhere, once this one leads. */
export async function startModule(url: URL, start: ModuleStart): Promise<RunningJob> {
  const { transport, workers, stateDir, parallelism, fromSavepoint, trigger, signal } = start;
  if (url.protocol !== 'file:')
    throw new WeirError('E_MODULE', `${url.href} is no file`, { hint: "as in new URL('./job.ts', import.meta.url)" });
  const path = fileURLToPath(url);
  const words = Object.entries(start.params).map(([key, value]) => `${key}=${String(value)}`);
  const params = new CommandParams(words);
  const job = logicalJob(await jobPipeline(await loadJob(path), params));
  params.refuseUnasked();
  const choice = await chooseTransport({
    transport,
    flags: {},
    environment: process.env,
    ...(workers === undefined ? {} : { workers }),
  });
  const options = {
    stateDir,
    params: words,
    logger: silentLogger,
    ...(parallelism === undefined ? {} : { parallelism }),
    ...(fromSavepoint === undefined ? {} : { fromSavepoint }),
    ...(trigger === undefined ? {} : { trigger }),
  };
  const program = [fileURLToPath(ownModule('service/bin'))];
  const environment = { WEIR_LOG_LEVEL: 'warn', ...process.env };
  return startChosen(job, options, { choice, module: path, program, environment, say: () => {}, signal });
}
