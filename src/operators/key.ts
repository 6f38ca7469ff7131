/**
 * Which key a row has. The shuffle and the operators behind it ask here, so that they never differ.
 */
import { type Batch, keyOf, keyOfOne, keyValues } from '../batch/index.ts';
import type { KeySelector } from '../plan/index.ts';

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
 * The same for the shuffle, which cannot set rows aside: a row without a key goes somewhere, always the same place, and
 * the operator there sets it aside.
 */
export function routingKey(by: KeyedBy): (batch: Batch) => (row: number) => string {
  const extract = keyExtractor(by);
  return (batch) => {
    const keyAt = extract(batch);
    return (row) => {
      try {
        return keyAt(row);
      } catch {
        return keyOfOne(null);
      }
    };
  };
}

function ofOneColumn(column: string): (batch: Batch) => (row: number) => string {
  const known = new TextKeys();
  return (batch) => {
    const read = batch.reader(column);
    return (row) => {
      const value = read(row);
      return typeof value === 'string' ? known.of(value) : keyOfOne(value);
    };
  };
}

/** The keys of texts that came lately: the same key as the same string, whose hash a map need not compute again. */
class TextKeys {
  readonly #keys = new Map<string, string>();

  of(text: string): string {
    const known = this.#keys.get(text);
    if (known !== undefined) return known;
    if (this.#keys.size >= textsMax) this.#keys.clear();
    const key = keyOfOne(text);
    this.#keys.set(text, key);
    return key;
  }
}

const textsMax = 4096;

export interface GroupedKey {
  readonly key: string;
  readonly group: number;
}

/** The same with the key's group: of keys that came lately both are found at once, and of a single column without making the key. */
export function groupedKeys(by: KeyedBy, groupOf: (key: string) => number): (batch: Batch) => (row: number) => GroupedKey {
  // Values that are no objects find their keys as well as keys themselves do: 0 is -0 here, too, and a NaN is a NaN.
  const known = new Map<unknown, GroupedKey>();
  const found = (value: unknown, keyOfValue: (value: never) => string): GroupedKey => {
    const before = known.get(value);
    if (before !== undefined) return before;
    if (known.size >= groupedMax) known.clear();
    const key = keyOfValue(value as never);
    const made = { key, group: groupOf(key) };
    known.set(value, made);
    return made;
  };
  const column = 'columns' in by ? (by.columns.length === 1 ? by.columns[0] : undefined) : 'column' in by ? by.column : undefined;
  if (column !== undefined)
    return (batch) => {
      const read = batch.reader(column);
      return (row) => {
        const value = read(row);
        if (typeof value !== 'object' || value === null) return found(value, keyOfOne);
        const key = keyOfOne(value);
        return { key, group: groupOf(key) };
      };
    };
  const extract = keyExtractor(by);
  return (batch) => {
    const keyAt = extract(batch);
    return (row) => found(keyAt(row), itself);
  };
}

const itself = (key: string): string => key;
/** Of a few more keys than that both were found anew for nearly every row. */
const groupedMax = 1 << 14;

/** What keys are made of, those that came lately. */
export class KnownKeys {
  readonly #values = new Map<string, readonly unknown[]>();

  valuesOf(key: string): readonly unknown[] {
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

function ofColumns(columns: readonly string[]): (batch: Batch) => (row: number) => string {
  return (batch) => {
    const readers = columns.map((column) => batch.reader(column));
    return (row) => keyOf(readers.map((read) => read(row)));
  };
}

/** A key for messages. */
export function keyInWords(key: string): string {
  const text = JSON.stringify(keyValues(key)).slice(1, -1);
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
