/**
 * The stores of a job on a simulated server: what `state/nats` is on a real one.
 *
 * Owns: that a call takes place at the server, at one moment, and that its caller may never hear of it; that the server may have no room,
 * or take its time. Does not own: what the stores hold (`MemoryDisk`, which outlives every process).
 */
import { type Random, WeirError } from '../../core/index.ts';
import { type JobStores, type MemoryDisk, openMemoryStores } from '../../state/index.ts';
import type { CheckpointWitness } from './checkpoint-witness.ts';
import type { Connection } from './simulated-network.ts';
import type { SimulatedProcess } from './simulated-process.ts';

/** What the server's disk is like, until a time of the world. */
export interface StoreConditions {
  /** At most so much later comes each answer of a write, always. */
  readonly writeMs: number;
  fullUntil: number;
  /** So many more blobs are refused, and at once. */
  refusals: number;
  /** The share of writes that are refused meanwhile. */
  fullShare: number;
  /** What was being written at one of them is lost. */
  powerCuts: number;
  slowUntil: number;
  /** At most so much later comes an answer meanwhile. */
  slowMs: number;
}
export const conditionsOf = (random: Random): StoreConditions => ({
  writeMs: writeMs[Math.floor(random.next() * writeMs.length)]!,
  fullUntil: 0,
  refusals: 0,
  fullShare: 0,
  powerCuts: 0,
  slowUntil: 0,
  slowMs: 0,
});
const writeMs = [0, 0, 10, 120];

export function simulatedStores(
  process: SimulatedProcess,
  connection: Connection,
  disk: MemoryDisk,
  conditions: StoreConditions,
  witness: CheckpointWitness,
): JobStores {
  const stores = openMemoryStores(disk);
  const { blobs, pointers, journal } = stores;
  const { timeline } = process;
  const call = async <T>(what: string, serve: () => Promise<T>): Promise<T> => {
    if (!process.point(what)) return new Promise(() => undefined);
    const answer = await connection.roundTrip(serve).catch((thrown: unknown) => {
      if (thrown instanceof WeirError) throw thrown;
      throw new WeirError('E_STORE', `${what}: ${(thrown as Error).message}`, { cause: thrown });
    });
    if (timeline.now < conditions.slowUntil) await process.sleep(process.random.next() * conditions.slowMs);
    return process.point() ? answer : new Promise(() => undefined);
  };
  const write = <T>(what: string, serve: () => Promise<T>): Promise<T> =>
    call(what, async () => {
      const { powerCuts } = conditions;
      if (conditions.writeMs > 0) await process.sleep(process.random.next() * conditions.writeMs);
      if (powerCuts !== conditions.powerCuts) throw new WeirError('E_STORE', `${what}: lost with the power of the server`);
      const isFull = timeline.now < conditions.fullUntil && process.random.next() < conditions.fullShare;
      if (isFull) throw new WeirError('E_STORE', `${what}: no space left on the server`);
      return serve();
    });
  return {
    ...stores,
    blobs: {
      put: (id, bytes) => {
        if (conditions.refusals-- <= 0) return write(`put ${id}`, () => blobs.put(id, bytes));
        return call(`put ${id}`, async () => {
          throw new WeirError('E_STORE', `put ${id}: refused`);
        });
      },
      get: (id) => call(`get ${id}`, () => blobs.get(id)),
      list: (prefix) => call(`list ${prefix}`, () => blobs.list(prefix)),
      delete: (ids) =>
        call('delete', async () => {
          await blobs.delete(ids);
          witness.keeps();
        }),
    },
    pointers: {
      read: (name) => call(`read ${name}`, () => pointers.read(name)),
      compareAndSet: (name, expected, value) =>
        write(`set ${name}`, async () => {
          const revision = await pointers.compareAndSet(name, expected, value);
          if (revision !== null) witness.moved(name, value);
          return revision;
        }),
    },
    journal: {
      append: (name, values) => write(`append to ${name}`, () => journal.append(name, values)),
      read: (name, sequence, limit) => call(`read ${name}`, () => journal.read(name, sequence, limit)),
      end: (name) => call(`end of ${name}`, () => journal.end(name)),
      release: (name, sequence) => call(`release ${name}`, () => journal.release(name, sequence)),
      list: () => call('list journals', () => journal.list()),
      begin: (name, sequence) => call(`begin ${name}`, () => journal.begin(name, sequence)),
    },
  };
}
