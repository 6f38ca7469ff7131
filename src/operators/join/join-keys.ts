/** The keys by which rows of both sides of a join find each other. */
import { type Batch, fieldOf, hashKey, KeyBytes, keyGroupOf } from '../../batch/index.ts';
import type { JoinNode } from '../../plan/index.ts';
import { type GroupedKey, groupedKeys } from '../key.ts';
import { keyBytesOf } from '../key-bytes.ts';
import type { Side } from './join-times.ts';

export class JoinKeys {
  /** The key that was written last, and its group. */
  readonly key: KeyBytes = new KeyBytes();
  group = 0;
  readonly #node: JoinNode;
  readonly #keyGroups: () => number;
  readonly #of: readonly ((batch: Batch) => (row: number) => GroupedKey)[];

  constructor(node: JoinNode, keyGroups: () => number) {
    this.#node = node;
    this.#keyGroups = keyGroups;
    const groupOf = (key: string): number => keyGroupOf(hashKey(key), keyGroups());
    this.#of = node.keys.map((names) => groupedKeys({ columns: names }, groupOf));
  }

  /** By logical row, as a string; throws `E_VALUE` for what cannot be a key. */
  of(batch: Batch, side: Side): (row: number) => GroupedKey {
    return this.#of[side]!(batch);
  }

  /** By logical row: writes it to `key`, and says its group; throws the same. */
  writer(batch: Batch, side: Side): (row: number) => void {
    const write = keyBytesOf(batch, this.#node.keys[side], this.key);
    const keyGroups = this.#keyGroups();
    return (row) => {
      this.group = keyGroupOf(write(row), keyGroups);
    };
  }

  /** Whether a row's key is equal to no other: a part of it is null. */
  isNone(batch: Batch, side: Side): (row: number) => boolean {
    const mayBeNull = this.#node.keys[side].filter((name) => fieldOf(batch.schema, name)?.nullable !== false);
    if (this.#node.nullSafe || mayBeNull.length === 0) return () => false;
    const readers = mayBeNull.map((name) => batch.reader(name));
    return (row) => readers.some((read) => read(row) === null);
  }
}
