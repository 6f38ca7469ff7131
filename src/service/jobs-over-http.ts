/** The jobs of one process that serves the HTTP API (`--http PORT`). */
import { request as httpRequest } from 'node:http';
import type { JobStatus, Why } from '../cluster/index.ts';
import { type ErrorCode, WeirError } from '../core/index.ts';
import { refused, type Saved, type Stopped } from '../runtime/index.ts';
import { noSuchJob, type Observed, type RunningJobs } from './running-jobs.ts';

interface Answer {
  readonly status: number;
  /** Wall time there, ms. */
  readonly at: number;
  readonly body: unknown;
}
interface Problem {
  readonly error: string;
  readonly code: ErrorCode;
  readonly hint: string;
}

const answerBytesMax = 64 << 20;

/** @throws WeirError `E_USAGE` for a URL that is none of this machine's */
export function jobsOverHttp(text: string, timeoutMs: number): RunningJobs {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'http:' || !['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname))
    throw new WeirError('E_USAGE', `--http ${text}: a job serves http://127.0.0.1:PORT`, {
      hint: 'write the URL that it has printed; for a job of another machine run this there, or ask over NATS',
    });
  return new JobsOverHttp(url.origin, timeoutMs);
}

class JobsOverHttp implements RunningJobs {
  readonly place: string;
  readonly #timeoutMs: number;

  constructor(origin: string, timeoutMs: number) {
    this.place = origin;
    this.#timeoutMs = timeoutMs;
  }

  async all(): Promise<readonly Observed[]> {
    return Promise.all((await this.#names()).map((name) => this.status(name)));
  }

  async status(job: string): Promise<Observed> {
    const { status, at, body } = await this.#send('GET', `/v1/jobs/${encodeURIComponent(job)}`);
    if (status === 404) throw noSuchJob(job, await this.#names(), this.place);
    if (status !== 200) throw problemOf({ status, body });
    return { at, status: body as JobStatus };
  }

  async why(job: string, operator?: string, key?: string): Promise<Why> {
    await this.status(job);
    const query = new URLSearchParams({ ...(operator === undefined ? {} : { operator }), ...(key === undefined ? {} : { key }) });
    const answer = await this.#send('GET', `/v1/jobs/${encodeURIComponent(job)}/why?${query.toString()}`);
    if (answer.status !== 200) throw problemOf(answer);
    return answer.body as Why;
  }

  async stop(job: string, savepoint?: string): Promise<Stopped> {
    return (await this.#do(job, 'stop', savepoint === undefined ? {} : { savepoint })) as Stopped;
  }

  async savepoint(job: string, directory: string): Promise<Saved> {
    return (await this.#do(job, 'savepoint', { directory })) as Saved;
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  async #names(): Promise<string[]> {
    const { status, body } = await this.#send('GET', '/v1/jobs');
    if (status !== 200) throw problemOf({ status, body });
    return (body as { readonly jobs: readonly { readonly job: string }[] }).jobs.map(({ job }) => job);
  }

  /** The process answers and has the job: then it may take as long as it takes. */
  async #do(job: string, verb: string, what: object): Promise<unknown> {
    await this.status(job);
    const answer = await this.#send('POST', `/v1/jobs/${encodeURIComponent(job)}/${verb}`, what);
    if (answer.status !== 200) throw problemOf(answer);
    return answer.body;
  }

  #send(method: 'GET' | 'POST', path: string, what?: object): Promise<Answer> {
    const { place } = this;
    return new Promise((resolve, reject) => {
      const failed = (error: Error): void => reject(unreachable(place, error));
      const headers = what === undefined ? {} : { 'content-type': 'application/json' };
      const timeout = what === undefined ? { signal: AbortSignal.timeout(this.#timeoutMs) } : {};
      const request = httpRequest(place + path, { method, headers, agent: false, ...timeout }, (response) => {
        const at = Date.parse(response.headers.date ?? '');
        const parts: Buffer[] = [];
        let bytes = 0;
        response.on('data', (part: Buffer) => {
          bytes += part.length;
          if (bytes > answerBytesMax) response.destroy(new Error('its answer is too long'));
          else parts.push(part);
        });
        response.on('error', failed);
        response.on('end', () => resolve({ status: response.statusCode ?? 0, at, body: json(Buffer.concat(parts)) }));
      });
      request.on('error', failed);
      request.end(what === undefined ? undefined : JSON.stringify(what));
    });
  }
}

function json(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return null;
  }
}

function problemOf({ status, body }: Pick<Answer, 'status' | 'body'>): WeirError {
  const { error, code, hint } = (body ?? {}) as Partial<Problem>;
  if (error !== undefined && code !== undefined && hint !== undefined) return refused({ code, message: error, hint });
  return new WeirError('E_USAGE', `the process answers with ${status}: ${error ?? 'nothing that is of Weir'}`, {
    hint: 'look whether the URL is that of a job, and run the version of weir that runs it',
  });
}

function unreachable(place: string, error: Error): WeirError {
  if (error.name === 'AbortError' || error.name === 'TimeoutError')
    return new WeirError('E_STUCK', `the process at ${place} does not answer in time`, {
      hint: 'look at its log; --timeout 30s waits longer',
      cause: error,
    });
  return new WeirError('E_BROKER', `nobody answers at ${place}: ${error.message}`, {
    hint: 'start the job with --http PORT, and name that port',
    cause: error,
  });
}
