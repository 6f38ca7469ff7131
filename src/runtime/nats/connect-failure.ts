import { errors } from '@nats-io/transport-node';
import { WeirError } from '../../core/index.ts';
import type { ConnectionOptions } from './connection-options.ts';
import { nameOf } from './identity.ts';

const others = 'or name another: --nats URL, NATS_URL, --context';

/** Why there is no connection, and what to do about it. */
export function connectFailure(thrown: unknown, options: ConnectionOptions): WeirError {
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
  if (wantsCertificate(code, options))
    return failure(`${where} did not take the connection over TLS: ${said(error)}`, certificateHint(options), 'never');
  if (isTls(code))
    return failure(
      `${where} has a certificate that cannot be trusted: ${said(error)}`,
      'name the certificate of its authority: --tlsca FILE or NATS_CA',
      'never',
    );
  if (error instanceof errors.TimeoutError || code === 'ETIMEDOUT')
    return failure(`${where} did not answer as a NATS server within ${options.timeoutMs} ms`, timeoutHint(options), 'backoff');
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
const wantsCertificate = (code: string, { tls }: ConnectionOptions): boolean =>
  /ALERT_(BAD_CERTIFICATE|CERTIFICATE_REQUIRED|UNKNOWN_CA|HANDSHAKE_FAILURE)/.test(code) && (tls !== undefined || isTls(code));

const certificateHint = ({ tls }: ConnectionOptions): string =>
  tls?.certFile === undefined
    ? 'it wants a certificate of the client: --tlscert FILE and --tlskey FILE'
    : 'it does not trust the certificate of --tlscert: have one made by an authority that is in its tls { ca_file }';

const credentialsHint = ({ identity }: ConnectionOptions): string =>
  identity.kind === 'none'
    ? 'it wants credentials: --user and --password, --creds FILE, --nkey FILE, or a --context that has them'
    : 'look at the credentials, and at the users of that server';

const timeoutHint = (options: ConnectionOptions): string =>
  options.tls !== undefined && options.tls.certFile === undefined
    ? 'it may want a certificate of the client (--tlscert, --tlskey), be no NATS server, or need more time (--timeout)'
    : `it may be no NATS server, or need more time (--timeout), ${others}`;
