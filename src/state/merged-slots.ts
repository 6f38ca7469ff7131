/**
 * Entries of several spaces, those of one key merged: their slots lie in memory of its own, so that no entry becomes an object before all are in.
 *
 * Owns: which entries have the same key. Does not own: what slots mean; the entries, which nobody changes meanwhile.
 */
import type { ByteSpace } from './byte-space.ts';
import { KeyIndex, type KeyPlaces } from './key-index.ts';
import type { SlotMerge, TableEntry } from './table.ts';
import type { Slots } from './value-codec.ts';

const firstKeys = 256;

export class MergedSlots<V> implements KeyPlaces {
  readonly #slots: Slots<V>;
  readonly #merge: SlotMerge;
  readonly #index = new KeyIndex(this);
  /** By position, from 1: an entry of the key, and the space in which it lies. */
  readonly #entries: number[] = [0];
  readonly #spaces: ByteSpace[];
  #view: DataView;

  /** @param any some space */
  constructor(slots: Slots<V>, merge: SlotMerge, any: ByteSpace) {
    this.#slots = slots;
    this.#merge = merge;
    this.#spaces = [any];
    this.#view = new DataView(new ArrayBuffer(firstKeys * slots.bytes));
  }

  /** False: what the entries of its key come to does not fit into slots. */
  add(space: ByteSpace, entry: number): boolean {
    const { bytes } = this.#slots;
    const { view, at } = space.slots(entry);
    const known = space.findIn(this.#index, entry);
    if (known !== 0) return this.#merge(this.#view, known * bytes, view, at);
    const position = this.#entries.push(entry) - 1;
    this.#spaces.push(space);
    this.#index.add(space.hashOf(entry), position);
    if ((position + 1) * bytes > this.#view.byteLength) this.#grow();
    for (let i = 0; i < bytes; i++) this.#view.setUint8(position * bytes + i, view.getUint8(at + i));
    return true;
  }

  isOf(position: number, bytes: Uint8Array, from: number, to: number): boolean {
    return this.#spaces[position]!.isOf(this.#entries[position]!, bytes, from, to);
  }

  /** One for each key, in the order in which they came. */
  all(): TableEntry<V>[] {
    const found: TableEntry<V>[] = [];
    for (let position = 1; position < this.#entries.length; position++) {
      const space = this.#spaces[position]!;
      const entry = this.#entries[position]!;
      const value = this.#slots.read(this.#view, position * this.#slots.bytes);
      found.push({ key: space.keyOf(entry), group: space.groupOf(entry), value });
    }
    return found;
  }

  #grow(): void {
    const grown = new Uint8Array(this.#view.byteLength * 2);
    grown.set(new Uint8Array(this.#view.buffer));
    this.#view = new DataView(grown.buffer);
  }
}
