/**
 * Entries that rest, as bytes outside of the garbage collector's heap: of one namespace, each key at most once.
 *
 * Owns: the bytes, in segments, and an index of them by hash of the key, in shards so that none is long in growing. A record is its size,
 * the hash, the key group, the key as `ByteWriter.string` writes it, and the value as its codec does. What is taken out leaves a hole; a
 * segment that is mostly holes moves what is left of it and is used again. Does not own: which entries rest (heap-table.ts).
 * Invariants: S29 a key has one record that the index knows, or none; S30 at most half of what is kept is holes, but for the segment that
 * is being filled.
 */
import { ByteReader, ByteWriter, copyBytes } from '../batch/index.ts';
import { invariant } from '../core/index.ts';

export interface PackedEntry {
  readonly key: string;
  readonly group: number;
  /** Stands at the value. */
  readonly value: ByteReader;
}

export const segmentBytes: number = 1 << 18;
/** Positions count units of four bytes: a number of 32 bits reaches 16 GiB. */
const unit = 4;
const segmentUnits = segmentBytes / unit;
const headBytes = 10;
const shardBits = 6;
const firstSlots = 16;

interface Segment {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Where the next record goes. */
  end: number;
  /** Bytes of records that count. */
  live: number;
}

export class PackedEntries {
  readonly #segments: (Segment | null)[] = [];
  readonly #free: number[] = [];
  /** By the highest bits of the hash: positions + 1, 0 = none; at most half of the slots are taken. */
  readonly #shards: (Uint32Array | undefined)[] = new Array<Uint32Array | undefined>(1 << shardBits);
  readonly #counts: Int32Array = new Int32Array(1 << shardBits);
  readonly #key = new ByteWriter();
  #filling = -1;
  #size = 0;
  /** Rises with every change. */
  #changes = 0;

  get size(): number {
    return this.#size;
  }

  /** Bytes of memory for records, holes included. */
  get bytes(): number {
    return this.#segments.reduce((sum, segment) => sum + (segment?.bytes.length ?? 0), 0);
  }

  /** Adds an entry whose key is not there. */
  add(key: string, group: number, value: Uint8Array): void {
    const written = this.#written(key);
    this.addBytes(written, 0, written.length, group, value, 0, value.length);
  }

  /** The same of bytes: the key's as `ByteWriter.string` writes them, and the value's. */
  addBytes(
    key: Uint8Array,
    keyFrom: number,
    keyTo: number,
    group: number,
    value: Uint8Array,
    valueFrom: number,
    valueTo: number,
  ): void {
    const hash = hashOf(key, keyFrom, keyTo);
    const size = headBytes + (keyTo - keyFrom) + (valueTo - valueFrom);
    const index = this.#room(size);
    const segment = this.#segments[index]!;
    const { end, bytes, view } = segment;
    view.setUint32(end, size, true);
    view.setUint32(end + 4, hash, true);
    view.setUint16(end + 8, group, true);
    copyBytes(key, keyFrom, keyTo, bytes, end + headBytes);
    copyBytes(value, valueFrom, valueTo, bytes, end + headBytes + keyTo - keyFrom);
    this.#place(index, segment, size, hash);
    this.#size++;
    this.#changes++;
  }

  /** Takes the entry out; undefined if there is none. Its value is to be read at once. */
  take(key: string): PackedEntry | undefined {
    const written = this.#written(key);
    const hash = hashOf(written, 0, written.length);
    const slots = this.#shards[shardOf(hash)];
    if (slots === undefined) return undefined;
    const slot = this.#find(slots, written, hash);
    if (slot < 0) return undefined;
    const index = Math.floor((slots[slot]! - 1) / segmentUnits);
    const segment = this.#segments[index]!;
    const at = offsetOf(slots[slot]!);
    const entry = this.#entryAt(segment, at);
    this.#clear(slots, slot);
    this.#counts[shardOf(hash)]!--;
    segment.live -= rounded(segment.view.getUint32(at, true));
    this.#size--;
    this.#changes++;
    if (index !== this.#filling && isSparse(segment)) this.#evacuate(index, segment);
    return entry;
  }

  /** All of them, in no order. Nothing may be changed meanwhile. */
  *entries(): Iterable<PackedEntry> {
    const before = this.#changes;
    for (const [index, segment] of this.#segments.entries()) {
      if (segment === null) continue;
      for (let at = 0; at < segment.end; at += rounded(segment.view.getUint32(at, true))) {
        if (!this.#isKnown(index, segment, at)) continue;
        yield this.#entryAt(segment, at);
        invariant(before === this.#changes, 'S29: nothing is changed while entries are listed');
      }
    }
  }

  /**
   * Gives the entries one after the other, however they change between two calls; undefined at the end. One that is moved meanwhile may
   * be left out, or come twice.
   */
  walk(): () => PackedEntry | undefined {
    let index = 0;
    let segment = this.#segments[0];
    let at = 0;
    return () => {
      for (;;) {
        // A segment that was evacuated, and perhaps is used again, is another object.
        if (segment === undefined || segment !== this.#segments[index] || segment === null || at >= segment.end) {
          if (index >= this.#segments.length) return undefined;
          segment = this.#segments[++index];
          at = 0;
          continue;
        }
        const here = at;
        at += rounded(segment.view.getUint32(here, true));
        if (this.#isKnown(index, segment, here)) return this.#entryAt(segment, here);
      }
    };
  }

  #entryAt({ bytes, view }: Segment, at: number): PackedEntry {
    const value = new ByteReader(bytes, at + headBytes, at + view.getUint32(at, true));
    return { key: value.string(), group: view.getUint16(at + 8, true), value };
  }

  #written(key: string): Uint8Array {
    this.#key.reset();
    this.#key.string(key);
    return this.#key.peek();
  }

  // ── segments

  /** The segment that has room for so many bytes behind its end. */
  #room(size: number): number {
    if (rounded(size) > segmentBytes) return this.#open(rounded(size));
    for (;;) {
      const filling = this.#segments[this.#filling] ?? null;
      if (filling !== null && filling.end + rounded(size) <= segmentBytes) return this.#filling;
      const full = this.#filling;
      this.#filling = this.#open(segmentBytes);
      if (filling !== null && isSparse(filling)) this.#evacuate(full, filling);
    }
  }

  #open(bytes: number): number {
    const index = this.#free.pop() ?? this.#segments.length;
    invariant((index + 1) * segmentUnits < 2 ** 32, 'S29: entries at rest fit into 16 GiB');
    const memory = new Uint8Array(bytes);
    this.#segments[index] = { bytes: memory, view: new DataView(memory.buffer), end: 0, live: 0 };
    return index;
  }

  #place(index: number, segment: Segment, size: number, hash: number): void {
    const position = index * segmentUnits + segment.end / unit + 1;
    segment.end += rounded(size);
    segment.live += rounded(size);
    const shard = shardOf(hash);
    let slots = this.#shards[shard];
    const count = ++this.#counts[shard]!;
    if (slots === undefined || count * 2 > slots.length) slots = this.#grown(shard, slots);
    const mask = slots.length - 1;
    let slot = hash & mask;
    while (slots[slot] !== 0) slot = (slot + 1) & mask;
    slots[slot] = position;
  }

