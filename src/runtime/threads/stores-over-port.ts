/**
 * The stores of a job in threads that have not opened them: a directory of LevelDB can be opened once in a process.
 *
 * Owns: which calls there are. What is confirmed here was confirmed by the stores themselves (S1), and an error is theirs.
 */
import type { MessagePort } from 'node:worker_threads';
import { WeirError } from '../../core/index.ts';
import type { BlobStore, JobStores, Journal, JournalEntry, JournalExtent, PointerStore, Versioned } from '../../state/index.ts';
import { answerCalls, PortCalls } from './port-calls.ts';

type Method = (...values: never[]) => Promise<unknown>;

/** Until the port, or the stores, are closed. */
export function serveStores({ blobs, pointers, journal }: JobStores, port: MessagePort): void {
  const calls = new Map<string, Method>([
    ['blobs.put', (id: string, bytes: Uint8Array) => blobs.put(id, bytes)],
    ['blobs.get', (id: string) => blobs.get(id)],
    ['blobs.list', (prefix: string) => blobs.list(prefix)],
    ['blobs.delete', (ids: readonly string[]) => blobs.delete(ids)],
    ['pointers.read', (name: string) => pointers.read(name)],
    [
      'pointers.compareAndSet',
      (name: string, expected: number, value: Uint8Array) => pointers.compareAndSet(name, expected, value),
    ],
    ['journal.append', (name: string, values: readonly Uint8Array[]) => journal.append(name, values)],
    ['journal.read', (name: string, sequence: number, limit: number) => journal.read(name, sequence, limit)],
    ['journal.end', (name: string) => journal.end(name)],
    ['journal.release', (name: string, sequence: number) => journal.release(name, sequence)],
    ['journal.list', () => journal.list()],
    ['journal.begin', (name: string, sequence: number) => journal.begin(name, sequence)],
  ]);
  answerCalls(port, async (name, values) => {
    const method = calls.get(name);
    if (method === undefined) throw new WeirError('E_INTERNAL', `a store has no ${name}`);
    return method(...(values as never[]));
  });
}

/** @param guarantee that of the stores on the other side */
export function storesOverPort(port: MessagePort, guarantee: string): JobStores {
  const calls = new PortCalls(port);
  const call = <T>(name: string, ...values: unknown[]): Promise<T> => calls.call(name, ...values) as Promise<T>;
  const blobs: BlobStore = {
    put: (id, bytes) => call('blobs.put', id, bytes),
    get: (id) => call<Uint8Array>('blobs.get', id),
    list: (prefix) => call<readonly string[]>('blobs.list', prefix),
    delete: (ids) => call('blobs.delete', ids),
  };
  const pointers: PointerStore = {
    read: (name) => call<Versioned | null>('pointers.read', name),
    compareAndSet: (name, expected, value) => call<number | null>('pointers.compareAndSet', name, expected, value),
  };
  const journal: Journal = {
    append: (name, values) => call<number>('journal.append', name, values),
    read: (name, sequence, limit) => call<readonly JournalEntry[]>('journal.read', name, sequence, limit),
    end: (name) => call<number>('journal.end', name),
    release: (name, sequence) => call('journal.release', name, sequence),
    list: () => call<readonly JournalExtent[]>('journal.list'),
    begin: (name, sequence) => call('journal.begin', name, sequence),
  };
  return { blobs, pointers, journal, guarantee, close: async () => calls.close() };
}
