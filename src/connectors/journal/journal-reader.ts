/**
 * Reads a split whose records live in a journal: first what is there already, then what comes.
 *
 * Owns: the change from one to the other, without a gap or a repetition. The position is the sequence of the next entry.
 */
import type { BatchSchema } from '../../batch/index.ts';
import { invariant, WeirError } from '../../core/index.ts';
import type { Piece, SourceContext, SplitReader } from '../../operators/index.ts';
import type { JournalEntry } from '../../state/index.ts';
import { PieceBuilder, untilAborted } from '../records/index.ts';
import { entryKind } from './entry.ts';
import { JournalIntake } from './journal-intake.ts';
import { journalName } from './journal-name.ts';

/** Brings records once the journal was read. */
export interface LiveInput {
  /** Brings records into the intake until the signal aborts; ends with the input. What it rejects with fails the reader. */
  run(intake: JournalIntake, signal: AbortSignal): Promise<void>;
}

/** Entries of the journal that are read at once. */
const storedMax = 128;

export interface JournalReaderOptions {
  readonly split: string;
  readonly schema: BatchSchema;
  readonly decode: (record: Uint8Array) => object;
  /** The sequence to begin with. */
  readonly from: number;
  /** Records before it. */
  readonly records: number;
  /** Names a record in the reason of a dead one. */
  readonly place: (sequence: number) => string;
  readonly input: LiveInput;
  readonly context: SourceContext;
}

export class JournalReader implements SplitReader {
  readonly #o: JournalReaderOptions;
  readonly #pieces: PieceBuilder;
  readonly #name: string;
  readonly #intake: JournalIntake;
  readonly #closed = new AbortController();
  #sequence: number;
  #running: Promise<void> | null = null;
  #ended = false;

  constructor(options: JournalReaderOptions) {
    this.#o = options;
    this.#name = journalName(options.context);
    this.#intake = new JournalIntake(options.context.journal, this.#name);
    this.#sequence = options.from;
    this.#pieces = new PieceBuilder(options.schema, options.split, options.context.operator, options.records);
  }

  async read(): Promise<Piece | null> {
    const { context } = this.#o;
    context.signal.throwIfAborted();
    if (this.#ended) return null;
    const entries = await untilAborted(this.#entries(context.batchRowsMax), context.signal);
    for (const entry of entries) this.#add(entry);
    return this.#pieces.records === 0 ? null : this.#pieces.take({ sequence: this.#sequence });
  }

  /** Resolves once nothing more is written to the journal: the next reader may then rely on its end. */
  async close(): Promise<void> {
    const closed = new WeirError('E_SOURCE', 'the source was closed');
    this.#closed.abort(closed);
    await this.#intake.close(closed);
    await this.#running;
  }

  async #entries(most: number): Promise<readonly JournalEntry[]> {
    if (this.#running === null) {
      const stored = await this.#o.context.journal.read(this.#name, this.#sequence, Math.min(most, storedMax));
      if (stored.length > 0) return stored;
      this.#running = this.#o.input.run(this.#intake, this.#closed.signal).catch((error) => this.#intake.fail(error));
    }
    return this.#intake.take(most);
  }

  #add({ sequence, value }: JournalEntry): void {
    const { decode, place } = this.#o;
    invariant(sequence === this.#sequence, `J2: entry ${sequence} of the journal comes after entry ${this.#sequence - 1}`);
    const kind = value[0];
    const record = value.subarray(1);
    if (kind === entryKind.end) this.#ended = true;
    else if (kind === entryKind.tooLong)
      this.#pieces.setAside(record, `${place(sequence)}: the record is too long; these are its first bytes`);
    else this.#pieces.add(record, decode, () => place(sequence));
    if (kind !== entryKind.end) this.#sequence = sequence + 1;
  }
}
