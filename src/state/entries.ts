/** What a table on the heap is made of: its entries, the namespaces that they are in, and lists of what has changed. */
import type { PackedEntries } from './packed-entries.ts';

export interface Entry<V> {
  readonly key: string;
  readonly group: number;
  value: V;
  space: Space<V>;
  mark: number;
  /** The generation of the last list that it was in, 0 = none since it was packed. */
  listed: number;
  /** The generation that made it; 0 = an older delta may hold its key, so its deletion needs a tombstone. */
  born: number;
  live: boolean;
  /** Its value at the freeze, where it was written to since. */
  saved: Uint8Array | null;
}

/** The entries of one namespace, from the first one on until it is empty or dropped. */
export interface Space<V> {
  readonly namespace: number;
  entries: Map<string, Entry<V>>;
  /** Entries at rest, none of which is in `entries`. */
  packed: PackedEntries | null;
  /** Bit per owned group that ever had an entry here. */
  readonly groups: Uint32Array;
  born: number;
  /** The generation in which it was dropped, 0 = it was not. */
  droppedIn: number;
  /** None of its entries is in a list, though all were born in this generation. */
  unlisted: boolean;
}

/** What has changed since the last freeze. */
export interface Changes<V> {
  /** By owned group: entries put, changed or deleted. */
  readonly lists: (Entry<V>[] | undefined)[];
  /** Namespaces dropped, with the groups that need to know. */
  readonly drops: Map<number, Uint32Array>;
  /** Deleted entries of `lists`, by namespace and key: one that comes back stays the same entry. */
  readonly graves: Map<number, Map<string, Entry<V>>>;
}

export const sizeOf = ({ entries, packed }: Space<unknown>): number => entries.size + (packed?.size ?? 0);

export function noChanges<V>(groups: number): Changes<V> {
  return { lists: new Array<Entry<V>[] | undefined>(groups), drops: new Map(), graves: new Map() };
}

export function bury<V>(changes: Changes<V>, namespace: number, entry: Entry<V>): void {
  const graves = changes.graves.get(namespace);
  if (graves === undefined) changes.graves.set(namespace, new Map([[entry.key, entry]]));
  else graves.set(entry.key, entry);
}

export function unite(drops: Map<number, Uint32Array>, namespace: number, groups: Uint32Array): void {
  const known = drops.get(namespace);
  drops.set(namespace, known === undefined ? groups : known.map((bits, i) => bits | groups[i]!));
}
