/**
 * Waiting while a stream cannot be written: for the connection, and then longer and longer.
 *
 * Owns: how long, what the log says of it, and which refusals waiting does not mend.
 */
import { sleep, WeirError } from '../../core/index.ts';
import type { SinkContext } from '../../operators/index.ts';
import { untilAborted } from '../records/index.ts';
import type { SharedConnection } from './connection.ts';
import type { PublishOutcome } from './outgoing-link.ts';
import { denied } from './sink-errors.ts';

const pauseMs = 50;
const pauseMsMax = 2000;
/** How often the same trouble is said again. */
const sayMs = 30_000;

export class Retry {
  readonly #shared: SharedConnection;
  readonly #context: SinkContext;
  readonly #what: string;
  #pauseMs = 0;
  #reason = '';
  #saidAt = Number.NEGATIVE_INFINITY;
  #said = '';

  constructor(shared: SharedConnection, context: SinkContext, what: string) {
    this.#shared = shared;
    this.#context = context;
    this.#what = what;
  }

  begin(): void {
    this.#pauseMs = 0;
  }

  /** The next failure is a new one. */
  progressed(): void {
    this.#pauseMs = 0;
  }

  /** Remembers why a message was not stored, for the log. @throws what trying again does not mend */
  refused(outcome: PublishOutcome, subject: string): void {
    const refusal = this.#shared.watch.denied(subject);
    if (refusal !== undefined && outcome.kind === 'unknown') throw denied(refusal.message, refusal);
    const fault = publishFault(outcome, subject, this.#what);
    if (fault !== undefined) throw fault;
    this.failed(saidOf(outcome, subject));
  }

  /** As `refused`, of messages that share an answer. */
  batchRefused(outcome: PublishOutcome, subjects: readonly string[]): void {
    const denied = subjects.find((subject) => this.#shared.watch.denied(subject) !== undefined);
    if (denied === undefined) this.refused(outcome, subjects.at(-1)!);
    else this.refused({ kind: 'unknown', text: 'it may not be published' }, denied);
  }

  failed(reason: string): void {
    if (this.#reason === '') this.#reason = reason;
  }

  /** @throws what the signal was aborted with, or that the connection is closed for good */
  async pause(): Promise<void> {
    const { signal, clock } = this.#context;
    const { connection, watch } = this.#shared;
    this.#say();
    if (connection.isClosed()) throw new WeirError('E_BROKER', `${this.#what}: the connection to NATS is closed`);
    if (!watch.connected) await untilAborted(this.#connected(), signal);
    if (this.#pauseMs > 0) await sleep(clock, this.#pauseMs, signal);
    this.#pauseMs = Math.min(Math.max(pauseMs, this.#pauseMs * 2), pauseMsMax);
  }

  done(): void {
    if (this.#said !== '') this.#context.logger.info({}, `${this.#what} is written again`);
    this.#said = '';
    this.#reason = '';
  }

  #say(): void {
    const [now, reason] = [this.#context.clock.monotonic(), this.#reason];
    this.#reason = '';
    if (reason === '' || (reason === this.#said && now - this.#saidAt < sayMs)) return;
    this.#said = reason;
    this.#saidAt = now;
    this.#context.logger.warn({ reason }, `${this.#what} cannot be written: ${reason}; it is tried again`);
  }

  #connected(): Promise<void> {
    const { watch, connection } = this.#shared;
    return new Promise((resolve) => {
      const over = (): void => {
        if (!watch.connected && !connection.isClosed()) return;
        unwatch();
        resolve();
      };
      const unwatch = watch.onChange(over);
      over();
    });
  }
}

/** JetStream's own numbers, from its errors.json. */
const tooLarge = 10054;
const sealed = 10109;

/** What is no use to try again; undefined for the rest. */
function publishFault(outcome: PublishOutcome, subject: string, what: string): WeirError | undefined {
  if (outcome.kind !== 'refused') return undefined;
  const { code, text } = outcome;
  if (code === tooLarge)
    return new WeirError('E_SINK', `${what} refuses a message to ${subject}: ${text}`, {
      retry: 'never',
      hint: 'raise max_msg_size of the stream to what it was',
    });
  if (code === sealed) return new WeirError('E_SINK', `${what} is sealed`, { retry: 'never', hint: 'take another stream' });
  return undefined;
}

function saidOf(outcome: PublishOutcome, subject: string): string {
  switch (outcome.kind) {
    case 'stored':
      return `a message to ${subject} was taken for message ${outcome.sequence}, which is another`;
    case 'refused':
      return `a message to ${subject} was refused: ${outcome.text} (${outcome.code})`;
    case 'begun':
      return `a message to ${subject} was taken for the begin of a batch`;
    case 'nobody':
      return `nobody takes messages to ${subject}`;
    case 'unknown':
      return outcome.text;
  }
}
