/**
 * Which key a row has. The shuffle and the operators behind it ask here, so that they never differ.
 */
import { type Batch, fieldOf, isWindow, hashKey, KeyBytes, keyOfOne, keyValues } from '../batch/index.ts';
import { Recent } from '../core/index.ts';
import type { KeySelector } from '../plan/index.ts';
import { keyBytesOf } from './key-bytes.ts';

export type KeyedBy = { readonly columns: readonly string[] } | KeySelector;

/**
 * Resolved once per batch, then called per logical row: its key in canonical form.
 *
 * The returned function throws what the selector's closure throws, and `E_VALUE` for a value that cannot be a key.
 */
export function keyExtractor(by: KeyedBy): (batch: Batch) => (row: number) => string {
  if ('fn' in by) return (batch) => (row) => keyOfOne(by.fn(batch.row(row) as never));
  if ('column' in by) return ofOneColumn(by.column);
  return by.columns.length === 1 ? ofOneColumn(by.columns[0]!) : ofColumns(by.columns);
}

/**
 * The same for the shuffle, which needs no more than the hash, and cannot set rows aside: a row without a key goes somewhere, always the same
 * place, and the operator there sets it aside.
 */
export function routingHash(by: KeyedBy): (batch: Batch) => (row: number) => number {
  const hashes = hashesOf(by);
  return (batch) => {
    const hashAt = hashes(batch);
    return (row) => {
      try {
        return hashAt(row);
      } catch {
        return noKey;
      }
    };
  };
}

const noKey = hashKey(keyOfOne(null));

function hashesOf(by: KeyedBy): (batch: Batch) => (row: number) => number {
  if ('fn' in by) {
    const extract = keyExtractor(by);
    return (batch) => {
      const keyAt = extract(batch);
      return (row) => hashKey(keyAt(row));
    };
  }
  const columns = 'column' in by ? [by.column] : by.columns;
  const key = new KeyBytes();
  return (batch) => keyBytesOf(batch, columns, key);
}

/** @param ofText the key of a text */
function ofOneColumn(column: string, ofText: (text: string) => string = textKeys()): (batch: Batch) => (row: number) => string {
  const windows = new WindowKeys();
  return (batch) => {
    const read = batch.reader(column);
    if (hasWindows(batch, column)) return (row) => windows.of(read(row));
    return (row) => {
      const value = read(row);
      return typeof value === 'string' ? ofText(value) : keyOfOne(value);
    };
  };
}

/** Whether what a column holds are windows, and nothing else. */
function hasWindows({ schema }: Batch, column: string): boolean {
  const field = fieldOf(schema, column);
  return field !== undefined && isWindow(field.type);
}

/** The keys of windows: that of a row is mostly that of the one before. */
class WindowKeys {
  #start: unknown;
  #end: unknown;
  #key = '';

  of(window: unknown): string {
    if (window === null) return keyOfOne(null);
    const { start, end } = window as { readonly start: unknown; readonly end: unknown };
    if (start !== this.#start || end !== this.#end) {
      this.#key = keyOfOne(window); // throws what is none
      this.#start = start;
      this.#end = end;
    }
    return this.#key;
  }
}

/** The keys of texts, kept for those that came lately: the same key as the same string, whose hash a map need not compute again. */
function textKeys(): (text: string) => string {
  const keys = new Map<string, string>();
  return (text) => {
    const known = keys.get(text);
    if (known !== undefined) return known;
    if (keys.size >= textsMax) keys.clear();
    const key = keyOfOne(text);
    keys.set(text, key);
    return key;
  };
}

const textsMax = 4096;

export interface GroupedKey {
  readonly key: string;
  readonly group: number;
}

/** The same with the key's group: of keys that came lately both are found at once, and of a single column without making the key. */
export function groupedKeys(by: KeyedBy, groupOf: (key: string) => number): (batch: Batch) => (row: number) => GroupedKey {
  const recent = new RecentKeys(groupOf);
  const windows = new WindowKeys();
  const column = 'columns' in by ? (by.columns.length === 1 ? by.columns[0] : undefined) : 'column' in by ? by.column : undefined;
  if (column !== undefined)
    return (batch) => {
      const read = batch.reader(column);
      if (hasWindows(batch, column)) return (row) => recent.of(windows.of(read(row)), itself);
      return (row) => {
        const value = read(row);
        return typeof value !== 'object' || value === null ? recent.of(value, keyOfOne) : recent.made(keyOfOne(value));
      };
    };
  const extract = keyExtractor(by);
  return (batch) => {
    const keyAt = extract(batch);
    return (row) => recent.of(keyAt(row), itself);
  };
}

const itself = (key: string): string => key;

/** Keys that came lately, by what they were made of. */
class RecentKeys {
  // Values that are no objects find their keys as well as keys themselves do: 0 is -0 here, too, and a NaN is a NaN.
  readonly #recent = new Recent<unknown, GroupedKey>();
  readonly #groupOf: (key: string) => number;

  constructor(groupOf: (key: string) => number) {
    this.#groupOf = groupOf;
  }

  of<V>(value: V, keyOfValue: (value: V) => string): GroupedKey {
    const known = this.#recent.get(value);
    if (known !== undefined) return known;
    const made = this.made(keyOfValue(value));
    this.#recent.set(value, made);
    return made;
  }

  made(key: string): GroupedKey {
    return { key, group: this.#groupOf(key) };
  }
}

const numberTag = keyOfOne(0).slice(0, 1);
const numberKeyLength = keyOfOne(0).length;

/** What keys are made of, those that came lately. */
export class KnownKeys {
  readonly #values = new Map<string, readonly unknown[]>();

  valuesOf(key: string): readonly unknown[] {
    if (key.length === numberKeyLength && key.startsWith(numberTag)) return keyValues(key); // read sooner than found
    const known = this.#values.get(key);
    if (known !== undefined) return known;
    const values = keyValues(key);
    // What can be changed is made anew for each row.
    if (values.some((value) => typeof value === 'object' && value !== null)) return values;
    if (this.#values.size >= textsMax) this.#values.clear();
    this.#values.set(key, values);
    return values;
  }
}

/** `keyOf` of the values: their keys one behind the other. */
function ofColumns(columns: readonly string[]): (batch: Batch) => (row: number) => string {
  const parts = columns.map((column) => ofOneColumn(column, keyOfOne));
  return (batch) => {
    const partsAt = parts.map((part) => part(batch));
    return (row) => {
      let key = '';
      for (let i = 0; i < partsAt.length; i++) key += partsAt[i]!(row);
      return key;
    };
  };
}

/** A key for messages. */
export function keyInWords(key: string): string {
  const text = JSON.stringify(keyValues(key)).slice(1, -1);
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
