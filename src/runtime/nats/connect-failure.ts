import { errors } from '@nats-io/transport-node';
import { WeirError } from '../../core/index.ts';
import type { ConnectionOptions } from './connection-options.ts';
import { nameOf } from './identity.ts';
import { serverGreeting } from './server-greeting.ts';

const others = 'or name another: --nats URL, NATS_URL, --context';
const greetingMsMax = 1_000;

/** Why there is no connection, and what to do about it. */
export async function connectFailure(thrown: unknown, options: ConnectionOptions): Promise<WeirError> {
  // The client hears nothing of a handshake that the server ends.
  const refusedLate = thrown instanceof errors.TimeoutError && (await asksForCertificate(options));
  return failureOf(thrown, options, refusedLate);
}

function failureOf(thrown: unknown, options: ConnectionOptions, refusedLate: boolean): WeirError {
  const where = `${options.servers.join(', ')} (${options.from})`;
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const code = codeOf(error);
  const failure = (message: string, hint: string, retry: 'never' | 'backoff'): WeirError =>
    new WeirError('E_BROKER', message, { cause: error, hint, retry });

  if (error instanceof errors.AuthorizationError || error instanceof errors.UserAuthenticationExpiredError)
    return failure(`${where} refused ${nameOf(options.identity)}: ${error.message}`, credentialsHint(options), 'never');
  if (code === 'ECONNREFUSED')
    return failure(`no NATS server answers at ${where}`, `start one (nats-server -js), ${others}`, 'backoff');
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return failure(`${where}: there is no host of that name (${code})`, `mend the name, ${others}`, 'backoff');
  if (/does not support 'tls'/.test(error.message))
    return failure(
      `${where} offers no TLS, and is wanted with it`,
      'leave out --tlsca, --tlscert and tls://, or set up tls {} in the server',
      'never',
    );
  if (refusedLate || wantsCertificate(code))
    return failure(`${where} did not take the connection over TLS: ${said(error)}`, certificateHint(options), 'never');
  if (isTls(code))
    return failure(
      `${where} has a certificate that cannot be trusted: ${said(error)}`,
      'name the certificate of its authority: --tlsca FILE or NATS_CA',
      'never',
    );
  if (error instanceof errors.TimeoutError || code === 'ETIMEDOUT')
    return failure(
      `${where} did not answer as a NATS server within ${options.timeoutMs} ms`,
      `is it one? does it need more time (--timeout)? ${others}`,
      'backoff',
    );
  return failure(`${where}: ${said(error)}`, `look at the server's log, ${others}`, 'backoff');
}

/** Node's, of the error or of what caused it. */
function codeOf(error: Error): string {
  for (let each: unknown = error; each instanceof Error; each = each.cause) {
    const { code } = each as NodeJS.ErrnoException;
    if (typeof code === 'string') return code;
  }
  return '';
}

const said = (error: Error): string => (error.message === '' ? error.name : error.message);

const isTls = (code: string): boolean => /CERT|SSL|TLS|SELF_SIGNED|EPROTO|UNABLE_TO/.test(code);

/** Alerts with which a server ends the handshake of a client whose certificate it misses, or does not trust. */
const wantsCertificate = (code: string): boolean =>
  /ALERT_(BAD_CERTIFICATE|CERTIFICATE_REQUIRED|UNKNOWN_CA|HANDSHAKE_FAILURE)/.test(code);

async function asksForCertificate({ servers, timeoutMs }: ConnectionOptions): Promise<boolean> {
  const [, host, port] = /^\[?(.*?)\]?:(\d+)$/.exec(servers[0] ?? '') ?? [];
  if (host === undefined) return false;
  return serverGreeting(Number(port), Math.min(timeoutMs, greetingMsMax), host).then(
    (greeting) => greeting.asksForCertificate,
    () => false, // then it is not even that
  );
}

const certificateHint = ({ tls }: ConnectionOptions): string =>
  tls?.certFile === undefined
    ? 'it wants a certificate of the client: --tlscert FILE and --tlskey FILE'
    : 'it does not trust the certificate of --tlscert: have one made by an authority that is in its tls { ca_file }';

const credentialsHint = ({ identity }: ConnectionOptions): string =>
  identity.kind === 'none'
    ? 'it wants credentials: --user and --password, --creds FILE, --nkey FILE, or a --context that has them'
    : 'look at the credentials, and at the users of that server';
