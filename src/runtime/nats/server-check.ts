/**
 * Whether a server can do what a job needs of it, before anything is made on it.
 *
 * Owns: the questions, and for each answer that will not do an error that names the setting or permission to change.
 * Permissions are asked of the server itself: it is told to subscribe and to publish, and whatever it forbids it says before it
 * answers a ping. Subjects to publish on must be such that nobody minds an empty message.
 * Does not own: what is later refused: quotas, streams that others have changed.
 * Invariants: NC6 a server that passes has JetStream for this account, takes messages of the size, and forbids none of the
 * subjects that were asked for.
 */
import { createInbox, errors, type NatsConnection } from '@nats-io/transport-node';
import { WeirError } from '../../core/index.ts';
import { accountOf } from './account-name.ts';
import type { ConnectionOptions } from './connection-options.ts';
import { forbiddenSubjects } from './forbidden-subjects.ts';

export interface ServerNeeds {
  /** How the account's JetStream is reached; null for a client that never asks it anything. */
  readonly jetStream?: ConnectionOptions['jetStream'] | null;
  /** The beginning of the subjects that replies come to. */
  readonly inboxPrefix?: string;
  /** Bytes that a message must be able to have. */
  readonly payloadBytesMin?: number;
  /** Subjects that must be allowed, to publish (of one with wildcards, some subject is tried) and to subscribe. */
  readonly publish?: readonly string[];
  readonly subscribe?: readonly string[];
  readonly timeoutMs?: number;
}

export interface ServerReport {
  /** `host:port` */
  readonly address: string;
  readonly name: string;
  readonly version: string;
  /** Where the server tells. */
  readonly account?: string;
  readonly maxPayload: number;
}

/** A frame of the engine, and a chunk of the object store. */
export const payloadBytesMin: number = 256 << 10;
const oldest = { major: 2, minor: 9 };
const defaultTimeoutMs = 5_000;

/**
 * @returns what to tell of the server before anything is made on it
 * @throws E_BROKER naming the setting, subject or version that will not do
 */
export async function checkServer(connection: NatsConnection, needs: ServerNeeds = {}): Promise<ServerReport> {
  const { info } = connection;
  if (info === undefined) throw refused('the connection to NATS was lost while the server was looked at', 'try again', 'backoff');
  const address = connection.getServer();
  checkVersion(info.version, address);
  checkPayload(info.max_payload, needs.payloadBytesMin ?? payloadBytesMin, address);
  await checkPermissions(connection, needs);
  if (needs.jetStream !== null) await checkJetStream(connection, needs, address);
  const account = await accountOf(connection, info);
  return {
    address,
    name: info.server_name,
    version: info.version,
    ...(account === undefined ? {} : { account }),
    maxPayload: info.max_payload,
  };
}

/** `nats-server 2.10.27 at 127.0.0.1:4222, account APP, messages up to 1 MiB` */
export function describeServer({ address, version, account, maxPayload }: ServerReport): string {
  const size = maxPayload % (1 << 20) === 0 ? `${maxPayload >> 20} MiB` : `${maxPayload} bytes`;
  return [
    `nats-server ${version} at ${address}`,
    ...(account === undefined ? [] : [`account ${account}`]),
    `messages up to ${size}`,
  ].join(', ');
}

/** @throws E_BROKER for a server that lacks what the engine rests on; a development build counts as its number says */
export function checkVersion(version: string, address: string): void {
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(version) ?? [];
  if (Number(major) > oldest.major || (Number(major) === oldest.major && Number(minor) >= oldest.minor)) return;
  throw refused(`the nats-server at ${address} is version ${version}`, `run ${oldest.major}.${oldest.minor} or newer there`);
}

function checkPayload(maxPayload: number, bytesMin: number, address: string): void {
  if (maxPayload >= bytesMin) return;
  const hint = `set max_payload: ${Math.max(bytesMin, 1 << 20)} in its configuration (1MB is what it has by default), or for the account`;
  throw refused(`the nats-server at ${address} takes messages of ${maxPayload} bytes at most, and Weir needs ${bytesMin}`, hint);
}

