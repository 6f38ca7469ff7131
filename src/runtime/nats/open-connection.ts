/**
 * A connection to NATS that outlives its server.
 *
 * Owns: its settings, the words for what goes wrong at the start, and what is logged of it afterwards. At the start there is
 * one attempt, and an error that says what to do; once it was there, it is sought for as long as the process lives.
 * Does not own: what was lost meanwhile (bus.ts); what the server must be able to do (server-check.ts).
 * Invariants: NC1 (secrets.ts); NC3 new credentials are taken up without a restart, and refusals do not end the search for
 * the server; NC4 a connection that takes nothing any more does not stay: it is replaced, or ends for good.
 */
import {
  connect,
  type ConnectionOptions as ClientOptions,
  errors,
  type NatsConnection,
  type Status,
} from '@nats-io/transport-node';
import { type Clock, type Logger, type Timer, WeirError } from '../../core/index.ts';
import { connectFailure } from './connect-failure.ts';
import { dialDelay } from './dial-delay.ts';
import type { ConnectionOptions } from './connection-options.ts';
import { authenticatorOf } from './identity.ts';
import { redactedError, redactedLogger } from './secrets.ts';
import { severSocket } from './sever-socket.ts';

export interface OpenConnection extends AsyncDisposable {
  readonly nats: NatsConnection;
  /** `host:port` that it leads to. */
  readonly server: string;
  /** It has a server at the moment. */
  readonly connected: boolean;
  /**
   * Runs what fails if the connection is lost meanwhile, and then runs it again once it is back: what was asked before has no answer.
   *
   * @throws what it threw over a connection that stayed, or once the signal says so
   */
  throughOutages<T>(task: () => Promise<T>, signal: AbortSignal): Promise<T>;
  /** Resolves once it is closed for good: to why, or to undefined if `close` did it. */
  closed(): Promise<WeirError | undefined>;
  close(): Promise<void>;
}

const reconnectWaitMs = 100;
/** Of every client. A server that was killed is found gone at once; one that stopped, or whose network did, after two pings. */
export const clientSettings = (): ClientOptions => ({
  maxReconnectAttempts: -1,
  reconnectDelayHandler: dialDelay(reconnectWaitMs),
  ignoreAuthErrorAbort: true,
  noAsyncTraces: true, // of every request, where few fail
  pingInterval: 2_000,
  maxPingOut: 2,
});
/** How long the client may take to let go of a connection that was found dead, by itself and when its socket is gone. */
const lastWordsMsMax = 250;
const tearDownMsMax = 2_000;
/** The same words are logged once in this time: a server that refuses is asked several times a second, and may let in between. */
const repeatMs = 10_000;

/**
 * @param name what the server shows it as
 * @throws E_BROKER naming the server, or the credentials, file or flag to change; E_USAGE for a file that is no proof
 */
export async function openConnection(
  options: ConnectionOptions,
  clock: Clock,
  logger: Logger,
  name = 'weir',
): Promise<OpenConnection> {
  const { redact } = options;
  try {
    const nats = await connect(clientOptions(options, name));
    return new WatchedConnection(nats, options, clock, redactedLogger(logger, redact));
  } catch (error) {
    throw redactedError(error instanceof WeirError ? error : await connectFailure(error, options), redact);
  }
}

function clientOptions(options: ConnectionOptions, name: string): ClientOptions {
  const { servers, identity, tls, inboxPrefix, timeoutMs } = options;
  const authenticator = authenticatorOf(identity);
  return {
    servers: [...servers],
    name,
    timeout: timeoutMs,
    ...clientSettings(),
    ...(authenticator === undefined ? {} : { authenticator }),
    ...(tls === undefined ? {} : { tls: { ...tls } }),
    ...(inboxPrefix === undefined ? {} : { inboxPrefix }),
  };
}

class WatchedConnection implements OpenConnection {
  readonly nats: NatsConnection;
  readonly #options: ConnectionOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #closed: Promise<WeirError | undefined>;
  readonly #saidAt = new Map<string, number>();
  #byUs = false;
  #goneAt: number | undefined;
  #outages = 0;
  /** Called when it is back, or closed for good. */
  readonly #waiting = new Set<() => void>();
  #tearDown: Timer | undefined;
  #dead: WeirError | undefined;

