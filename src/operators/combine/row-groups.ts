/**
 * Rows of some batches by their codes: a table of open addressing that lives until what it holds has gone out.
 *
 * Owns: the number of each row's group; groups are numbered in the order of their first rows.
 */
export class RowGroups {
  /** By logical row of the last batch. Rows that were left out have none: -1. */
  groupOf: Int32Array = new Int32Array(0);
  /** Of the groups that the last batch began, the first row of each. */
  firsts: Int32Array = new Int32Array(0);
  count = 0;
  readonly #lists: number;
  /** By code list, the codes of each group. */
  #codes: Float64Array[] = [];
  #slots = new Int32Array(0);
  #hashes = new Int32Array(0);
  readonly #number = new Float64Array(1);
  readonly #words = new Int32Array(this.#number.buffer);

  /** @param lists parts that keys have */
  constructor(lists: number) {
    this.#lists = lists;
  }

  /** The next row begins the first group. */
  clear(): void {
    this.count = 0;
    this.#slots.fill(0);
  }

  /**
   * @param codes one list for each part of the key, by logical row
   * @param isOut rows to leave out; undefined: none
   */
  group(length: number, codes: readonly Float64Array[], isOut: Uint8Array | undefined): void {
    this.#reserve(length);
    const { groupOf, firsts } = this;
    const slots = this.#slots;
    const hashes = this.#hashes;
    const mask = slots.length - 1;
    const before = this.count;
    let count = before;
    for (let row = 0; row < length; row++) {
      if (isOut !== undefined && isOut[row] === 1) {
        groupOf[row] = -1;
        continue;
      }
      const hash = this.#hashOf(codes, row);
      for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
        // Slots hold group + 1: 0 is free.
        const group = slots[slot]! - 1;
        if (group >= 0) {
          if (hashes[group] !== hash || !this.#isOf(group, codes, row)) continue;
          groupOf[row] = group;
          break;
        }
        for (let c = 0; c < this.#lists; c++) this.#codes[c]![count] = codes[c]![row]!;
        firsts[count - before] = row;
        hashes[count] = hash;
        groupOf[row] = count;
        slots[slot] = ++count;
        break;
      }
    }
    this.count = count;
  }

  #reserve(length: number): void {
    if (this.groupOf.length < length) {
      this.groupOf = new Int32Array(length);
      this.firsts = new Int32Array(length);
    }
    const needed = this.count + length;
    if (needed <= this.#hashes.length) return;
    const size = Math.max(needed, this.#hashes.length * 2);
    const hashes = new Int32Array(size);
    hashes.set(this.#hashes);
    this.#hashes = hashes;
    this.#codes = Array.from({ length: this.#lists }, (_, c) => {
      const codes = new Float64Array(size);
      codes.set(this.#codes[c] ?? []);
      return codes;
    });
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(Math.max(size, 8) * 2)));
    const mask = this.#slots.length - 1;
    for (let group = 0; group < this.count; group++) {
      let slot = hashes[group]! & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = group + 1;
    }
  }

  #hashOf(codes: readonly Float64Array[], row: number): number {
    let hash = 0;
    for (let c = 0; c < this.#lists; c++) {
      this.#number[0] = codes[c]![row]!;
      hash = Math.imul(hash ^ this.#words[0]! ^ Math.imul(this.#words[1]!, 0x9e3779b1), 0x85ebca6b);
      hash ^= hash >>> 15;
    }
    return hash;
  }

  #isOf(group: number, codes: readonly Float64Array[], row: number): boolean {
    for (let c = 0; c < this.#lists; c++) if (this.#codes[c]![group] !== codes[c]![row]) return false;
    return true;
  }
}
