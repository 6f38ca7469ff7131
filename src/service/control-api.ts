/**
 * The HTTP API of a process that runs jobs: health, metrics, and what each job says of itself. What changes something is in operate-api.ts.
 *
 * Owns: routes and their answers, as a function from request to response; needs no port, and can be mounted elsewhere.
 * Invariants: SV1 a request whose Host is no name of this machine's loopback is refused, so that a web page cannot read
 * the API by having its own name resolve to 127.0.0.1; and no answer allows another origin.
 */
import { Hono } from 'hono';
import { type JobStatus, whyOf } from '../cluster/index.ts';
import { refusalOf } from '../runtime/index.ts';
import { type FindJob, operateApi } from './operate-api.ts';
import { type Build, metricsOf } from './metrics.ts';
import { prometheusContentType, prometheusText } from './prometheus-text.ts';

export interface ControlApiOptions {
  readonly jobs: () => readonly JobStatus[];
  /** Those that may be stopped (none). */
  readonly find?: FindJob;
  readonly build: Build;
  /** Wall time, ms. */
  readonly now: () => number;
}

const loopback = /^(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/;

/** Ready = the job takes rows; one that is throttled does, only slower. */
const isReady = ({ state }: JobStatus): boolean => state === 'running' || state === 'throttled';

/** What a list of jobs says of each. */
export const jobSummary = ({ job, state, generation, parallelism, report }: JobStatus): object => ({
  job,
  state,
  generation,
  parallelism,
  report,
});

export function controlApi({ jobs, find = () => undefined, build, now }: ControlApiOptions): Hono {
  const api = new Hono();
  api.use(async (context, next) => {
    if (!loopback.test(context.req.header('host') ?? ''))
      return context.json({ error: 'SV1: this API answers to localhost and 127.0.0.1 only' }, 403);
    return next();
  });
  api.get('/healthz', (context) => context.json({ status: 'ok', checks: { process: 'ok' } }));
  api.get('/readyz', (context) => {
    const all = jobs();
    const ready = all.length > 0 && all.every(isReady);
    const checks = Object.fromEntries(all.map((job) => [`job ${job.job}`, job.state]));
    return context.json({ status: ready ? 'ok' : 'not ready', checks }, ready ? 200 : 503);
  });
  api.get('/metrics', (context) =>
    context.body(prometheusText(metricsOf(jobs(), build, now())), 200, { 'content-type': prometheusContentType }),
  );
  api.get('/v1/jobs', (context) => context.json({ jobs: jobs().map(jobSummary) }));
  api.get('/v1/jobs/:name', (context) => {
    const status = jobs().find(({ job }) => job === context.req.param('name'));
    return status === undefined
      ? context.json({ error: `no job '${context.req.param('name')}' runs here` }, 404)
      : context.json(status);
  });
  api.get('/v1/jobs/:name/why', async (context) => {
    const status = jobs().find(({ job }) => job === context.req.param('name'));
    if (status === undefined) return context.json({ error: `no job '${context.req.param('name')}' runs here` }, 404);
    try {
      const { operator, key } = context.req.query();
      if (key === undefined) return context.json(whyOf(status, operator));
      const asked = find(status.job);
      if (asked === undefined) return context.json({ error: `job '${status.job}' cannot be asked here` }, 404);
      return context.json(await asked.why(operator, key));
    } catch (error) {
      const { message, ...more } = refusalOf(error);
      return context.json({ error: message, ...more }, more.code === 'E_USAGE' ? 400 : 500);
    }
  });
  api.route('/v1/jobs', operateApi(find));
  api.notFound((context) => context.json({ error: `nothing is at ${context.req.path}` }, 404));
  api.onError((error, context) => context.json({ error: error.message }, 500));
  return api;
}
