/**
 * One stream as a sink sees it: whether it can be written exactly once, and how far it was.
 *
 * Owns: questions to the server about the stream, asked of its leader. Does not own: what follows from the answers (fence.ts,
 * sink-rules.ts).
 */
import { type JetStreamManager, jetstreamManager, RetentionPolicy, type StreamInfo } from '@nats-io/jetstream';
import { WeirError } from '../../core/index.ts';
import { batchesRefused } from './atomic-batches.ts';
import type { SharedConnection } from './connection.ts';
import { type Tail, tailOf } from './fence.ts';
import { sinkError } from './sink-errors.ts';
import { untilInterrupted } from './until-interrupted.ts';
import { checkStreamConfig, fenceSubject, plainFence, type StreamDemands, takes } from './sink-rules.ts';

export interface StreamToCreate {
  readonly subjects: readonly string[];
  readonly replicas?: number;
}
export interface SinkStreamOptions extends StreamDemands {
  readonly stream: string;
  readonly fence: string | undefined;
  readonly create: StreamToCreate | undefined;
}

export interface StreamEnd {
  readonly first: number;
  /** The last sequence, if its message is there or not. */
  readonly last: number;
  readonly tail: Tail | null;
}

export class SinkStream {
  readonly name: string;
  readonly shared: SharedConnection;
  readonly #options: SinkStreamOptions;
  readonly #manager: JetStreamManager;
  #subjects: readonly string[] = [];
  #fence = '';
  #bytesMax = 0;
  #windowMs = 0;
  #batchesRefused: string | null = null;

  /** @throws WeirError `E_SINK` if there is no such stream, or it cannot be written as it must be */
  static async open(options: SinkStreamOptions, shared: SharedConnection): Promise<SinkStream> {
    const manager = await jetstreamManager(shared.connection, { ...shared.jetstream, checkAPI: false });
    const stream = new SinkStream(options, shared, manager);
    if (options.create !== undefined) await stream.#create(options.create);
    await stream.#checked();
    return stream;
  }

  private constructor(options: SinkStreamOptions, shared: SharedConnection, manager: JetStreamManager) {
    this.name = options.stream;
    this.shared = shared;
    this.#options = options;
    this.#manager = manager;
  }

  get label(): string {
    return `stream ${this.name}`;
  }

  get manager(): JetStreamManager {
    return this.#manager;
  }

  /** Where fences go. */
  get fence(): string {
    return this.#fence;
  }

  get duplicateWindowMs(): number {
    return this.#windowMs;
  }

  /** Why it does not take atomic batches, as it was when its end was looked at last; null if it does. */
  get batchesRefused(): string | null {
    return this.#batchesRefused;
  }

  /** Of a message with its headers. */
  get bytesMax(): number {
    return this.#bytesMax;
  }

  /** @throws WeirError `E_VALUE` for a subject that is not the stream's */
  checkSubject(subject: string): void {
    if (takes(this.#subjects, subject)) return;
    throw new WeirError('E_VALUE', `${this.label} takes no message to '${subject}'; it takes ${this.#subjects.join(', ')}`, {
      hint: 'correct `subject`, or add the subject to the stream',
    });
  }

  /** How far it was written, by whomever. */
  async end(): Promise<StreamEnd> {
    const { state } = await this.#checked();
    if (state.messages === 0) return { first: state.first_seq, last: state.last_seq, tail: null };
    const tail = (await this.#at({ seq: state.last_seq })) ?? (await this.#lastLeft(state.last_seq));
    return { first: state.first_seq, last: state.last_seq, tail };
  }

  asked<T>(answer: Promise<T>): Promise<T> {
    return untilInterrupted(answer, this.shared.watch, this.label);
  }

  async #checked(): Promise<StreamInfo> {
    const info = await this.asked(this.#manager.streams.info(this.name));
    const { config } = info;
    checkStreamConfig(config, this.#options);
    this.#fence = this.#options.proves && !this.#options.shared ? fenceSubject(config, this.#options.fence) : '';
    this.#subjects = config.subjects ?? [];
    this.#batchesRefused = batchesRefused(config);
    this.#windowMs = config.duplicate_window / 1e6;
    const server = this.shared.connection.info?.max_payload ?? (this.#bytesMax || 1 << 20);
    this.#bytesMax = config.max_msg_size > 0 ? Math.min(server, config.max_msg_size) : server;
    return info;
  }

  /** The last message was deleted; the last that was not. */
  async #lastLeft(last: number): Promise<Tail | null> {
    const tails = await Promise.all(this.#subjects.map((subject) => this.#at({ last_by_subj: subject })));
    const left = tails.filter((tail) => tail !== null && tail.sequence <= last);
    return left.reduce((latest, tail) => (latest === null || tail!.sequence > latest.sequence ? tail : latest), null);
  }

  async #at(query: { seq: number } | { last_by_subj: string }): Promise<Tail | null> {
    const message = await this.asked(this.#manager.streams.getMessage(this.name, query));
    return message === null ? null : tailOf(message.subject, message.seq, message.header);
  }

  /** One that is there already is left as it is. */
  async #create(create: StreamToCreate): Promise<void> {
    try {
      await this.#manager.streams.info(this.name);
    } catch (error) {
      const found = sinkError(error, this.label);
      if (!/does not exist$/.test(found.message)) throw found;
      await this.asked(
        this.#manager.streams.add({
          name: this.name,
          subjects: [...createdSubjects(this.name, create, this.#options.fence)],
          num_replicas: create.replicas ?? 1,
          retention: RetentionPolicy.Limits,
        }),
      );
    }
  }
}

/** With one for fences, if none of them takes those. */
export function createdSubjects(stream: string, { subjects }: StreamToCreate, asked: string | undefined): readonly string[] {
  const fence = asked ?? plainFence(stream);
  return subjects.some((subject) => /[*>]/.test(subject)) || takes(subjects, fence) ? subjects : [...subjects, fence];
}
