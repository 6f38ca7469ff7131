import type { NatsConnection } from '@nats-io/transport-node';

/** Whether a connection has a server at the moment. After an interruption, what was under way on it is not known. */
export class ConnectionWatch {
  #connected = true;
  readonly #calls = new Set<() => void>();

  constructor(connection: NatsConnection) {
    void this.#follow(connection);
  }

  get connected(): boolean {
    return this.#connected;
  }

  /** Called at each change, until the function that it returns is. */
  onChange(call: () => void): () => void {
    this.#calls.add(call);
    return () => void this.#calls.delete(call);
  }

  async #follow(connection: NatsConnection): Promise<void> {
    for await (const { type } of connection.status()) {
      if (type === 'disconnect' || type === 'reconnect') this.#change(type === 'reconnect');
    }
    this.#change(false);
  }

  #change(connected: boolean): void {
    this.#connected = connected;
    for (const call of [...this.#calls]) call();
  }
}
