/**
 * Rows of an iterable, brought into the journal.
 *
 * Owns: the one iterator of its iterable, and the rows that it gave and that are not durable yet. It outlives the readers of
 * its job's generations: when the job is restarted within its process, the next one goes on where the last one stopped.
 */
import { packValue } from '../../batch/index.ts';
import { WeirError } from '../../core/index.ts';
import { entryKind, journalEntry, type JournalIntake, type LiveInput } from '../journal/index.ts';
import { untilAborted } from '../records/index.ts';

export class IterableInput implements LiveInput {
  readonly #iterable: Iterable<object> | AsyncIterable<object>;
  #iterator: Iterator<object> | AsyncIterator<object> | null = null;
  /** The row that is being waited for. */
  #next: Promise<IteratorResult<object>> | null = null;
  /** Entries that were taken from the iterator and are not durable yet. */
  readonly #taken: Uint8Array[] = [];
  #ended = false;
  #failure: WeirError | null = null;

  constructor(iterable: Iterable<object> | AsyncIterable<object>) {
    this.#iterable = iterable;
  }

  async run(intake: JournalIntake, signal: AbortSignal): Promise<void> {
    for (const entry of this.#taken) this.#offer(intake, entry);
    try {
      while (!this.#ended) {
        await intake.room();
        signal.throwIfAborted();
        const row = await untilAborted(this.#nextRow(), signal);
        const entry = entryOf(row);
        this.#next = null;
        this.#ended = row.done === true;
        this.#taken.push(entry);
        this.#offer(intake, entry);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  #offer(intake: JournalIntake, entry: Uint8Array): void {
    intake.offer([entry], () => void this.#taken.shift());
  }

  /** An iterator that threw has ended, and would say so if it was asked again: the failure is kept. */
  async #nextRow(): Promise<IteratorResult<object>> {
    if (this.#failure !== null) throw this.#failure;
    try {
      this.#next ??= Promise.resolve(this.#begun().next());
      return await this.#next;
    } catch (error) {
      this.#failure = new WeirError(
        'E_SOURCE',
        `from(iterable): it threw: ${error instanceof Error ? error.message : String(error)}`,
        { cause: error, retry: 'never' },
      );
      throw this.#failure;
    }
  }

  #begun(): Iterator<object> | AsyncIterator<object> {
    const iterable = this.#iterable;
    this.#iterator ??= Symbol.asyncIterator in iterable ? iterable[Symbol.asyncIterator]() : iterable[Symbol.iterator]();
    return this.#iterator;
  }
}

function entryOf({ done, value }: IteratorResult<object>): Uint8Array {
  return done === true ? journalEntry(entryKind.end, new Uint8Array(0)) : journalEntry(entryKind.record, packValue(value));
}
