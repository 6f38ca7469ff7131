/**
 * Text as bytes, without loss: UTF-8, or UTF-16 where a string has lone surrogates, which UTF-8 cannot say.
 * Node 20 has `isWellFormed`; the library that we compile against does not know it yet.
 */
export function isWellFormed(text: string): boolean {
  return (text as string & { isWellFormed(): boolean }).isWellFormed();
}

/** A Buffer over the same memory, for its text methods. */
export function bufferOver(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
