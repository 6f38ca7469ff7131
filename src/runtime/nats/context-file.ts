/**
 * The contexts of the `nats` command line, as it keeps them: `$XDG_CONFIG_HOME/nats/context/NAME.json`, and in
 * `context.txt` the name of the one that was selected with `nats context select`.
 *
 * Owns: where they are, what is in them, and what of it Weir cannot do: that is refused, since a connection without it would
 * be another one. They are only read.
 */
import { readdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { WeirError } from '../../core/index.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Empty fields are as absent. */
export interface ContextFile {
  readonly name: string;
  readonly url?: string;
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
  readonly creds?: string;
  readonly nkey?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly ca?: string;
  readonly nsc?: string;
  readonly domain?: string;
  readonly apiPrefix?: string;
  readonly inboxPrefix?: string;
  readonly tlsFirst?: true;
}

const textFields = {
  url: 'url',
  user: 'user',
  password: 'password',
  token: 'token',
  creds: 'creds',
  nkey: 'nkey',
  cert: 'cert',
  key: 'key',
  ca: 'ca',
  nsc: 'nsc',
  jetstream_domain: 'domain',
  jetstream_api_prefix: 'apiPrefix',
  inbox_prefix: 'inboxPrefix',
} as const;

const unsupported: Readonly<Record<string, string>> = {
  socks_proxy: 'a connection through a SOCKS proxy',
  user_jwt: 'a JWT of its own: put it and its seed into a file, and name that as creds',
  windows_cert_store: 'the certificate store of Windows: name files as cert, key and ca',
};

/** The context that was selected, if there is one. */
export async function selectedContext(environment: Environment): Promise<string | undefined> {
  const text = await readFile(join(directory(environment), 'context.txt'), 'utf8').catch(() => '');
  return text.trim() === '' ? undefined : text.trim();
}

/** @throws E_USAGE if there is no such context, it cannot be read, or it asks for what Weir cannot do */
export async function readContext(name: string, environment: Environment): Promise<ContextFile> {
  const folder = join(directory(environment), 'context');
  if (name === '' || name.includes('..') || /[/\\]/.test(name))
    throw new WeirError('E_USAGE', `'${name}' is no name of a context`);
  const path = join(folder, `${name}.json`);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw await unknownContext(name, folder);
    throw WeirError.from(error, 'E_USAGE', `context '${name}' cannot be read`);
  }
  return { name, ...fields(parsed(text, path), `context '${name}' (${path})`) };
}

/** Of what nsc made there is nothing in the file: it would have to be asked. */
export function refuseNsc({ name, nsc }: ContextFile): void {
  if (nsc === undefined) return;
  throw new WeirError('E_USAGE', `context '${name}' takes its credentials from nsc, which Weir does not run`, {
    hint: `write them to a file (nsc generate creds, for ${nsc}) and name it: --creds FILE, NATS_CREDS, or creds in the context`,
  });
}

function parsed(text: string, path: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined; // its error quotes the file, which may hold a password
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new WeirError('E_USAGE', `${path} is not a JSON object`, { hint: 'make it anew with `nats context add`' });
}

function fields(object: Readonly<Record<string, unknown>>, what: string): Omit<ContextFile, 'name'> {
  for (const [field, means] of Object.entries(unsupported)) {
    if ((object[field] ?? '') !== '') throw new WeirError('E_USAGE', `${what}: ${field} asks for what Weir cannot do: ${means}`);
  }
  const found: Record<string, string | true> = {};
  for (const [field, ours] of Object.entries(textFields)) {
    const value = object[field] ?? '';
    if (typeof value !== 'string') throw new WeirError('E_USAGE', `${what}: ${field} is not a text`);
    if (value !== '') found[ours] = value;
  }
  if (object['tls_first'] === true) found['tlsFirst'] = true;
  return found;
}

async function unknownContext(name: string, folder: string): Promise<WeirError> {
  const files = await readdir(folder).catch(() => []);
  const known = files.filter((file) => file.endsWith('.json')).map((file) => file.slice(0, -'.json'.length));
  return new WeirError('E_USAGE', `there is no context '${name}' in ${folder}`, {
    hint: known.length === 0 ? 'make one with `nats context add`' : `there are: ${known.sort().join(', ')}`,
  });
}

function directory(environment: Environment): string {
  const config = environment['XDG_CONFIG_HOME'] ?? '';
  return join(config === '' ? join(home(environment), '.config') : config, 'nats');
}

/** Of the user who runs Weir. */
export function home(environment: Environment): string {
  const named = environment['HOME'] ?? '';
  return named === '' ? homedir() : named;
}
