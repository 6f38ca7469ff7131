/**
 * Rows of one batch by their codes: a table of open addressing that lives for one batch.
 *
 * Owns: the number of each row's group; groups are numbered in the order of their first rows.
 */
export class BatchGroups {
  /** By logical row. Rows that were left out have none: -1. */
  groupOf: Int32Array = new Int32Array(0);
  /** By group: its first row. */
  firsts: Int32Array = new Int32Array(0);
  count = 0;
  #slots = new Int32Array(0);
  #hashes = new Int32Array(0);
  readonly #number = new Float64Array(1);
  readonly #words = new Int32Array(this.#number.buffer);

  /**
   * @param codes one list for each part of the key, by logical row
   * @param isOut rows to leave out; undefined: none
   */
  group(length: number, codes: readonly Float64Array[], isOut: Uint8Array | undefined): void {
    this.#begin(length);
    const { groupOf, firsts } = this;
    const slots = this.#slots;
    const hashes = this.#hashes;
    const mask = slots.length - 1;
    let count = 0;
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
          if (hashes[group] !== hash || !isSame(codes, row, firsts[group]!)) continue;
          groupOf[row] = group;
          break;
        }
        firsts[count] = row;
        hashes[count] = hash;
        groupOf[row] = count;
        slots[slot] = ++count;
        break;
      }
    }
    this.count = count;
  }

  #begin(length: number): void {
    if (this.groupOf.length < length) {
      this.groupOf = new Int32Array(length);
      this.firsts = new Int32Array(length);
      this.#hashes = new Int32Array(length);
      this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(Math.max(length, 8) * 2)));
    } else this.#slots.fill(0);
  }

  #hashOf(codes: readonly Float64Array[], row: number): number {
    let hash = 0;
    for (let c = 0; c < codes.length; c++) {
      this.#number[0] = codes[c]![row]!;
      hash = Math.imul(hash ^ this.#words[0]! ^ Math.imul(this.#words[1]!, 0x9e3779b1), 0x85ebca6b);
      hash ^= hash >>> 15;
    }
    return hash;
  }
}

function isSame(codes: readonly Float64Array[], a: number, b: number): boolean {
  for (let c = 0; c < codes.length; c++) if (codes[c]![a] !== codes[c]![b]) return false;
  return true;
}
