/**
 * Text as bytes, without loss: UTF-8, or UTF-16 where a string has lone surrogates, which UTF-8 cannot say.
 * Node 20 has `isWellFormed`; the library that we compile against does not know it yet.
 */
export function isWellFormed(text: string): boolean {
  return (text as string & { isWellFormed(): boolean }).isWellFormed();
}

/** What a Buffer can do with text. Said without Node's types: programs that use the package may not have them. */
export interface TextBytes extends Uint8Array {
  toString(encoding?: 'latin1' | 'utf8' | 'utf16le', from?: number, to?: number): string;
  /** `toString` asks more questions. */
  latin1Slice(from: number, to: number): string;
  /** How many bytes the text takes, which are then there from `at` on. */
  write(text: string, at: number, encoding: 'latin1' | 'utf8' | 'utf16le'): number;
}

/** Over the same memory, with text methods. */
export function bufferOver(bytes: Uint8Array): TextBytes {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) as unknown as TextBytes;
}

export function latin1Slice(bytes: TextBytes, from: number, to: number): string {
  return bytes.latin1Slice(from, to);
}
