import { errors, type NatsConnection } from '@nats-io/transport-node';

const deniedMax = 64;

/** Whether a connection has a server at the moment. After an interruption, what was under way on it is not known. */
export class ConnectionWatch {
  #connected = true;
  readonly #denied = new Map<string, Error>();
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

  /** That the server refused to take a message to this subject: publishing itself says nothing of it. */
  denied(subject: string): Error | undefined {
    return this.#denied.get(subject);
  }

  async #follow(connection: NatsConnection): Promise<void> {
    for await (const status of connection.status()) {
      if (status.type === 'disconnect' || status.type === 'reconnect') this.#change(status.type === 'reconnect');
      else if (status.type === 'error') this.#keep(status.error);
    }
    this.#change(false);
  }

  #keep(error: Error): void {
    if (!(error instanceof errors.PermissionViolationError) || error.operation !== 'publish') return;
    const [oldest] = this.#denied.keys();
    if (this.#denied.size >= deniedMax && oldest !== undefined) this.#denied.delete(oldest);
    this.#denied.set(error.subject, error);
  }

  #change(connected: boolean): void {
    this.#connected = connected;
    for (const call of [...this.#calls]) call();
  }
}
