/**
 * Stores that take their time, fail, and die in the middle of a call: before it has an effect, or after.
 *
 * A store that is dead does nothing any more, as for a process that was killed.
 */
import { type Random, WeirError } from '../../src/core/index.ts';
import type { JobStores } from '../../src/state/index.ts';
import { turn } from './split-source.ts';

export interface RoughOptions {
  readonly random: Random;
  readonly slow: boolean;
  /** Should this call fail? */
  readonly failing: () => boolean;
  /** Dies in this many calls; never if undefined. */
  readonly diesIn?: number;
}

export class RoughStores {
  readonly #options: RoughOptions;
  #calls = 0;
  #faults = 0;
  dead = false;

  constructor(options: RoughOptions) {
    this.#options = options;
  }

  over(stores: JobStores): JobStores {
    const { blobs, pointers } = stores;
    return {
      ...stores,
      blobs: {
        put: (id, bytes) => this.#around(() => blobs.put(id, bytes)),
        get: (id) => this.#late(() => blobs.get(id)),
        list: (prefix) => this.#late(() => blobs.list(prefix)),
        delete: (ids) => this.#around(() => blobs.delete(ids)),
      },
      pointers: {
        read: (name) => this.#late(() => pointers.read(name)),
        compareAndSet: (name, expected, value) => this.#around(() => pointers.compareAndSet(name, expected, value)),
      },
    };
  }

  /** Takes a while; may fail before. */
  async disturb(): Promise<void> {
    const { random, slow, failing } = this.#options;
    for (let turns = slow ? Math.floor(random.next() * 4) : 0; turns > 0; turns--) await turn();
    this.#mustLive();
    if (failing()) throw new WeirError('E_STORE', `fault ${++this.#faults}`);
  }

  async #late<T>(call: () => Promise<T>): Promise<T> {
    const { random, slow } = this.#options;
    for (let turns = slow ? Math.floor(random.next() * 4) : 0; turns > 0; turns--) await turn();
    this.#mustLive();
    return call();
  }

  async #around<T>(call: () => Promise<T>): Promise<T> {
    const dies = ++this.#calls === this.#options.diesIn;
    const before = this.#options.random.next() < 0.5;
    if (dies && before) this.dead = true;
    await this.disturb();
    const result = await call();
    if (dies) this.dead = true;
    this.#mustLive();
    if (this.#options.slow) await this.disturb();
    return result;
  }

  #mustLive(): void {
    if (this.dead) throw new WeirError('E_STORE', 'the process is dead');
  }
}
