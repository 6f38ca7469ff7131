/**
 * The few requests that the stores make of JetStream, and no others: so few that a user's permissions can name them.
 *
 * Owns: bounds (time per request, bytes under way), and what an answer means. Reads go to the leader of a stream
 * (`STREAM.MSG.GET`): what was acknowledged is seen, which a direct get from a replica does not promise. What never changes may come
 * from any replica that has it (`DIRECT.GET`), as it is, without a detour through base64.
 * Does not own: trying again. A write without an answer may still arrive, so only who knows what it was can decide.
 */
import { headers, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { WeirError } from '../../core/index.ts';
import { InFlight } from './in-flight.ts';
import { type ApiError, apiCodes, apiError, interrupted, requestError } from './nats-errors.ts';
import { Outages } from './outages.ts';
import type { StreamConfig } from './store-streams.ts';

/** How the account's JetStream is reached. */
export interface JetStreamPlace {
  readonly domain?: string;
  readonly apiPrefix?: string;
}
export interface StoredMessage {
  readonly subject: string;
  readonly seq: number;
  /** When the server took it, to the nanosecond. */
  readonly time: string;
  readonly data: Uint8Array;
}
export interface StreamInfo {
  readonly config: StreamConfig;
  readonly messages: number;
  /** Of its last message. */
  readonly lastSeq: number;
}
interface Reply {
  readonly error?: ApiError;
  readonly [field: string]: unknown;
}

const defaultTimeoutMs = 5_000;
/** Of at most 128 KiB each: what is written in bulk must not keep control messages of the same connection waiting for long. */
const inFlightMax = 32;

export class JetStreamRequests {
  readonly #connection: NatsConnection;
  readonly #prefix: string;
  readonly #timeoutMs: number;
  readonly #outages: Outages;
  readonly #inFlight = new InFlight(inFlightMax);
  readonly #direction = new Map<string, Promise<boolean>>();
  #closed = false;

  constructor(connection: NatsConnection, { domain, apiPrefix }: JetStreamPlace = {}, timeoutMs: number = defaultTimeoutMs) {
    this.#connection = connection;
    this.#outages = new Outages(connection);
    this.#prefix = domain === undefined ? (apiPrefix ?? '$JS.API') : `$JS.${domain}.API`;
    this.#timeoutMs = timeoutMs;
  }

  close(): void {
    this.#closed = true;
  }

  checkOpen(): void {
    if (this.#closed) throw new WeirError('E_STORE', 'the store is closed', { retry: 'never' });
  }

  /** Waits for its turn among what is written and read in bulk; the rest does not wait for it. */
  bulk<T>(request: () => Promise<T>): Promise<T> {
    return this.#inFlight.run(request);
  }

  /**
   * Resolves once the stream has the message.
   *
   * @param expected the sequence of the last message on this subject, 0 = none; undefined: whatever it is
   * @returns its sequence; null: the last one on the subject is another
   */
  async publish(stream: string, subject: string, data: Uint8Array, what: string, expected?: number): Promise<number | null> {
    const conditions = headers();
    conditions.set('Nats-Expected-Stream', stream);
    if (expected !== undefined) conditions.set('Nats-Expected-Last-Subject-Sequence', String(expected));
    const reply = await this.#request(subject, data, what, conditions);
    const code = reply.error?.err_code;
    if (expected !== undefined && (code === apiCodes.wrongLastSequence || code === apiCodes.wrongLastSequenceConstant))
      return null;
    if (reply.error !== undefined) throw apiError(reply.error, what, subject);
    const { seq } = reply;
    if (reply['stream'] === stream && typeof seq === 'number' && seq > 0) return seq;
    throw new WeirError('E_STORE', `${what}: what answers on ${subject} is not stream ${stream}`);
  }

  last(stream: string, subject: string, what: string): Promise<StoredMessage | null> {
    return this.#get(stream, { last_by_subj: subject }, what);
  }

  /** The first message on the subject from this sequence on. */
  next(stream: string, subject: string, seq: number, what: string): Promise<StoredMessage | null> {
    return this.#get(stream, { next_by_subj: subject, seq: Math.max(1, seq) }, what);
  }

  at(stream: string, seq: number, what: string): Promise<StoredMessage | null> {
    return this.#get(stream, { seq }, what);
  }

  /** The same of what never changes, and is checked by whoever reads it. */
  async unchanging(stream: string, seq: number, what: string): Promise<StoredMessage | null> {
    const direct = (await this.#isDirect(stream, what)) ? await this.#direct(stream, seq, what) : null;
    return direct ?? this.at(stream, seq, what);
  }

  /** Message by message: unlike a purge in the middle of a stream this gives back disk space. */
  async remove(stream: string, seq: number, what: string): Promise<void> {
    await this.#api(`STREAM.MSG.DELETE.${stream}`, { seq, no_erase: true }, what, [
      apiCodes.messageNotFound,
      apiCodes.sequenceNotFound,
      apiCodes.messageNotDeleted,
    ]);
  }

  /** @param before messages of this sequence and later ones stay */
  async purge(stream: string, filter: string, what: string, before?: number): Promise<void> {
    // The server takes 0 and 1 for no bound, and would purge all.
    if (before !== undefined && before <= 1) return;
    await this.#api(`STREAM.PURGE.${stream}`, { filter, ...(before === undefined ? {} : { seq: before }) }, what, [
      apiCodes.streamNotFound,
    ]);
  }

  /** Null if there is no such stream. */
  async info(stream: string, what: string): Promise<StreamInfo | null> {
    const reply = await this.#api(`STREAM.INFO.${stream}`, {}, what, [apiCodes.streamNotFound]);
    if (reply.error !== undefined) return null;
    const state = reply['state'] as { messages: number; last_seq: number };
    return { config: reply['config'] as StreamConfig, messages: state.messages, lastSeq: state.last_seq };
  }

  /** Those that there are messages on, in no order. */
  async subjects(stream: string, filter: string, what: string): Promise<readonly string[]> {
    const found = new Set<string>();
    for (let before = -1; found.size > before; ) {
      before = found.size;
      const reply = await this.#api(`STREAM.INFO.${stream}`, { subjects_filter: filter, offset: before }, what);
      const { subjects } = reply['state'] as { subjects?: Record<string, number> };
      for (const subject of Object.keys(subjects ?? {})) found.add(subject);
      if (found.size >= Number(reply['total'] ?? 0)) break;
    }
    return [...found];
  }

  /** False if there is one of this name that is set otherwise. */
  async create(config: StreamConfig, what: string): Promise<boolean> {
    return (await this.#api(`STREAM.CREATE.${config.name}`, config, what, [apiCodes.nameInUse])).error === undefined;
  }

  async #get(stream: string, query: unknown, what: string): Promise<StoredMessage | null> {
    const reply = await this.#api(`STREAM.MSG.GET.${stream}`, query, what, [apiCodes.messageNotFound]);
    if (reply.error !== undefined) return null;
    const { data = '', ...message } = reply['message'] as { subject: string; seq: number; time: string; data?: string };
    return { ...message, data: Buffer.from(data, 'base64') };
  }

  /** Asked once: nobody answers for a stream that does not allow it. */
  #isDirect(stream: string, what: string): Promise<boolean> {
    const known = this.#direction.get(stream);
    if (known !== undefined) return known;
    const asked = this.info(stream, what).then((info) => info?.config['allow_direct'] === true);
    this.#direction.set(stream, asked);
    asked.catch(() => this.#direction.delete(stream)); // whoever asked sees it
    return asked;
  }

  /** Null if whoever answers does not have it. */
  async #direct(stream: string, seq: number, what: string): Promise<StoredMessage | null> {
    const subject = `${this.#prefix}.DIRECT.GET.${stream}`;
    const answer = await this.#ask(subject, JSON.stringify({ seq }), what);
    const about = answer.headers;
    if (about === undefined || about.get('Nats-Sequence') !== String(seq)) return null;
    return { subject: about.get('Nats-Subject'), seq, time: about.get('Nats-Time-Stamp'), data: answer.data };
  }

  async #api(verb: string, body: unknown, what: string, expected: readonly number[] = []): Promise<Reply> {
    const subject = `${this.#prefix}.${verb}`;
    const reply = await this.#request(subject, JSON.stringify(body), what);
    const { error } = reply;
    if (error !== undefined && !expected.includes(error.err_code ?? 0)) throw apiError(error, what, subject);
    return reply;
  }

  async #request(
    subject: string,
    body: Uint8Array | string,
    what: string,
    conditions?: ReturnType<typeof headers>,
  ): Promise<Reply> {
    const answer = await this.#ask(subject, body, what, conditions);
    try {
      return answer.json<Reply>();
    } catch (thrown) {
      throw requestError(thrown, what, subject);
    }
  }

  async #ask(subject: string, body: Uint8Array | string, what: string, conditions?: ReturnType<typeof headers>): Promise<Msg> {
    this.checkOpen();
    if (!this.#outages.connected) throw new WeirError('E_STORE', `${what}: there is no connection to NATS at the moment`);
    try {
      const options = { timeout: this.#timeoutMs, ...(conditions === undefined ? {} : { headers: conditions }) };
      const answer = withoutStack(() => this.#connection.request(subject, body, options));
      return await this.#outages.unlessBroken(answer, () => interrupted(what, subject));
    } catch (thrown) {
      throw requestError(thrown, what, subject);
    }
  }
}

/** The client makes the errors of each request in advance, each with a stack: a tenth of the time that reading in bulk takes. */
function withoutStack<T>(run: () => T): T {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return run();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