/** @throws E_BROKER naming the subjects that this user may not publish on, or not subscribe to */
export async function checkPermissions(
  connection: NatsConnection,
  needs: Pick<ServerNeeds, 'publish' | 'subscribe' | 'inboxPrefix'>,
): Promise<void> {
  const address = connection.getServer();
  const inbox = `${createInbox(needs.inboxPrefix)}.>`;
  const { publish = [], subscribe = [] } = needs;
  const tried = await forbiddenSubjects(connection, publish.map(someSubject), [inbox, ...subscribe]);
  const forbidden = { ...tried, publish: publish.filter((filter) => tried.publish.includes(someSubject(filter))) };
  if (forbidden.subscribe.includes(inbox)) {
    const prefix = needs.inboxPrefix ?? '_INBOX';
    const hint = `allow the user to subscribe to ${prefix}.>, or say where it may get replies: --inbox-prefix`;
    throw refused(`the nats-server at ${address} forbids this user to subscribe to ${prefix}.>, where replies come`, hint);
  }
  const [verb, subjects] =
    forbidden.publish.length > 0 ? ['publish on', forbidden.publish] : ['subscribe to', forbidden.subscribe];
  if (subjects.length === 0) return;
  const hint = `add to the permissions of the user: ${verb.split(' ')[0]} { allow: ${JSON.stringify(subjects)} }`;
  throw refused(`the nats-server at ${address} forbids this user to ${verb} ${subjects.join(', ')}`, hint);
}

/** One that the filter takes. */
const someSubject = (filter: string): string => filter.replaceAll('*', 'check').replace(/>$/, 'check');

async function checkJetStream(connection: NatsConnection, needs: ServerNeeds, address: string): Promise<void> {
  const { domain, apiPrefix } = needs.jetStream ?? {};
  const subject = `${domain === undefined ? (apiPrefix ?? '$JS.API') : `$JS.${domain}.API`}.INFO`;
  let reply: { readonly error?: { readonly description?: string } };
  try {
    reply = (await connection.request(subject, '', { timeout: needs.timeoutMs ?? defaultTimeoutMs })).json();
  } catch (error) {
    throw noAnswer(error, subject, connection, address);
  }
  if (reply.error === undefined) return;
  const message = `the nats-server at ${address} has no JetStream for this account: ${reply.error.description ?? 'it does not say why'}`;
  throw refused(
    message,
    "set jetstream: enabled in the account of its configuration, or give the account's JWT limits of JetStream",
  );
}

function noAnswer(thrown: unknown, subject: string, { info }: NatsConnection, address: string): WeirError {
  const causes = causesOf(thrown);
  const violation = causes.find((cause) => cause instanceof errors.PermissionViolationError);
  if (violation !== undefined) {
    const hint = `add to the permissions of the user: publish { allow: ${JSON.stringify([violation.subject])} }`;
    return refused(
      `the nats-server at ${address} forbids this user to ${violation.operation === 'publish' ? 'publish on' : 'subscribe to'} ${violation.subject}`,
      hint,
    );
  }
  if (!causes.some((cause) => cause instanceof errors.NoRespondersError)) {
    const hint = 'if there is JetStream, give it more time (--timeout), and allow its replies to reach this user';
    return refused(`the nats-server at ${address} does not answer on ${subject}`, hint, 'backoff', thrown);
  }
  if (info?.jetstream === true || !subject.startsWith('$JS.API.'))
    return refused(
      `nobody answers on ${subject} at ${address}`,
      'look at --js-domain, at jetstream_api_prefix of the context, and at the imports of the account',
      'never',
      thrown,
    );
  return refused(
    `the nats-server at ${address} runs without JetStream`,
    'start it with -js, or put jetstream {} into its configuration',
    'never',
    thrown,
  );
}

function causesOf(thrown: unknown): Error[] {
  const causes: Error[] = [];
  for (let each: unknown = thrown; each instanceof Error; each = each.cause) causes.push(each);
  return causes;
}

const refused = (message: string, hint: string, retry: 'never' | 'backoff' = 'never', cause?: unknown): WeirError =>
  new WeirError('E_BROKER', message, { hint, retry, cause });
