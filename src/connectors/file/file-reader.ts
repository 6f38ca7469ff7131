/**
 * Reads one file, piece by piece.
 *
 * Owns: the open file and a buffer of bounded size; the position after each piece. Does not own: how bytes are cut
 * (records/), what they mean (formats/).
 * Invariants: C1 the position after a piece, given to `openFile`, gives the pieces that follow.
 */
import type { FileHandle } from 'node:fs/promises';
import type { Piece, SourceContext, SplitReader } from '../../operators/index.ts';
import type { FormatDefinition, LineScanner } from '../formats/index.ts';
import { Pacer, PieceBuilder, type RawRecord, type RecordSplitter } from '../records/index.ts';
import { changed, type FilePosition, imprint, imprintBytesMax, readAt } from './file-position.ts';

const chunkBytes = 256 * 1024;
/** A piece ends behind the record that reaches this, however few rows it has. */
const pieceBytesMax = 4 * 1024 * 1024;

export interface FileReaderOptions {
  readonly handle: FileHandle;
  readonly split: string;
  /** Of the file, for messages. */
  readonly name: string;
  readonly format: FormatDefinition;
  readonly splitter: RecordSplitter;
  readonly decode: (record: Uint8Array) => object;
  readonly head: FilePosition['head'];
  /** Records before the position that reading begins at. */
  readonly records: number;
  /** Rows a second; 0 = no limit. */
  readonly rate: number;
  readonly recordBytesMax: number;
  /** Names the nth line or element: `orders.jsonl:12`. */
  readonly place: (count: number) => string;
  readonly context: SourceContext;
}

export class FileReader implements SplitReader {
  readonly #o: FileReaderOptions;
  readonly #pieces: PieceBuilder;
  readonly #pacer: Pacer;
  readonly #scanner: LineScanner | null;
  #chunk: Uint8Array = new Uint8Array(chunkBytes);
  #chunkStart: number;
  #chunkLength = 0;
  /** The chunk after it is read while this one's records are made. */
  #spare: Uint8Array = new Uint8Array(chunkBytes);
  #ahead: Promise<number> | null = null;
  #ended = false;

  constructor(options: FileReaderOptions) {
    this.#o = options;
    const { context } = options;
    this.#pieces = new PieceBuilder(options.format.schema, options.split, context.operator, options.records);
    this.#pacer = new Pacer(options.rate, context.clock, context.signal);
    this.#chunkStart = options.splitter.offset;
    this.#scanner = options.splitter.whole === undefined ? null : (options.format.scanner?.(this.#pieces.rows) ?? null);
  }

  async read(): Promise<Piece | null> {
    const { signal, batchRowsMax } = this.#o.context;
    signal.throwIfAborted();
    if (this.#ended) return null;
    const most = await this.#pacer.admit(batchRowsMax);
    const { splitter } = this.#o;
    const bytesEnd = splitter.offset + pieceBytesMax;
    while (this.#pieces.records < most && splitter.offset < bytesEnd) {
      if (this.#skim(most - this.#pieces.records)) continue;
      const record = splitter.next();
      if (record !== null) this.#add(record);
      else if (!(await this.#readChunk())) break;
      else signal.throwIfAborted();
    }
    return this.#pieces.records === 0 && this.#ended ? null : this.#pieces.take(await this.#position());
  }

  async close(): Promise<void> {
    await this.#ahead?.catch(() => undefined); // whoever wanted it is gone
    await this.#o.handle.close();
  }

  /** False at the end of the file, whose last record may have no end. */
  async #readChunk(): Promise<boolean> {
    const start = this.#chunkStart + this.#chunkLength;
    // What was not there when it was asked for in advance may be there now.
    const bytesRead = (await this.#takeAhead()) || (await this.#readInto(this.#spare, start));
    [this.#chunk, this.#spare] = [this.#spare, this.#chunk];
    this.#chunkStart = start;
    this.#chunkLength = bytesRead;
    if (bytesRead > 0) {
      this.#readAhead(start + bytesRead);
      this.#o.splitter.push(this.#chunk.subarray(0, bytesRead));
      return true;
    }
    this.#ended = true;
    const last = this.#o.splitter.end();
    if (last !== null) this.#add(last);
    return false;
  }

  async #takeAhead(): Promise<number> {
    const ahead = this.#ahead;
    this.#ahead = null;
    return ahead ?? 0;
  }

  #readAhead(start: number): void {
    this.#ahead = this.#readInto(this.#spare, start);
    this.#ahead.catch(() => undefined); // told when it is taken
  }

  async #readInto(chunk: Uint8Array, start: number): Promise<number> {
    const { bytesRead } = await this.#o.handle.read(chunk, 0, chunkBytes, start);
    return bytesRead;
  }

  /** Lines that the scanner takes; false if it does not take the next. */
  #skim(most: number): boolean {
    const { splitter } = this.#o;
    const span = this.#scanner === null ? null : splitter.whole!();
    if (span === null) return false;
    const { rows } = this.#pieces;
    const before = rows.length;
    const to = this.#scanner!.read(span.bytes, span.from, span.to, most);
    const lines = rows.length - before;
    splitter.pass!(to, lines);
    this.#pieces.added(lines);
    return lines > 0;
  }

  #add({ bytes, tooLong }: RawRecord): void {
    const { format, splitter, place, recordBytesMax } = this.#o;
    if (bytes.length === 0 && format.blankLines === 'skip') return;
    const { count } = splitter;
    if (tooLong)
      this.#pieces.setAside(bytes, `${place(count)}: the record is longer than ${recordBytesMax} bytes; these are its first`);
    else if (this.#scanner?.readWhole(bytes) === true) this.#pieces.added(1);
    else this.#pieces.add(bytes, this.#o.decode, () => place(count));
  }

  async #position(): Promise<FilePosition> {
    const { offset, count } = this.#o.splitter;
    const bytes = Math.min(offset, imprintBytesMax);
    const tail = await this.#before(offset, bytes);
    if (tail.length < bytes) throw changed(this.#o.name, 'it was shortened while it was read');
    return { offset, count, head: this.#o.head, tail: imprint(tail) };
  }

  /** The bytes before an offset: from the chunk where they are in it. */
  async #before(offset: number, bytes: number): Promise<Uint8Array> {
    const at = offset - this.#chunkStart;
    if (at >= bytes && at <= this.#chunkLength) return this.#chunk.subarray(at - bytes, at);
    return readAt(this.#o.handle, offset - bytes, bytes);
  }
}
