/** What NATS says to a sink, as errors that say what to do. */
import { errors } from '@nats-io/transport-node';
import { WeirError } from '../../core/index.ts';
import type { WriterIdentity } from './fence.ts';
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

export function superseded(by: number, { job, generation }: WriterIdentity, what: string): WeirError {
  const message = `generation ${by} of job ${job} writes to ${what}; this is generation ${generation}, and has written nothing`;
  return new WeirError('E_RUNNING', message, {
    hint: 'the job runs elsewhere, or this is an old copy of its state: stop one, or start this one anew with --fresh',
  });
}

export function streamChanged(why: string, what: string): WeirError {
  return new WeirError('E_SINK_CHANGED', `${what} is not as the job left it: ${why}`, {
    hint:
      'nobody else may write to the stream of a sink (but with `shared: true`): delete what does not belong there, or start anew ' +
      'with --fresh, which writes on behind what is there',
  });
}
