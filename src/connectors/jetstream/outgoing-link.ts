/**
 * Publishing with acknowledgements, many under way at a time.
 *
 * Owns: which answer belongs to which message, and when an answer is given up. Does not own: what to do about a refusal.
 * After an interruption nothing is known of what was under way: each such message is `unknown`, at once.
 * Invariants: JL1 a message that was not acknowledged is never said to be stored, nor one that may be stored to be refused.
 */
import { headers as newHeaders, type Msg, type MsgHdrs, type Subscription } from '@nats-io/transport-node';
import type { Clock, Timer } from '../../core/index.ts';
import type { SharedConnection } from './connection.ts';
import type { HeaderLine } from './fence.ts';

export type PublishOutcome =
  /** `count`: so many of a batch, of which this is the last. */
  | {
      readonly kind: 'stored';
      readonly stream: string;
      readonly sequence: number;
      readonly duplicate: boolean;
      readonly count?: number;
    }
  /** It waits for the rest of its batch. */
  | { readonly kind: 'begun' }
  | { readonly kind: 'refused'; readonly code: number; readonly text: string }
  /** No stream takes the subject, or there is no JetStream at the moment. */
  | { readonly kind: 'nobody' }
  | { readonly kind: 'unknown'; readonly text: string };

export interface OutgoingLinkOptions {
  readonly shared: SharedConnection;
  readonly clock: Clock;
  /** How long there may be no answer at all while one is due. */
  readonly silentMsMax?: number;
}

interface Pending {
  readonly subject: string;
  readonly settle: (outcome: PublishOutcome) => void;
}

export class OutgoingLink {
  readonly #shared: SharedConnection;
  readonly #clock: Clock;
  readonly #silentMsMax: number;
  readonly #inbox: string;
  readonly #subscription: Subscription;
  readonly #unwatch: () => void;
  readonly #pending = new Map<number, Pending>();
  #next = 0;
  #heardAt = 0;
  #timer: Timer | null = null;
  #closed = false;

  constructor({ shared, clock, silentMsMax = 5000 }: OutgoingLinkOptions) {
    this.#shared = shared;
    this.#clock = clock;
    this.#silentMsMax = silentMsMax;
    this.#inbox = shared.inbox();
    this.#subscription = shared.connection.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => (error === null ? this.#answered(message) : this.#giveUp(error.message)),
    });
    this.#unwatch = shared.watch.onChange(() => this.#giveUp('the connection to NATS was interrupted'));
  }

  publish(subject: string, body: Uint8Array, lines: readonly HeaderLine[]): Promise<PublishOutcome> {
    return new Promise((settle) => {
      if (this.#closed || !this.#shared.watch.connected) return settle(unconnected);
      const id = this.#next++;
      try {
        this.#shared.connection.publish(subject, body, { headers: headersOf(lines), reply: `${this.#inbox}.${id}` });
      } catch (error) {
        return settle({ kind: 'unknown', text: (error as Error).message });
      }
      if (this.#pending.size === 0) this.#heardAt = this.#clock.monotonic();
      this.#pending.set(id, { subject, settle });
      if (this.#timer === null) this.#wait(this.#silentMsMax);
    });
  }

  /** Without an answer of its own. Returns why it was not sent, else null. */
  send(subject: string, body: Uint8Array, lines: readonly HeaderLine[]): PublishOutcome | null {
    if (this.#closed || !this.#shared.watch.connected) return unconnected;
    try {
      this.#shared.connection.publish(subject, body, { headers: headersOf(lines) });
      return null;
    } catch (error) {
      return { kind: 'unknown', text: (error as Error).message };
    }
  }

  close(): void {
    this.#closed = true;
    this.#unwatch();
    this.#subscription.unsubscribe();
    this.#timer?.cancel();
    this.#timer = null;
    this.#giveUp('the sink was closed');
  }

  #answered(message: Msg): void {
    const id = Number(message.subject.slice(this.#inbox.length + 1));
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#heardAt = this.#clock.monotonic();
    this.#pending.delete(id);
    pending.settle(outcomeOf(message));
  }

  #wait(delayMs: number): void {
    this.#timer = this.#clock.setTimer(delayMs, () => {
      this.#timer = null;
      if (this.#pending.size === 0) return;
      const left = this.#heardAt + this.#silentMsMax - this.#clock.monotonic();
      if (left > 0) this.#wait(left);
      else this.#giveUp(this.#denied() ?? `NATS did not acknowledge a message within ${this.#silentMsMax} ms`);
    });
  }

  /** Publishing says nothing of what is forbidden; the connection hears of it. */
  #denied(): string | undefined {
    for (const { subject } of this.#pending.values()) {
      const denied = this.#shared.watch.denied(subject);
      if (denied !== undefined) return denied.message;
    }
    return undefined;
  }

  #giveUp(text: string): void {
    const given = [...this.#pending.values()];
    this.#pending.clear();
    for (const { settle } of given) settle({ kind: 'unknown', text });
  }
}

const unconnected: PublishOutcome = { kind: 'unknown', text: 'there is no connection to NATS' };

function headersOf(lines: readonly HeaderLine[]): MsgHdrs {
  const headers = newHeaders();
  for (const [name, value] of lines) headers.set(name, value);
  return headers;
}

interface AckForm {
  readonly stream?: unknown;
  readonly seq?: unknown;
  readonly duplicate?: unknown;
  readonly count?: unknown;
  readonly error?: { readonly code?: number; readonly err_code?: number; readonly description?: string };
}

function outcomeOf(message: Msg): PublishOutcome {
  if (message.headers?.code === 503 && message.data.length === 0) return { kind: 'nobody' };
  if (message.data.length === 0) return { kind: 'begun' };
  let form: AckForm;
  try {
    form = message.json<AckForm>();
  } catch {
    return { kind: 'unknown', text: `the answer is no acknowledgement: ${message.string().slice(0, 100)}` };
  }
  const { stream, seq, duplicate, count, error } = form;
  if (error !== undefined)
    return { kind: 'refused', code: error.err_code ?? error.code ?? 0, text: error.description ?? 'no reason' };
  if (typeof stream !== 'string' || typeof seq !== 'number' || !(seq > 0))
    return { kind: 'unknown', text: 'the answer is no acknowledgement' };
  const stored = { kind: 'stored', stream, sequence: seq, duplicate: duplicate === true } as const;
  return typeof count === 'number' ? { ...stored, count } : stored;
}
