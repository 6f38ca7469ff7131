// A connection that stops in the middle: what a crash, or a long pause, does to what a sink has under way.
import { createInbox, type NatsConnection, type Payload, type PublishOptions } from '@nats-io/transport-node';
import { ConnectionWatch } from '../../../src/connectors/jetstream/connection-watch.ts';
import type { SharedConnection } from '../../../src/connectors/jetstream/connection.ts';

/** What happens to messages beyond the first few: they are not sent, sent but their answers are lost, or sent later. */
export type Cut = 'unsent' | 'unanswered' | 'held';

export class CutConnection {
  readonly shared: SharedConnection;
  /** Resolves with the first message that was cut. */
  reached: Promise<void>;
  readonly #connection: NatsConnection;
  readonly #held: (() => void)[] = [];
  #reach: () => void = () => undefined;
  /** Messages that still go through. */
  #left: number;

  /** @param after messages that go through */
  constructor(connection: NatsConnection, after: number, cut: Cut) {
    this.#connection = connection;
    this.reached = new Promise((resolve) => {
      this.#reach = resolve;
    });
    this.#left = after;
    const publish = (subject: string, payload?: Payload, options?: PublishOptions): void => {
      const send = (own = options): void => connection.publish(subject, payload, own);
      if (subject.startsWith('$JS.') || this.#left-- > 0) return send();
      if (cut === 'held') this.#held.push(send);
      if (cut === 'unanswered') send({ ...options, reply: 'nobody' });
      this.#reach();
    };
    const cutting = new Proxy(connection, {
      get: (target, name) => {
        if (name === 'publish') return publish;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    this.shared = {
      connection: cutting,
      jetstream: {},
      watch: new ConnectionWatch(connection),
      inbox: () => createInbox(),
      close: () => connection.close(),
    };
  }

  get held(): number {
    return this.#held.length;
  }

  /** Sends what was held, and cuts again after so many messages more. */
  again(after: number): void {
    this.#left = after;
    this.reached = new Promise((resolve) => {
      this.#reach = resolve;
    });
    for (const send of this.#held.splice(0)) send();
  }

  /** Sends what was held, and waits until the server has it. */
  async release(): Promise<void> {
    for (const send of this.#held.splice(0)) send();
    await this.#connection.flush();
  }
}
