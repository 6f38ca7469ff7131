/**
 * Connections to NATS: one in a process for all sources and sinks that mean the same servers and credentials.
 *
 * Owns: the connections, how many use each, and the settings that all of them have. Does not own: what stands for `servers`
 * and `credentials` that were not said (the environment, contexts of the command line): whoever may look there provides the
 * connections, by `provideNats`. What is kept here outlives jobs, since a connection does not belong to one.
 * Invariants: JC1 a connection is closed with its last user, and opened anew by the next.
 */
import { readFileSync } from 'node:fs';
import type { JetStreamManagerOptions } from '@nats-io/jetstream';
import {
  connect,
  createInbox,
  credsAuthenticator,
  errors,
  type NatsConnection,
  type NodeConnectionOptions,
} from '@nats-io/transport-node';
import { WeirError } from '../../core/index.ts';
import { ConnectionWatch } from './connection-watch.ts';

export interface NatsOptions {
  /** `nats://host:4222`, or several of one cluster; `NATS_URL` and its relatives unless said. */
  readonly servers?: string | readonly string[];
  /** A file of credentials (`.creds`). */
  readonly credentials?: string;
}

/** A connection that was opened, and what goes with it. */
export interface NatsAccess {
  readonly connection: NatsConnection;
  /** `domain`, or `apiPrefix`. */
  readonly jetstream?: JetStreamManagerOptions;
  readonly inboxPrefix?: string;
}
/** Opens a connection that connects again for ever once it was connected. @throws WeirError saying what to do */
export type NatsOpener = (options: NatsOptions) => Promise<NatsAccess>;

export interface SharedConnection {
  readonly connection: NatsConnection;
  /** For `jetstream()` and `jetstreamManager()` on it. */
  readonly jetstream: JetStreamManagerOptions;
  readonly watch: ConnectionWatch;
  /** A subject that nobody else has, where this user may subscribe. */
  readonly inbox: () => string;
  /** Once. The connection ends with its last user. */
  close(): Promise<void>;
}

interface OpenConnection {
  users: number;
  readonly opened: Promise<Omit<SharedConnection, 'close'>>;
}

const open = new Map<string, OpenConnection>();
const provided: { open: NatsOpener } = { open: plainAccess };

/** Opens connections from now on, for the whole process; returns what did so before. */
export function provideNats(opener: NatsOpener): NatsOpener {
  const before = provided.open;
  provided.open = opener;
  return before;
}

/**
 * A connection for these options, shared with all who have the same. It connects again for ever once it was connected.
 *
 * @throws WeirError `E_BROKER` if no server answers, or none takes the credentials
 */
export async function natsConnection(options: NatsOptions = {}): Promise<SharedConnection> {
  const { servers = [], credentials = '' } = options;
  const name = JSON.stringify([[servers].flat(), credentials]);
  const found = open.get(name) ?? begin(name, options);
  found.users++;
  let closed = false;
  const leave = async (): Promise<void> => {
    if (closed) return;
    closed = true;
    if (--found.users > 0) return;
    if (open.get(name) === found) open.delete(name);
    await found.opened.then(({ connection }) => connection.close());
  };
  try {
    return { ...(await found.opened), close: leave };
  } catch (error) {
    if (open.get(name) === found) open.delete(name);
    throw error;
  }
}

function begin(name: string, options: NatsOptions): OpenConnection {
  const entry: OpenConnection = { users: 0, opened: connected(options) };
  open.set(name, entry);
  const forget = (): void => {
    if (open.get(name) === entry) open.delete(name);
  };
  entry.opened.then(({ connection }) => connection.closed().then(forget), forget);
  return entry;
}

async function connected(options: NatsOptions): Promise<Omit<SharedConnection, 'close'>> {
  const { connection, jetstream = {}, inboxPrefix } = await provided.open(options);
  return { connection, jetstream, watch: new ConnectionWatch(connection), inbox: () => createInbox(inboxPrefix) };
}

/** Where somebody says so other than by the environment. */
export function serversOf({ servers = [] }: NatsOptions): { readonly servers?: readonly string[] } {
  const named = [servers].flat();
  return named.length === 0 ? {} : { servers: named };
}

/** A server that is gone is noticed in seconds, and waited for as long as it takes. */
const settings: NodeConnectionOptions = {
  maxReconnectAttempts: -1,
  reconnectTimeWait: 250,
  reconnectJitter: 250,
  pingInterval: 2000,
  maxPingOut: 2,
  timeout: 5000,
  ignoreAuthErrorAbort: true,
  waitOnFirstConnect: false, // the restart policy of the job waits, and says so
};

function unreachable(error: Error, servers: string): WeirError {
  if (error instanceof WeirError) return error;
  if (error instanceof errors.AuthorizationError)
    return new WeirError('E_BROKER', `NATS at ${servers} refuses these credentials: ${error.message}`, {
      cause: error,
      hint: 'give `credentials`, or set NATS_CREDS, or NATS_USER and NATS_PASSWORD',
    });
  return new WeirError('E_BROKER', `NATS at ${servers} does not answer: ${error.message}`, {
    cause: error,
    hint: 'start the server, or give its address as `servers` or in NATS_URL',
  });
}

/** Where nobody provides connections, nothing counts but what the options themselves say. */
async function plainAccess(options: NatsOptions): Promise<NatsAccess> {
  const said = plainOptions(options);
  try {
    return { connection: await connect({ name: 'weir', ...said, ...settings }) };
  } catch (error) {
    throw unreachable(error as Error, shown(said.servers));
  }
}

function plainOptions({ servers, credentials }: NatsOptions): NodeConnectionOptions {
  const urls = [servers ?? []].flat().map((text) => new URL(text.includes('://') ? text : `nats://${text}`));
  const user = urls.find(({ username }) => username !== '');
  return {
    ...(urls.length === 0 ? {} : { servers: urls.map(({ hostname, port }) => `${hostname}:${port === '' ? 4222 : port}`) }),
    ...(user === undefined ? {} : userOf(user)),
    ...(urls.some(({ protocol }) => protocol === 'tls:') ? { tls: {} } : {}),
    ...(credentials === undefined ? {} : { authenticator: credsAuthenticator(() => credentialsOf(credentials)) }),
  };
}

/** A user without a password is a token. */
function userOf({ username, password }: URL): NodeConnectionOptions {
  const user = decodeURIComponent(username);
  return password === '' ? { token: user } : { user, pass: decodeURIComponent(password) };
}

/** Read at each connecting: credentials are renewed while jobs run. */
function credentialsOf(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new WeirError('E_BROKER', `the credentials ${file} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

/** Never with what stands before an @, which is a password. */
function shown(servers: NodeConnectionOptions['servers'] = '127.0.0.1:4222'): string {
  return [servers]
    .flat()
    .map((server) => server.slice(server.lastIndexOf('@') + 1))
    .join(', ');
}
