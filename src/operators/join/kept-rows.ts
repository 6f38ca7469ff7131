/**
 * The rows of one side of a join that may still find partners.
 *
 * Owns: one log of rows (state/row-log.ts), by bucket of time and by key. What it holds of a row is its age and time, where there are times, and
 * what row-form.ts makes of it: so keeping a row costs no object. Buckets are dropped whole.
 * Invariants: JO1 the rows of a key in a bucket are in the order in which they came.
 */
import { copyBytes, KeyBytes, type Memory } from '../../batch/index.ts';
import type { RowLog, RowSpace } from '../../state/index.ts';
import type { OperatorContext } from '../operator.ts';
import type { RowBytes, RowForm } from '../row-form.ts';

/** What is kept beside a row's bytes. */
export interface RowFacts {
  /** Age: rises with what is younger. */
  readonly ordinal: number;
  readonly time: number;
  /** It has had a partner. Kept only where somebody asks. */
  readonly matched: boolean;
}
/** Where a row is kept. */
export interface Place {
  readonly bucket: number;
  /** Of the rows of its bucket. */
  readonly row: number;
}
/** A row, as it was when it was looked at. */
export interface KeptRow extends RowFacts, RowBytes, Place {}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Rows that were looked for, in objects that are not made anew for each row that looks for some. */
export class FoundRows {
  length = 0;
  readonly #rows: Writable<KeptRow>[] = [];

  at(i: number): KeptRow {
    return this.#rows[i]!;
  }

  /** One more, to be filled. */
  add(memory: Memory): Writable<KeptRow> {
    const known = this.#rows[this.length++];
    if (known !== undefined) {
      known.memory = memory;
      return known;
    }
    const made = { ordinal: 0, time: 0, matched: false, memory, at: 0, bucket: 0, row: 0 };
    this.#rows.push(made);
    return made;
  }

  /** Leaves those for which this is so. */
  only(is: (row: KeptRow) => boolean): void {
    let count = 0;
    for (let i = 0; i < this.length; i++) if (is(this.#rows[i]!)) this.#swap(i, count++);
    this.length = count;
  }

  /** Leaves those at these places, which are in order. */
  choose(places: Int32Array, count: number): void {
    for (let i = 0; i < count; i++) this.#swap(places[i]!, i);
    this.length = count;
  }

  clear(): void {
    if (this.length > foundKeptMax) this.#rows.length = 0;
    this.length = 0;
  }

  #swap(i: number, j: number): void {
    const row = this.#rows[i]!;
    this.#rows[i] = this.#rows[j]!;
    this.#rows[j] = row;
  }
}

/** More found rows do not stay in memory until the next. */
const foundKeptMax = 64;
/** In front of a row: its age and its time. */
const datedBytes = 16;

export class KeptRows {
  readonly #log: RowLog;
  readonly #form: RowForm;
  readonly #dated: boolean;
  readonly #headBytes: number;
  readonly #key = new KeyBytes();
  /** The watermark at which the last row of each bucket goes. */
  readonly #until = new Map<number, number>();
  #next = Infinity;

  /** @param dated age and time of rows are kept; otherwise they are 0 */
  constructor(context: OperatorContext, name: string, form: RowForm, dated: boolean) {
    this.#log = context.log(name, dated ? 'rows of a join with their times' : 'rows of a join');
    this.#form = form;
    this.#dated = dated;
    this.#headBytes = dated ? datedBytes : 0;
  }

  get isEmpty(): boolean {
    return this.#log.size === 0;
  }

  /**
   * Keeps the row that the side's form has written last.
   *
   * @param until the watermark at which it may go
   * @returns which one of its bucket it is
   */
  add(bucket: number, key: KeyBytes, group: number, facts: RowFacts, until: number): number {
    const form = this.#form;
    const row = this.#log.add(bucket, key, group, this.#headBytes + form.length);
    const space = this.#log.space(bucket)!;
    const { bytes, view } = space.memoryOf(row);
    const at = space.bytesOf(row);
    if (this.#dated) {
      view.setFloat64(at, facts.ordinal, true);
      view.setFloat64(at + 8, facts.time, true);
    }
    copyBytes(form.memory.bytes, 0, form.length, bytes, at + this.#headBytes);
    if (facts.matched) this.#log.mark(space, row);
    this.#goes(bucket, until);
    return row;
  }

  /** Adds those of a key in a bucket, of times from `lowest` to `highest`. */
  find(bucket: number, key: KeyBytes, lowest: number, highest: number, found: FoundRows): void {
    const space = this.#log.space(bucket);
    if (space === undefined) return;
    for (let row = space.first(key); row !== 0; row = space.next(row)) {
      const memory = space.memoryOf(row);
      const at = space.bytesOf(row);
      const time = this.#dated ? memory.view.getFloat64(at + 8, true) : 0;
      if (time >= lowest && time <= highest) this.#fill(found.add(memory), space, row, at);
    }
  }

  /** All of a key, a bucket after the other. */
  *of(key: string): Generator<readonly KeptRow[], void> {
    this.#key.set(key);
    for (const bucket of [...this.#log.namespaces()].sort((a, b) => a - b)) {
      const found = new FoundRows();
      this.find(bucket, this.#key, -Infinity, Infinity, found);
      if (found.length > 0) yield Array.from({ length: found.length }, (_, i) => found.at(i));
    }
  }

  /** A row that is there, unless its bucket has gone. */
  at({ bucket, row }: Place): KeptRow | undefined {
    const space = this.#log.space(bucket);
    return space === undefined ? undefined : this.#rowAt(space, row);
  }

  /** The key of a row that is there. */
  keyOf({ bucket, row }: Place): string {
    return this.#log.space(bucket)!.keyOf(row);
  }

  /** A row has had a partner. */
  match({ bucket, row }: Place): void {
    this.#log.mark(this.#log.space(bucket)!, row);
  }

  /** Drops buckets all of whose rows may go. */
  drop(watermark: number): void {
    if (watermark < this.#next) return;
    for (const [bucket, until] of this.#until) {
      if (until > watermark) continue;
      this.#log.drop(bucket);
      this.#until.delete(bucket);
    }
    this.#next = Math.min(...this.#until.values());
  }

  /** All rows, each with its key group. After a restore it is to be asked: so is known when they go. @param untilOf of a row */
  recall(untilOf: (row: KeptRow) => number, each: (row: KeptRow, group: number) => void): void {
    for (const bucket of this.#log.namespaces()) {
      const space = this.#log.space(bucket)!;
      for (const place of space.rows()) {
        const row = this.#rowAt(space, place);
        this.#goes(bucket, untilOf(row));
        each(row, space.groupOf(place));
      }
    }
  }

  #rowAt(space: RowSpace, row: number): KeptRow {
    const memory = space.memoryOf(row);
    const found = { ordinal: 0, time: 0, matched: false, memory, at: 0, bucket: 0, row: 0 };
    this.#fill(found, space, row, space.bytesOf(row));
    return found;
  }

  #fill(found: Writable<KeptRow>, space: RowSpace, row: number, at: number): void {
    const { view } = found.memory;
    found.ordinal = this.#dated ? view.getFloat64(at, true) : 0;
    found.time = this.#dated ? view.getFloat64(at + 8, true) : 0;
    found.matched = space.markedIn(row) !== 0;
    found.at = at + this.#headBytes;
    found.bucket = space.namespace;
    found.row = row;
  }

  #goes(bucket: number, until: number): void {
    if (until <= (this.#until.get(bucket) ?? -Infinity)) return;
    this.#until.set(bucket, until);
    if (until < this.#next) this.#next = until;
  }
}
