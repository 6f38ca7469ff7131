/**
 * Strings of bytes that were seen before: making one anew costs several times as much as finding it.
 *
 * Owns: a table of fixed size, each entry the last string of its hash. Bytes are ASCII.
 */
const size = 4096;
const lengthMax = 48;

export class TextCache {
  readonly #texts: string[] = Array.from({ length: size }, () => '');
  #bytes: Uint8Array | null = null;
  #buffer: Buffer = Buffer.alloc(0);

  /** @param hash of just these bytes */
  text(bytes: Uint8Array, from: number, to: number, hash: number): string {
    if (to - from > lengthMax) return this.#make(bytes, from, to);
    const slot = (hash ^ (hash >>> 15)) & (size - 1);
    const known = this.#texts[slot]!;
    if (isSame(known, bytes, from, to)) return known;
    const made = this.#make(bytes, from, to);
    this.#texts[slot] = made;
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

function isSame(text: string, bytes: Uint8Array, from: number, to: number): boolean {
  const { length } = text;
  if (length !== to - from) return false;
  for (let i = 0; i < length; i++) if (text.charCodeAt(i) !== bytes[from + i]) return false;
  return true;
}
