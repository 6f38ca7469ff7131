import { WeirError } from '../../core/index.ts';
import type { ConnectionWatch } from './connection-watch.ts';
import { sinkError } from './sink-errors.ts';

/**
 * An answer of the server, as it comes. When the connection is interrupted it never will, and nobody need wait until it is overdue.
 *
 * @param what was asked for, as a message begins: `stream ORDERS`
 */
export function untilInterrupted<T>(answer: Promise<T>, watch: ConnectionWatch, what: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const interrupted = (): void => {
      if (!watch.connected) reject(new WeirError('E_BROKER', `${what}: the connection to NATS was interrupted`));
    };
    const unwatch = watch.onChange(interrupted);
    interrupted();
    answer.then(resolve, (error: unknown) => reject(sinkError(error, what))).finally(unwatch);
  });
}
