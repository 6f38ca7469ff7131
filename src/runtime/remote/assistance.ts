/**
 * Readers of sources in workers ask their coordinator for what only its user may do.
 *
 * Owns: the request, over a subject of the job, and how an error comes back. Does not own: what is asked for (a source's `assist`).
 * What nobody answers may be asked again: the reader does.
 */
import { errors, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { packValue, unpackValue } from '../../batch/index.ts';
import { subjects } from '../../cluster/index.ts';
import { errorForm, type ErrorForm, errorOf, type Logger, WeirError } from '../../core/index.ts';
import { subjectPrefix } from './subject-prefix.ts';

export type Assist = (source: string, request: unknown) => Promise<unknown>;

interface Question {
  readonly source: string;
  readonly request: unknown;
}
type Answer = { readonly done: unknown } | { readonly error: ErrorForm };

const timeoutMs = 5_000;

/** Until the returned function is called. */
export function offerAssistance(nats: NatsConnection, job: string, assist: Assist, logger: Logger): () => void {
  const subscription = nats.subscribe(subjects(subjectPrefix(job)).assist, {
    callback: (error, message) => {
      if (error !== null) logger.error({ err: error.message }, 'readers of workers cannot be assisted');
      else void answer(message, assist, logger);
    },
  });
  return () => subscription.unsubscribe();
}

/** For readers in a worker. */
export function assistanceOf(nats: NatsConnection, job: string): Assist {
  const { assist: subject } = subjects(subjectPrefix(job));
  return async (source, request) => {
    const reply = await nats
      .request(subject, packValue({ source, request } satisfies Question), { timeout: timeoutMs })
      .catch((thrown: unknown) => {
        throw unanswered(thrown, subject);
      });
    const said = unpackValue(reply.data) as Answer;
    if ('done' in said) return said.done;
    throw errorOf(said.error);
  };
}

async function answer(message: Msg, assist: Assist, logger: Logger): Promise<void> {
  const question = read(message.data);
  if (question === null || message.reply === undefined) return;
  let said: Answer;
  try {
    said = { done: await assist(question.source, question.request) };
  } catch (thrown) {
    said = { error: errorForm(WeirError.from(thrown, 'E_INTERNAL')) };
    logger.warn({ source: question.source, err: said.error.message }, 'a reader of a worker could not be assisted');
  }
  if (!message.respond(packValue(said))) logger.warn({ source: question.source }, 'an answer to a reader could not be sent');
}

function read(bytes: Uint8Array): Question | null {
  try {
    const question = unpackValue(bytes) as Partial<Question> | null;
    return typeof question?.source === 'string' ? (question as Question) : null;
  } catch {
    return null;
  }
}

function unanswered(thrown: unknown, subject: string): WeirError {
  for (let each: unknown = thrown; each instanceof Error; each = each.cause)
    if (each instanceof errors.PermissionViolationError)
      return new WeirError('E_BROKER', `the nats-server forbids this user to ${each.operation} on ${each.subject}`, {
        hint: 'give the worker the permissions that `weir permissions` prints',
        retry: 'never',
        cause: thrown,
      });
  return new WeirError('E_BROKER', `the coordinator does not answer on ${subject}`, {
    hint: 'look whether it runs, and whether it has the permissions that `weir permissions` prints',
    retry: 'backoff',
    cause: thrown,
  });
}
