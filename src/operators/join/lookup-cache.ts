/** What was found lately, for so long and of so many keys: of more, those that nobody asked for the longest go first. In memory only. */
import type { Clock } from '../../core/index.ts';

export interface CacheLimits {
  readonly entries: number;
  readonly ttlMs: number;
}

export class LookupCache<V> {
  readonly #limits: CacheLimits;
  readonly #clock: Clock;
  /** From the one that was asked for the longest ago. */
  readonly #entries = new Map<string, { readonly value: V; readonly until: number }>();

  constructor(limits: CacheLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  get(key: string): V | undefined {
    const found = this.#entries.get(key);
    if (found === undefined) return undefined;
    this.#entries.delete(key);
    if (found.until <= this.#clock.monotonic()) return undefined;
    this.#entries.set(key, found);
    return found.value;
  }

  put(key: string, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, { value, until: this.#clock.monotonic() + this.#limits.ttlMs });
    if (this.#entries.size <= this.#limits.entries) return;
    const [oldest] = this.#entries.keys();
    this.#entries.delete(oldest!);
  }
}
