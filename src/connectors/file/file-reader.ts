/**
 * Reads one file, piece by piece.
 *
 * Owns: the position after each piece. Does not own: which bytes are read (chunk-reader.ts), how they are cut (records/), what they
 * mean (formats/).
 * Invariants: C1 the position after a piece, given to `openFile`, gives the pieces that follow.
 */
import type { Piece, SourceContext, SplitReader } from '../../operators/index.ts';
import type { FormatDefinition, LineScanner } from '../formats/index.ts';
import { Pacer, PieceBuilder, type RawRecord, type RecordSplitter } from '../records/index.ts';
import type { ChunkReader } from './chunk-reader.ts';
import { changed, type FilePosition, imprint, imprintBytesMax } from './file-position.ts';

/** A piece ends behind the record that reaches this, however few rows it has. */
const pieceBytesMax = 4 * 1024 * 1024;

export interface FileReaderOptions {
  readonly chunks: ChunkReader;
  readonly split: string;
  /** Of the file, for messages. */
  readonly name: string;
  readonly format: FormatDefinition;
  readonly splitter: RecordSplitter;
  readonly decode: (record: Uint8Array) => object;
  /** What every position of the file says. */
  readonly known: Pick<FilePosition, 'head' | 'size'>;
  /** Records before the position that reading begins at. */
  readonly records: number;
  /** Rows a second; 0 = no limit. */
  readonly rate: number;
  readonly recordBytesMax: number;
  /** Names the nth line or element: `orders.jsonl:12`. */
  readonly place: (count: number) => string;
  /** Called once, when the file's end was read. */
  readonly atEnd?: () => Promise<void>;
  readonly context: SourceContext;
}

export class FileReader implements SplitReader {
  readonly #o: FileReaderOptions;
  readonly #pieces: PieceBuilder;
  readonly #pacer: Pacer;
  readonly #scanner: LineScanner | null;
  #ended = false;

  constructor(options: FileReaderOptions) {
    this.#o = options;
    const { context } = options;
    this.#pieces = new PieceBuilder(options.format.schema, options.split, context.operator, options.records);
    this.#pacer = new Pacer(options.rate, context.clock, context.signal);
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
    await this.#o.chunks.close();
  }

  /** False at the end of the file, whose last record may have no end. */
  async #readChunk(): Promise<boolean> {
    const { chunks, splitter, atEnd } = this.#o;
    const chunk = await chunks.next();
    if (chunk !== null) {
      splitter.push(chunk);
      return true;
    }
    this.#ended = true;
    const last = splitter.end();
    if (last !== null) this.#add(last);
    await atEnd?.();
    return false;
  }

  /** Lines that the scanner takes; false if it does not take the next. */
  #skim(most: number): boolean {
    const { splitter } = this.#o;
    const span = this.#scanner === null ? null : splitter.whole!();
    if (span === null) return false;
    const to = this.#scanner!.read(span.bytes, span.from, span.to, most);
    const { lines, kept } = this.#scanner!;
    splitter.pass!(to, lines);
    this.#pieces.added(lines, kept);
    return lines > 0;
  }

  #add({ bytes, tooLong }: RawRecord): void {
    const { format, splitter, place, recordBytesMax } = this.#o;
    if (bytes.length === 0 && format.blankLines === 'skip') return;
    const { count } = splitter;
    if (tooLong)
      this.#pieces.setAside(bytes, `${place(count)}: the record is longer than ${recordBytesMax} bytes; these are its first`);
    else if (this.#scanner?.readWhole(bytes) === true) this.#pieces.added(1, this.#scanner.kept);
    else this.#pieces.add(bytes, this.#o.decode, () => place(count));
  }

  async #position(): Promise<FilePosition> {
    const { offset, count } = this.#o.splitter;
    const bytes = Math.min(offset, imprintBytesMax);
    const tail = await this.#o.chunks.before(offset, bytes);
    if (tail.length < bytes) throw changed(this.#o.name, 'it was shortened while it was read');
    return { offset, count, ...this.#o.known, tail: imprint(tail) };
  }
}