  constructor(nats: NatsConnection, options: ConnectionOptions, clock: Clock, logger: Logger) {
    this.nats = nats;
    this.#options = options;
    this.#clock = clock;
    this.#logger = logger;
    this.#closed = nats.closed().then((error) => this.#why(error ?? undefined));
    void this.#watch();
  }

  get server(): string {
    return this.nats.getServer();
  }

  get connected(): boolean {
    return this.#goneAt === undefined;
  }

  async throughOutages<T>(task: () => Promise<T>, signal: AbortSignal): Promise<T> {
    for (;;) {
      const outages = this.#outages;
      try {
        return await task();
      } catch (error) {
        await this.#back(signal);
        if (this.#outages === outages || signal.aborted || this.nats.isClosed()) throw error;
      }
    }
  }

  closed(): Promise<WeirError | undefined> {
    return this.#closed;
  }

  async close(): Promise<void> {
    this.#byUs = true;
    await this.nats.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #watch(): Promise<void> {
    for await (const status of this.nats.status()) this.#heard(status);
    this.#tearDown?.cancel();
    this.#wake();
  }

  #back(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (this.connected || signal.aborted || this.nats.isClosed()) return resolve();
      this.#waiting.add(resolve);
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  #wake(): void {
    for (const call of this.#waiting) call();
    this.#waiting.clear();
  }

  #heard(status: Status): void {
    switch (status.type) {
      case 'disconnect':
        return this.#disconnected(status.server);
      case 'reconnect':
        return this.#reconnected(status.server);
      case 'staleConnection':
        return this.#stale();
      case 'error':
        return this.#failed(status.error);
      case 'ldm':
        return this.#logger.info({ server: status.server }, 'the NATS server is about to shut down');
      default:
        return;
    }
  }

  #disconnected(server: string): void {
    this.#tearDown?.cancel();
    if (this.#byUs || this.#goneAt !== undefined) return;
    this.#goneAt = this.#clock.monotonic();
    this.#outages += 1;
    this.#logger.warn({ server }, 'the connection to NATS was lost; it is sought again');
  }

  #reconnected(server: string): void {
    const outageMs = Math.round(this.#clock.monotonic() - (this.#goneAt ?? this.#clock.monotonic()));
    this.#goneAt = undefined;
    this.#logger.info({ server, outageMs }, 'connected to NATS again');
    this.#wake();
  }

  /** The client lets what it has already given to the socket go first, and that may never be taken. */
  #stale(): void {
    this.#logger.warn({ server: this.server }, 'the NATS server does not answer pings');
    this.#inTime(lastWordsMsMax, () => {
      severSocket(this.nats);
      this.#inTime(tearDownMsMax, () => {
        this.#dead = new WeirError('E_BROKER', `the connection to ${this.server} is dead, and could not be replaced`);
        void this.nats.close();
      });
    });
  }

  /** Unless the client has by then noticed itself that it has no connection. */
  #inTime(delayMs: number, call: () => void): void {
    this.#tearDown?.cancel();
    this.#tearDown = this.#clock.setTimer(delayMs, call);
  }

  #failed(error: Error): void {
    // Who this is in the server's eyes is asked for people alone, and few may ask.
    if (error instanceof errors.PermissionViolationError && error.subject.startsWith('$SYS.')) return;
    const message = this.#options.redact(error.message);
    const now = this.#clock.monotonic();
    for (const [said, at] of this.#saidAt) if (now - at >= repeatMs) this.#saidAt.delete(said);
    if (this.#saidAt.has(message)) return;
    this.#saidAt.set(message, now);
    const isRefusal = error instanceof errors.AuthorizationError || error instanceof errors.UserAuthenticationExpiredError;
    this.#logger.error(
      { error: message },
      isRefusal ? 'the NATS server refuses the credentials' : 'the NATS server reports an error',
    );
  }

  #why(error: Error | undefined): WeirError | undefined {
    if (this.#dead !== undefined) return redactedError(this.#dead, this.#options.redact);
    if (this.#byUs) return undefined;
    const message = `the connection to ${this.#options.servers.join(', ')} was closed for good`;
    return redactedError(WeirError.from(error ?? new Error('nobody said why'), 'E_BROKER', message), this.#options.redact);
  }
}
