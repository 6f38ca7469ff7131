/**
 * The timers of keyed processing, in event time or in processing time.
 *
 * Owns: each key's times in a state table, and a heap over all of them, which is rebuilt at a restore. An item of the heap
 * that the table no longer confirms is skipped; the heap is rebuilt when most are such.
 * Invariants: U1 a key has a timer once per time; U2 timers come in the order (time, age of the key's entry, key), before
 * and after a restore alike.
 */
import type { StateTable, ValueCodec } from '../state/index.ts';
import { type Due, DueHeap } from './due-heap.ts';

interface KeyTimers {
  /** Age: rises with every entry made. */
  readonly ordinal: number;
  /** Ascending. */
  readonly times: number[];
}
export interface Timer {
  readonly at: number;
  readonly key: string;
}

const codec: ValueCodec<KeyTimers> = {
  id: 'timers',
  write(out, { ordinal, times }) {
    out.varint(ordinal);
    out.varint(times.length);
    for (const time of times) out.f64(time);
  },
  read: (from) => ({ ordinal: from.varint(), times: Array.from({ length: from.varint() }, () => from.f64()) }),
};

export class Timers {
  /** Ordinal of the youngest entry. */
  ordinal = 0;
  readonly #table: StateTable<KeyTimers>;
  readonly #heap = new DueHeap();
  #live = 0;

  constructor(name: string, declare: <V>(name: string, codec: ValueCodec<V>) => StateTable<V>) {
    this.#table = declare(name, codec);
  }

  /** When the first is due, or one that is no longer set. */
  get first(): number | undefined {
    return this.#heap.first?.at;
  }

  /** The key's own, ascending. */
  of(key: string): readonly number[] {
    return this.#table.get(0, key)?.times.slice() ?? [];
  }

  set(key: string, group: number, at: number): void {
    const known = this.#table.get(0, key);
    if (known?.times.includes(at) === true) return;
    const entry = known === undefined ? { ordinal: ++this.ordinal, times: [] } : this.#table.modify(0, key)!;
    const before = entry.times.findIndex((time) => time > at);
    entry.times.splice(before < 0 ? entry.times.length : before, 0, at);
    if (known === undefined) this.#table.put(0, key, group, entry);
    this.#live++;
    this.#push({ at, key, ordinal: entry.ordinal });
  }

  delete(key: string, at: number): void {
    if (this.#table.get(0, key)?.times.includes(at) !== true) return;
    const { times } = this.#table.modify(0, key)!;
    times.splice(times.indexOf(at), 1);
    if (times.length === 0) this.#table.delete(0, key);
    this.#live--;
  }

  /** The key's first timer that is due, taken out. */
  takeFor(key: string, watermark: number): number | undefined {
    const at = this.#table.get(0, key)?.times[0];
    if (at === undefined || at > watermark) return undefined;
    this.delete(key, at);
    return at;
  }

  /** The first timer of any key that is due, taken out. */
  take(watermark: number): Timer | undefined {
    for (let first = this.#heap.first; first !== undefined && first.at <= watermark; first = this.#heap.first) {
      this.#heap.pop();
      const entry = this.#table.get(0, first.key);
      if (entry?.ordinal !== first.ordinal || !entry.times.includes(first.at)) continue;
      this.delete(first.key, first.at);
      return first;
    }
    return undefined;
  }

  /** A copy of a key's timers, to put back. */
  capture(key: string, group: number): () => void {
    const known = this.#table.get(0, key);
    const saved = known === undefined ? undefined : { ordinal: known.ordinal, times: known.times.slice() };
    const youngest = this.ordinal;
    return () => {
      this.#live += (saved?.times.length ?? 0) - (this.#table.get(0, key)?.times.length ?? 0);
      if (saved === undefined) this.#table.delete(0, key);
      else this.#table.put(0, key, group, saved);
      this.ordinal = youngest;
      for (const at of saved?.times ?? []) this.#push({ at, key, ordinal: saved!.ordinal });
    };
  }

  /** After a restore: the heap, from the table. */
  recall(): void {
    const items: Due[] = [];
    for (const { key, value } of this.#table.entries(0)) {
      for (const at of value.times) items.push({ at, key, ordinal: value.ordinal });
    }
    this.#live = items.length;
    this.#heap.fill(items);
  }

  #push(item: Due): void {
    if (this.#heap.isStale(this.#live)) return this.recall();
    this.#heap.push(item);
  }
}
