/** What NATS says to a sink, as errors that say what to do. */
import { errors } from '@nats-io/transport-node';
import { WeirError } from '../../core/index.ts';
import { natsError } from './source-errors.ts';

/** @param what was asked for, as a message begins: `stream ORDERS` */
export function sinkError(thrown: unknown, what: string): WeirError {
  const error = natsError(thrown, what);
  const { message, cause, retry, hint } = error;
  if (error.code === 'E_SOURCE') {
    const own = hint === new WeirError('E_SOURCE', '').hint ? {} : { hint };
    return new WeirError('E_SINK', message, { cause, retry, ...own });
  }
  return cause instanceof errors.PermissionViolationError || /does not permit/.test(message) ? denied(message, error) : error;
}

export function denied(message: string, cause: unknown): WeirError {
  return new WeirError('E_BROKER', message, {
    cause,
    retry: 'never',
    hint:
      'a sink publishes to its subjects and to that of its fences, to $JS.API.STREAM.INFO.S and $JS.API.STREAM.MSG.GET.S of its ' +
      'stream S, and subscribes to its inboxes',
  });
}

/** Is it only that the server is away, or does not answer in time? */
export function isOutage(thrown: unknown): thrown is WeirError {
  return thrown instanceof WeirError && thrown.code === 'E_BROKER' && thrown.retry !== 'never';
}
