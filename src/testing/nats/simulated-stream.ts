/**
 * One stream of a simulated JetStream: its messages, and what it takes.
 *
 * Owns: sequences, limits, the window for duplicates, what a message may expect of the stream, and what of it is on the disk. In one point it
 * knows versions: what is looked at first, an id that was seen (servers before 2.12), or its size and what it expects.
 * Does not own: who is told (jetstream.ts), consumers. Invariants: SS1 a sequence is given once in a life of the server, and once at all
 * unless a power cut takes back what was not on the disk.
 */
import { overlap } from '../../core/index.ts';
import { headerLines } from './client-frames.ts';

export interface StreamSettings {
  readonly name: string;
  readonly subjects?: readonly string[];
  readonly storage?: 'file' | 'memory';
  readonly retention?: 'limits' | 'interest' | 'workqueue';
  readonly discard?: 'old' | 'new';
  readonly discard_new_per_subject?: boolean;
  readonly max_msgs?: number;
  readonly max_bytes?: number;
  readonly max_msg_size?: number;
  readonly max_msgs_per_subject?: number;
  /** Nanoseconds. */
  readonly max_age?: number;
  readonly duplicate_window?: number;
  readonly allow_rollup_hdrs?: boolean;
  readonly allow_direct?: boolean;
  readonly deny_delete?: boolean;
  readonly deny_purge?: boolean;
  readonly sealed?: boolean;
  readonly [setting: string]: unknown;
}
export interface StoredMessage {
  readonly seq: number;
  readonly subject: string;
  readonly headers: Uint8Array;
  readonly data: Uint8Array;
  /** Wall time of the server, ms. */
  readonly at: number;
}
export interface ApiError {
  readonly code: number;
  readonly err_code: number;
  readonly description: string;
}
export type Taken = { readonly seq: number; readonly duplicate?: true } | { readonly error: ApiError };

/** What the messages of a stream weigh on the disk, beside themselves. */
const recordBytes = 30;
const nsPerMs = 1e6;
const usualWindowNs = 120e9;

const failed = (code: number, err_code: number, description: string): { readonly error: ApiError } => ({
  error: { code, err_code, description },
});
export const sizeOf = ({ subject, headers, data }: StoredMessage): number =>
  recordBytes + Buffer.byteLength(subject) + data.length + (headers.length === 0 ? 0 : headers.length + 4);

/** With nanoseconds, of which no two messages of a stream have the same. */
export const nanoseconds = ({ at, seq }: StoredMessage): bigint => BigInt(at) * 1_000_000n + BigInt(seq % nsPerMs);
export function timeText(message: StoredMessage): string {
  const fraction = (nanoseconds(message) % 1_000_000_000n).toString().padStart(9, '0');
  return `${new Date(message.at).toISOString().slice(0, 19)}.${fraction}Z`;
}

export class SimulatedStream {
  config: StreamSettings;
  readonly created: string;
  readonly #messages = new Map<number, StoredMessage>();
  readonly #bySubject = new Map<string, number[]>();
  #bytes = 0;
  #first = 1;
  #last = 0;
  #lastId = '';
  readonly #ids = new Map<string, { readonly seq: number; readonly at: number }>();
  #isKnown = true;
  /** Up to here it survives a power cut. */
  #synced = 0;
  /** Called when messages are gone. */
  removed: (messages: readonly StoredMessage[]) => void = () => undefined;

  constructor(config: StreamSettings, createdAt: number) {
    this.config = config;
    this.created = new Date(createdAt).toISOString();
  }

  get name(): string {
    return this.config.name;
  }
  get first(): number {
    return this.#messages.size === 0 ? this.#last + 1 : this.#first;
  }
  get last(): number {
    return this.#last;
  }

  takes(subject: string): boolean {
    return (this.config.subjects ?? [this.name]).some((filter) => overlap(filter, subject));
  }

  // ── writing

  /** @param expectationsFirst before ids that were seen, as servers from 2.12 on do */
  publish(subject: string, headers: Uint8Array, data: Uint8Array, now: number, expectationsFirst = false): Taken {
    this.expire(now);
    if (this.config.sealed === true) return failed(400, 10109, 'invalid operation on sealed stream');
    const lines = headers.length === 0 ? new Map<string, string>() : headerLines(headers);
    const tooLarge = this.#tooLarge(headers, data);
    if (tooLarge !== undefined && expectationsFirst) return tooLarge;
    const expectedStream = lines.get('Nats-Expected-Stream');
    if (expectedStream !== undefined && expectedStream !== this.name) return failed(400, 10060, 'expected stream does not match');
    const id = lines.get('Nats-Msg-Id') ?? '';
    const seen = id === '' ? undefined : this.#seen(id, now);
    const unexpected = this.#unexpected(subject, lines);
    if (unexpected !== undefined && expectationsFirst) return unexpected;
    if (seen !== undefined) return { seq: seen, duplicate: true };
    const error =
      unexpected ??
      this.#isAnotherLast(lines.get('Nats-Expected-Last-Msg-Id'), now) ??
      this.#rollupRefused(lines.has('Nats-Rollup')) ??
      tooLarge ??
      this.#full(subject, headers, data);
    if (error !== undefined) return error;
    const message = { seq: ++this.#last, subject, headers, data, at: now };
    this.#lastId = id;
    if (id !== '') this.#ids.set(id, { seq: message.seq, at: now });
    this.#add(message);
    this.#keepLimits(message, lines.get('Nats-Rollup'));
    return { seq: message.seq };
  }

  #seen(id: string, now: number): number | undefined {
    this.#know(now);
    const seen = this.#ids.get(id);
    return seen !== undefined && now - seen.at < this.#windowMs ? seen.seq : undefined;
  }

