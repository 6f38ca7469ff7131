import { InvalidArgumentError } from 'commander';
import { type RunTrigger, type SabotageName, triggerOf, WeirError } from '../core/index.ts';
import type { ConnectionFlags } from '../runtime/index.ts';
import type { LogLevel } from './logs.ts';

/** What the flags of `weir run` say. */
export interface RunSettings {
  readonly module: string;
  /** Instead of the pipeline's own name. */
  readonly job?: string;
  readonly parallelism?: number;
  /** `auto`, `memory`, `spawn`, `nats` (a coordinator alone), or a URL. */
  readonly transport?: string;
  /** Processes beside this one. */
  readonly workers?: number;
  readonly flags?: ConnectionFlags;
  readonly stateDir: string;
  readonly checkpointInterval?: number;
  readonly trigger?: RunTrigger;
  readonly fresh: boolean;
  /** Directory of a savepoint. */
  readonly fromSavepoint?: string;
  /** A directory of all machines, for snapshots. */
  readonly snapshots?: string;
  /** A directory of this machine, for workers' copies of snapshots. */
  readonly cache?: string;
  /** MiB of such copies in a worker's memory, where there is no directory. */
  readonly cacheMemory?: number;
  /** Port of the control API; absent = none. */
  readonly http?: number;
  /** Seconds a stop may take. */
  readonly shutdownTimeout: number;
  readonly logLevel?: LogLevel;
  /** Tests only: see core/sabotage.ts. */
  readonly break?: SabotageName;
  readonly abortEvery?: number;
}

export const within =
  (what: string, least: number, most: number, whole: boolean) =>
  (text: string): number => {
    const value = Number(text);
    const fits = text.trim() !== '' && value >= least && value <= most && (!whole || Number.isInteger(value));
    if (!fits) throw new InvalidArgumentError(`It is ${what} from ${least} to ${most}.`);
    return value;
  };

export const parallelism: (text: string) => number = within('a whole number', 1, 128, true);
export const workers: (text: string) => number = within('a whole number', 1, 64, true);
export const mebibytes: (text: string) => number = within('a whole number of MiB', 0, 1 << 20, true);
export const port: (text: string) => number = within('a port', 0, 65_535, true);
export const intervalMs: (text: string) => number = within('a number of milliseconds', 1, 86_400_000, true);
export const timeoutSeconds: (text: string) => number = within('a number of seconds', 0.001, 86_400, false);

export function trigger(text: string): RunTrigger {
  try {
    return triggerOf(text);
  } catch (error) {
    if (!(error instanceof WeirError)) throw error;
    throw new InvalidArgumentError("There are continuous, available-now, once and 'every 5 seconds'.");
  }
}

/** An empty text is a variable of the shell that is not set, rather than the present folder. */
export function directory(text: string): string {
  if (text !== '') return text;
  throw new InvalidArgumentError('It is the path of a folder.');
}

/** A job's name is a folder's name, too: the same letters as in a pipeline. */
export function jobName(text: string): string {
  if (/^[A-Za-z0-9_-]{1,64}$/.test(text)) return text;
  throw new InvalidArgumentError('A name has 1 to 64 letters, digits, - and _.');
}
