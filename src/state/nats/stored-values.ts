/**
 * Values of any length in messages of bounded length.
 *
 * A value is one message on its head subject. If it is too long for that, the head names pieces, which were stored before.
 * Owns: the format of both, and their checksums.
 * Invariants: S11 a head is stored after its pieces: a value that has one is complete; S2 head and pieces carry checksums that cover
 * what they belong to: that of a piece which value it is of (by the hash of all of it), and which piece.
 */
import { createHash } from 'node:crypto';
import { WeirError } from '../../core/index.ts';
import { seal, unseal } from '../sealed.ts';
import type { JetStreamRequests, StoredMessage } from './jetstream-requests.ts';

/** Of a message, with what we put around the bytes. */
export const messageBytesMax: number = 128 * 1024;
const pieceBytesMax = messageBytesMax - 64;
const inlineMark = 1;
const piecesMark = 2;
/** Mark, size, SHA-256; then the sequence of every piece. */
const piecesHeaderBytes = 1 + 8 + 32;

export interface StoredHead {
  readonly seq: number;
  readonly time: string;
  readonly size: number;
  /** Null: it is in pieces. */
  readonly inline: Uint8Array | null;
  readonly sha256: Uint8Array;
  /** Sequences. */
  readonly pieces: readonly number[];
}
export interface ValueSubjects {
  readonly head: string;
  /** May be the same for all pieces where the stream keeps several messages of a subject. */
  readonly piece: (index: number) => string;
}

export class StoredValues {
  readonly #requests: JetStreamRequests;
  readonly #stream: string;
  readonly #unchanging: boolean;

  /** @param unchanging a value is written once: pieces may come from any replica */
  constructor(requests: JetStreamRequests, stream: string, unchanging = false) {
    this.#requests = requests;
    this.#stream = stream;
    this.#unchanging = unchanging;
  }

  /**
   * @param expected the sequence of the head that this one follows, 0 = none
   * @returns the head's sequence; null: it would follow another
   */
  async write(subjects: ValueSubjects, value: Uint8Array, expected: number, what: string): Promise<number | null> {
    if (isInline(value)) return this.#writeHead(subjects, Buffer.concat([Uint8Array.of(inlineMark), value]), expected, what);
    const whole = sha256(value);
    const pieces = await this.#writePieces(subjects, value, whole, what);
    const seq = await this.#writeHead(subjects, headOf(value.length, whole, pieces), expected, what);
    // Pieces that nothing names do no harm.
    if (seq === null) await this.#remove(pieces, what).catch(() => undefined);
    return seq;
  }

  /**
   * The head that is last on its subject, or null before the first.
   *
   * @throws WeirError `E_STATE_DAMAGED` if it was changed, or is there and cannot be read
   */
  async last(head: string, what: string): Promise<StoredHead | null> {
    const message = await this.#requests.last(this.#stream, head, what);
    if (message !== null) return this.#parse(message, head, what);
    if ((await this.#requests.subjects(this.#stream, head, what)).length === 0) return null;
    // Either it cannot be read, or it was written since.
    const again = await this.#requests.last(this.#stream, head, what);
    if (again !== null) return this.#parse(again, head, what);
    throw new WeirError('E_STATE_DAMAGED', `${what}: ${this.#stream} has a message on ${head} that cannot be read`);
  }

  /** The first head on this subject whose sequence is not below. */
  async next(head: string, seq: number, what: string): Promise<StoredHead | null> {
    const message = await this.#requests.next(this.#stream, head, seq, what);
    return message === null ? null : this.#parse(message, head, what);
  }

  async value(head: StoredHead, what: string): Promise<Uint8Array> {
    if (head.inline !== null) return head.inline;
    const value = new Uint8Array(head.size);
    await Promise.all(head.pieces.map((seq, index) => this.#requests.bulk(() => this.#readPiece(head, seq, index, value, what))));
    return value;
  }

  /** Whether the value is these bytes. */
  is(head: StoredHead, bytes: Uint8Array): boolean {
    return head.size === bytes.length && Buffer.compare(head.sha256, sha256(bytes)) === 0;
  }

  removePieces(head: StoredHead, what: string): Promise<void> {
    return this.#remove(head.pieces, what);
  }

  async #remove(pieces: readonly number[], what: string): Promise<void> {
    await Promise.all(pieces.map((seq) => this.#requests.bulk(() => this.#requests.remove(this.#stream, seq, what))));
  }

  #writeHead({ head }: ValueSubjects, bytes: Uint8Array, expected: number, what: string): Promise<number | null> {
    return this.#requests.publish(this.#stream, head, seal(head, bytes), what, expected);
  }

  /** Their sequences. */
  async #writePieces({ piece }: ValueSubjects, value: Uint8Array, whole: Uint8Array, what: string): Promise<readonly number[]> {
    const seqs = Array.from({ length: Math.ceil(value.length / pieceBytesMax) }, (_, index) => {
      const bytes = value.subarray(index * pieceBytesMax, (index + 1) * pieceBytesMax);
      const sealed = (): Uint8Array => seal(pieceKey(whole, index), bytes);
      return this.#requests.bulk(() => this.#requests.publish(this.#stream, piece(index), sealed(), what));
    });
    return (await Promise.all(seqs)).map((seq) => seq!);
  }

  async #readPiece(head: StoredHead, seq: number, index: number, into: Uint8Array, what: string): Promise<void> {
    const at = this.#unchanging ? this.#requests.unchanging(this.#stream, seq, what) : this.#requests.at(this.#stream, seq, what);
    const message = await at;
    const bytes = message === null ? undefined : unseal(pieceKey(head.sha256, index), message.data);
    if (bytes?.length !== Math.min(pieceBytesMax, head.size - index * pieceBytesMax))
      throw new WeirError('E_STATE_DAMAGED', `${what}: piece ${index} is missing or was changed`);
    into.set(bytes, index * pieceBytesMax);
  }

  #parse({ seq, time, data }: StoredMessage, key: string, what: string): StoredHead {
    const head = unseal(key, data);
    if (head === undefined || head.length === 0) throw changed(what);
    if (head[0] === inlineMark) {
      const inline = head.slice(1);
      return { seq, time, size: inline.length, inline, sha256: sha256(inline), pieces: [] };
    }
    if (head[0] !== piecesMark || head.length < piecesHeaderBytes) throw changed(what);
    const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
    const pieces: number[] = [];
    for (let at = piecesHeaderBytes; at < head.length; at += 8) pieces.push(view.getFloat64(at));
    return { seq, time, size: view.getFloat64(1), inline: null, sha256: head.slice(9, piecesHeaderBytes), pieces };
  }
}

/** One message is enough for it. */
export function isInline(value: Uint8Array): boolean {
  return value.length <= pieceBytesMax;
}

function headOf(size: number, whole: Uint8Array, pieces: readonly number[]): Uint8Array {
  const head = new Uint8Array(piecesHeaderBytes + 8 * pieces.length);
  const view = new DataView(head.buffer);
  view.setUint8(0, piecesMark);
  view.setFloat64(1, size);
  head.set(whole, 9);
  for (const [index, seq] of pieces.entries()) view.setFloat64(piecesHeaderBytes + 8 * index, seq);
  return head;
}

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();

const pieceKey = (whole: Uint8Array, index: number): string => `${Buffer.from(whole).toString('hex')}#${index}`;

const changed = (what: string): WeirError =>
  new WeirError('E_STATE_DAMAGED', `${what}: what is stored was changed: its checksum is wrong`);
