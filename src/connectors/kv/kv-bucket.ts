import { jetstream, type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { WeirError } from '../../core/index.ts';
import { type SharedConnection, type Tail, tailOf, untilInterrupted } from '../jetstream/index.ts';

/** A bucket as the stream that it is: the leader is asked what a key's value is, since a copy may not know it yet. */
export class KvBucket {
  readonly name: string;
  readonly shared: SharedConnection;
  readonly #manager: JetStreamManager;
  #bytesMax = 1 << 20;

  /** @throws WeirError `E_SINK` if there is none */
  static async open(name: string, shared: SharedConnection, create: boolean): Promise<KvBucket> {
    const bucket = new KvBucket(
      name,
      shared,
      await jetstreamManager(shared.connection, { ...shared.jetstream, checkAPI: false }),
    );
    await bucket.#find(create);
    return bucket;
  }

  private constructor(name: string, shared: SharedConnection, manager: JetStreamManager) {
    this.name = name;
    this.shared = shared;
    this.#manager = manager;
  }

  get label(): string {
    return `bucket ${this.name}`;
  }

  /** Of a value with its headers. */
  get bytesMax(): number {
    return this.#bytesMax;
  }

  subject(key: string): string {
    return `$KV.${this.name}.${key}`;
  }

  /** Null if nothing was ever put there. */
  async last(key: string): Promise<Tail | null> {
    const message = await this.#asked(this.#manager.streams.getMessage(this.#stream, { last_by_subj: this.subject(key) }));
    return message === null ? null : tailOf(key, message.seq, message.header);
  }

  get #stream(): string {
    return `KV_${this.name}`;
  }

  async #find(create: boolean): Promise<void> {
    try {
      return await this.#look();
    } catch (error) {
      if (!(error instanceof WeirError) || !/does not exist$/.test(error.message)) throw error;
      if (!create)
        throw new WeirError('E_SINK', error.message, {
          cause: error,
          retry: 'never',
          hint: 'create it first (nats kv add), set `create: true`, or correct its name',
        });
    }
    const { domain, apiPrefix } = this.shared.jetstream;
    const client = jetstream(this.shared.connection, {
      ...(domain === undefined ? {} : { domain }),
      ...(apiPrefix === undefined ? {} : { apiPrefix }),
    });
    await this.#asked(new Kvm(client).create(this.name));
    await this.#look();
  }

  async #look(): Promise<void> {
    const { config } = await this.#asked(this.#manager.streams.info(this.#stream));
    const server = this.shared.connection.info?.max_payload ?? this.#bytesMax;
    this.#bytesMax = config.max_msg_size > 0 ? Math.min(server, config.max_msg_size) : server;
  }

  #asked<T>(answer: Promise<T>): Promise<T> {
    return untilInterrupted(answer, this.shared.watch, this.label);
  }
}