  #grown(shard: number, slots: Uint32Array | undefined): Uint32Array {
    const grown = new Uint32Array(slots === undefined ? firstSlots : slots.length * 2);
    const mask = grown.length - 1;
    for (const position of slots ?? []) {
      if (position === 0) continue;
      let slot = this.#hashAt(position) & mask;
      while (grown[slot] !== 0) slot = (slot + 1) & mask;
      grown[slot] = position;
    }
    this.#shards[shard] = grown;
    return grown;
  }

  /** Moves what is left of a segment to the one that is being filled. */
  #evacuate(index: number, segment: Segment): void {
    this.#segments[index] = null;
    const { bytes, view, end, live } = segment;
    if (live > 0) {
      for (let at = 0; at < end; ) {
        const size = view.getUint32(at, true);
        const hash = view.getUint32(at + 4, true);
        const slots = this.#shards[shardOf(hash)]!;
        const slot = slotOf(slots, hash, index * segmentUnits + at / unit + 1);
        if (slot >= 0) {
          const to = this.#room(size);
          const target = this.#segments[to]!;
          copyBytes(bytes, at, at + size, target.bytes, target.end);
          slots[slot] = to * segmentUnits + target.end / unit + 1;
          target.end += rounded(size);
          target.live += rounded(size);
        }
        at += rounded(size);
      }
    }
    this.#free.push(index);
  }

  // ── the index

  /** The slot of the key; -1 if there is none. */
  #find(slots: Uint32Array, key: Uint8Array, hash: number): number {
    const mask = slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const position = slots[slot]!;
      if (position === 0) return -1;
      const { bytes, view } = this.#segmentOf(position);
      const at = offsetOf(position);
      if (view.getUint32(at + 4, true) === hash && startsWith(bytes, at + headBytes, key)) return slot;
    }
  }

  /** Empties a slot, and closes the gap: what stands behind it may have wanted to stand there. */
  #clear(slots: Uint32Array, emptied: number): void {
    const mask = slots.length - 1;
    let gap = emptied;
    for (let slot = (gap + 1) & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const wanted = this.#hashAt(slots[slot]!) & mask;
      // It stays if its place lies behind the gap.
      if (((slot - wanted) & mask) < ((slot - gap) & mask)) continue;
      slots[gap] = slots[slot]!;
      gap = slot;
    }
    slots[gap] = 0;
  }

  /** Whether the record there is one that the index knows. */
  #isKnown(index: number, { view }: Segment, at: number): boolean {
    const hash = view.getUint32(at + 4, true);
    const slots = this.#shards[shardOf(hash)];
    return slots !== undefined && slotOf(slots, hash, index * segmentUnits + at / unit + 1) >= 0;
  }

  #hashAt(position: number): number {
    return this.#segmentOf(position).view.getUint32(offsetOf(position) + 4, true);
  }

  #segmentOf(position: number): Segment {
    return this.#segments[Math.floor((position - 1) / segmentUnits)]!;
  }
}

const rounded = (size: number): number => (size + unit - 1) & -unit;
const isSparse = ({ live, end }: Segment): boolean => live * 2 < end;
const shardOf = (hash: number): number => hash >>> (32 - shardBits);
const offsetOf = (position: number): number => ((position - 1) % segmentUnits) * unit;

function slotOf(slots: Uint32Array, hash: number, position: number): number {
  const mask = slots.length - 1;
  for (let slot = hash & mask; slots[slot] !== 0; slot = (slot + 1) & mask) if (slots[slot] === position) return slot;
  return -1;
}

function startsWith(bytes: Uint8Array, from: number, key: Uint8Array): boolean {
  for (let i = 0; i < key.length; i++) if (bytes[from + i] !== key[i]) return false;
  return true;
}

/** FNV-1a, its bits mixed once more: shards are taken by the highest, slots by the lowest. */
function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0x811c9dc5;
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
