/**
 * The frames of one journal in its stream, and the mark that says what was released of it.
 *
 * Owns: finding the frame of an entry, and the compare-and-set of frame after frame. Does not own: turns; the caller lets one of
 * these run at a time.
 * Invariants: S15 frames follow one another without a hole: a missing one, or an end below one that was seen, is damage; SJ1 a frame
 * is stored only right behind the one that this process knows to be the last. That one stays, though all of it was released:
 * else whoever knew of none before would store one in its place.
 */
import { WeirError } from '../../core/index.ts';
import { FrameIndex, type FramePlace } from './frame-index.ts';
import { decodeFrame, encodeFrame, type JournalFrame } from './journal-frame.ts';
import type { JetStreamRequests } from './jetstream-requests.ts';
import { streamName, subjectOf } from './store-streams.ts';
import { type StoredHead, StoredValues, type ValueSubjects } from './stored-values.ts';

export interface Bounds {
  readonly first: number;
  readonly end: number;
}
interface ReadFrame extends FramePlace {
  readonly values: readonly Uint8Array[];
}

export class JournalFrames {
  readonly #requests: JetStreamRequests;
  readonly #name: string;
  readonly #stream: string;
  readonly #frames: StoredValues;
  readonly #marks: StoredValues;
  readonly #subjects: ValueSubjects;
  readonly #mark: ValueSubjects;
  readonly #index = new FrameIndex();
  #first = 0;
  #end = 0;
  #markSeq = 0;
  #tailSeq = 0;
  /** The last one that was read: whoever reads on begins in it. */
  #read: ReadFrame | null = null;

  constructor(requests: JetStreamRequests, job: string, name: string) {
    const piece = subjectOf(job, 'journal', 'p', name);
    this.#requests = requests;
    this.#name = name;
    this.#stream = streamName(job, 'journal');
    this.#frames = new StoredValues(requests, this.#stream);
    this.#marks = new StoredValues(requests, streamName(job, 'cells'));
    this.#subjects = { head: subjectOf(job, 'journal', 'h', name), piece: () => piece };
    this.#mark = { head: subjectOf(job, 'cells', 'j', name), piece: () => '' };
  }

  get bounds(): Bounds {
    return { first: this.#first, end: this.#end };
  }

  /** What the server has of it. */
  async load(): Promise<Bounds> {
    const what = `journal ${this.#name}`;
    const [mark, tail] = await Promise.all([
      this.#marks.last(this.#mark.head, what),
      this.#frames.last(this.#subjects.head, what),
    ]);
    const first = mark === null ? 0 : released(mark.inline);
    if (first === undefined) throw this.#damaged('its beginning was changed');
    const last = tail === null ? null : await this.#open(tail);
    const end = last?.end ?? first;
    if (end < Math.max(this.#end, first))
      throw this.#damaged(`it ends at ${end}, but ${Math.max(this.#end, first)} entries were written`);
    if (first < this.#first) throw this.#damaged(`it begins at ${first}, but was released up to ${this.#first}`);
    [this.#first, this.#end, this.#markSeq, this.#tailSeq] = [first, end, mark?.seq ?? 0, tail?.seq ?? 0];
    return this.bounds;
  }

  /** False: another frame is the last (SJ1). */
  async add(values: readonly Uint8Array[]): Promise<boolean> {
    const what = `append to journal ${this.#name}`;
    const frame: JournalFrame = { first: this.#end, values };
    const bytes = encodeFrame(frame);
    const seq = await this.#frames.write(this.#subjects, bytes, this.#tailSeq, what);
    if (seq === null) return false;
    // Pieces of it come after the frame before.
    this.#index.add({ first: frame.first, end: frame.first + values.length, seq, from: this.#tailSeq + 1 });
    this.#tailSeq = seq;
    this.#end += values.length;
    return true;
  }

  /** The values of the frame that has this entry, from the entry on. */
  async from(sequence: number): Promise<readonly Uint8Array[]> {
    const frame = await this.#frameOf(sequence);
    return frame.values.slice(sequence - frame.first);
  }

  /** False: another one has released or begun it meanwhile. */
  async mark(sequence: number): Promise<boolean> {
    const value = new Uint8Array(8);
    new DataView(value.buffer).setFloat64(0, sequence);
    const seq = await this.#marks.write(this.#mark, value, this.#markSeq, `release journal ${this.#name}`);
    if (seq === null) return false;
    [this.#first, this.#markSeq, this.#end] = [sequence, seq, Math.max(sequence, this.#end)];
    return true;
  }

  /** Deletes the frames whose entries were all released, but for the last. */
  async free(): Promise<void> {
    const what = `release journal ${this.#name}`;
    const before = await this.#firstMessageKept();
    await this.#requests.purge(this.#stream, this.#subjects.head, what, before);
    await this.#requests.purge(this.#stream, this.#subjects.piece(0), what, before);
    this.#index.trim(this.#first);
  }

  async #firstMessageKept(): Promise<number> {
    const entry = Math.min(this.#first, this.#end - 1);
    const known = this.#index.before(entry);
    return known !== undefined && known.end > entry ? known.from : (await this.#frameOf(entry)).from;
  }

  async #frameOf(sequence: number): Promise<ReadFrame> {
    if (this.#read !== null && this.#read.first <= sequence && sequence < this.#read.end) return this.#read;
    const near = this.#index.before(sequence);
    for (let at = near?.seq ?? 1, follows = near?.first; ; ) {
      const head = await this.#frames.next(this.#subjects.head, at, `read journal ${this.#name}`);
      const frame = head === null ? null : await this.#open(head);
      // Another process has released the one that was seen there, and whatever else lies before.
      if (at === near?.seq && frame?.seq !== at) follows = undefined;
      if (frame === null || frame.first > sequence || frame.first !== (follows ?? frame.first))
        throw this.#damaged(`entry ${follows ?? sequence} is missing`);
      if (frame.end > sequence) return (this.#read = frame);
      [at, follows] = [frame.seq + 1, frame.end];
    }
  }

  async #open(head: StoredHead): Promise<ReadFrame> {
    const bytes = await this.#frames.value(head, `read journal ${this.#name}`);
    const frame = decodeFrame(bytes);
    if (frame === undefined) throw this.#damaged('entries were changed');
    const { first, values } = frame;
    const place: FramePlace = { first, end: first + values.length, seq: head.seq, from: head.pieces[0] ?? head.seq };
    this.#index.add(place);
    return { ...place, values };
  }

  #damaged(what: string): WeirError {
    return new WeirError('E_STATE_DAMAGED', `journal ${this.#name}: ${what}`);
  }
}

function released(mark: Uint8Array | null): number | undefined {
  return mark?.length === 8 ? new DataView(mark.buffer, mark.byteOffset, 8).getFloat64(0) : undefined;
}
