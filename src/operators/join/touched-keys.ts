/**
 * When something last came for each key, and which keys may be forgotten by now.
 *
 * Owns: one state table, and beside it the keys in the order of those times. A time is that of an epoch, so that a life that is lived again forgets the same.
 */
import type { StateTable, ValueCodec } from '../../state/index.ts';
import type { GroupedKey } from '../key.ts';
import type { OperatorContext } from '../operator.ts';

export class TouchedKeys {
  readonly #table: StateTable<number>;
  readonly #ttlMs: number;
  /** Oldest first. */
  #times = new Map<string, number>();

  constructor(context: OperatorContext, ttlMs: number) {
    this.#table = context.table('touched', timeCodec);
    this.#ttlMs = ttlMs;
  }

  touch({ key, group }: GroupedKey, now: number): void {
    if (this.#times.get(key) === now) return;
    this.#times.delete(key);
    this.#times.set(key, now);
    this.#table.put(0, key, group, now);
  }

  /** Keys for which nothing has come for long enough; they are forgotten here. */
  *expired(now: number): Generator<string, void> {
    for (const [key, at] of this.#times) {
      if (at + this.#ttlMs > now) return;
      this.#times.delete(key);
      this.#table.delete(0, key);
      yield key;
    }
  }

  /** After a restore. */
  recall(): void {
    const entries = [...this.#table.entries(0)].sort((a, b) => a.value - b.value);
    this.#times = new Map(entries.map(({ key, value }) => [key, value]));
  }
}

const timeCodec: ValueCodec<number> = {
  id: 'time of an epoch',
  asBytes: true,
  write: (out, at) => out.f64(at),
  read: (from) => from.f64(),
};
