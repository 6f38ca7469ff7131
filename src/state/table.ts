/**
 * The keyed state of one operator in one subtask, as operators see it.
 *
 * Owns: the contract of a state table. Implementations: heap-table.ts for values that are objects, byte-table.ts for those that nobody changes in place.
 * A key is the canonical key string of `batch/keys.ts`; a namespace is a number that groups entries (a window slice; 0 where
 * there is none). Values may be mutable objects: an operator that changes one in place asks for it with `modify`, never `get`; of a codec `asBytes` it puts another.
 * Invariants: S3 at most one entry per (namespace, key); S4 what a freeze saw is what its delta holds, whatever is written after.
 */
import type { KeyBytes } from '../batch/index.ts';

export interface TableEntry<V> {
  readonly key: string;
  readonly group: number;
  readonly value: V;
}

export interface StateTable<V> {
  readonly size: number;
  get(namespace: number, key: string): V | undefined;
  /** The value, to be changed in place now: it is marked dirty, and its frozen form is saved first if a snapshot still needs it. */
  modify(namespace: number, key: string): V | undefined;
  /** `group` = the key's group; it never changes for a key. */
  put(namespace: number, key: string, group: number, value: V): void;
  delete(namespace: number, key: string): boolean;
  /** Namespaces that hold entries, in no order. */
  namespaces(): Iterable<number>;
  /** Entries of a namespace, in no order that lasts. */
  entries(namespace: number): Iterable<TableEntry<V>>;
  /** At most so many entries, those after the ones that it gave last, in rounds: whoever looks at some now and then sees all in time. */
  next(namespace: number, entries: number): readonly TableEntry<V>[];
  count(namespace: number): number;
  /** Deletes a whole namespace at the cost of one tombstone per key group. */
  drop(namespace: number): void;
}

/** Where slots lie. */
export interface SlotPlace {
  readonly view: DataView;
  readonly at: number;
  /** It has not changed before in this round. */
  readonly isFirst: boolean;
  /** It was not there. */
  readonly isNew: boolean;
}
export interface SlotChange {
  /** What the place says is first is so in this one. */
  readonly round: number;
  /** What new slots begin with. */
  readonly empty: Uint8Array;
}

/** Puts what two values come to into the slots of the first one; false: it does not fit, and they are good for nothing any more. */
export type SlotMerge = (to: DataView, toAt: number, from: DataView, fromAt: number) => boolean;

/** A table whose values lie in slots of one size, as long as they fit. */
export interface SlotTable<V> extends StateTable<V> {
  /**
   * The slots of an entry, to be changed now, as `modify`; of one that is not there new ones; undefined: its value does not fit. Good until anything else is
   * asked for.
   */
  changeAt(namespace: number, key: KeyBytes, group: number, change: SlotChange): SlotPlace | undefined;
  /**
   * Each key of these namespaces once, of key groups that are wanted, its values merged; undefined: one of them, or what they come to, does not lie in
   * slots.
   */
  merged(namespaces: Iterable<number>, wanted: (group: number) => boolean, merge: SlotMerge): TableEntry<V>[] | undefined;
}
