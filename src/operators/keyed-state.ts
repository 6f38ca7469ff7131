/**
 * The state that a process function declares, as handles on the key at hand.
 *
 * Owns: the tables, and keeping what users hold apart from what is stored: values that are objects are kept as bytes, and
 * read anew each time. Invariants: U3 a value that does not fit its field is refused when it is set.
 */
import { ByteReader, ByteWriter, fieldCodec, type FieldType } from '../batch/index.ts';
import type { StateDeclaration } from '../plan/index.ts';
import type { StateTable, ValueCodec } from '../state/index.ts';

/** The key that handles speak of; changed by the operator from row to row. */
export interface KeyAtHand {
  key: string;
  group: number;
}
type Declare = <V>(name: string, codec: ValueCodec<V>) => StateTable<V>;
type MapKey = string | number;

/** One declared state: what the user sees, and how to take back what happened since. */
export interface StateHandle {
  readonly face: object;
  capture(): () => void;
}

export function stateHandle(name: string, declared: StateDeclaration, declare: Declare, at: KeyAtHand): StateHandle {
  return declared.kind === 'value' ? valueHandle(name, declared, declare, at) : mapHandle(name, declared, declare, at);
}

/** A value as it is stored: primitives as they are, all else as bytes. */
interface Stored {
  readonly id: string;
  of(value: unknown): unknown;
  back(stored: unknown): unknown;
  write(out: ByteWriter, stored: unknown): void;
  read(from: ByteReader): unknown;
}

const plainKinds: ReadonlySet<string> = new Set(['float64', 'int64', 'timestamp', 'bool', 'string']);

function storedField(field: FieldType): Stored {
  const codec = fieldCodec(field);
  const scratch = new ByteWriter();
  const encode = (value: unknown): Uint8Array => {
    scratch.reset();
    codec.write(scratch, value);
    return scratch.finish();
  };
  const id = `${field.type.kind}${field.nullable ? '?' : ''}`;
  if (plainKinds.has(field.type.kind)) {
    const checked = (value: unknown): unknown => {
      scratch.reset();
      codec.write(scratch, value);
      return value ?? null;
    };
    return {
      id,
      of: checked,
      back: (stored) => stored,
      write: (out, stored) => codec.write(out, stored),
      read: (from) => codec.read(from),
    };
  }
  return {
    id,
    of: encode,
    back: (stored) => codec.read(new ByteReader(stored as Uint8Array)),
    write: (out, stored) => out.bytes(stored as Uint8Array),
    read: (from) => from.bytes(),
  };
}

function valueHandle(
  name: string,
  { value }: Extract<StateDeclaration, { kind: 'value' }>,
  declare: Declare,
  at: KeyAtHand,
): StateHandle {
  const stored = storedField(value);
  const table = declare<unknown>(`state.${name}`, { id: `value of ${stored.id}`, write: stored.write, read: stored.read });
  const face = {
    get: (): unknown => {
      const found = table.get(0, at.key);
      return found === undefined ? undefined : stored.back(found);
    },
    set: (next: unknown): void => table.put(0, at.key, at.group, stored.of(next)),
    clear: (): void => void table.delete(0, at.key),
  };
  return { face, capture: () => restoring(table, at, (found) => found) };
}

function mapHandle(
  name: string,
  declared: Extract<StateDeclaration, { kind: 'map' }>,
  declare: Declare,
  at: KeyAtHand,
): StateHandle {
  const keys = storedField({ type: declared.key.type, nullable: false });
  const values = storedField(declared.value);
  const table = declare(`state.${name}`, mapCodec(keys, values));
  const remove = (key: MapKey): boolean => {
    if (table.get(0, at.key)?.has(key) !== true) return false;
    const map = table.modify(0, at.key)!;
    map.delete(key);
    if (map.size === 0) table.delete(0, at.key);
    return true;
  };
  const face = {
    get: (key: MapKey): unknown => {
      const found = table.get(0, at.key)?.get(key);
      return found === undefined ? undefined : values.back(found);
    },
    has: (key: MapKey): boolean => table.get(0, at.key)?.has(key) === true,
    set: (key: MapKey, value: unknown): void => {
      const checkedKey = keys.of(key) as MapKey;
      const checkedValue = values.of(value);
      const map = table.modify(0, at.key);
      if (map === undefined) table.put(0, at.key, at.group, new Map([[checkedKey, checkedValue]]));
      else map.set(checkedKey, checkedValue);
    },
    delete: remove,
    clear: (): void => void table.delete(0, at.key),
    get size(): number {
      return table.get(0, at.key)?.size ?? 0;
    },
    [Symbol.iterator]: (): Iterator<readonly [MapKey, unknown]> =>
      [...(table.get(0, at.key) ?? [])].map(([key, value]) => [key, values.back(value)] as const)[Symbol.iterator](),
  };
  return { face, capture: () => restoring(table, at, (found) => new Map(found)) };
}

function mapCodec(keys: Stored, values: Stored): ValueCodec<Map<MapKey, unknown>> {
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
