/**
 * What is sent to a subject, as it comes. Nobody can be asked to send it more slowly or again: what there is no room for is lost,
 * oldest first, and the log counts it.
 *
 * Invariants: NS1 what waits here is bounded, in messages and in bytes.
 */
import type { Msg, Subscription } from '@nats-io/transport-node';
import type { Timer } from '../../core/index.ts';
import type { Piece, SourceContext, SplitReader } from '../../operators/index.ts';
import type { FormatDefinition } from '../formats/index.ts';
import { natsError, type SharedConnection } from '../jetstream/index.ts';
import { PieceBuilder, untilAborted } from '../records/index.ts';

const waitingMax = 65_536;
const waitingBytesMax = 64 << 20;
/** How often the log says what was lost. */
const sayMs = 5000;

export interface SubjectReaderOptions {
  readonly shared: SharedConnection;
  readonly split: string;
  readonly subject: string;
  readonly format: FormatDefinition;
  /** Records that were read in the job's life. */
  readonly records: number;
  readonly context: SourceContext;
}

export class SubjectReader implements SplitReader {
  readonly #o: SubjectReaderOptions;
  readonly #pieces: PieceBuilder;
  readonly #subscription: Subscription;
  /** From `#first` on. */
  #waiting: Msg[] = [];
  #first = 0;
  #bytes = 0;
  #lost = 0;
  #saying: Timer | null = null;
  #error: unknown;
  #wake: () => void = () => undefined;
  #closed = false;

  constructor(options: SubjectReaderOptions) {
    this.#o = options;
    const { shared, subject, split, records, format, context } = options;
    this.#pieces = new PieceBuilder(format.schema, split, context.operator, records);
    this.#subscription = shared.connection.subscribe(subject, {
      callback: (error, message) => (error === null ? this.#received(message) : this.#fail(error)),
    });
  }

  async read(): Promise<Piece | null> {
    const { signal } = this.#o.context;
    signal.throwIfAborted();
    while (this.#count === 0) {
      if (this.#error !== undefined) throw this.#error;
      if (this.#closed) return null;
      await untilAborted(new Promise<void>((resolve) => (this.#wake = resolve)), signal);
    }
    return this.#piece();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#saying?.cancel();
    this.#subscription.unsubscribe();
    this.#wake();
    await this.#o.shared.close();
  }

  #piece(): Piece {
    const { format, context, subject } = this.#o;
    while (this.#count > 0 && this.#pieces.records < context.batchRowsMax) {
      const message = this.#take();
      this.#pieces.add(message.data, format.decode, () =>
        message.subject === subject ? subject : `${subject} (${message.subject})`,
      );
    }
    // There is no place to go on from: whoever comes next hears what is sent then.
    return this.#pieces.take(null);
  }

  get #count(): number {
    return this.#waiting.length - this.#first;
  }

  #take(): Msg {
    const message = this.#waiting[this.#first++]!;
    this.#bytes -= message.data.length;
    if (this.#first === this.#waiting.length || this.#first > waitingMax) {
      this.#waiting = this.#waiting.slice(this.#first);
      this.#first = 0;
    }
    return message;
  }

  #received(message: Msg): void {
    if (this.#closed) return;
    this.#waiting.push(message);
    this.#bytes += message.data.length;
    while (this.#count > 1 && (this.#count > waitingMax || this.#bytes > waitingBytesMax)) {
      this.#take();
      this.#lost++;
      this.#saying ??= this.#o.context.clock.setTimer(sayMs, () => this.#say());
    }
    this.#wake();
  }

  #say(): void {
    const { context, subject } = this.#o;
    context.logger.warn(
      { subject, lost: this.#lost },
      `nats ${subject}: ${this.#lost} messages were lost: they came faster than they were read`,
    );
    this.#lost = 0;
    this.#saying = null;
  }

  #fail(error: Error): void {
    this.#error = natsError(error, `nats ${this.#o.subject}`);
    this.#wake();
  }
}
