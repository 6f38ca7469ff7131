/**
 * Blobs in a stream: a head per id, and pieces of long ones.
 *
 * Subjects: `h.<id>` the head, `p.<id>` pieces. A put that was cut off leaves pieces without a head: they are listed like a blob, so
 * that whoever sweeps finds them.
 * Invariants: S12 the head is deleted before the first piece.
 */
import { invariant, WeirError } from '../../core/index.ts';
import { checkStoreName } from '../blob-id.ts';
import type { BlobStore } from '../ports.ts';
import { Turns } from '../turns.ts';
import type { JetStreamRequests } from './jetstream-requests.ts';
import { nameIn, streamName, subjectOf, subjectsBelow } from './store-streams.ts';
import { isInline, StoredValues, type ValueSubjects } from './stored-values.ts';

export class NatsBlobs implements BlobStore {
  readonly #requests: JetStreamRequests;
  readonly #job: string;
  readonly #stream: string;
  readonly #values: StoredValues;
  /** Puts under way: a second one of the same id waits, and then compares. */
  readonly #putting = new Turns();

  constructor(requests: JetStreamRequests, job: string) {
    this.#requests = requests;
    this.#job = job;
    this.#stream = streamName(job, 'blobs');
    this.#values = new StoredValues(requests, this.#stream, true);
  }

  put(id: string, bytes: Uint8Array): Promise<void> {
    return this.#putting.run(id, () => this.#put(id, bytes));
  }

  async get(id: string): Promise<Uint8Array> {
    const what = `blob ${checkStoreName(id)}`;
    const head = await this.#requests.bulk(() => this.#values.last(this.#subjects(id).head, what));
    if (head === null) throw new WeirError('E_STATE_DAMAGED', `${what} is missing`);
    return this.#values.value(head, what);
  }

  async list(prefix: string): Promise<readonly string[]> {
    const filter = subjectsBelow(this.#job, 'blobs', '*', prefix);
    const subjects = await this.#requests.subjects(this.#stream, filter, `list blobs ${prefix}`);
    return [...new Set(subjects.map(nameIn))].filter((id) => id.startsWith(prefix)).sort();
  }

  async delete(ids: readonly string[]): Promise<void> {
    await Promise.all(ids.map((id) => this.#delete(checkStoreName(id))));
  }

  async #put(id: string, bytes: Uint8Array): Promise<void> {
    const what = `put blob ${checkStoreName(id)}`;
    const subjects = this.#subjects(id);
    // What fits a message finds out by being written; pieces would be there twice.
    if (!isInline(bytes) && (await this.#isThere(id, bytes, what))) return;
    const write = (): Promise<number | null> => this.#values.write(subjects, bytes, 0, what);
    const seq = await (isInline(bytes) ? this.#requests.bulk(write) : write());
    if (seq === null && !(await this.#isThere(id, bytes, what)))
      throw new WeirError('E_STORE', `${what}: it was deleted at the same time`);
  }

  async #isThere(id: string, bytes: Uint8Array, what: string): Promise<boolean> {
    const known = await this.#values.last(this.#subjects(id).head, what);
    invariant(known === null || this.#values.is(known, bytes), `S6: blob ${id} is put again with other bytes`);
    return known !== null;
  }

  async #delete(id: string): Promise<void> {
    const what = `delete blob ${id}`;
    const { head: subject, piece } = this.#subjects(id);
    const head = await this.#requests.bulk(() => this.#values.last(subject, what).catch(damagedIsGone));
    if (head === 'damaged') await this.#requests.purge(this.#stream, subject, what);
    else if (head !== null) await this.#requests.bulk(() => this.#requests.remove(this.#stream, head.seq, what));
    if (head !== null && head !== 'damaged') {
      await this.#values.removePieces(head, what);
      if (head.inline !== null) return;
    }
    // Those of puts that were cut off.
    await this.#requests.purge(this.#stream, piece(0), what);
  }

  #subjects(id: string): ValueSubjects {
    const piece = subjectOf(this.#job, 'blobs', 'p', id);
    return { head: subjectOf(this.#job, 'blobs', 'h', id), piece: () => piece };
  }
}

/** What cannot be read can be deleted all the same. */
function damagedIsGone(thrown: unknown): 'damaged' {
  if (thrown instanceof WeirError && thrown.code === 'E_STATE_DAMAGED') return 'damaged';
  throw thrown;
}
