/**
 * Strings of bytes that were seen before: making one anew costs several times as much as finding it.
 *
 * Owns: a table of fixed size, each entry the last string of its hash. Bytes are ASCII, and their hash is a number whose digits they are, to
 * the base below: of up to four, which are most codes and names of states, there are no two with the same.
 */
const size = 4096;
const lengthMax = 48;
const exactMax = 4;
export const hashBase = 257;

export class TextCache {
  readonly #texts: string[] = Array.from({ length: size }, () => '');
  readonly #hashes = new Int32Array(size);
  #bytes: Uint8Array | null = null;
  #buffer: Buffer = Buffer.alloc(0);

  /** @param hash of just these bytes, as an integer of 32 bits */
  text(bytes: Uint8Array, from: number, to: number, hash: number): string {
    if (to - from > lengthMax) return this.#make(bytes, from, to);
    const slot = (hash ^ (hash >>> 15)) & (size - 1);
    const known = this.#texts[slot]!;
    const { length } = known;
    if (this.#hashes[slot] === hash && length === to - from && (length <= exactMax || isSame(known, bytes, from))) return known;
    const made = this.#make(bytes, from, to);
    this.#texts[slot] = made;
    this.#hashes[slot] = hash;
    return made;
  }

  #make(bytes: Uint8Array, from: number, to: number): string {
    if (this.#bytes !== bytes) {
      this.#bytes = bytes;
      this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    return this.#buffer.toString('latin1', from, to);
  }
}

function isSame(text: string, bytes: Uint8Array, from: number): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[from + i]) return false;
  return true;
}
