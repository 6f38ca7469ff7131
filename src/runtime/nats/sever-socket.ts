import type { NatsConnection } from '@nats-io/transport-node';

/** Where the client keeps its socket: none of its promises, so that nothing but this may rest on it. */
interface Internals {
  readonly protocol?: { readonly transport?: { readonly socket?: { destroy?(): void } } };
}

/**
 * Ends the connection's socket with whatever it still has to send; the client then connects anew.
 *
 * A connection whose buffers are full when its network is cut has no other end: the client first waits for the socket to take
 * its last bytes, and `reconnect()` waits in the same way, until the system gives the connection up after many minutes.
 */
export function severSocket(connection: NatsConnection): void {
  (connection as NatsConnection & Internals).protocol?.transport?.socket?.destroy?.();
}
