/**
 * The state that a process function declares, as handles on the key at hand.
 *
 * Owns: the tables, and what becomes of values whose time to live is over: none is ever seen, one that is come across is deleted there
 * and then, so that no clock brings it back, and `sweep` finds those that nobody asks for. Does not own: how a value is kept (kept-value.ts).
 */
import type { ByteReader, ByteWriter } from '../batch/index.ts';
import type { StateDeclaration, StateFold } from '../plan/index.ts';
import type { StateTable, ValueCodec } from '../state/index.ts';
import { type KeptValue, keptValue, type Lifetime } from './kept-value.ts';

/** The key that handles speak of; changed by the operator from row to row. */
export interface KeyAtHand {
  key: string;
  group: number;
}
/** What handles are made over. */
export interface StatePlace {
  readonly at: KeyAtHand;
  table<V>(name: string, codec: ValueCodec<V>): StateTable<V>;
  /** Processing time. */
  now(): number;
  /** Event time, of the call under way. */
  readonly event: EventMoment;
}
export interface EventMoment {
  /** The watermark has passed this for whoever is called. */
  now: number;
  /** What is written is of this time. */
  at: number;
}
type MapKey = string | number;

export const stateTableName = (name: string): string => `state.${name}`;

/** One declared state: what the user sees, how to take back what happened since, and how to be rid of what is over. */
export interface StateHandle {
  readonly face: object;
  capture(): () => void;
  /** Looks at so many entries, those after the ones that it looked at last, and deletes what is over. */
  sweep(entries: number): void;
}

export function stateHandle(name: string, declared: StateDeclaration, place: StatePlace): StateHandle {
  const lifetime = lifetimeOf(declared, place);
  switch (declared.kind) {
    case 'value':
      return valueHandle(name, keptValue(declared.value, lifetime), place, lifetime, declared.fold);
    case 'map': {
      const keys = keptValue({ type: declared.key.type, nullable: false });
      return mapHandle(name, keys, keptValue(declared.value, lifetime), place, lifetime);
    }
    case 'list':
      return listHandle(name, keptValue(declared.value, lifetime), place, lifetime);
  }
}

function lifetimeOf(
  { ttlMs, ttlTime }: StateDeclaration,
  { event, now }: Pick<StatePlace, 'event' | 'now'>,
): Lifetime | undefined {
  if (ttlMs === undefined) return undefined;
  if (ttlTime === 'event') return { ttlMs, time: ttlTime, now: () => event.now, moment: () => event.at };
  return { ttlMs, time: 'processing', now, moment: now };
}

function valueHandle(
  name: string,
  kept: KeptValue,
  { table: declare, at }: StatePlace,
  lifetime?: Lifetime,
  fold?: StateFold,
): StateHandle {
  const table = declare<unknown>(stateTableName(name), {
    id: `value of ${kept.id}`,
    asBytes: true,
    write: kept.write,
    read: kept.read,
  });
  const prune = (key: string, found: unknown): boolean => kept.isOver(found) && table.delete(0, key);
  const face = {
    get: (): unknown => {
      const found = table.get(0, at.key);
      return found === undefined || prune(at.key, found) ? undefined : kept.back(found);
    },
    set: (next: unknown): void => table.put(0, at.key, at.group, kept.of(next, lifetime && table.get(0, at.key))),
    clear: (): void => void table.delete(0, at.key),
  };
  const shown = fold === undefined ? face : folded(face, fold);
  return { face: shown, capture: () => restoring(table, at, (found) => found), sweep: sweeping(table, lifetime, prune) };
}

/** What is added to a value goes into it. */
function folded(value: { get(): unknown; set(next: unknown): void; clear(): void }, { create, add, result }: StateFold): object {
  return {
    get: (): unknown => {
      const acc = value.get();
      return acc === undefined ? undefined : result(acc as never);
    },
    add: (more: unknown): void => {
      const acc = value.get() ?? create?.();
      value.set(acc === undefined ? more : add(acc as never, more as never));
    },
    clear: () => value.clear(),
  };
}

