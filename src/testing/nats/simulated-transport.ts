/**
 * How a real client of NATS reaches a simulated server: what it says goes over a line that somebody else gives.
 *
 * Owns: the client's port for that (`Transport`), which is one for all clients of a program that were made by `connect` here.
 * Does not own: how long bytes travel, and whether they arrive. The client makes its transports, also those of a connection that comes again,
 * with what was set last: while a simulated client lives, its process has no real one.
 */
import {
  type ConnectionOptions,
  extractProtocolMessage,
  type NatsConnection,
  NatsConnectionImpl,
  type Server,
  setTransportFactory,
  type Transport,
} from '@nats-io/transport-node';

/** A connection of bytes, from the client's side. */
export interface Line {
  send(bytes: Uint8Array): void;
  close(): void;
  /** Called with what comes, and once when it has ended. */
  listen(receive: (bytes: Uint8Array) => void, ended: () => void): void;
}
/** @throws if nobody listens there */
export type Dial = (host: string) => Promise<Line>;

/** A client like any other. */
export function connectSimulated(dial: Dial, options: ConnectionOptions): Promise<NatsConnection> {
  setTransportFactory({ factory: () => new SimulatedTransport(dial) });
  return NatsConnectionImpl.connect(options);
}

class SimulatedTransport implements Transport {
  readonly lang = 'nats.js';
  readonly version = 'simulated';
  closeError?: Error;
  readonly #dial: Dial;
  readonly #closed: Promise<void>;
  #resolveClosed: () => void = () => undefined;
  #line: Line | null = null;
  #done = false;
  #received: Uint8Array[] = [];
  #wake: () => void = () => undefined;

  constructor(dial: Dial) {
    this.#dial = dial;
    this.#closed = new Promise((resolve) => (this.#resolveClosed = resolve));
  }

  get isClosed(): boolean {
    return this.#done;
  }

  /** Resolves once the server has said who it is. */
  async connect({ hostname }: Server): Promise<void> {
    const line = await this.#dial(hostname);
    if (this.#done) return line.close();
    this.#line = line;
    await new Promise<void>((resolve, reject) => {
      line.listen(
        (bytes) => {
          this.#received.push(bytes);
          if (extractProtocolMessage(Buffer.concat(this.#received)) !== '') resolve();
          this.#wake();
        },
        () => {
          reject(new Error('the server ended the connection'));
          this.#end();
        },
      );
    });
  }

  async *[Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array> {
    for (;;) {
      while (this.#received.length > 0) yield this.#received.shift()!;
      if (this.#done) return;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  isEncrypted(): boolean {
    return false;
  }

  send(frame: Uint8Array): void {
    if (!this.#done) this.#line?.send(frame.slice());
  }

  async close(error?: Error): Promise<void> {
    if (error !== undefined) this.closeError = error;
    this.#end();
  }

  disconnect(): void {
    this.#end();
  }

  closed(): Promise<void> {
    return this.#closed;
  }

  /** As `close`, but nobody is told. */
  discard(): void {
    this.#done = true;
    this.#line?.close();
    this.#wake();
  }

  #end(): void {
    if (this.#done) return;
    this.discard();
    this.#resolveClosed();
  }
}
