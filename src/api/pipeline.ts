/**
 * A whole job as its author wrote it: the default export of a job module.
 *
 * Owns: the defaults, and the checks of the options. Does not own: the plan (src/plan), starting (the door).
 */
import { type Duration, WeirError } from '../core/index.ts';
import { describePlan, type LogicalJob, planJob } from '../plan/index.ts';
import { sinkDefinition } from './connector-faces.ts';
import type { DeadLetter, Sink } from './connector-types.ts';
import { defaultCheckpointEveryMs, defaultParallelism, defaultRestart } from './job-defaults.ts';
import { type Output, outputNode } from './output.ts';
import { naturalMs, positiveMs } from './window-key.ts';

/** What a user wrote, whole. */
export interface Pipeline {
  readonly name: string;
  readonly outputs: readonly Output[];
  /** Operators, stages, edges, ids, guarantees, warnings: what `weir plan` prints. */
  plan(): string;
}
export interface PipelineOptions {
  /** The job's identity, 1 to 64 of `[A-Za-z0-9_-]`: its state carries it. */
  readonly name: string;
  readonly outputs: readonly Output[];
  /** Subtasks per operator (1). */
  readonly parallelism?: number;
  /** Time between barriers (1 second). */
  readonly checkpointEvery?: Duration;
  /** Where rows go that no operator could take. Without it, such a row fails the job after `attempts`. */
  readonly deadLetters?: Sink<DeadLetter>;
  /** How often the job restarts after a failure: 10 times within 10 minutes, the first after 1 second. */
  readonly restart?: { readonly attempts?: number; readonly within?: Duration; readonly backoff?: Duration };
}

// In the global registry, so that a module that was loaded twice (once built, once from source) still is one.
const jobOf = Symbol.for('weir.pipeline.job');

class JobPipeline implements Pipeline {
  readonly name: string;
  readonly outputs: readonly Output[];
  readonly [jobOf]: LogicalJob;

  constructor(job: LogicalJob, outputs: readonly Output[]) {
    this.name = job.name;
    this.outputs = outputs;
    this[jobOf] = job;
  }

  plan(): string {
    return describePlan(planJob(this[jobOf]));
  }
}

/**
 * Gathers outputs into one job.
 *
 * @throws WeirError `E_PLAN` for a name, number or duration that cannot be, and if there are no outputs
 */
export function pipeline(options: PipelineOptions): Pipeline {
  const { name, outputs, deadLetters } = options;
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(name)) {
    throw new WeirError('E_PLAN', `'${name}' cannot be the name of a pipeline`, {
      hint: 'a name has 1 to 64 letters, digits, - and _',
    });
  }
  const where = `pipeline '${name}'`;
  if (!Array.isArray(outputs) || outputs.length === 0) {
    throw new WeirError('E_PLAN', `${where} has no outputs`, { hint: 'end a stream with .to(sink) and list it in `outputs`' });
  }
  const job: LogicalJob = {
    name,
    outputs: outputs.map(outputNode),
    parallelism: wholeNumber(options.parallelism ?? defaultParallelism, 1, `${where}: parallelism`),
    checkpointEveryMs:
      options.checkpointEvery === undefined
        ? defaultCheckpointEveryMs
        : positiveMs(options.checkpointEvery, `${where}: checkpointEvery`),
    ...(deadLetters === undefined ? {} : { deadLetters: sinkDefinition(deadLetters, `${where}: deadLetters`) }),
    restart: restartOf(options.restart ?? {}, where),
  };
  return new JobPipeline(job, outputs);
}

function restartOf({ attempts, within, backoff }: NonNullable<PipelineOptions['restart']>, where: string): LogicalJob['restart'] {
  return {
    attempts: wholeNumber(attempts ?? defaultRestart.attempts, 0, `${where}: restart.attempts`),
    withinMs: within === undefined ? defaultRestart.withinMs : positiveMs(within, `${where}: restart.within`),
    backoffMs: backoff === undefined ? defaultRestart.backoffMs : naturalMs(backoff, `${where}: restart.backoff`),
  };
}

function wholeNumber(value: number, least: number, where: string): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new WeirError('E_PLAN', `${where} is ${value}, and must be a whole number from ${least}`);
}

export function isPipeline(value: unknown): value is Pipeline {
  return typeof value === 'object' && value !== null && jobOf in value;
}

/** The graph of a pipeline. @throws WeirError `E_MODULE` if it is none */
export function logicalJob(value: Pipeline): LogicalJob {
  if (isPipeline(value)) return (value as JobPipeline)[jobOf];
  throw new WeirError('E_MODULE', 'this is not a pipeline');
}
