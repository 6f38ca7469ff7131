/**
 * Blobs in a stream: one message each, or several pieces of what is longer.
 *
 * The first piece says how many there are, and is written last: it makes the blob exist. Invariants: S1, S2, S6 of the other stores.
 */
import { invariant, type Random, WeirError } from '../../core/index.ts';
import type { BlobStore } from '../ports.ts';
import { nameOf, type StoreNames } from './store-names.ts';
import { pieceBytesMax, type StoreStream } from './store-stream.ts';

/** Requests under way at a time. */
const requestsMax = 16;
const countBytes = 4;
const putBytes = 8;
const headBytes = countBytes + putBytes;

export class NatsBlobs implements BlobStore {
  readonly #stream: StoreStream;
  readonly #names: StoreNames;
  readonly #random: Random;
  /** Puts of one id take turns. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(stream: StoreStream, names: StoreNames, random: Random) {
    this.#stream = stream;
    this.#random = random;
    this.#names = names;
  }

  put(id: string, bytes: Uint8Array): Promise<void> {
    const turn = (this.#turns.get(id) ?? Promise.resolve()).then(() => this.#put(id, bytes));
    const over = turn.catch(() => undefined); // whoever puts is told
    this.#turns.set(id, over);
    void over.then(() => this.#turns.get(id) === over && this.#turns.delete(id));
    return turn;
  }

  async get(id: string): Promise<Uint8Array> {
    const subject = this.#names.blobSubject(id);
    const first = await this.#stream.read({ last_by_subj: `${subject}.0` });
    if (first === null) throw damaged(`blob ${id} is missing`);
    const { count, put, bytes } = readFirst(first.bytes);
    const rest = await inParallel(
      Array.from({ length: count - 1 }, (_, i) => () => this.#stream.read({ last_by_subj: `${subject}.${put}-${i + 1}` })),
    );
    const pieces = [bytes, ...rest.map((piece) => piece?.bytes)];
    if (pieces.includes(undefined)) throw damaged(`blob ${id} was cut: a piece of it is missing`);
    return new Uint8Array(Buffer.concat(pieces as Uint8Array[]));
  }

  async list(prefix: string): Promise<readonly string[]> {
    const all = this.#names.blobSubject('x').slice(0, -1);
    const subjects = await this.#stream.subjects(`${all}>`);
    const firsts = subjects.filter((subject) => subject.endsWith('.0')).map((subject) => nameOf(subject.slice(all.length, -2)));
    return firsts.filter((id) => id.startsWith(prefix)).sort();
  }

  async delete(ids: readonly string[]): Promise<void> {
    // The first piece first: half a blob is none.
    await inParallel(ids.map((id) => () => this.#stream.purge({ filter: `${this.#names.blobSubject(id)}.0` })));
    await inParallel(ids.map((id) => () => this.#stream.purge({ filter: `${this.#names.blobSubject(id)}.*` })));
  }

  async #put(id: string, bytes: Uint8Array): Promise<void> {
    const subject = this.#names.blobSubject(id);
    const [begin, ...rest] = piecesOf(bytes);
    const put = this.#random.id().slice(0, 2 * putBytes);
    await inParallel(rest.map((piece, i) => () => this.#stream.write(`${subject}.${put}-${i + 1}`, piece)));
    const written = await this.#stream.write(`${subject}.0`, firstPiece(rest.length + 1, put, begin!), 0);
    if (written !== null) return;
    await inParallel(rest.map((_, i) => () => this.#stream.purge({ filter: `${subject}.${put}-${i + 1}` })));
    const known = await this.get(id);
    invariant(Buffer.compare(known, bytes) === 0, `S6: blob ${id} is put again with other bytes`);
  }
}

function piecesOf(bytes: Uint8Array): readonly Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at === 0 || at < bytes.length; at += pieceBytesMax) pieces.push(bytes.subarray(at, at + pieceBytesMax));
  return pieces;
}

/** How many pieces there are, and whose they are: two puts of one id never mix. */
function firstPiece(count: number, put: string, bytes: Uint8Array): Uint8Array {
  const first = new Uint8Array(headBytes + bytes.length);
  new DataView(first.buffer).setUint32(0, count);
  first.set(Buffer.from(put, 'hex'), countBytes);
  first.set(bytes, headBytes);
  return first;
}

function readFirst(piece: Uint8Array): { readonly count: number; readonly put: string; readonly bytes: Uint8Array } {
  const count = new DataView(piece.buffer, piece.byteOffset).getUint32(0);
  return { count, put: Buffer.from(piece.subarray(countBytes, headBytes)).toString('hex'), bytes: piece.subarray(headBytes) };
}

async function inParallel<T>(calls: readonly (() => Promise<T>)[]): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let i = next++; i < calls.length; i = next++) results[i] = await calls[i]!();
  };
  await Promise.all(Array.from({ length: Math.min(requestsMax, calls.length) }, lane));
  return results;
}

const damaged = (what: string): WeirError => new WeirError('E_STATE_DAMAGED', what);
