/** `weir status`, `weir why`, `weir stop` and `weir savepoint`: what operators ask of a job that runs elsewhere. */
import { type Clock, type Logger, WeirError } from '../core/index.ts';
import { type ConnectionFlags, connectionOptions } from '../runtime/index.ts';
import { jobSummary } from './control-api.ts';
import { jobsOnNats } from './jobs-on-nats.ts';
import { jobsOverHttp } from './jobs-over-http.ts';
import type { RunningJobs } from './running-jobs.ts';
import { statusOfAll, statusOfOne } from './status-table.ts';
import type { Terminal } from './terminal.ts';
import { whyText } from './why-text.ts';

export interface OperatorSettings {
  readonly flags: ConnectionFlags;
  /** The API of one process, instead of NATS. */
  readonly http?: string;
}
export interface StatusSettings extends OperatorSettings {
  readonly json: boolean;
}
export interface WhySettings extends OperatorSettings {
  readonly operator?: string;
  readonly key?: string;
  readonly json: boolean;
}
export interface StopSettings extends OperatorSettings {
  readonly savepoint?: string;
}
export interface OperatorSurroundings {
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export async function statusCommand(job: string | undefined, settings: StatusSettings, s: OperatorSurroundings): Promise<void> {
  await using jobs = await jobsAt(settings, s);
  if (job !== undefined) {
    const observed = await jobs.status(job);
    return s.terminal.line(settings.json ? JSON.stringify(observed.status) : statusOfOne(observed));
  }
  const all = await jobs.all();
  if (!settings.json) return s.terminal.line(all.length === 0 ? `no job runs at ${jobs.place}` : statusOfAll(all));
  s.terminal.line(JSON.stringify({ jobs: all.map((each) => ('status' in each ? jobSummary(each.status) : each)) }));
}

export async function whyCommand(job: string, settings: WhySettings, s: OperatorSurroundings): Promise<void> {
  await using jobs = await jobsAt(settings, s);
  const why = await jobs.why(job, settings.operator, settings.key);
  s.terminal.line(settings.json ? JSON.stringify(why) : whyText(why));
}

export async function stopCommand(job: string, settings: StopSettings, s: OperatorSurroundings): Promise<void> {
  await using jobs = await jobsAt(settings, s);
  const { state, epoch, savepoint } = await jobs.stop(job, settings.savepoint);
  const ended = state === 'finished' ? `has finished before, at checkpoint ${epoch}` : `stopped at checkpoint ${epoch}`;
  s.terminal.line(
    `${job} ${ended}${savepoint === null ? '' : `; its savepoint is ${savepoint}, on the machine of its coordinator`}`,
  );
}

export async function savepointCommand(
  job: string,
  directory: string,
  settings: OperatorSettings,
  s: OperatorSurroundings,
): Promise<void> {
  await using jobs = await jobsAt(settings, s);
  const saved = await jobs.savepoint(job, directory);
  s.terminal.line(`savepoint of ${job} at epoch ${saved.epoch}: ${saved.directory}, on the machine of its coordinator`);
}

async function jobsAt({ flags, http }: OperatorSettings, s: OperatorSurroundings): Promise<RunningJobs> {
  const { terminal } = s;
  if (http === undefined)
    return jobsOnNats({ ...s, flags, slow: (job) => terminal.note(`${job} is at it; ^C ends the wait alone`) });
  const { timeout, ...others } = flags;
  const [other] = Object.keys(others);
  if (other !== undefined) throw new WeirError('E_USAGE', `--http goes without --${other}: it asks one process, and not NATS`);
  // The same words for a time as everywhere.
  const options = await connectionOptions({ nats: 'nats://127.0.0.1', ...(timeout === undefined ? {} : { timeout }) }, {});
  return jobsOverHttp(http, options!.timeoutMs);
}
