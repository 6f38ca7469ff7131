import type { NatsConnection, ServerInfo } from '@nats-io/transport-node';

const timeoutMs = 1_000;

/**
 * The account that a connection belongs to, for people; undefined where the server does not tell, or the user may not ask.
 * What the server says of the user is left alone: for some it is the token itself.
 */
export async function accountOf(connection: NatsConnection, info: ServerInfo): Promise<string | undefined> {
  return (await byUser(connection)) ?? (await byConnection(connection, info));
}

/** From 2.10. */
async function byUser(connection: NatsConnection): Promise<string | undefined> {
  return (await answer<{ account?: string }>(connection, '$SYS.REQ.USER.INFO', ''))?.account;
}

/** Before that. All servers of a cluster answer; the first one may not be ours. */
async function byConnection(connection: NatsConnection, info: ServerInfo): Promise<string | undefined> {
  const request = JSON.stringify({ cid: info.client_id, auth: true });
  const found = await answer<{ server_id?: string; connections?: readonly { cid?: number; account?: string }[] }>(
    connection,
    '$SYS.REQ.ACCOUNT.PING.CONNZ',
    request,
  );
  if (found?.server_id !== info.server_id) return undefined;
  return found.connections?.find(({ cid }) => cid === info.client_id)?.account;
}

async function answer<T>(connection: NatsConnection, subject: string, request: string): Promise<T | undefined> {
  try {
    return (await connection.request(subject, request, { timeout: timeoutMs })).json<{ data?: T }>().data;
  } catch {
    return undefined; // nobody needs it
  }
}
