/**
 * How to reach the NATS server, as the `nats` command has it: flags, environment, contexts.
 *
 * Owns: which of them counts. A flag before an environment variable before the context; who connects is taken from the first
 * of these three that says so at all, and there a user before a credentials file before an nkey before a token. The context
 * is the one that is named; the selected one only where no URL names a server, so that its credentials go to no other.
 * Does not own: the connection; what is done where nothing names a server.
 * Invariants: NC1 (secrets.ts); NC2 with a CA, a client certificate or a tls:// URL, nothing is ever sent in the clear.
 */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { WeirError } from '../../core/index.ts';
import type { ConnectionFlags } from './connection-flags.ts';
import { type ContextFile, type Environment, home, readContext, refuseNsc, selectedContext } from './context-file.ts';
import { type Identity, identityOf } from './identity.ts';
import { contextLayer, environmentLayer, first, flagLayer, type Layer, type Said, saysWho } from './option-layers.ts';
import { type Redact, redactedError, redactor } from './secrets.ts';

export interface TlsFiles {
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  /** The server speaks TLS from the first byte on. */
  readonly handshakeFirst?: true;
}

export interface ConnectionOptions {
  /** `host:port` each, without credentials. */
  readonly servers: readonly string[];
  readonly identity: Identity;
  /** Absent: only where the server asks for it. */
  readonly tls?: TlsFiles;
  /** As the clients of JetStream, KV and object store take it. */
  readonly jetStream: { readonly domain?: string; readonly apiPrefix?: string };
  readonly inboxPrefix?: string;
  /** How long the server may take to answer. */
  readonly timeoutMs: number;
  /** What names the servers: `--nats`, `NATS_URL`, `context 'x'`. */
  readonly from: string;
  /** Takes every secret of these out of a text. */
  readonly redact: Redact;
}

const defaultTimeoutMs = 5_000;

/**
 * What flags, environment and context come to; undefined where none of them names a server.
 *
 * @throws E_USAGE for what cannot be meant: a file that is not there, an unknown context, a certificate without its key
 */
export async function connectionOptions(
  flags: ConnectionFlags,
  environment: Environment,
): Promise<ConnectionOptions | undefined> {
  const own = [flagLayer(flags), environmentLayer(environment)] as const;
  const context = await contextOf(flags, environment, first(own, 'url') !== undefined);
  const layers = [...own, context === undefined ? { said: {} } : contextLayer(context)] as const;
  const redact = redactor(secretsOf(layers));
  try {
    return await merged(layers, environment, context, redact);
  } catch (error) {
    throw redactedError(WeirError.from(error, 'E_USAGE'), redact);
  }
}

async function merged(
  layers: readonly [Layer, Layer, Layer],
  environment: Environment,
  context: ContextFile | undefined,
  redact: Redact,
): Promise<ConnectionOptions | undefined> {
  if (context !== undefined && !saysWho(layers[0]) && !saysWho(layers[1])) refuseNsc(context);
  const url = first(layers, 'url');
  const urls = layers.find((layer) => layer.urls !== undefined)?.urls;
  if (url === undefined || urls === undefined) return undefined;
  const path = (file: string): string => (file.startsWith('~/') ? join(home(environment), file.slice(2)) : file);
  const tls = await tlsFiles(layers, path, urls.tls, context?.tlsFirst === true);
  const [domain, apiPrefix] = [first(layers, 'domain')?.value, first(layers, 'apiPrefix')?.value];
  const inboxPrefix = checkedPrefix(first(layers, 'inboxPrefix'));
  return {
    servers: urls.servers,
    identity: identityOf(layers, path),
    ...(tls === undefined ? {} : { tls }),
    jetStream: domain !== undefined ? { domain } : apiPrefix !== undefined ? { apiPrefix } : {},
    ...(inboxPrefix === undefined ? {} : { inboxPrefix }),
    timeoutMs: timeoutOf(first(layers, 'timeout')),
    from: url.from,
    redact,
  };
}

async function contextOf(
  flags: ConnectionFlags,
  environment: Environment,
  namesServer: boolean,
): Promise<ContextFile | undefined> {
  const named = [flags.context, environment['NATS_CONTEXT']].find((name) => name !== undefined && name !== '');
  const name = named ?? (namesServer ? undefined : await selectedContext(environment));
  return name === undefined ? undefined : readContext(name, environment);
}

/** Given only if something asks for TLS: with it the client refuses a server that offers none. */
async function tlsFiles(
  layers: readonly Layer[],
  path: (file: string) => string,
  inUrl: boolean,
  handshakeFirst: boolean,
): Promise<TlsFiles | undefined> {
  const [ca, cert, key] = (['ca', 'cert', 'key'] as const).map((field) => first(layers, field));
  if ((cert === undefined) !== (key === undefined)) {
    const [there, missing] = cert === undefined ? [key!.from, 'the certificate (--tlscert)'] : [cert.from, 'its key (--tlskey)'];
    throw new WeirError('E_USAGE', `${there} needs ${missing} too`);
  }
  if (ca === undefined && cert === undefined && !inUrl && !handshakeFirst) return undefined;
  const file = async (said: Said): Promise<string> => {
    await readable(path(said.value), said.from);
    return path(said.value);
  };
  return {
    ...(ca === undefined ? {} : { caFile: await file(ca) }),
    ...(cert === undefined ? {} : { certFile: await file(cert) }),
    ...(key === undefined ? {} : { keyFile: await file(key) }),
    ...(handshakeFirst ? { handshakeFirst } : {}),
  };
}

async function readable(path: string, from: string): Promise<void> {
  try {
    await access(path, constants.R_OK);
  } catch (cause) {
    throw new WeirError('E_USAGE', `${from}: there is no file ${path} that can be read`, { cause, hint: 'name another' });
  }
}

function checkedPrefix(said: Said | undefined): string | undefined {
  if (said === undefined || /^[^\s.*>]+(\.[^\s.*>]+)*$/.test(said.value)) return said?.value;
  throw new WeirError('E_USAGE', `${said.from}: '${said.value}' is no beginning of a subject`, {
    hint: 'write tokens with dots between them',
  });
}

/** As Go writes them: `5s`, `1m30s`, `500ms`. */
function timeoutOf(said: Said | undefined): number {
  if (said === undefined) return defaultTimeoutMs;
  const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;
  const parts = [...said.value.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  const ms = Math.round(parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * unitMs[unit as keyof typeof unitMs], 0));
  if (parts.map(([text]) => text).join('') === said.value && ms >= 1 && ms <= 3_600_000) return ms;
  throw new WeirError('E_USAGE', `${said.from}: '${said.value}' is no time to wait`, {
    hint: 'write 5s, 500ms or 1m30s, at most 1h',
  });
}

const secretsOf = (layers: readonly Layer[]): string[] =>
  layers.flatMap(({ said: { user, password, token } }) => [
    ...(password === undefined ? [] : [password.value]),
    ...(token === undefined ? [] : [token.value]),
    ...(user !== undefined && password === undefined ? [user.value] : []), // it is a token
  ]);
