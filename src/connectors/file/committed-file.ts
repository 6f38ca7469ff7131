/**
 * One output file that only ever grows, by what was committed.
 *
 * Owns: the bytes on disk. A mark names a length of the file and what stands right before it: by marks a file is known
 * again, and a change by someone else is found before anything is written behind it.
 * Invariants: K1 at every instant the file is a prefix of what it will be: bytes are added at its end, never changed, and
 * nothing that was committed is cut off; K2 what `append` has confirmed is synced to disk.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, lstat, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { WeirError } from '../../core/index.ts';
import { readAt } from './file-position.ts';
import { syncFolder } from './sync-folder.ts';

export interface FileMark {
  readonly offset: number;
  /** Digest of the last bytes before the offset, at most `tailBytesMax`. */
  readonly tail: string;
}

const tailBytesMax = 4096;
export const startMark: FileMark = { offset: 0, tail: digest(new Uint8Array(0)) };

/** The last bytes before a mark, and the mark that follows once more bytes are written. */
export class GrowingTail {
  #bytes: Uint8Array;
  #offset: number;

  constructor(offset: number, bytes: Uint8Array) {
    this.#offset = offset;
    this.#bytes = bytes;
  }

  get mark(): FileMark {
    return { offset: this.#offset, tail: digest(this.#bytes) };
  }

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  add(bytes: Uint8Array): void {
    this.#offset += bytes.length;
    const whole = bytes.length >= tailBytesMax ? bytes : Buffer.concat([this.#bytes, bytes]);
    this.#bytes = new Uint8Array(whole.subarray(Math.max(0, whole.length - tailBytesMax)));
  }
}

export class CommittedFile {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Makes it an empty file, with its folders.
   *
   * @param fresh nothing was ever committed: what is there is from another job, and goes
   * @throws WeirError `E_SINK` if it is no file, or cannot be written; `E_SINK_CHANGED` if it has bytes and is not fresh
   */
  async begin(fresh: boolean): Promise<void> {
    const folder = dirname(this.#path);
    await mkdir(folder, { recursive: true }).catch((error) => {
      throw sinkError(error, folder);
    });
    await this.#with(constants.O_CREAT, async (handle) => {
      const { size } = await handle.stat();
      if (size > 0 && !fresh) throw this.#changed(`it has ${size} bytes, and the checkpoint knows of none`);
      await handle.truncate(0);
      await handle.sync();
    });
    await syncFolder(folder);
  }

  /** @throws WeirError `E_SINK_CHANGED` if it is shorter than `committed`, longer than `end`, or has other bytes before `committed` */
  async check(committed: FileMark, end: FileMark): Promise<void> {
    await this.#with(0, async (handle) => {
      await this.#checkMark(handle, committed);
      const { size } = await handle.stat();
      if (size > end.offset) throw this.#changed(`it has ${size} bytes, and the job wrote ${end.offset}`);
    });
  }

  /**
   * Puts the bytes behind `at`; those of them that are there already stay.
   *
   * @throws WeirError `E_SINK_CHANGED` if the file does not end in what was committed, or in a part of these bytes
   */
  async append(at: FileMark, bytes: Uint8Array, end: FileMark): Promise<void> {
    await this.#with(0, async (handle) => {
      await this.#checkMark(handle, at);
      const { size } = await handle.stat();
      if (size > end.offset) throw this.#changed(`it has ${size} bytes, and the job wrote ${end.offset}`);
      const present = await readAt(handle, at.offset, Math.min(size - at.offset, bytes.length));
      if (Buffer.compare(present, bytes.subarray(0, present.length)) !== 0)
        throw this.#changed(`there are other bytes behind byte ${at.offset}`);
      await writeAll(handle, bytes.subarray(present.length), at.offset + present.length);
      await handle.sync();
    });
  }

  async #checkMark(handle: FileHandle, mark: FileMark): Promise<void> {
    const { size } = await handle.stat();
    if (size < mark.offset) throw this.#changed(`it has ${size} bytes, and ${mark.offset} were committed`);
    const length = Math.min(mark.offset, tailBytesMax);
    if (digest(await readAt(handle, mark.offset - length, length)) !== mark.tail)
      throw this.#changed(`the bytes before byte ${mark.offset} are others`);
  }

  async #with(flags: number, use: (handle: FileHandle) => Promise<void>): Promise<void> {
    await this.#requireFile(flags === 0);
    const handle = await open(this.#path, constants.O_RDWR | flags).catch((error) => {
      throw sinkError(error, this.#path);
    });
    try {
      await use(handle);
    } catch (error) {
      throw sinkError(error, this.#path);
    } finally {
      await handle.close();
    }
  }

  async #requireFile(known: boolean): Promise<void> {
    const found = await lstat(this.#path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw sinkError(error, this.#path);
      if (known) throw this.#changed('it is gone');
      return null;
    });
    if (found === null || found.isFile()) return;
    throw new WeirError(
      'E_SINK',
      `${this.#path} is ${found.isDirectory() ? 'a folder' : found.isSymbolicLink() ? 'a link' : 'a device or pipe'}, not a file`,
      {
        retry: 'never',
        hint: 'give the path of a file that the job alone writes, or of a folder, which is a path without an extension',
      },
    );
  }

  #changed(what: string): WeirError {
    return new WeirError('E_SINK_CHANGED', `${this.#path} was changed by someone else: ${what}`);
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, offset: number): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, at, bytes.length - at, offset + at);
    at += bytesWritten;
  }
}

/** A full disk may be emptied; a missing permission stays. */
export function sinkError(thrown: unknown, path: string): WeirError {
  if (thrown instanceof WeirError) return thrown;
  const error = thrown as NodeJS.ErrnoException;
  const lasting = ['EACCES', 'EPERM', 'ENOTDIR', 'EISDIR', 'ELOOP', 'EROFS', 'ENAMETOOLONG', 'EEXIST'].includes(error.code ?? '');
  return new WeirError('E_SINK', `${path} cannot be written: ${error.message}`, {
    cause: error,
    ...(lasting ? { retry: 'never' } : {}),
  });
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16);
}
