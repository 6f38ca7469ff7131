/** The keys by which rows of both sides of a join find each other. */
import { type Batch, fieldOf, hashKey, keyGroupOf } from '../../batch/index.ts';
import type { JoinNode } from '../../plan/index.ts';
import { type GroupedKey, groupedKeys } from '../key.ts';
import type { Side } from './join-times.ts';

export class JoinKeys {
  readonly #node: JoinNode;
  readonly #of: readonly ((batch: Batch) => (row: number) => GroupedKey)[];

  constructor(node: JoinNode, keyGroups: () => number) {
    this.#node = node;
    const groupOf = (key: string): number => keyGroupOf(hashKey(key), keyGroups());
    this.#of = node.keys.map((names) => groupedKeys({ columns: names }, groupOf));
  }

  /** By logical row; throws `E_VALUE` for what cannot be a key. */
  of(batch: Batch, side: Side): (row: number) => GroupedKey {
    return this.#of[side]!(batch);
  }

  /** Whether a row's key is equal to no other: a part of it is null. */
  isNone(batch: Batch, side: Side): (row: number) => boolean {
    const mayBeNull = this.#node.keys[side].filter((name) => fieldOf(batch.schema, name)?.nullable !== false);
    if (this.#node.nullSafe || mayBeNull.length === 0) return () => false;
    const readers = mayBeNull.map((name) => batch.reader(name));
    return (row) => readers.some((read) => read(row) === null);
  }
}
