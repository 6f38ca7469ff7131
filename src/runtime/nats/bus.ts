/**
 * Core NATS on a real connection, as the engine uses it.
 *
 * Owns: the word that messages may have been lost. The client drops what is published while it is not connected, and what it
 * had not yet sent when the connection broke; it says so nowhere, so every break and every return counts as a loss. So does
 * a message that the server forbids, and one whose receiver threw: it is as if it had not come.
 * Does not own: the connection, which others use too.
 * Invariants: NC5 no message is lost without a call of everybody that asked for it, after the loss.
 */
import { errors, type Msg, type NatsConnection, type Status } from '@nats-io/transport-node';
import { type Logger, silentLogger } from '../../core/index.ts';
import type { Bus, Subscription } from '../../transport/index.ts';

/** What a server takes that says nothing of it, bytes: NATS' own default. */
const usualPayloadMax = 1 << 20;

export function natsBus(connection: NatsConnection, logger: Logger = silentLogger): Bus {
  return new NatsBus(connection, logger);
}

class NatsBus implements Bus {
  readonly #connection: NatsConnection;
  readonly #logger: Logger;
  readonly #calls = new Set<() => void>();
  #maxPayload = usualPayloadMax;

  constructor(connection: NatsConnection, logger: Logger) {
    this.#connection = connection;
    this.#logger = logger;
    void this.#watch();
  }

  get maxPayload(): number {
    this.#maxPayload = this.#connection.info?.max_payload ?? this.#maxPayload; // none while it is not connected
    return this.#maxPayload;
  }

  publish(subject: string, payload: Uint8Array, reply?: string): void {
    try {
      this.#connection.publish(subject, payload, reply === undefined ? {} : { reply });
    } catch (error) {
      if (isOver(error)) return; // said when it was closed
      this.#lost({ subject, bytes: payload.length, error: said(error) }, 'a message could not be published');
    }
  }

  subscribe(subject: string, receive: (payload: Uint8Array, reply?: string) => void): Subscription {
    try {
      const subscription = this.#connection.subscribe(subject, {
        callback: (error, message) => this.#received(error, message, receive),
      });
      return { close: () => subscription.unsubscribe() };
    } catch (error) {
      if (!isOver(error)) throw error;
      queueMicrotask(() => this.#interrupted());
      return { close: () => {} };
    }
  }

  flush(): Promise<void> {
    return this.#connection.flush();
  }

  onInterrupted(listener: () => void): Subscription {
    const call = (): void => listener(); // one of its own for each that asks
    this.#calls.add(call);
    if (this.#connection.isClosed()) queueMicrotask(call);
    return { close: () => void this.#calls.delete(call) };
  }

  /** What the receiver throws must not reach the client: it would stop reading, and stay connected. */
  #received(error: Error | null, message: Msg, receive: (payload: Uint8Array, reply?: string) => void): void {
    if (error !== null) return this.#lost({ error: said(error) }, 'a subscription was refused');
    try {
      receive(message.data, message.reply);
    } catch (thrown) {
      this.#lost({ subject: message.subject, error: said(thrown) }, 'a message was dropped: its receiver failed');
    }
  }

  async #watch(): Promise<void> {
    for await (const status of this.#connection.status()) if (meansLoss(status)) this.#interrupted();
  }

  #lost(fields: Record<string, unknown>, message: string): void {
    this.#logger.error(fields, message);
    this.#interrupted();
  }

  /** Whoever throws must neither keep the others from hearing it, nor stop the client, from whose loop this is called. */
  #interrupted(): void {
    for (const call of [...this.#calls]) {
      try {
        call();
      } catch (thrown) {
        this.#logger.error({ error: said(thrown) }, 'whoever was told of an interruption failed');
      }
    }
  }
}

function meansLoss(status: Status): boolean {
  switch (status.type) {
    case 'disconnect':
    case 'reconnect':
    case 'staleConnection':
    case 'forceReconnect':
    case 'close':
      return true;
    case 'error':
      return isOurs(status.error);
    default:
      return false;
  }
}

/** Requests to the server, and their replies, have whoever asked wait for them; of the engine's messages nobody else hears. */
const isOurs = (error: Error): boolean =>
  error instanceof errors.PermissionViolationError ? error.operation === 'publish' && !error.subject.startsWith('$') : true;

const isOver = (error: unknown): boolean =>
  error instanceof errors.ClosedConnectionError || error instanceof errors.DrainingConnectionError;

const said = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));
