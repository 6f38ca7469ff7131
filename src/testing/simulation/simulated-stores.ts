/**
 * The stores of a job on a simulated server: what `state/nats` is on a real one.
 *
 * Owns: that a call takes place at the server, at one moment, and that its caller may never hear of it. Does not own: what the stores hold
 * (`MemoryDisk`, which outlives every process).
 */
import { WeirError } from '../../core/index.ts';
import { type JobStores, type MemoryDisk, openMemoryStores } from '../../state/index.ts';
import type { Connection } from './simulated-network.ts';

/** Over a connection of the process. */
export function simulatedStores(connection: Connection, disk: MemoryDisk): JobStores {
  const stores = openMemoryStores(disk);
  const { blobs, pointers, journal } = stores;
  const call = <T>(what: string, serve: () => Promise<T>): Promise<T> =>
    connection.roundTrip(serve).then(
      (answer) => answer,
      (thrown: unknown) => {
        if (thrown instanceof WeirError) throw thrown;
        throw new WeirError('E_STORE', `${what}: ${(thrown as Error).message}`, { cause: thrown });
      },
    );
  return {
    ...stores,
    blobs: {
      put: (id, bytes) => call(`put ${id}`, () => blobs.put(id, bytes)),
      get: (id) => call(`get ${id}`, () => blobs.get(id)),
      list: (prefix) => call(`list ${prefix}`, () => blobs.list(prefix)),
      delete: (ids) => call('delete', () => blobs.delete(ids)),
    },
    pointers: {
      read: (name) => call(`read ${name}`, () => pointers.read(name)),
      compareAndSet: (name, expected, value) => call(`set ${name}`, () => pointers.compareAndSet(name, expected, value)),
    },
    journal: {
      append: (name, values) => call(`append to ${name}`, () => journal.append(name, values)),
      read: (name, sequence, limit) => call(`read ${name}`, () => journal.read(name, sequence, limit)),
      end: (name) => call(`end of ${name}`, () => journal.end(name)),
      release: (name, sequence) => call(`release ${name}`, () => journal.release(name, sequence)),
      list: () => call('list journals', () => journal.list()),
      begin: (name, sequence) => call(`begin ${name}`, () => journal.begin(name, sequence)),
    },
  };
}
