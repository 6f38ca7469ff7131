import { invariant } from '../../core/index.ts';
import type { BlobStore, Journal, JobStores, PointerStore } from '../../state/index.ts';

/**
 * The stores of the job that a worker belongs to at the moment. They are opened anew each time it joins a coordinator: that one may have
 * forgotten the job and begun another life of it.
 */
export class StoresOfLife implements JobStores {
  readonly #find: () => Promise<JobStores>;
  #present: JobStores | null = null;

  constructor(find: () => Promise<JobStores>) {
    this.#find = find;
  }

  async open(): Promise<void> {
    await this.close();
    this.#present = await this.#find();
  }

  async close(): Promise<void> {
    const before = this.#present;
    this.#present = null;
    await before?.close();
  }

  get blobs(): BlobStore {
    return this.#now().blobs;
  }
  get pointers(): PointerStore {
    return this.#now().pointers;
  }
  get journal(): Journal {
    return this.#now().journal;
  }
  get guarantee(): string {
    return this.#now().guarantee;
  }

  #now(): JobStores {
    invariant(this.#present !== null, 'JB3: a worker uses the stores of a job that it has not joined');
    return this.#present;
  }
}
