/**
 * The way of records into a journal, and from there to their reader.
 *
 * Owns: what was taken from the input and is not durable yet, and what is durable and was not read yet. Both together are
 * bounded: who brings records asks for `room` and waits. Appends are made one at a time, each of all that has gathered,
 * so that a slow disk makes larger ones, not more.
 * Invariants: J1 a record is handed to the reader only once it is durable in the journal; J2 records are handed over in
 * the order of the journal, each once; J3 nothing is written any more once `close` has resolved.
 */
import type { Journal, JournalEntry } from '../../state/index.ts';

const backlogMax = 4096;
const backlogBytesMax = 8 * 1024 * 1024;

interface Offer {
  readonly values: readonly Uint8Array[];
  readonly durable: () => void;
}

export class JournalIntake {
  readonly #journal: Journal;
  readonly #name: string;
  #offers: Offer[] = [];
  #entries: JournalEntry[] = [];
  /** Of all that was offered and not taken. */
  #backlog = 0;
  #backlogBytes = 0;
  #appending: Promise<void> | null = null;
  #failure: { readonly cause: unknown } | null = null;
  #wakeReader = (): void => {};
  #wakeInput = (): void => {};

  constructor(journal: Journal, name: string) {
    this.#journal = journal;
    this.#name = name;
  }

  /** Takes records in, even beyond the bound, and calls `durable` once they are in the journal. */
  offer(values: readonly Uint8Array[], durable: () => void = () => {}): void {
    if (values.length === 0 || this.#failure !== null) return;
    this.#offers.push({ values, durable });
    this.#backlog += values.length;
    for (const value of values) this.#backlogBytes += value.length;
    this.#appending ??= this.#append();
  }

  get full(): boolean {
    return this.#backlog >= backlogMax || this.#backlogBytes >= backlogBytesMax;
  }

  /** Resolves once there is room for more, or nothing more is taken. */
  async room(): Promise<void> {
    while (this.full && this.#failure === null) await new Promise<void>((resolve) => (this.#wakeInput = resolve));
  }

  /** Up to `most` entries, at least one; waits for the first. @throws what the journal or the input failed with */
  async take(most: number): Promise<readonly JournalEntry[]> {
    while (this.#entries.length === 0) {
      if (this.#failure !== null) throw this.#failure.cause;
      await new Promise<void>((resolve) => (this.#wakeReader = resolve));
    }
    const taken = this.#entries.splice(0, most);
    this.#backlog -= taken.length;
    for (const { value } of taken) this.#backlogBytes -= value.length;
    this.#wakeInput();
    return taken;
  }

  /** No more records will come: the reader is told why, once it has read all that are durable. */
  fail(cause: unknown): void {
    this.#failure ??= { cause };
    this.#wakeReader();
    this.#wakeInput();
  }

  /** Takes nothing more in; resolves when no append is under way. What was offered and not appended is dropped. */
  async close(reason: unknown): Promise<void> {
    this.fail(reason);
    this.#offers = [];
    await this.#appending;
  }

  async #append(): Promise<void> {
    try {
      while (this.#offers.length > 0) await this.#appendAll(this.#offers.splice(0));
    } catch (error) {
      this.fail(error);
    } finally {
      this.#appending = null;
    }
  }

  /** An append that fails may have written its begin: whoever offered that must not bring it again. */
  async #appendTo(values: readonly Uint8Array[], offers: readonly Offer[]): Promise<number> {
    const before = this.#journal.end(this.#name);
    before.catch(() => undefined); // of interest only where the append fails
    try {
      return await this.#journal.append(this.#name, values);
    } catch (error) {
      let written = (await this.#journal.end(this.#name)) - (await before);
      for (const offer of offers) {
        written -= offer.values.length;
        if (written >= 0) offer.durable();
      }
      throw error;
    }
  }

  async #appendAll(offers: readonly Offer[]): Promise<void> {
    const values = offers.flatMap((offer) => offer.values);
    const first = await this.#appendTo(values, offers);
    values.forEach((value, i) => this.#entries.push({ sequence: first + i, value }));
    for (const { durable } of offers) durable();
    this.#wakeReader();
  }
}
