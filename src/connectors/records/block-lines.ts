/**
 * The lines of every Nth block of a file, so that several readers share one file.
 *
 * A line belongs to the block that its first byte lies in. Its reader reads over the block's end to finish it; the reader of
 * the next block begins behind the first line feed from the byte before that block on, so right at its begin if a line ends there.
 * Owns: which bytes are wanted next; cutting them is the LineSplitter's. Pure.
 * Invariants: BL1 every line is given by exactly one of the N readers; BL2 `offset` is always the begin of a line (or the end of
 * the file), and says alone what follows.
 */
import { LineSplitter } from './line-splitter.ts';
import type { RawRecord, RecordSplitter } from './record-splitter.ts';

const lineFeed = 10;
/** A line under way at the end of a block is looked for in pieces of this size. */
const overrunBytes = 64 * 1024;

/** Some bytes of a file: at most so many. */
export interface Extent {
  readonly start: number;
  readonly bytes: number;
}

/** In which order the chunks of a file are read. */
export interface ChunkPlan {
  wanted(): Extent;
  /** Will probably be wanted once the chunk that ends here is used up. */
  likely(end: number): Extent;
}

/** Of blocks numbered from 0, those whose number leaves `index` when it is divided by `count`. */
export interface BlockShare {
  readonly index: number;
  readonly count: number;
  readonly blockBytes: number;
}

export class BlockLines implements RecordSplitter, ChunkPlan {
  /** Where the line that was given last begins. */
  began: number;
  readonly #share: BlockShare;
  readonly #lineBytesMax: number;
  #block = 0;
  /** Behind the last byte of the block. */
  #end = 0;
  /** Null until it is known where the block's first line begins. */
  #lines: LineSplitter | null = null;
  #offset: number;
  #count: number;
  /** Of the chunk that comes next. */
  #start = 0;

  /** @param offset of the begin of any line: the first one of this share from there on is the first that is given */
  constructor(offset: number, count: number, lineBytesMax: number, share: BlockShare) {
    this.began = offset;
    this.#share = share;
    this.#lineBytesMax = lineBytesMax;
    this.#offset = offset;
    this.#count = count;
    this.#goOn();
  }

  get offset(): number {
    return this.#lines?.offset ?? this.#offset;
  }

  /** Lines that this reader has passed. */
  get count(): number {
    return this.#lines?.count ?? this.#count;
  }

  wanted(): Extent {
    return { start: this.#start, bytes: this.#start < this.#end ? this.#end - this.#start : overrunBytes };
  }

  likely(end: number): Extent {
    if (end < this.#end) return { start: end, bytes: this.#end - end };
    if (end === this.#end) return { start: end, bytes: overrunBytes };
    return { start: this.#end + (this.#share.count - 1) * this.#share.blockBytes - 1, bytes: this.#share.blockBytes + 1 };
  }

  push(chunk: Uint8Array): void {
    const start = this.#start;
    this.#start += chunk.length;
    if (this.#lines === null) this.#find(chunk, start);
    else this.#lines.push(chunk);
  }

  next(): RawRecord | null {
    if (this.#lines === null) return null;
    if (this.offset >= this.#end) this.#leave();
    this.began = this.offset;
    return this.#lines?.next() ?? null;
  }

  whole(): ReturnType<LineSplitter['whole']> {
    return this.offset < this.#end ? (this.#lines?.whole() ?? null) : null;
  }

  pass(to: number, lines: number): void {
    this.#lines!.pass(to, lines);
  }

  end(): RawRecord | null {
    this.began = this.offset;
    return this.#lines?.end() ?? null;
  }

  /** The first line behind the one that reaches into the block; that one may reach to the block's end. */
  #find(chunk: Uint8Array, start: number): void {
    const before = chunk.indexOf(lineFeed);
    if (before >= 0) {
      this.#lines = new LineSplitter(start + before + 1, this.#count, this.#lineBytesMax);
      this.#lines.push(chunk.subarray(before + 1));
    } else if (this.#start >= this.#end) this.#seek(this.#block + this.#share.count);
  }

  #leave(): void {
    this.#offset = this.offset;
    this.#count = this.count;
    this.#goOn();
  }

  /** From `offset`, the begin of a line: in its block, or in the next one of this share. */
  #goOn(): void {
    const { index, count, blockBytes } = this.#share;
    const block = Math.floor(this.#offset / blockBytes);
    const ahead = (index - (block % count) + count) % count;
    if (ahead > 0) return this.#seek(block + ahead);
    this.#enter(block);
    this.#start = this.#offset;
    this.#lines = new LineSplitter(this.#offset, this.#count, this.#lineBytesMax);
  }

  #seek(block: number): void {
    this.#enter(block);
    this.#start = block * this.#share.blockBytes - 1;
    this.#lines = null;
  }

  #enter(block: number): void {
    this.#block = block;
    this.#end = (block + 1) * this.#share.blockBytes;
  }
}
