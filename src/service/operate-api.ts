/**
 * The part of the HTTP API that changes something: a job is stopped, a savepoint is taken.
 *
 * Owns: who may. Does not own: what is done (OperatedJob).
 * Invariants: SV4 no web page can do it: a request that says where it comes from comes from this API itself, and one that says nothing of it
 * is JSON, which a page sends to another origin only after it was allowed to, and this API allows nobody.
 */
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { WeirError } from '../core/index.ts';
import { type OperatedJob, path, refusalOf, takeSavepoint } from '../runtime/index.ts';

export type FindJob = (name: string) => OperatedJob | undefined;

const bodyBytesMax = 16 << 10;

/** Below `/v1/jobs`. */
export function operateApi(find: FindJob): Hono {
  const api = new Hono();
  api.use('/:name/*', async (context, next) => {
    const refused = context.req.method === 'POST' ? crossSite(context) : undefined;
    return refused === undefined ? next() : context.json({ error: refused.error }, refused.status);
  });
  api.use(bodyLimit({ maxSize: bodyBytesMax, onError: (context) => context.json({ error: 'too long a body' }, 413) }));
  api.post('/:name/stop', (context) =>
    answered(context, find, async (job, { savepoint }) =>
      job.stopForAll(savepoint === undefined ? undefined : path(savepoint, 'savepoint')),
    ),
  );
  api.post('/:name/savepoint', (context) =>
    answered(context, find, async (job, { directory }) => takeSavepoint(job, path(directory, 'directory'))),
  );
  return api;
}

/** SV4; that Host is of this machine was seen before (SV1). */
function crossSite({ req }: Context): { readonly status: 403 | 415; readonly error: string } | undefined {
  const [origin, site] = [req.header('origin'), req.header('sec-fetch-site')];
  if (origin !== undefined && origin !== `http://${req.header('host')}`)
    return { status: 403, error: `SV4: ${origin} may not do this` };
  if (site !== undefined && site !== 'same-origin' && site !== 'none')
    return { status: 403, error: 'SV4: another site may not do this' };
  if (/^application\/json\s*(;|$)/i.test(req.header('content-type') ?? '')) return undefined;
  return { status: 415, error: 'SV4: send content-type: application/json' };
}

type Body = Readonly<Record<string, unknown>>;

async function answered(
  context: Context,
  find: FindJob,
  call: (job: OperatedJob, body: Body) => Promise<object>,
): Promise<Response> {
  const name = context.req.param('name') ?? '';
  const job = find(name);
  if (job === undefined) return context.json({ error: `no job '${name}' runs here` }, 404);
  try {
    return context.json(await call(job, await bodyOf(context)));
  } catch (error) {
    const { message, ...more } = refusalOf(error);
    return context.json({ error: message, ...more }, statusOf(error));
  }
}

/** An empty body is an empty object. */
async function bodyOf({ req }: Context): Promise<Body> {
  const text = await req.text();
  if (text.trim() === '') return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new WeirError('E_USAGE', 'the body is no JSON', {
      cause,
      hint: 'send an object, such as {"directory": "/srv/savepoint"}',
    });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Body;
  throw new WeirError('E_USAGE', 'the body is no JSON object', { hint: 'send one, such as {"directory": "/srv/savepoint"}' });
}

const statusOf = (error: unknown): ContentfulStatusCode => (error instanceof WeirError && error.domain === 'user' ? 400 : 500);
