/** What NATS says to a source, as errors that say what to do. */
import { JetStreamApiCodes, JetStreamApiError, jserrors } from '@nats-io/jetstream/internal';
import { errors } from '@nats-io/transport-node';
import { WeirError } from '../../core/index.ts';

const notEnabledForAccount = [JetStreamApiCodes.JetStreamNotEnabledForAccount, 10076];
const temporarilyUnavailable = [10008, 10023];

/** @param what was asked for, as a message begins: `stream ORDERS` */
export function natsError(thrown: unknown, what: string): WeirError {
  if (thrown instanceof WeirError) return thrown;
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const denied = permissionOf(error);
  if (denied !== undefined) return denied;
  if (error instanceof JetStreamApiError) return apiError(error, what);
  if (error instanceof jserrors.JetStreamNotEnabled)
    return new WeirError('E_BROKER', `${what}: nobody answers for JetStream`, { cause: error, hint: startJetStream });
  if (error instanceof errors.TimeoutError || error instanceof errors.RequestError)
    return new WeirError('E_BROKER', `${what}: NATS did not answer in time: ${error.message}`, {
      cause: error,
      hint: lookAtServer,
    });
  if (error instanceof errors.ClosedConnectionError || error instanceof errors.DrainingConnectionError)
    return new WeirError('E_BROKER', `${what}: the connection to NATS is closed`, { cause: error, hint: lookAtServer });
  return WeirError.from(error, 'E_SOURCE', what);
}

const startJetStream = 'start nats-server with -js, or enable JetStream for this account';
const lookAtServer = 'look at the server and its log';

function apiError(error: JetStreamApiError, what: string): WeirError {
  if (error.code === JetStreamApiCodes.StreamNotFound)
    return new WeirError('E_SOURCE', `${what} does not exist`, {
      cause: error,
      retry: 'never',
      hint: 'create it first (nats stream add), or correct its name; names of streams know capital letters',
    });
  if (notEnabledForAccount.includes(error.code))
    return new WeirError('E_BROKER', `${what}: ${error.message}`, { cause: error, retry: 'never', hint: startJetStream });
  if (temporarilyUnavailable.includes(error.code) || error.status === 503)
    return new WeirError('E_BROKER', `${what}: ${error.message}`, { cause: error, hint: lookAtServer });
  return new WeirError('E_SOURCE', `${what}: ${error.message} (${error.code})`, { cause: error });
}

function permissionOf(error: Error): WeirError | undefined {
  if (!(error instanceof errors.PermissionViolationError))
    return error.cause instanceof Error ? permissionOf(error.cause) : undefined;
  const verb = error.operation === 'publish' ? 'publish to' : 'subscribe to';
  return new WeirError('E_BROKER', `NATS does not permit this user to ${verb} ${error.subject}`, {
    cause: error,
    retry: 'never',
    hint:
      '`weir permissions` prints what each process needs; one that runs a job alone publishes to $JS.API.STREAM.INFO.S, ' +
      '$JS.API.STREAM.MSG.GET.S, $JS.API.CONSUMER.CREATE.S.>, $JS.API.CONSUMER.DELETE.S.> and $JS.API.CONSUMER.MSG.NEXT.S.> of the ' +
      'stream S that it reads, and subscribes to its inboxes',
  });
}
