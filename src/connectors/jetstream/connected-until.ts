import { untilAborted } from '../records/index.ts';
import { natsConnection, type NatsOptions, type SharedConnection } from './connection.ts';

/** A connection, or the signal's reason if it aborts first; then the connection is closed once it is there. */
export async function connectedUntil(nats: NatsOptions, signal: AbortSignal): Promise<SharedConnection> {
  const opening = natsConnection(nats);
  try {
    return await untilAborted(opening, signal);
  } catch (error) {
    if (signal.aborted)
      opening.then(
        (late) => late.close(),
        () => undefined, // nobody waits for it any more
      );
    throw error;
  }
}