function mapHandle(
  name: string,
  keys: KeptValue,
  values: KeptValue,
  { table: declare, at }: StatePlace,
  lifetime?: Lifetime,
): StateHandle {
  const table = declare(stateTableName(name), mapCodec(keys, values));
  const remove = (of: string, key: MapKey): void => {
    const map = table.modify(0, of)!;
    map.delete(key);
    if (map.size === 0) table.delete(0, of);
  };
  const prune = (of: string, map: ReadonlyMap<MapKey, unknown>): void => {
    for (const [key, found] of map) if (values.isOver(found)) remove(of, key);
  };
  /** All of them, without those that are over. */
  const all = (): ReadonlyMap<MapKey, unknown> | undefined => {
    const map = table.get(0, at.key);
    if (map === undefined || lifetime === undefined) return map;
    prune(at.key, map);
    return table.get(0, at.key);
  };
  const one = (key: MapKey): unknown => {
    const found = table.get(0, at.key)?.get(key);
    if (found === undefined || !values.isOver(found)) return found;
    remove(at.key, key);
    return undefined;
  };
  const face = {
    get: (key: MapKey): unknown => {
      const found = one(key);
      return found === undefined ? undefined : values.back(found);
    },
    has: (key: MapKey): boolean => one(key) !== undefined,
    set: (key: MapKey, value: unknown): void => {
      const checkedKey = keys.of(key) as MapKey;
      const checkedValue = values.of(value, lifetime && table.get(0, at.key)?.get(checkedKey));
      const map = table.modify(0, at.key);
      if (map === undefined) table.put(0, at.key, at.group, new Map([[checkedKey, checkedValue]]));
      else map.set(checkedKey, checkedValue);
    },
    delete: (key: MapKey): boolean => {
      if (one(key) === undefined) return false;
      remove(at.key, key);
      return true;
    },
    clear: (): void => void table.delete(0, at.key),
    get size(): number {
      return all()?.size ?? 0;
    },
    [Symbol.iterator]: (): Iterator<readonly [MapKey, unknown]> =>
      [...(all() ?? [])].map(([key, found]) => [key, values.back(found)] as const)[Symbol.iterator](),
  };
  return { face, capture: () => restoring(table, at, (found) => new Map(found)), sweep: sweeping(table, lifetime, prune) };
}

function mapCodec(keys: KeptValue, values: KeptValue): ValueCodec<Map<MapKey, unknown>> {
  return {
    id: `map of ${keys.id} to ${values.id}`,
    write(out, map) {
      out.varint(map.size);
      for (const [key, value] of map) {
        keys.write(out, key);
        values.write(out, value);
      }
    },
    read(from) {
      const map = new Map<MapKey, unknown>();
      for (let left = from.varint(); left > 0; left--) map.set(keys.read(from) as MapKey, values.read(from));
      return map;
    },
  };
}

function listHandle(name: string, values: KeptValue, { table: declare, at }: StatePlace, lifetime?: Lifetime): StateHandle {
  const table = declare(stateTableName(name), listCodec(values));
  const prune = (of: string, list: readonly unknown[]): void => {
    if (!list.some(values.isOver)) return;
    const left = list.filter((found) => !values.isOver(found));
    if (left.length === 0) table.delete(0, of);
    else {
      const kept = table.modify(0, of)!;
      kept.length = 0;
      for (const each of left) kept.push(each);
    }
  };
  const all = (): readonly unknown[] => {
    const list = table.get(0, at.key);
    if (list === undefined) return [];
    if (lifetime !== undefined) prune(at.key, list);
    return table.get(0, at.key) ?? [];
  };
  const replace = (next: readonly unknown[]): void => {
    const kept = next.map((value) => values.of(value));
    if (kept.length === 0) table.delete(0, at.key);
    else table.put(0, at.key, at.group, kept);
  };
  const face = {
    push: (...more: readonly unknown[]): void => {
      const kept = more.map((value) => values.of(value));
      if (kept.length === 0) return;
      const list = table.modify(0, at.key);
      if (list === undefined) table.put(0, at.key, at.group, kept);
      else for (const each of kept) list.push(each);
    },
    replace,
    clear: (): void => void table.delete(0, at.key),
    get length(): number {
      return all().length;
    },
    [Symbol.iterator]: (): Iterator<unknown> => all().map(values.back)[Symbol.iterator](),
  };
  return { face, capture: () => restoring(table, at, (found) => found.slice()), sweep: sweeping(table, lifetime, prune) };
}

function listCodec(values: KeptValue): ValueCodec<unknown[]> {
  return {
    id: `list of ${values.id}`,
    write(out: ByteWriter, list) {
      out.varint(list.length);
      for (const value of list) values.write(out, value);
    },
    read: (from: ByteReader) => Array.from({ length: from.varint() }, () => values.read(from)),
  };
}

const nothing = (): void => undefined;

function sweeping<V>(
  table: StateTable<V>,
  lifetime: Lifetime | undefined,
  prune: (key: string, value: V) => void,
): (entries: number) => void {
  if (lifetime === undefined) return nothing;
  return (entries) => {
    for (const { key, value } of table.next(0, entries)) prune(key, value);
  };
}

/** Puts back what the key at hand had, when called. */
function restoring<V>(table: StateTable<V>, at: KeyAtHand, copy: (value: V) => V): () => void {
  const { key, group } = at;
  const found = table.get(0, key);
  const saved = found === undefined ? undefined : copy(found);
  return () => {
    if (found === undefined) table.delete(0, key);
    else table.put(0, key, group, saved as V);
  };
}
