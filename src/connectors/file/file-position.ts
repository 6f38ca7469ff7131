/**
 * Where reading goes on in a file, and by what the file is known again.
 *
 * A file may grow between two runs. What must be the same is its begin and the bytes right before the position: a file
 * that was replaced, shortened or edited there is refused, never read on from a place that means nothing.
 */
import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { WeirError } from '../../core/index.ts';

/** Some bytes of the file, by their digest. */
interface Imprint {
  readonly bytes: number;
  readonly digest: string;
}
export interface FilePosition {
  readonly offset: number;
  /** Lines or elements before the offset; of a file that is read in several splits, those of this one. */
  readonly count: number;
  /** The first bytes of the file. */
  readonly head: Imprint;
  /** The last bytes before the offset. */
  readonly tail: Imprint;
  /** Bytes that the file had when this split of it was first opened, where it has several. */
  readonly size?: number;
}

export const imprintBytesMax = 1024;
const lineFeed = 10;

export function imprint(bytes: Uint8Array): Imprint {
  return { bytes: bytes.length, digest: createHash('sha256').update(bytes).digest('hex').slice(0, 16) };
}

/** The imprint of the file's begin. */
export async function headOf(handle: FileHandle): Promise<Imprint> {
  return imprint(await readAt(handle, 0, imprintBytesMax));
}

/**
 * @param lines records are lines, so a position lies behind the end of one
 * @throws WeirError `E_SOURCE_CHANGED` if this is not the file that the position was taken of
 */
export async function checkFile(handle: FileHandle, name: string, position: FilePosition, lines: boolean): Promise<void> {
  const { size } = await handle.stat();
  if (size < position.offset) throw changed(name, `it has ${size} bytes, and ${position.offset} of it were read`);
  const head = await readAt(handle, 0, position.head.bytes);
  if (imprint(head).digest !== position.head.digest) throw changed(name, 'its begin is another');
  const tail = await readAt(handle, position.offset - position.tail.bytes, position.tail.bytes);
  if (imprint(tail).digest !== position.tail.digest)
    throw changed(name, `it was changed right before byte ${position.offset}, up to where it was read`);
  if (lines && size > position.offset && tail.length > 0 && tail[tail.length - 1] !== lineFeed)
    throw changed(name, 'its last line had no end when it was read, and has grown');
}

/** Up to `length` bytes: fewer only at the end of the file. */
export async function readAt(handle: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let at = 0;
  while (at < length) {
    const { bytesRead } = await handle.read(bytes, at, length - at, offset + at);
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  return bytes.subarray(0, at);
}

export function changed(name: string, what: string): WeirError {
  return new WeirError('E_SOURCE_CHANGED', `${name} is not the file that the checkpoint was taken of: ${what}`);
}
