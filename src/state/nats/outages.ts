import type { NatsConnection } from '@nats-io/transport-node';

/**
 * Whether a connection has a server at the moment. The client drops what is sent without one, and never says what became of a
 * request that was under way when it broke: without this, both would wait for their whole time, long after the server is back.
 */
export class Outages {
  #connected = true;
  readonly #calls = new Set<() => void>();

  constructor(connection: NatsConnection) {
    void this.#follow(connection);
  }

  get connected(): boolean {
    return this.#connected;
  }

  /** Rejects with what `broken` makes if the connection breaks before the answer is there. */
  unlessBroken<T>(answer: Promise<T>, broken: () => Error): Promise<T> {
    return new Promise((resolve, reject) => {
      const call = (): void => reject(broken());
      this.#calls.add(call);
      answer.then(resolve, reject).finally(() => this.#calls.delete(call));
    });
  }

  async #follow(connection: NatsConnection): Promise<void> {
    for await (const { type } of connection.status()) {
      if (type !== 'disconnect' && type !== 'reconnect') continue;
      this.#connected = type === 'reconnect';
      for (const call of [...this.#calls]) call();
    }
  }
}
