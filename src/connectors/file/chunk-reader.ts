/**
 * Reads a file by chunks: one after the other, or those that a plan wants.
 *
 * Owns: the open file and two buffers. The chunk that will probably come next is read while the records of this one are made.
 */
import type { FileHandle } from 'node:fs/promises';
import type { ChunkPlan, Extent } from '../records/index.ts';
import { readAt } from './file-position.ts';

/** Many files may be open, and most of them small. */
const firstChunkBytes = 256 * 1024;
/** Behind a first full one: what a read costs besides its bytes is then little. */
const chunkBytes = 1024 * 1024;

interface Ahead {
  readonly start: number;
  readonly bytesRead: Promise<number>;
}

export class ChunkReader {
  readonly #handle: FileHandle;
  readonly #plan: ChunkPlan | null;
  #chunk: Uint8Array = new Uint8Array(firstChunkBytes);
  #start: number;
  #length = 0;
  #spare: Uint8Array = new Uint8Array(firstChunkBytes);
  #ahead: Ahead | null = null;

  /** @param offset where the first chunk begins if there is no plan */
  constructor(handle: FileHandle, offset: number, plan: ChunkPlan | null) {
    this.#handle = handle;
    this.#plan = plan;
    this.#start = offset;
  }

  /** Valid until the next call; null at the end of the file. */
  async next(): Promise<Uint8Array | null> {
    const wanted = this.#plan?.wanted() ?? following(this.#start + this.#length);
    // What was not there when it was asked for in advance may be there now.
    const bytesRead = (await this.#takeAhead(wanted.start)) || (await this.#readInto(this.#spare, wanted));
    [this.#chunk, this.#spare] = [this.#spare, this.#chunk];
    this.#start = wanted.start;
    this.#length = Math.min(bytesRead, wanted.bytes);
    if (bytesRead === 0) return null;
    if (this.#length === this.#chunk.length && this.#spare.length < chunkBytes) this.#spare = new Uint8Array(chunkBytes);
    const end = this.#start + this.#length;
    this.#readAhead(this.#plan?.likely(end) ?? following(end));
    return this.#chunk.subarray(0, this.#length);
  }

  /** The bytes before an offset: from the chunk where they are in it. Fewer if the file is shorter. */
  async before(offset: number, bytes: number): Promise<Uint8Array> {
    const at = offset - this.#start;
    if (at >= bytes && at <= this.#length) return this.#chunk.subarray(at - bytes, at);
    return readAt(this.#handle, offset - bytes, bytes);
  }

  async close(): Promise<void> {
    await this.#ahead?.bytesRead.catch(() => undefined); // whoever wanted it is gone
    await this.#handle.close();
  }

  /** How much of it is in the spare buffer; 0 if something else was read. */
  async #takeAhead(start: number): Promise<number> {
    const ahead = this.#ahead;
    this.#ahead = null;
    const bytesRead = await ahead?.bytesRead;
    return ahead?.start === start ? (bytesRead ?? 0) : 0;
  }

  #readAhead(likely: Extent): void {
    const bytesRead = this.#readInto(this.#spare, likely);
    bytesRead.catch(() => undefined); // told when it is taken
    this.#ahead = { start: likely.start, bytesRead };
  }

  async #readInto(chunk: Uint8Array, { start, bytes }: Extent): Promise<number> {
    const { bytesRead } = await this.#handle.read(chunk, 0, Math.min(bytes, chunk.length), start);
    return bytesRead;
  }
}

const following = (start: number): Extent => ({ start, bytes: chunkBytes });
