/**
 * Reads one split of a stream: a consumer as long as it lasts, and behind its last message the next.
 *
 * Owns: what to do when the delivery breaks or the server is away, and the position behind each piece. Whenever messages are
 * asked for anew, the stream is first held against the last message: a server that came back without its end has other
 * messages under the same sequences.
 * Invariants: C1 the position behind a piece gives the records that follow it; JR1 no sequence is given twice, or left out.
 */
import type { StreamInfo } from '@nats-io/jetstream';
import type { BatchSchema } from '../../batch/index.ts';
import { invariant, sleep, WeirError } from '../../core/index.ts';
import type { Piece, SourceContext, SplitReader } from '../../operators/index.ts';
import type { LineScanner } from '../formats/index.ts';
import { PieceBuilder, untilAborted } from '../records/index.ts';
import { type Hole, MessageDelivery } from './message-delivery.ts';
import { MessageRecords, type RecordSettings } from './message-records.ts';
import type { SourceConsumers } from './source-consumers.ts';
import { changed, checkFront, type MessagePosition, positionAt } from './source-position.ts';
import type { SourceStream } from './source-stream.ts';
import type { StreamMessage } from './stream-message.ts';

/** A piece ends behind the record that reaches this, however few rows it has. */
const pieceBytesMax = 4 << 20;
const retryMs = 250;
/** How often a split whose subject is silent looks where the stream is. */
const passOverMs = 5000;
/** How long a server may be there and not answer for the stream. */
const outageMsMax = 30_000;

export interface SourceReaderOptions {
  readonly stream: SourceStream;
  readonly consumers: SourceConsumers;
  readonly split: string;
  readonly filter: string | undefined;
  readonly schema: BatchSchema;
  readonly records: RecordSettings;
  readonly position: MessagePosition;
  /** The position is the source's begin: the first piece says only that. */
  readonly begins: boolean;
  /** Records before the position. */
  readonly count: number;
  /** Ends where the stream ends at the moment. */
  readonly untilEnd: boolean;
  /** Ends with the last message up to this sequence. */
  readonly until?: number | undefined;
  readonly context: SourceContext;
}

export class SourceReader implements SplitReader {
  readonly #o: SourceReaderOptions;
  readonly #pieces: PieceBuilder;
  /** Of the format's columns. */
  readonly #scanner: LineScanner | null;
  readonly #unwatch: () => void;
  readonly #unready: (() => void)[] = [];
  #begins: boolean;
  #position: MessagePosition;
  /** The last message that was taken; its position is not made for each. */
  #last: StreamMessage | null = null;
  #current: MessageRecords | null = null;
  #delivery: MessageDelivery | null = null;
  #failingSince: number | null = null;
  #saidDeleted = false;
  #closed = false;
  /** A message behind `until` has come. */
  #through = false;

  constructor(options: SourceReaderOptions) {
    this.#o = options;
    this.#position = options.position;
    this.#begins = options.begins;
    const { format } = options.records;
    this.#pieces = new PieceBuilder(options.schema, options.split, options.context.operator, options.count);
    this.#scanner = format.scanner?.(this.#pieces.rows) ?? null;
    this.#unwatch = options.stream.shared.watch.onChange(() => this.#connectionChanged());
  }

