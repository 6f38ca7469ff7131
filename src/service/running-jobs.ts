import { nearestName } from '../api/index.ts';
import type { JobStatus, Why } from '../cluster/index.ts';
import { WeirError } from '../core/index.ts';
import type { Saved, Stopped } from '../runtime/index.ts';

/** `at`: wall time where the job runs, ms. */
export interface Observed {
  readonly at: number;
  readonly status: JobStatus;
}
/** One that is there and says nothing. */
export interface Unheard {
  readonly job: string;
  readonly error: string;
}

/** The jobs that run at one place, as operators reach them. */
export interface RunningJobs extends AsyncDisposable {
  /** For people: a server, or a URL. */
  readonly place: string;
  /** By name. */
  all(): Promise<readonly (Observed | Unheard)[]>;
  /** @throws WeirError `E_USAGE` if there is no such job, `E_STUCK` if it does not answer in time */
  status(job: string): Promise<Observed>;
  why(job: string, operator?: string, key?: string): Promise<Why>;
  stop(job: string, savepoint?: string): Promise<Stopped>;
  savepoint(job: string, directory: string): Promise<Saved>;
}

export function noSuchJob(job: string, there: readonly string[], place: string): WeirError {
  const meant = nearestName(job, there);
  const shown = there.slice(0, 10).join(', ') + (there.length > 10 ? ` and ${there.length - 10} more` : '');
  const others = there.length === 0 ? 'no job runs there' : `there ${there.length === 1 ? 'is' : 'are'} ${shown}`;
  return new WeirError('E_USAGE', `no job '${job}' runs at ${place}`, {
    hint: meant === undefined ? others : `did you mean ${meant}? ${others}`,
  });
}