  get #windowMs(): number {
    return (this.config.duplicate_window ?? usualWindowNs) / nsPerMs;
  }

  #unexpected(subject: string, lines: ReadonlyMap<string, string>): { readonly error: ApiError } | undefined {
    const ofSubject = lines.get('Nats-Expected-Last-Subject-Sequence');
    const last = this.lastOf(subject)?.seq ?? 0;
    if (ofSubject !== undefined && Number(ofSubject) !== last) return failed(400, 10071, `wrong last sequence: ${last}`);
    const sequence = lines.get('Nats-Expected-Last-Sequence');
    if (sequence !== undefined && Number(sequence) !== this.#last)
      return failed(400, 10071, `wrong last sequence: ${this.#last}`);
    return undefined;
  }

  #isAnotherLast(id: string | undefined, now: number): { readonly error: ApiError } | undefined {
    if (id === undefined || id === '') return undefined;
    this.#know(now);
    return id === this.#lastId ? undefined : failed(400, 10070, `wrong last msg ID: ${this.#lastId}`);
  }

  #tooLarge(headers: Uint8Array, data: Uint8Array): { readonly error: ApiError } | undefined {
    const { max_msg_size = -1 } = this.config;
    if (max_msg_size < 0 || headers.length + data.length <= max_msg_size) return undefined;
    return failed(400, 10054, 'message size exceeds maximum allowed');
  }

  #rollupRefused(isRollup: boolean): { readonly error: ApiError } | undefined {
    return isRollup && this.config.allow_rollup_hdrs !== true ? failed(500, 10111, 'rollup not permitted') : undefined;
  }

  #full(subject: string, headers: Uint8Array, data: Uint8Array): { readonly error: ApiError } | undefined {
    const { discard, max_msgs = -1, max_bytes = -1, max_msgs_per_subject = -1 } = this.config;
    if (discard !== 'new') return undefined;
    const perSubject = this.#bySubject.get(subject)?.length ?? 0;
    const isFullSubject = max_msgs_per_subject > 0 && perSubject >= max_msgs_per_subject;
    if (isFullSubject && this.config.discard_new_per_subject === true)
      return failed(503, 10077, 'maximum messages per subject exceeded');
    // What takes the place of another of its subject needs no room of its own.
    if (max_msgs > 0 && this.#messages.size >= max_msgs && !isFullSubject) return failed(503, 10077, 'maximum messages exceeded');
    const size = sizeOf({ seq: 0, at: 0, subject, headers, data });
    if (max_bytes > 0 && this.#bytes + size > max_bytes && !isFullSubject) return failed(503, 10077, 'maximum bytes exceeded');
    return undefined;
  }

  #add(message: StoredMessage): void {
    if (this.#messages.size === 0) this.#first = message.seq;
    this.#messages.set(message.seq, message);
    const sequences = this.#bySubject.get(message.subject);
    if (sequences === undefined) this.#bySubject.set(message.subject, [message.seq]);
    else sequences.push(message.seq);
    this.#bytes += sizeOf(message);
  }

  #keepLimits({ seq, subject }: StoredMessage, rollup: string | undefined): void {
    const { max_msgs = -1, max_bytes = -1, max_msgs_per_subject = -1, allow_rollup_hdrs } = this.config;
    const own = this.#bySubject.get(subject)!;
    if (max_msgs_per_subject > 0)
      this.#drop(own.slice(0, Math.max(0, own.length - max_msgs_per_subject)).map((each) => this.#messages.get(each)!));
    const over = (): boolean => (max_msgs > 0 && this.#messages.size > max_msgs) || (max_bytes > 0 && this.#bytes > max_bytes);
    while (over() && this.#messages.size > 0) this.#drop([this.#messages.get(this.#first)!]);
    if (rollup !== undefined && allow_rollup_hdrs === true)
      this.#drop(this.all().filter((each) => each.seq !== seq && (rollup === 'all' || each.subject === subject)));
  }

  /** What is too old goes. */
  expire(now: number): void {
    const { max_age = 0 } = this.config;
    if (max_age <= 0) return;
    const end = now - max_age / nsPerMs;
    const old: StoredMessage[] = [];
    for (const message of this.#messages.values()) {
      if (message.at > end) break;
      old.push(message);
    }
    this.#drop(old);
  }

  #drop(gone: readonly StoredMessage[]): void {
    if (gone.length === 0) return;
    for (const message of gone) {
      this.#messages.delete(message.seq);
      const sequences = this.#bySubject.get(message.subject)!;
      sequences.splice(sequences.indexOf(message.seq), 1);
      if (sequences.length === 0) this.#bySubject.delete(message.subject);
      this.#bytes -= sizeOf(message);
    }
    for (const [first] of this.#messages) {
      this.#first = first;
      break;
    }
    this.removed(gone);
  }

  /** @returns false if there is no such message */
  remove(seq: number): boolean {
    const message = this.#messages.get(seq);
    if (message === undefined) return false;
    this.#drop([message]);
    return true;
  }

  /** @returns how many */
  purge({ filter, seq = 0, keep }: { readonly filter?: string; readonly seq?: number; readonly keep?: number }): number {
    let gone = this.all().filter(({ subject }) => filter === undefined || overlap(filter, subject));
    if (seq > 1) gone = gone.filter((message) => message.seq < seq);
    if (keep !== undefined && keep > 0) gone = gone.slice(0, Math.max(0, gone.length - keep));
    this.#drop(gone);
    // Behind its end, that is where it goes on.
    if (filter === undefined && seq > 1) this.#last = Math.max(this.#last, seq - 1);
    return gone.length;
  }

  // ── reading

  all(): StoredMessage[] {
    return [...this.#messages.values()];
  }
  at(seq: number): StoredMessage | undefined {
    return this.#messages.get(seq);
  }

  lastOf(filter: string): StoredMessage | undefined {
    const known = this.#bySubject.get(filter)?.at(-1);
    if (known !== undefined) return this.#messages.get(known);
    if (!/[*>]/.test(filter)) return undefined;
    return this.all().findLast(({ subject }) => overlap(filter, subject));
  }

  /** The first of these from a sequence on. */
  nextOf(filters: readonly string[], from: number): StoredMessage | undefined {
    for (let seq = Math.max(from, this.first); seq <= this.#last; seq++) {
      const message = this.#messages.get(seq);
      if (message !== undefined && isWanted(filters, message.subject)) return message;
    }
    return undefined;
  }

  /** How many there are from a sequence on. */
  countOf(filters: readonly string[], from: number): number {
    let count = 0;
    for (const { seq, subject } of this.#messages.values()) if (seq >= from && isWanted(filters, subject)) count++;
    return count;
  }

  /** How many there are on each subject. */
  subjects(filter: string): Record<string, number> {
    const found = [...this.#bySubject].filter(([subject]) => overlap(filter, subject));
    return Object.fromEntries(found.map(([subject, sequences]) => [subject, sequences.length]));
  }

  get state(): Record<string, unknown> {
    const [first, last] = [this.#messages.get(this.first), this.#messages.get(this.#last)];
    const deleted = this.#last - this.first + 1 - this.#messages.size;
    return {
      messages: this.#messages.size,
      bytes: this.#bytes,
      first_seq: this.#last === 0 ? 0 : this.first,
      first_ts: first === undefined ? '0001-01-01T00:00:00Z' : timeText(first),
      last_seq: this.#last,
      last_ts: last === undefined ? '0001-01-01T00:00:00Z' : timeText(last),
      ...(this.#bySubject.size === 0 ? {} : { num_subjects: this.#bySubject.size }),
      ...(deleted === 0 ? {} : { num_deleted: deleted }),
    };
  }

  // ── what a crash leaves

  /** All that was taken is on the disk now. */
  sync(): void {
    this.#synced = this.#last;
  }

  /** The server begins anew. @returns false if nothing of the stream is left */
  restart(powerLost: boolean): boolean {
    if (this.config.storage === 'memory') return false;
    if (powerLost) {
      this.#drop(this.all().filter(({ seq }) => seq > this.#synced));
      this.#last = Math.min(this.#last, this.#synced);
    }
    this.#isKnown = false;
    return true;
  }

  /** After a restart ids are read from the messages when they are needed first: those of messages that are gone by then are forgotten. */
  #know(now: number): void {
    if (this.#isKnown) return;
    this.#isKnown = true;
    this.#ids.clear();
    this.#lastId = '';
    for (const message of this.#messages.values()) {
      const id = message.headers.length === 0 ? undefined : headerLines(message.headers).get('Nats-Msg-Id');
      if (id === undefined || now - message.at >= this.#windowMs) continue;
      this.#ids.set(id, { seq: message.seq, at: message.at });
      if (message.seq === this.#last) this.#lastId = id;
    }
  }
}

export const isWanted = (filters: readonly string[], subject: string): boolean =>
  filters.length === 0 || filters.some((filter) => overlap(filter, subject));