  async read(): Promise<Piece | null> {
    const { signal } = this.#o.context;
    signal.throwIfAborted();
    if (this.#begins) {
      this.#begins = false;
      return this.#pieces.take(this.#position);
    }
    return untilAborted(this.#piece(), signal);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#unwatch();
    this.#wake();
    await this.#delivery?.close();
    await this.#o.stream.shared.close();
  }

  async #piece(): Promise<Piece | null> {
    for (;;) {
      this.#fill();
      if (this.#pieces.records > 0) return this.#pieces.take(this.#here());
      this.#o.context.signal.throwIfAborted();
      if (this.#closed) return null;
      if (this.#through || this.#isThrough()) return this.#rest();
      if (this.#delivery === null || this.#delivery.broken !== undefined) await this.#renew();
      else if (this.#o.untilEnd && this.#delivery.ended) return null;
      else if (await this.#waited()) return this.#pieces.take(this.#position);
    }
  }

  /** Nothing is left up to `until`: what its consumer had for it when it was made is more than that. */
  #isThrough(): boolean {
    return this.#o.until !== undefined && this.#delivery?.ended === true && this.#delivery.broken === undefined;
  }

  /** The end; first the position of a silent subject, once, so that the next run finds its place. */
  async #rest(): Promise<Piece | null> {
    if (this.#rested) return null;
    this.#rested = true;
    return (await this.#passOver()) ? this.#pieces.take(this.#position) : null;
  }
  #rested = false;

  /** Resolves once something is new; true if that is only the position. */
  async #waited(): Promise<boolean> {
    const { clock } = this.#o.context;
    let silent = false;
    const timer = clock.setTimer(passOverMs, () => {
      silent = true;
      this.#wake();
    });
    await this.#somethingNew();
    timer.cancel();
    return silent && this.#passOver();
  }

  /** Moves the position of a silent subject to the stream's end. What cannot be asked now is asked later. */
  async #passOver(): Promise<boolean> {
    const { stream, filter } = this.#o;
    const position = this.#here();
    if (filter === undefined || position.lines > 0 || this.#delivery?.ended !== true) return false;
    const end = await stream.passedOver(position, filter).catch(() => null);
    if (end === null || !this.#delivery.ended || this.#delivery.broken !== undefined) return false;
    this.#position = end;
    this.#last = null;
    return true;
  }

  /** Records that are there, as many as a piece has. */
  #fill(): void {
    const { batchRowsMax } = this.#o.context;
    let bytes = 0;
    while (this.#pieces.records < batchRowsMax && bytes < pieceBytesMax) {
      this.#current ??= this.#nextMessage();
      if (this.#current === null) return;
      bytes += this.#skim(this.#current, batchRowsMax - this.#pieces.records);
      const { record } = this.#current;
      if (record === null) this.#current = null;
      else if (this.#pieces.records < batchRowsMax) {
        bytes += record.length;
        this.#add(record, this.#current);
        this.#current.advance();
        if (this.#current.ended) this.#current = null;
      }
    }
  }

  /** Lines that the scanner takes; their bytes. */
  #skim(message: MessageRecords, most: number): number {
    const span = this.#scanner === null ? null : message.whole();
    if (span === null) return 0;
    const { rows } = this.#pieces;
    const before = rows.length;
    const to = this.#scanner!.read(span.bytes, span.from, span.to, most);
    const { lines, kept } = this.#scanner!;
    message.pass(to, lines);
    message.appendColumns(rows, rows.length - before);
    this.#pieces.added(lines, kept);
    return to - span.from;
  }

  #add(record: Uint8Array, message: MessageRecords): void {
    const { rows } = this.#pieces;
    const before = rows.length;
    if (this.#scanner?.readWhole(record) !== true) return this.#pieces.add(record, message.decode, message.place);
    message.appendColumns(rows, rows.length - before);
    this.#pieces.added(1, this.#scanner.kept);
  }

  #nextMessage(): MessageRecords | null {
    const message = this.#through ? undefined : this.#delivery?.take();
    if (message === undefined) return null;
    if (message.sequence > (this.#o.until ?? Infinity)) {
      this.#through = true;
      return null;
    }
    const { sequence, lines } = this.#last === null ? this.#position : { sequence: this.#last.sequence, lines: 0 };
    const partial = lines > 0 && message.sequence === sequence;
    if (lines > 0 && !partial) throw changed(this.#o.stream.name, `message ${sequence} is gone, and was read in part`);
    invariant(partial || message.sequence > sequence, `JR1: message ${message.sequence} came after message ${sequence}`);
    this.#last = message;
    return new MessageRecords(message, this.#o.records, partial ? lines : 0);
  }

  /** Behind the last record. */
  #here(): MessagePosition {
    if (this.#last !== null)
      this.#position = positionAt(this.#position.created, this.#last, this.#current === null ? 0 : this.#current.count);
    return this.#position;
  }

  /** A new delivery behind the last message. An outage is waited for; what ends reading for good is thrown. */
  async #renew(): Promise<void> {
    const { signal } = this.#o.context;
    const { watch } = this.#o.stream.shared;
    await this.#giveUp();
    while (!watch.connected && !signal.aborted && !this.#closed) await this.#somethingNew();
    signal.throwIfAborted();
    try {
      await this.#open();
    } catch (error) {
      if (!(error instanceof WeirError) || error.code !== 'E_BROKER' || error.retry === 'never') throw error;
      await this.#failed(error);
    }
  }

  /** Ends a delivery that broke. */
  async #giveUp(): Promise<void> {
    const delivery = this.#delivery;
    if (delivery === null) return;
    const { name, label } = this.#o.stream;
    const reason = delivery.broken ?? 'closed';
    this.#o.context.logger.warn(
      { stream: name, reason },
      `${label}: ${reason}; reading goes on behind message ${this.#here().sequence}`,
    );
    this.#delivery = null;
    await delivery.close();
    if (delivery.heard) this.#failingSince = null;
    else await this.#failed(new WeirError('E_BROKER', `${label}: ${reason}`));
  }

  async #open(): Promise<void> {
    const { stream, consumers, filter, context } = this.#o;
    const position = this.#here();
    await stream.check(position);
    const delivery = await MessageDelivery.open({
      stream,
      consumers,
      filter,
      behind: position.lines === 0 ? position.sequence : position.sequence - 1,
      clock: context.clock,
      checkHoles: (info, holes) => this.#checkHoles(info, holes),
      wake: () => this.#wake(),
    });
    if (this.#closed) await delivery.close();
    else this.#delivery = delivery;
  }

  /** @throws the error once it has lasted too long while there was a server */
  async #failed(error: WeirError): Promise<void> {
    const { clock, signal } = this.#o.context;
    const { watch, connection } = this.#o.stream.shared;
    if (connection.isClosed()) throw error;
    this.#failingSince ??= clock.monotonic();
    if (!watch.connected) this.#failingSince = null;
    else if (clock.monotonic() - this.#failingSince > outageMsMax) throw error;
    await sleep(clock, retryMs, signal);
  }

  /** Sequences that did not come: of another subject, deleted one by one, or removed by the stream's limits or a purge. */
  #checkHoles({ state }: StreamInfo, holes: readonly Hole[]): void {
    const { stream, filter, context } = this.#o;
    for (const { from, to } of holes) {
      const lost = (state.lost?.msgs ?? []).find((sequence) => sequence >= from && sequence <= to);
      if (lost !== undefined) throw changed(stream.name, `message ${lost} was damaged, and is lost`);
      checkFront(stream.name, Math.min(state.first_seq, to + 1), from);
    }
    if (filter !== undefined) return;
    const missing = holes.reduce((sum, { from, to }) => sum + to - from + 1, 0);
    if (missing > (state.num_deleted ?? 0))
      throw changed(
        stream.name,
        `${missing} messages between ${holes[0]!.from} and ${holes.at(-1)!.to} did not come, and it does not say why`,
      );
    if (missing > 0 && !this.#saidDeleted)
      context.logger.warn(
        { stream: stream.name, from: holes[0]!.from },
        `${stream.label}: messages were deleted before they were read`,
      );
    this.#saidDeleted ||= missing > 0;
  }

  #connectionChanged(): void {
    if (!this.#o.stream.shared.watch.connected) this.#delivery?.break('the connection to NATS was interrupted');
    this.#wake();
  }

  /** Resolves at the next wake. What woke nobody was seen before: all that wakes is looked at in the same turn. */
  #somethingNew(): Promise<void> {
    return new Promise((resolve) => this.#unready.push(resolve));
  }

  #wake(): void {
    for (const resolve of this.#unready.splice(0)) resolve();
  }
}
