/**
 * Journals in a stream: a subject per journal, many entries in a message.
 *
 * Subjects: `h.<name>` frames of entries, `p.<name>` pieces of long ones; in the stream of cells `j.<name>` what was released.
 * Owns: turns. Appends that come while one is under way are stored together. Whether an append whose answer was lost took place
 * is found out by the next look at the end: an append that fails makes this one look.
 */
import { invariant, WeirError } from '../../core/index.ts';
import { checkStoreName } from '../blob-id.ts';
import { Lane } from '../lane.ts';
import type { Journal, JournalEntry, JournalExtent } from '../ports.ts';
import { frameLength } from './journal-frame.ts';
import { type Bounds, JournalFrames } from './journal-frames.ts';
import type { JetStreamRequests } from './jetstream-requests.ts';
import { nameIn, streamName, subjectsBelow } from './store-streams.ts';

export class NatsJournal implements Journal {
  readonly #requests: JetStreamRequests;
  readonly #job: string;
  readonly #journals = new Map<string, OneJournal>();

  constructor(requests: JetStreamRequests, job: string) {
    this.#requests = requests;
    this.#job = job;
  }

  async append(name: string, values: readonly Uint8Array[]): Promise<number> {
    return this.#journal(name).append(values);
  }

  async read(name: string, sequence: number, limit: number): Promise<readonly JournalEntry[]> {
    return this.#journal(name).read(sequence, limit);
  }

  async end(name: string): Promise<number> {
    return (await this.#journal(name).bounds(false)).end;
  }

  async release(name: string, sequence: number): Promise<void> {
    await this.#journal(name).release(sequence);
  }

  async begin(name: string, sequence: number): Promise<void> {
    await this.#journal(name).begin(sequence);
  }

  async list(): Promise<readonly JournalExtent[]> {
    const what = 'list journals';
    const [frames, marks] = await Promise.all([
      this.#requests.subjects(streamName(this.#job, 'journal'), subjectsBelow(this.#job, 'journal', 'h'), what),
      this.#requests.subjects(streamName(this.#job, 'cells'), subjectsBelow(this.#job, 'cells', 'j'), what),
    ]);
    const names = [...new Set([...frames, ...marks].map(nameIn))].sort();
    return Promise.all(names.map(async (name) => ({ name, ...(await this.#journal(name).bounds(true)) })));
  }

  #journal(name: string): OneJournal {
    this.#requests.checkOpen();
    const known = this.#journals.get(checkStoreName(name));
    if (known !== undefined) return known;
    const opened = new OneJournal(name, new JournalFrames(this.#requests, this.#job, name));
    this.#journals.set(name, opened);
    return opened;
  }
}

interface Append {
  readonly values: readonly Uint8Array[];
  readonly done: (first: number) => void;
  readonly failed: (error: unknown) => void;
}

class OneJournal {
  readonly #name: string;
  readonly #frames: JournalFrames;
  readonly #turns = new Lane();
  /** Appends that wait for the turn that was last asked for; null: whatever comes next needs one of its own. */
  #waiting: Append[] | null = null;
  /** False: another look at the server is due. */
  #known = false;

  constructor(name: string, frames: JournalFrames) {
    this.#name = name;
    this.#frames = frames;
  }

  append(values: readonly Uint8Array[]): Promise<number> {
    return new Promise((done, failed) => {
      const append: Append = { values, done, failed };
      if (this.#waiting !== null) {
        this.#waiting.push(append);
        return;
      }
      const appends = [append];
      this.#waiting = appends;
      void this.#turns.run(async () => {
        if (this.#waiting === appends) this.#waiting = null;
        await this.#append(appends);
      });
    });
  }

  /** @param anew asks the server, because others may have appended */
  bounds(anew: boolean): Promise<Bounds> {
    return this.#turn(() => this.#look(anew));
  }

  read(sequence: number, limit: number): Promise<readonly JournalEntry[]> {
    return this.#turn(async () => {
      const { first, end } = await this.#look(sequence >= this.#frames.bounds.end);
      if (sequence < first) throw this.#damaged(`entry ${sequence} was released, the first is ${first}`);
      if (sequence > end) throw this.#damaged(`it ends at ${end}, before entry ${sequence}`);
      const entries: JournalEntry[] = [];
      for (let at = sequence; at < Math.min(end, sequence + limit); at = sequence + entries.length) {
        const values = await this.#frames.from(at);
        for (const value of values.slice(0, sequence + limit - at)) entries.push({ sequence: sequence + entries.length, value });
      }
      return entries;
    });
  }

  release(sequence: number): Promise<void> {
    return this.#turn(async () => {
      let { first, end } = await this.#look(false);
      for (let marked = false; !marked && first < Math.min(sequence, end); ) {
        marked = await this.#frames.mark(Math.min(sequence, end));
        if (!marked) ({ first, end } = await this.#look(true));
        else await this.#frames.free();
      }
    });
  }

  begin(sequence: number): Promise<void> {
    return this.#turn(async () => {
      const { end } = await this.#look(true);
      invariant(end === 0, `S15: journal ${this.#name} has begun already`);
      invariant(await this.#frames.mark(sequence), `S15: journal ${this.#name} was begun by another at the same time`);
    });
  }

  async #append(appends: readonly Append[]): Promise<void> {
    const waiting = [...appends];
    try {
      const { end } = await this.#look(false);
      const values = waiting.flatMap((append) => append.values);
      for (let stored = 0, answered = 0; waiting.length > 0; ) {
        // Those whose last value is stored are told, the first of them perhaps of nothing.
        while (waiting.length > 0 && answered + waiting[0]!.values.length <= stored) {
          const append = waiting.shift()!;
          append.done(end + answered);
          answered += append.values.length;
        }
        if (waiting.length > 0) stored += await this.#store(values, stored);
      }
    } catch (error) {
      this.#known = false;
      for (const append of waiting) append.failed(error);
    }
  }

  async #store(values: readonly Uint8Array[], from: number): Promise<number> {
    const count = frameLength(values, from);
    if (await this.#frames.add(values.slice(from, from + count))) return count;
    throw new WeirError('E_STORE', `append to journal ${this.#name}: another process has appended to it`, {
      hint: 'if this lasts, the same job runs twice',
    });
  }

  async #look(anew: boolean): Promise<Bounds> {
    if (this.#known && !anew) return this.#frames.bounds;
    this.#known = false;
    const bounds = await this.#frames.load();
    this.#known = true;
    return bounds;
  }

  #turn<T>(task: () => Promise<T>): Promise<T> {
    this.#waiting = null;
    return this.#turns.run(task);
  }

  #damaged(what: string): WeirError {
    return new WeirError('E_STATE_DAMAGED', `journal ${this.#name}: ${what}`);
  }
}
