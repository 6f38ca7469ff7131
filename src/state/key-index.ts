/**
 * An index of keys by their hash, whole numbers of 32 bits with a sign, since those need no object: to positions above 0.
 *
 * Owns: slots, in shards so that none is long in growing. Does not own: keys, which lie with who asks.
 */

/** Where keys lie. */
export interface KeyPlaces {
  /** Whether the key of a position is this one. */
  isOf(position: number, key: Uint8Array, from: number, to: number): boolean;
}

const shardBits = 6;
const firstSlots = 16;

export class KeyIndex {
  readonly #places: KeyPlaces;
  /** Pairs of a hash and a position; at most half of them are taken. */
  readonly #shards: (Int32Array | undefined)[] = new Array<Int32Array | undefined>(1 << shardBits);
  readonly #counts: Int32Array = new Int32Array(1 << shardBits);

  constructor(places: KeyPlaces) {
    this.#places = places;
  }

  /** The position of a key, 0 = it is not there. */
  find(key: Uint8Array, from: number, to: number, hash: number): number {
    const slots = this.#shards[shardOf(hash)];
    if (slots === undefined) return 0;
    const mask = slots.length / 2 - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const position = slots[slot * 2 + 1]!;
      if (position === 0 || (slots[slot * 2] === hash && this.#places.isOf(position, key, from, to))) return position;
    }
  }

  /** Adds a key that is not there. */
  add(hash: number, position: number): void {
    const shard = shardOf(hash);
    let slots = this.#shards[shard];
    const count = ++this.#counts[shard]!;
    if (slots === undefined || count * 4 > slots.length) slots = this.#grown(shard, slots);
    put(slots, hash, position);
  }

  /** Takes a key out that is there. */
  remove(hash: number, position: number): void {
    const shard = shardOf(hash);
    const slots = this.#shards[shard]!;
    const mask = slots.length / 2 - 1;
    let gap = hash & mask;
    while (slots[gap * 2 + 1] !== position) gap = (gap + 1) & mask;
    this.#counts[shard]!--;
    // What stands behind it may have wanted to stand there.
    for (let slot = (gap + 1) & mask; slots[slot * 2 + 1] !== 0; slot = (slot + 1) & mask) {
      const wanted = slots[slot * 2]! & mask;
      if (((slot - wanted) & mask) < ((slot - gap) & mask)) continue;
      slots[gap * 2] = slots[slot * 2]!;
      slots[gap * 2 + 1] = slots[slot * 2 + 1]!;
      gap = slot;
    }
    slots[gap * 2 + 1] = 0;
  }

  #grown(shard: number, slots: Int32Array | undefined): Int32Array {
    const grown = new Int32Array(slots === undefined ? firstSlots * 2 : slots.length * 2);
    if (slots !== undefined)
      for (let i = 0; i < slots.length; i += 2) if (slots[i + 1] !== 0) put(grown, slots[i]!, slots[i + 1]!);
    this.#shards[shard] = grown;
    return grown;
  }
}

/** Key groups are taken by the highest bits, slots by the lowest. */
const shardOf = (hash: number): number => (hash >>> 20) & ((1 << shardBits) - 1);

function put(slots: Int32Array, hash: number, position: number): void {
  const mask = slots.length / 2 - 1;
  let slot = hash & mask;
  while (slots[slot * 2 + 1] !== 0) slot = (slot + 1) & mask;
  slots[slot * 2] = hash;
  slots[slot * 2 + 1] = position;
}

/** Whether there is such a key, so long, in these bytes. */
export function isKey(bytes: Uint8Array, at: number, key: Uint8Array, from: number, to: number): boolean {
  for (let i = 0; i < to - from; i++) if (bytes[at + i] !== key[from + i]) return false;
  return true;
}
