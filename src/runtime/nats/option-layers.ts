import { WeirError } from '../../core/index.ts';
import type { ConnectionFlags } from './connection-flags.ts';
import type { ContextFile, Environment } from './context-file.ts';
import { type ServerUrls, serverUrls } from './server-urls.ts';

/** A value, and the flag, variable or field that says so. */
export interface Said {
  readonly value: string;
  readonly from: string;
}
const names = [
  'url',
  'user',
  'password',
  'token',
  'creds',
  'nkey',
  'cert',
  'key',
  'ca',
  'domain',
  'apiPrefix',
  'inboxPrefix',
  'timeout',
] as const;
export type Field = (typeof names)[number];

/** One place that options are from: what it says, and its URL taken apart. */
export interface Layer {
  readonly said: { readonly [F in Field]?: Said };
  readonly urls?: ServerUrls;
}

/** @throws E_USAGE if two flags for one thing disagree */
export function flagLayer(flags: ConnectionFlags): Layer {
  const { nats, server } = flags;
  if (nats !== undefined && server !== undefined && nats !== server)
    throw new WeirError('E_USAGE', '--nats and --server are two names of one thing, and differ');
  return layer({
    url: said(nats, '--nats') ?? said(server, '--server'),
    user: said(flags.user, '--user'),
    password: said(flags.password, '--password'),
    creds: said(flags.creds, '--creds'),
    nkey: said(flags.nkey, '--nkey'),
    cert: said(flags.tlscert, '--tlscert'),
    key: said(flags.tlskey, '--tlskey'),
    ca: said(flags.tlsca, '--tlsca'),
    domain: said(flags.jsDomain, '--js-domain'),
    inboxPrefix: said(flags.inboxPrefix, '--inbox-prefix'),
    timeout: said(flags.timeout, '--timeout'),
  });
}

export function environmentLayer(environment: Environment): Layer {
  const variable = (name: string): Said | undefined => said(environment[name], name);
  return layer({
    url: variable('NATS_URL'),
    user: variable('NATS_USER'),
    password: variable('NATS_PASSWORD'),
    creds: variable('NATS_CREDS'),
    nkey: variable('NATS_NKEY'),
    cert: variable('NATS_CERT'),
    key: variable('NATS_KEY'),
    ca: variable('NATS_CA'),
    timeout: variable('NATS_TIMEOUT'),
  });
}

export function contextLayer(context: ContextFile): Layer {
  const field = (name: Exclude<Field, 'timeout'>): Said | undefined =>
    said(context[name], `${name} of context '${context.name}'`);
  return layer({
    url: said(context.url, `context '${context.name}'`),
    user: field('user'),
    password: field('password'),
    token: field('token'),
    creds: field('creds'),
    nkey: field('nkey'),
    cert: field('cert'),
    key: field('key'),
    ca: field('ca'),
    domain: field('domain'),
    apiPrefix: field('apiPrefix'),
    inboxPrefix: field('inboxPrefix'),
  });
}

/** What the first layer says that says anything of it. */
export const first = (layers: readonly Layer[], field: Field): Said | undefined =>
  layers.map((each) => each.said[field]).find((found) => found !== undefined);

/** Whether it says who connects. */
export const saysWho = ({ said: { user, creds, nkey, token } }: Layer): boolean =>
  [user, creds, nkey, token].some((found) => found !== undefined);

/** An empty value is as none, as in a shell script whose variable is not set. */
const said = (value: string | undefined, from: string): Said | undefined =>
  value === undefined || value === '' ? undefined : { value, from };

/** Credentials in a URL are as if they stood beside it; those that do stand beside it count more. */
function layer(found: { readonly [F in Field]?: Said | undefined }): Layer {
  const present = Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined)) as Layer['said'];
  const { url } = present;
  if (url === undefined) return { said: present };
  const urls = serverUrls(url.value, url.from);
  if (urls.user === undefined || present.user !== undefined) return { said: present, urls };
  const user = { value: urls.user, from: `the URL of ${url.from}` };
  const password = urls.password === undefined ? present.password : { value: urls.password, from: user.from };
  return { said: { ...present, user, ...(password === undefined ? {} : { password }) }, urls };
}
