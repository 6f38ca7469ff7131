/**
 * The disks of a simulated cluster's machines, which hold copies of snapshots for the workers that run there, and outlive them.
 *
 * Owns: what goes wrong with a disk: it refuses, and what was not synced, and worse, is torn, changed or gone.
 */
import { type Random, WeirError } from '../../core/index.ts';
import { type BlobStore, cachedBlobs, dropOtherLives, type JobStores, MemoryDisk, openMemoryStores } from '../../state/index.ts';
import type { SimulatedProcess } from './simulated-process.ts';

/** Of the job's stores: they are never forgotten here. */
const life = 'simulated';

export class WorkerDisks {
  readonly #disks = new Map<string, MemoryDisk>();
  /** Writes refuse, until a time of the world. */
  fullUntil = 0;

  /** The same stores, with copies of blobs on the disk of the machine. */
  async copied(machine: string, process: SimulatedProcess, stores: JobStores): Promise<JobStores> {
    const disk = this.#disks.get(machine) ?? new MemoryDisk();
    this.#disks.set(machine, disk);
    const local = this.#local(disk, process);
    await dropOtherLives(local, life);
    return { ...stores, blobs: cachedBlobs(local, stores.blobs, life) };
  }

  /** Of each copy: half are well, the others cut short, changed in one bit, or gone. */
  damage(random: Random): void {
    for (const { blobs } of this.#disks.values())
      for (const [id, { bytes, crc }] of [...blobs]) {
        const drawn = random.next();
        if (drawn < 0.5) continue;
        if (drawn < 0.65) blobs.delete(id);
        else if (drawn < 0.8) blobs.set(id, { bytes: bytes.subarray(0, bytes.length >> 1), crc });
        else blobs.set(id, { bytes: flipped(bytes, random), crc });
      }
  }

  #local(disk: MemoryDisk, process: SimulatedProcess): BlobStore {
    const { blobs } = openMemoryStores(disk);
    const call = async <T>(serve: () => Promise<T>): Promise<T> => {
      if (!process.point()) return new Promise(() => undefined);
      const answer = await serve();
      return process.point() ? answer : new Promise(() => undefined);
    };
    return {
      put: (id, bytes) =>
        call(() => {
          if (process.timeline.now < this.fullUntil) throw new WeirError('E_STORE', `put ${id}: no space left on the machine`);
          return blobs.put(id, bytes);
        }),
      get: (id) => call(() => blobs.get(id)),
      list: (prefix) => call(() => blobs.list(prefix)),
      delete: (ids) => call(() => blobs.delete(ids)),
    };
  }
}

function flipped(bytes: Uint8Array, random: Random): Uint8Array {
  const changed = bytes.slice();
  if (changed.length > 0) changed[Math.floor(random.next() * changed.length)]! ^= 1 << Math.floor(random.next() * 8);
  return changed;
}
