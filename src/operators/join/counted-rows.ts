/**
 * The rows of one side of a join that are there now, each as often as it came and was not taken back.
 *
 * A row is bytes (row-form.ts). Owns: one state table with an entry for each different row, so that a key of many rows is not written whole with each that comes, and beside it, in memory, the
 * entries of each key.
 * Invariants: JO7 a row is there as often as it was added and not removed.
 */
import type { StateTable, ValueCodec } from '../../state/index.ts';
import type { GroupedKey } from '../key.ts';
import type { OperatorContext } from '../operator.ts';

interface Counted {
  /** By which it finds partners. */
  readonly key: string;
  readonly bytes: Uint8Array;
  count: number;
}
const none: ReadonlySet<string> = new Set();

export class CountedRows {
  readonly #table: StateTable<Counted>;
  /** Of each key the entries, in the order in which they came. */
  readonly #entries = new Map<string, Set<string>>();

  constructor(context: OperatorContext, name: string) {
    this.#table = context.table(name, countedCodec);
  }

  has(key: string): boolean {
    return this.#entries.has(key);
  }

  add({ key, group }: GroupedKey, bytes: Uint8Array): void {
    const entry = entryOf(key, bytes);
    const known = this.#table.modify(0, entry);
    if (known !== undefined) {
      known.count++;
      return;
    }
    this.#table.put(0, entry, group, { key, bytes, count: 1 });
    this.#index(key, entry);
  }

  /** @returns false: it is not there */
  remove({ key }: GroupedKey, bytes: Uint8Array): boolean {
    const entry = entryOf(key, bytes);
    const known = this.#table.modify(0, entry);
    if (known === undefined) return false;
    if (--known.count > 0) return true;
    this.#table.delete(0, entry);
    const entries = this.#entries.get(key)!;
    entries.delete(entry);
    if (entries.size === 0) this.#entries.delete(key);
    return true;
  }

  /** All of a key, each as often as it is there. */
  *of(key: string): Generator<Uint8Array, void> {
    for (const entry of this.#entries.get(key) ?? none) {
      const { bytes, count } = this.#table.get(0, entry)!;
      for (let n = 0; n < count; n++) yield bytes;
    }
  }

  forget(key: string): void {
    for (const entry of this.#entries.get(key) ?? none) this.#table.delete(0, entry);
    this.#entries.delete(key);
  }

  /** After a restore: what lies beside the table. */
  recall(): void {
    this.#entries.clear();
    for (const { key: entry, value } of this.#table.entries(0)) this.#index(value.key, entry);
  }

  #index(key: string, entry: string): void {
    const entries = this.#entries.get(key);
    if (entries === undefined) this.#entries.set(key, new Set([entry]));
    else entries.add(entry);
  }
}

/** The length tells where the key ends. */
const entryOf = (key: string, bytes: Uint8Array): string =>
  `${key.length}:${key}${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')}`;

const countedCodec: ValueCodec<Counted> = {
  id: 'rows of a join, counted',
  write(out, { key, bytes, count }) {
    out.bytes(Buffer.from(key, 'latin1'));
    out.bytes(bytes);
    out.varint(count);
  },
  read: (from) => ({
    key: Buffer.from(from.bytes()).toString('latin1'),
    bytes: Uint8Array.from(from.bytes()),
    count: from.varint(),
  }),
};
