/** A network in memory: it delivers later, in order, and loses or changes what a test tells it to. */
import type { Bus, Subscription } from '../../src/transport/index.ts';

type Receive = (payload: Uint8Array, reply?: string) => void;
/** What becomes of a message: null = lost. */
export type Weather = (subject: string, payload: Uint8Array) => Uint8Array | readonly Uint8Array[] | null;

export class MemoryNetwork {
  readonly #subscribers = new Map<string, Set<Receive>>();
  readonly #underWay: { subject: string; payload: Uint8Array; reply?: string }[] = [];
  readonly #interrupted = new Set<() => void>();
  readonly maxPayload: number;
  weather: Weather = (_, payload) => payload;

  constructor(maxPayload: number = 1 << 20) {
    this.maxPayload = maxPayload;
  }

  bus(): Bus {
    return {
      maxPayload: this.maxPayload,
      publish: (subject, payload, reply) => {
        if (payload.length > this.maxPayload) throw new Error(`a message of ${payload.length} bytes`);
        this.#underWay.push({ subject, payload: payload.slice(), ...(reply === undefined ? {} : { reply }) });
      },
      subscribe: (subject, receive) => this.#subscribe(subject, receive),
      flush: async () => this.deliver(),
      onInterrupted: (call) => {
        this.#interrupted.add(call);
        return { close: () => void this.#interrupted.delete(call) };
      },
    };
  }

  /** Everything that is under way, and what follows from it. */
  deliver(): void {
    for (let next = this.#underWay.shift(); next !== undefined; next = this.#underWay.shift()) {
      const { subject, payload, reply } = next;
      const arriving = this.weather(subject, payload);
      const receivers = this.#subscribers.get(subject);
      if (reply !== undefined && (receivers?.size ?? 0) === 0) this.#underWay.push({ subject: reply, payload: new Uint8Array() });
      for (const each of arriving === null ? [] : Array.isArray(arriving) ? arriving : [arriving])
        for (const receive of receivers ?? []) receive(each as Uint8Array, reply);
    }
  }

  interrupt(): void {
    for (const call of [...this.#interrupted]) call();
  }

  #subscribe(subject: string, receive: Receive): Subscription {
    const receivers = this.#subscribers.get(subject) ?? new Set();
    receivers.add(receive);
    this.#subscribers.set(subject, receivers);
    return { close: () => void receivers.delete(receive) };
  }
}
