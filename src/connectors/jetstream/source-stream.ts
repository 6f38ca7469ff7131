/**
 * One stream as a source sees it: whether it can be read exactly once, and whether it still is what a position was taken of.
 *
 * Owns: questions to the server about the stream. Does not own: reading its messages (source-delivery.ts).
 */
import {
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  jetstreamManager,
  type StreamConfig,
  type StreamInfo,
} from '@nats-io/jetstream';
import { overlap, WeirError } from '../../core/index.ts';
import type { SharedConnection } from './connection.ts';
import { natsError } from './source-errors.ts';
import { changed, checkMessage, checkStream, type MessagePosition, positionAt, storedIdentity } from './source-position.ts';

export type StartAt = 'first' | 'new' | { readonly sequence: number };

export class SourceStream {
  readonly name: string;
  readonly shared: SharedConnection;
  readonly #manager: JetStreamManager;

  static async of(name: string, shared: SharedConnection): Promise<SourceStream> {
    // Without the client's own first question: to ask for the account takes a permission that a source does not need.
    return new SourceStream(name, shared, await jetstreamManager(shared.connection, { ...shared.jetstream, checkAPI: false }));
  }

  private constructor(name: string, shared: SharedConnection, manager: JetStreamManager) {
    this.name = name;
    this.shared = shared;
    this.#manager = manager;
  }

  get manager(): JetStreamManager {
    return this.#manager;
  }

  /** `$JS.API`, or another's. */
  get apiPrefix(): string {
    return this.#manager.getOptions().apiPrefix ?? '$JS.API';
  }

  get label(): string {
    return `stream ${this.name}`;
  }

  async info(): Promise<StreamInfo> {
    return this.#asked(this.#manager.streams.info(this.name));
  }

  /** @throws WeirError `E_SOURCE` naming the setting for a stream that removes messages by itself where that cannot be noticed */
  async readable(): Promise<StreamInfo> {
    const info = await this.info();
    const { retention, max_msgs_per_subject: perSubject, discard, discard_new_per_subject: keepsOld } = info.config;
    if (retention !== 'limits')
      throw this.#refused(`retention: ${retention}`, 'it removes messages that somebody acknowledged', 'retention: limits');
    if (perSubject > 0 && !(discard === 'new' && keepsOld === true))
      throw this.#refused(
        `max_msgs_per_subject: ${perSubject}`,
        'it removes messages in its middle, read or not',
        'max_msgs_per_subject: -1, and limit it by max_age, max_msgs or max_bytes',
      );
    return info;
  }

  /** @throws WeirError `E_SOURCE` for a filter that no message of it can pass: it would wait for ever */
  checkFilters({ subjects, mirror, sources, subject_transform: transform }: StreamConfig, filters: readonly string[]): void {
    const others = [mirror, transform, sources?.[0]].some((other) => other !== undefined && other !== null);
    const vain = others ? undefined : filters.find((filter) => !subjects.some((subject) => overlap(subject, filter)));
    if (vain === undefined) return;
    throw new WeirError('E_SOURCE', `${this.label} takes no message of '${vain}'; it takes ${subjects.join(', ')}`, {
      retry: 'never',
      hint: 'correct `subjects`, or add the subject to the stream',
    });
  }

  /** Where a source begins that has read nothing. */
  async begin(from: StartAt): Promise<MessagePosition> {
    const { created, state } = await this.readable();
    const sequence = this.#before(from, state.first_seq, state.last_seq);
    const none: MessagePosition = { created, sequence, time: '', hash: '', lines: 0 };
    if (sequence < state.first_seq || sequence === 0) return none;
    const message = await this.#message(sequence);
    return message === null ? none : positionAt(created, message, 0);
  }

  /** @throws WeirError `E_SOURCE_CHANGED` if this is not the stream that the position was taken of, or what comes next is gone */
  async check(position: MessagePosition): Promise<StreamInfo> {
    const info = await this.#existing(position);
    checkStream(info, position);
    if (position.hash === '' || position.sequence < info.state.first_seq) return info;
    const message = await this.#message(position.sequence);
    if (message !== null) checkMessage(this.name, message, position);
    else if (position.lines > 0) throw changed(this.name, `message ${position.sequence} is gone, and was read in part`);
    return info;
  }

  /**
   * The stream's end, if no message behind the position passes the filter: a rare subject's position moves with the stream, and
   * is not left behind by what the stream removes.
   */
  async passedOver(position: MessagePosition, filter: string): Promise<MessagePosition | null> {
    const { created, state } = await this.info(); // before the other question, so that what comes in between is no matter
    if (created !== position.created || state.last_seq <= position.sequence) return null;
    const query = { seq: position.sequence + 1, next_by_subj: filter };
    if ((await this.#asked(this.#manager.streams.getMessage(this.name, query))) !== null) return null;
    const last = await this.#message(state.last_seq);
    return last === null ? null : positionAt(created, last, 0);
  }

  async #existing(position: MessagePosition): Promise<StreamInfo> {
    try {
      return await this.readable();
    } catch (error) {
      if (!isMissing(error)) throw error;
      const message = `${this.label} is gone; it was read up to message ${position.sequence}`;
      throw new WeirError('E_SOURCE_CHANGED', message, { cause: error });
    }
  }

  async #message(sequence: number) {
    const found = await this.#asked(this.#manager.streams.getMessage(this.name, { seq: sequence }));
    return found === null ? null : storedIdentity(found);
  }

  #before(from: StartAt, first: number, last: number): number {
    if (from === 'first') return 0;
    if (from === 'new') return last;
    if (from.sequence >= first && from.sequence <= last + 1) return from.sequence - 1;
    const holds = last < first ? `is empty, and its next message is ${last + 1}` : `holds ${first} to ${last}`;
    throw new WeirError('E_SOURCE', `${this.label}: there is no message ${from.sequence} to begin with; it ${holds}`, {
      retry: 'never',
      hint: "begin with { sequence } of a message that is there, or with 'first' or 'new'",
    });
  }

  async #asked<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      throw natsError(error, this.label);
    }
  }

  #refused(setting: string, why: string, instead: string): WeirError {
    return new WeirError('E_SOURCE', `${this.label} has ${setting}: ${why}, so it cannot be read exactly once`, {
      retry: 'never',
      hint: `set ${instead}; or read a stream that has this one as its source`,
    });
  }
}

const isMissing = (error: unknown): boolean =>
  error instanceof WeirError && error.cause instanceof JetStreamApiError && error.cause.code === JetStreamApiCodes.StreamNotFound;
