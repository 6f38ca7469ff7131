/** What a request to JetStream that failed means to a job: forbidden, nobody there, or an outcome that nobody knows. */
import { errors } from '@nats-io/transport-node';
import { WeirError } from '../../core/index.ts';

/** As the API of JetStream gives it. */
export interface ApiError {
  readonly code?: number;
  readonly err_code?: number;
  readonly description?: string;
}

export const apiCodes = {
  messageNotFound: 10037,
  sequenceNotFound: 10043,
  messageNotDeleted: 10057,
  nameInUse: 10058,
  streamNotFound: 10059,
  wrongLastSequence: 10071,
  /** The same, without the number, in clusters from 2.12 on. */
  wrongLastSequenceConstant: 10164,
} as const;

const hint = 'look at the nats-server, its JetStream and its disk; the job goes on from its last checkpoint once they are there';

/** @param what the operation, as the message should name it */
export function requestError(thrown: unknown, what: string, subject: string): WeirError {
  if (thrown instanceof WeirError) return thrown;
  const causes = causesOf(thrown);
  const violation = causes.find((cause) => cause instanceof errors.PermissionViolationError);
  if (violation !== undefined) return forbidden(violation, what);
  if (causes.some((cause) => cause instanceof errors.NoRespondersError))
    return new WeirError('E_STORE', `${what}: nobody answers on ${subject}: its stream or JetStream is not there`, {
      hint,
      cause: thrown,
    });
  if (causes.some((cause) => cause instanceof errors.TimeoutError))
    return new WeirError('E_STORE', `${what}: no answer on ${subject}: whether it was done is not known`, {
      hint,
      cause: thrown,
    });
  return new WeirError('E_STORE', `${what}: ${causes.at(-1)?.message ?? String(thrown)}`, { hint, cause: thrown });
}

export function interrupted(what: string, subject: string): WeirError {
  return new WeirError(
    'E_STORE',
    `${what}: the connection to NATS broke before the answer on ${subject}: whether it was done is not known`,
    { hint },
  );
}

export function apiError(error: ApiError, what: string, subject: string): WeirError {
  const said = `${error.description ?? 'refused'} (${error.err_code ?? error.code ?? 'no code'})`;
  return new WeirError('E_STORE', `${what}: the server says on ${subject}: ${said}`, { hint });
}

function forbidden({ operation, subject }: { operation: string; subject: string }, what: string): WeirError {
  const verb = operation === 'publish' ? 'publish' : 'subscribe';
  return new WeirError('E_BROKER', `${what}: the nats-server forbids this user to ${verb} on ${subject}`, {
    hint: `add to the permissions of the user: ${verb} { allow: ${JSON.stringify([subject])} }`,
    retry: 'never',
  });
}

function causesOf(thrown: unknown): Error[] {
  const causes: Error[] = [];
  for (let each: unknown = thrown; each instanceof Error; each = each.cause) causes.push(each);
  return causes;
}
