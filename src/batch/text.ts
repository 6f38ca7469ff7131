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

/** `toString` asks more questions; the library that we compile against does not know this one. */
export function latin1Slice(bytes: Buffer, from: number, to: number): string {
  return (bytes as Buffer & { latin1Slice(from: number, to: number): string }).latin1Slice(from, to);
}
