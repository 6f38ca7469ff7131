/** Reads one split of a source of the user's own, piece by piece. */
import type { RowSchema } from '../../api/index.ts';
import { anySchema } from '../../batch/index.ts';
import { WeirError } from '../../core/index.ts';
import type { Piece, Position, SourceContext, SplitReader } from '../../operators/index.ts';
import { jsonText } from '../formats/index.ts';
import { isRecordFault, PieceBuilder, untilAborted } from '../records/index.ts';
import { checkedRow } from './checked-row.ts';
import type { FieldValue } from './field-value.ts';

export interface Yielded<Row, P> {
  readonly rows: readonly Row[];
  readonly position: P;
  /** For `withWatermark(…, { strategy: 'manual' })`: no row of the split behind these lies before this time, ms. */
  readonly watermark?: number;
}

interface CustomPosition {
  /** What the user gave last, encoded; null = nothing yet. */
  readonly after: unknown;
  /** Rows after it that were read. */
  readonly skip: number;
}

export interface CustomReaderOptions<P> {
  readonly name: string;
  /** Null = rows are kept as they are. */
  readonly rows: RowSchema | null;
  readonly value: FieldValue<P>;
  readonly read: (from: P | undefined) => AsyncIterable<Yielded<object, P>>;
  readonly split: string;
  readonly from: Position | undefined;
  readonly records: number;
  readonly context: SourceContext;
}

export class CustomReader<P> implements SplitReader {
  readonly #o: CustomReaderOptions<P>;
  readonly #pieces: PieceBuilder;
  #iterator: AsyncIterator<Yielded<object, P>> | null = null;
  #waiting = false;
  #after: unknown;
  /** Rows of the next yields to leave out: they were read before the restore. */
  #skip: number;
  #yielded: Yielded<object, P> | null = null;
  /** The next row of what was yielded. */
  #at = 0;
  #count: number;

  constructor(options: CustomReaderOptions<P>) {
    this.#o = options;
    const from = (options.from as CustomPosition | undefined) ?? { after: null, skip: 0 };
    this.#after = from.after;
    this.#skip = from.skip;
    this.#count = options.records;
    this.#pieces = new PieceBuilder(options.rows?.schema ?? anySchema, options.split, options.context.operator, options.records);
  }

  /** The user's position that a position of ours is at or behind; null = the start. */
  static yieldedBefore(position: Position): unknown {
    return (position as CustomPosition).after;
  }

  async read(): Promise<Piece | null> {
    const { signal } = this.#o.context;
    signal.throwIfAborted();
    this.#yielded ??= await this.#next();
    if (this.#yielded === null) return null;
    const yielded = this.#yielded;
    const { rows, watermark } = yielded;
    const end = Math.min(rows.length, this.#at + this.#o.context.batchRowsMax);
    while (this.#at < end) this.#add(rows[this.#at++]!);
    const isWhole = this.#at === rows.length;
    const piece = this.#pieces.take(this.#position(yielded));
    return isWhole && watermark !== undefined ? { ...piece, watermark } : piece;
  }

  async close(): Promise<void> {
    // A generator that waits for something cannot be ended before it comes; the signal is what it must obey.
    const ending = Promise.resolve(this.#iterator?.return?.()).catch(() => undefined);
    if (!this.#waiting) await ending;
  }

  /** What the user yields next, its first rows left out where they were read before. */
  async #next(): Promise<Yielded<object, P> | null> {
    const { context, value, read, name } = this.#o;
    try {
      this.#iterator ??= read(this.#after === null ? undefined : value.decode(this.#after))[Symbol.asyncIterator]();
      this.#waiting = true;
      const { done, value: yielded } = await untilAborted(this.#iterator.next(), context.signal);
      this.#waiting = false;
      if (done === true) return this.#checkEnd();
      this.#at = Math.min(this.#skip, yielded.rows.length);
      this.#skip -= this.#at;
      return yielded;
    } catch (error) {
      if (context.signal.aborted) throw context.signal.reason;
      throw WeirError.from(error, 'E_SOURCE', `source ${name}, split ${this.#o.split}`);
    }
  }

  #checkEnd(): null {
    if (this.#skip === 0) return null;
    throw new WeirError(
      'E_SOURCE_CHANGED',
      `source ${this.#o.name}, split ${this.#o.split}: it gave ${this.#skip} rows fewer than before from the same position`,
    );
  }

  #position(yielded: Yielded<object, P>): CustomPosition {
    if (this.#at < yielded.rows.length) return { after: this.#after, skip: this.#at };
    this.#after = this.#o.value.encode(yielded.position);
    this.#at = 0;
    this.#yielded = null;
    return { after: this.#after, skip: this.#skip };
  }

  #add(row: object): void {
    const { rows, split, name } = this.#o;
    const place = `source ${name}, split ${split}, row ${this.#count++}`;
    try {
      this.#pieces.addRow(rows === null ? row : checkedRow(row, rows));
    } catch (error) {
      if (!isRecordFault(error)) throw error;
      this.#pieces.setAside(bytesOf(row), `${place}: ${error.message}`);
    }
  }
}

/** What a dead letter shows of a row that never had bytes. */
function bytesOf(row: unknown): Uint8Array {
  try {
    return Buffer.from(jsonText(Object(row) as object));
  } catch {
    return Buffer.from(String(row)); // not even JSON can hold it
  }
}
