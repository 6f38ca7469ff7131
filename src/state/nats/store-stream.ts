/**
 * One JetStream stream as a store: the last message of a subject is a value, and its sequence a revision.
 *
 * Owns: requests, and what their failures mean. A value is sealed: a nonce, a checksum, the bytes; what was read is what was written,
 * or is damage. Reads ask the leader, never a replica that may lag. Invariants: S2 of ports.ts.
 */
import { crc32 } from 'node:zlib';
import { jetstream, type JetStreamClient, jetstreamManager, type JetStreamManager, type StreamConfig } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { type Random, WeirError } from '../../core/index.ts';

/** Of one message, beside the subject and headers: well below what a server takes. */
export const pieceBytesMax: number = 128 << 10;
const nonceBytes = 8;
const sealBytes = nonceBytes + 4;
const requestMs = 5000;
/** A publish whose expectation does not hold. */
const wrongLastSequence = 10_071;
const noMessage = 10_037;

export interface Written {
  readonly sequence: number;
  /** Tells this value from any other that ever has the same sequence. */
  readonly nonce: string;
}
export interface Stored extends Written {
  readonly bytes: Uint8Array;
}

export class StoreStream {
  readonly name: string;
  readonly #client: JetStreamClient;
  readonly #manager: JetStreamManager;
  readonly #random: Random;

  private constructor(name: string, client: JetStreamClient, manager: JetStreamManager, random: Random) {
    this.name = name;
    this.#random = random;
    this.#client = client;
    this.#manager = manager;
  }

  /** @param create makes it if it is not there; else that is an error */
  static async open(
    connection: NatsConnection,
    random: Random,
    config: Partial<StreamConfig> & { name: string },
    create: boolean,
  ): Promise<StoreStream> {
    const options = { timeout: requestMs };
    try {
      const client = jetstream(connection, options);
      const manager = await jetstreamManager(connection, { ...options, checkAPI: false });
      if (create) await manager.streams.add({ storage: 'file', discard: 'new', num_replicas: 1, ...config } as StreamConfig);
      else await manager.streams.info(config.name);
      return new StoreStream(config.name, client, manager, random);
    } catch (error) {
      throw storeError(error, `stream ${config.name}`);
    }
  }

  get manager(): JetStreamManager {
    return this.#manager;
  }

  /**
   * Resolves once the server has it; null if the subject's last one is not `expected` (0 = none).
   *
   * @throws WeirError `E_STORE`; whether it was written is then not known
   */
  async write(subject: string, bytes: Uint8Array, expected?: number): Promise<Written | null> {
    const nonce = this.#random.id().slice(0, 2 * nonceBytes);
    const expect = expected === undefined ? {} : { expect: { lastSubjectSequence: expected } };
    try {
      const { seq } = await this.#client.publish(subject, seal(subject, bytes, nonce), { timeout: requestMs, ...expect });
      return { sequence: seq, nonce };
    } catch (error) {
      if (codeOf(error) === wrongLastSequence) return null;
      throw storeError(error, `write ${subject}`);
    }
  }

  /** The last value of a subject, or the one of a sequence; null if there is none. */
  async read(query: { readonly last_by_subj: string } | { readonly seq: number }): Promise<Stored | null> {
    const what = 'seq' in query ? `${this.name} ${query.seq}` : query.last_by_subj;
    const message = await this.#message(query, what);
    return message === null ? null : { sequence: message.seq, ...unseal(message.subject, message.data, what) };
  }

  async #message(query: { readonly last_by_subj: string } | { readonly seq: number }, what: string) {
    try {
      return await this.#manager.streams.getMessage(this.name, query);
    } catch (error) {
      if (codeOf(error) === noMessage) return null;
      throw storeError(error, `read ${what}`);
    }
  }

  /** Subjects that match a pattern and have a value. */
  async subjects(pattern: string): Promise<readonly string[]> {
    try {
      const info = await this.#manager.streams.info(this.name, { subjects_filter: pattern });
      return Object.keys(info.state.subjects ?? {});
    } catch (error) {
      throw storeError(error, `list ${pattern}`);
    }
  }

  async extent(): Promise<{ readonly first: number; readonly last: number }> {
    try {
      const { state } = await this.#manager.streams.info(this.name);
      return { first: state.first_seq, last: state.last_seq };
    } catch (error) {
      throw storeError(error, `stream ${this.name}`);
    }
  }

  /** Forgets what matches a pattern, or what lies before a sequence. */
  async purge(what: { readonly filter: string } | { readonly seq: number }): Promise<void> {
    try {
      await this.#manager.streams.purge(this.name, what as { filter: string });
    } catch (error) {
      throw storeError(error, `purge ${this.name}`);
    }
  }
}

export function storeError(thrown: unknown, what: string): WeirError {
  if (thrown instanceof WeirError) return thrown;
  const said = thrown instanceof Error ? thrown.message : String(thrown);
  const missing = codeOf(thrown) === 10_059;
  return new WeirError('E_STORE', missing ? `${what}: it does not exist` : `${what}: ${said}`, {
    cause: thrown,
    ...(missing ? { hint: 'start the coordinator first: it makes what the job needs' } : {}),
  });
}

const codeOf = (thrown: unknown): number | undefined => {
  const error = thrown as { code?: unknown; cause?: { code?: unknown } } | null;
  const code = error?.code ?? error?.cause?.code;
  return typeof code === 'number' ? code : undefined;
};

/** The subject counts too: a value that stands under another's name is damage. */
function seal(subject: string, bytes: Uint8Array, nonce: string): Uint8Array {
  const sealed = new Uint8Array(sealBytes + bytes.length);
  sealed.set(Buffer.from(nonce, 'hex'));
  sealed.set(bytes, sealBytes);
  new DataView(sealed.buffer).setUint32(nonceBytes, checksum(subject, sealed));
  return sealed;
}

function unseal(subject: string, sealed: Uint8Array, what: string): { nonce: string; bytes: Uint8Array } {
  const view = new DataView(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  if (sealed.length < sealBytes || view.getUint32(nonceBytes) !== checksum(subject, sealed))
    throw new WeirError('E_STATE_DAMAGED', `${what} was changed: its checksum is wrong`);
  return { nonce: Buffer.from(sealed.subarray(0, nonceBytes)).toString('hex'), bytes: sealed.slice(sealBytes) };
}

function checksum(subject: string, sealed: Uint8Array): number {
  return crc32(sealed.subarray(sealBytes), crc32(sealed.subarray(0, nonceBytes), crc32(subject)));
}
