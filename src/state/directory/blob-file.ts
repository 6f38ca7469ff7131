/** A blob as a file: the SHA-256 of its id and bytes, then the bytes. */
import { createHash } from 'node:crypto';

const digestBytes = 32;

/** What the file consists of, in order: not joined, for blobs are large. */
export function toFile(id: string, bytes: Uint8Array): readonly Uint8Array[] {
  return [digest(id, bytes), bytes];
}

/** Undefined: this is not what was written under this id. */
export function fromFile(id: string, file: Uint8Array): Uint8Array | undefined {
  const bytes = file.slice(digestBytes);
  return Buffer.compare(file.subarray(0, digestBytes), digest(id, bytes)) === 0 ? bytes : undefined;
}

const digest = (id: string, bytes: Uint8Array): Uint8Array => createHash('sha256').update(`${id}\0`).update(bytes).digest();
