/**
 * Compare-and-set cells in a stream that keeps the last message of every subject.
 *
 * Subjects: `c.<name>` the cell, `q.<name>.<id>.<n>` pieces of a long value. A cell counts its own revisions; the sequence that the
 * server compares stays in here. Both are counted anew by a stream that lost its end, so every value carries an id of its writing too.
 * Invariants: S13 reads and writes of a cell take turns, and every write begins with a read; S14 a cell that is behind what this
 * process has seen of it, or differs from it at the same revision, is damaged: never an older value, never "not written yet".
 */
import { type Random, WeirError } from '../../core/index.ts';
import { checkStoreName } from '../blob-id.ts';
import { Lane } from '../lane.ts';
import type { PointerStore, Versioned } from '../ports.ts';
import type { JetStreamRequests } from './jetstream-requests.ts';
import { streamName, subjectOf } from './store-streams.ts';
import { type StoredHead, StoredValues, type ValueSubjects } from './stored-values.ts';

interface Cell extends Versioned {
  /** Of this writing. */
  readonly id: string;
  readonly head: StoredHead;
}
interface Seen {
  readonly revision: number;
  readonly id: string;
}

const idBytes = 32;
const headerBytes = 8 + idBytes;

export class NatsPointers implements PointerStore {
  readonly #requests: JetStreamRequests;
  readonly #job: string;
  readonly #random: Random;
  readonly #values: StoredValues;
  readonly #lanes = new Map<string, Lane>();
  readonly #seen = new Map<string, Seen>();

  constructor(requests: JetStreamRequests, job: string, random: Random) {
    this.#requests = requests;
    this.#job = job;
    this.#random = random;
    this.#values = new StoredValues(requests, streamName(job, 'cells'));
  }

  async read(name: string): Promise<Versioned | null> {
    const cell = await this.#lane(name).run(() => this.#read(name, `read cell ${name}`));
    return cell === null ? null : { revision: cell.revision, value: cell.value };
  }

  async compareAndSet(name: string, expected: number, value: Uint8Array): Promise<number | null> {
    return this.#lane(name).run(() => this.#compareAndSet(name, expected, value));
  }

  async #compareAndSet(name: string, expected: number, value: Uint8Array): Promise<number | null> {
    const what = `write cell ${name}`;
    const before = await this.#read(name, what);
    if ((before?.revision ?? 0) !== expected) return null;
    const written: Seen = { revision: expected + 1, id: this.#random.id() };
    const subjects = this.#subjects(name, written.id);
    const seq = await this.#values.write(subjects, encode(written, value), before?.head.seq ?? 0, what);
    if (seq === null) return null;
    this.#seen.set(name, written);
    // The value is there: pieces that stay do no harm.
    if (before !== null) await this.#values.removePieces(before.head, what).catch(() => undefined);
    return written.revision;
  }

  async #read(name: string, what: string): Promise<Cell | null> {
    const { head: subject } = this.#subjects(name, '');
    const cell = await this.#whole(subject, what);
    const seen = this.#seen.get(name);
    if (cell === null) {
      if (seen === undefined) return null;
      throw damaged(name, `is missing, but revision ${seen.revision} was there`);
    }
    if (seen !== undefined && cell.revision < seen.revision)
      throw damaged(
        name,
        `was rewound to revision ${cell.revision}, but ${seen.revision} was there: the nats-server has lost what it had confirmed`,
      );
    if (seen?.revision === cell.revision && seen.id !== cell.id)
      throw damaged(name, `was rewound: it has another value than the one that was there as revision ${cell.revision}`);
    this.#seen.set(name, { revision: cell.revision, id: cell.id });
    return cell;
  }

  /** Pieces of a value that another writer replaces meanwhile go away under the reader: then there is a newer head. */
  async #whole(subject: string, what: string): Promise<Cell | null> {
    for (let seq = 0; ; ) {
      const head = await this.#values.last(subject, what);
      if (head === null) return null;
      try {
        return decode(head, await this.#values.value(head, what), what);
      } catch (thrown) {
        if (head.inline !== null || head.seq === seq) throw thrown;
        seq = head.seq;
      }
    }
  }

  #lane(name: string): Lane {
    this.#requests.checkOpen();
    const lane = this.#lanes.get(checkStoreName(name)) ?? new Lane();
    this.#lanes.set(name, lane);
    return lane;
  }

  #subjects(name: string, id: string): ValueSubjects {
    const pieces = subjectOf(this.#job, 'cells', 'q', name);
    return { head: subjectOf(this.#job, 'cells', 'c', name), piece: (index) => `${pieces}.${id}.${index}` };
  }
}

function encode({ revision, id }: Seen, value: Uint8Array): Uint8Array {
  const header = Buffer.alloc(headerBytes);
  header.writeDoubleBE(revision);
  header.write(id, 8, 'latin1');
  return Buffer.concat([header, value]);
}

function decode(head: StoredHead, bytes: Uint8Array, what: string): Cell {
  if (bytes.length < headerBytes) throw new WeirError('E_STATE_DAMAGED', `${what}: it is too short`);
  const revision = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getFloat64(0);
  return { revision, id: Buffer.from(bytes.subarray(8, headerBytes)).toString('latin1'), value: bytes.slice(headerBytes), head };
}

function damaged(name: string, what: string): WeirError {
  return new WeirError('E_STATE_DAMAGED', `cell ${name} ${what}`);
}
