/**
 * Core NATS as the engine uses it, and nothing more: what a simulated network, or the ports between threads, must be able to do.
 *
 * Delivered at most once. Messages of one bus to one subject arrive in the order of publishing; a connection that was
 * interrupted may have lost any of them, without a word but `onInterrupted`.
 */
export interface Bus {
  /** Bytes that one message may have. */
  readonly maxPayload: number;
  /** Never throws for a connection that is gone: what it would have carried is lost. The payload is given away. */
  publish(subject: string, payload: Uint8Array, reply?: string): void;
  /** `reply`: where whoever asks wants the answer; told at once, with an empty message, if nobody heard the question. */
  subscribe(subject: string, receive: (payload: Uint8Array, reply?: string) => void): Subscription;
  /** Resolves once the server knows every subscription made so far, and has every message. */
  flush(): Promise<void>;
  /** Called each time that messages may have been lost, until it is closed. */
  onInterrupted(call: () => void): Subscription;
}
export interface Subscription {
  close(): void;
}
