/**
 * The rows of one side of a join that may still find partners.
 *
 * Owns: one state table: by bucket of time, and by key, which has its rows in pieces, so that a key of many rows is not written whole
 * with each that comes. A piece is bytes: rows end to end, each its size, its flag, age and time (where there are times), and what row-form.ts
 * makes of it; so keeping a row costs no object, and writing a snapshot a copy. Buckets are dropped whole.
 * Invariants: JO1 the rows of a key in a bucket are in the order in which they came.
 */
import { bufferOver, keyOfOne } from '../../batch/index.ts';
import type { StateTable, ValueCodec } from '../../state/index.ts';
import type { OperatorContext } from '../operator.ts';
import { copyBytes, Memory, Rooms } from './memory.ts';
import type { RowBytes, RowForm } from './row-form.ts';

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
  /** The key of its piece. */
  readonly piece: string;
}
/** A row, as it was when it was looked at. */
export interface KeptRow extends RowFacts, RowBytes, Place {
  /** From the begin of its piece. */
  readonly offset: number;
}
export interface KeptPlace {
  readonly key: string;
  readonly group: number;
}
/** Rows that were looked for, in an array that is not made anew for each row that looks for some. */
export class FoundRows {
  length = 0;
  readonly #rows: KeptRow[] = [];

  at(i: number): KeptRow {
    return this.#rows[i]!;
  }

  add(row: KeptRow): void {
    this.#rows[this.length++] = row;
  }

  /** Leaves those for which this is so. */
  only(is: (row: KeptRow) => boolean): void {
    let count = 0;
    for (let i = 0; i < this.length; i++) {
      const row = this.#rows[i]!;
      if (is(row)) this.#rows[count++] = row;
    }
    this.length = count;
  }

  /** Leaves those at these places, which are in order. */
  choose(places: Int32Array, count: number): void {
    for (let i = 0; i < count; i++) this.#rows[i] = this.#rows[places[i]!]!;
    this.length = count;
  }

  clear(): void {
    if (this.length > foundKeptMax) this.#rows.length = 0;
    this.length = 0;
  }
}
interface Piece {
  /** Of a key's first one: how many there are. */
  pieces: number;
  rows: number;
  memory: Memory;
  /** Its part of the memory, and how much of that is taken. */
  start: number;
  room: number;
  length: number;
}

/** More found rows do not stay in memory until the next. */
const foundKeptMax = 64;
/** A piece is written whole when a row is added to it. */
const rowsPerPiece = 16;
/** A piece that grows gets so many times the room that it had, or what its last row is expected to need. */
const growth = 3;
/** In front of a row: its size with this, its flag; and its age and its time. */
const headBytes = 5;
const datedHeadBytes = 21;

export class KeptRows {
  readonly #table: StateTable<Piece>;
  readonly #form: RowForm;
  readonly #dated: boolean;
  readonly #headBytes: number;
  #rooms = new Rooms();
  /** The watermark at which the last row of each bucket goes. */
  readonly #until = new Map<number, number>();
  #next = Infinity;

  /** @param dated age and time of rows are kept; otherwise they are 0 */
  constructor(context: OperatorContext, name: string, form: RowForm, dated: boolean) {
    this.#table = context.table(name, dated ? datedPieces : pieces);
    this.#form = form;
    this.#dated = dated;
    this.#headBytes = dated ? datedHeadBytes : headBytes;
  }

  get isEmpty(): boolean {
    return this.#table.size === 0;
  }

  /**
   * Keeps the row that the side's form has written last.
   *
   * @param until the watermark at which it may go
   */
  add(bucket: number, key: string, group: number, row: RowFacts, until: number): Place {
    this.#goes(bucket, until);
    const first = this.#table.get(bucket, key);
    if (first === undefined) {
      this.#table.put(bucket, key, group, this.#grown(emptyPiece(1), row));
      return { bucket, piece: key };
    }
    const last = first.pieces - 1;
    const lastKey = pieceKey(key, last);
    const { rows } = last === 0 ? first : this.#table.get(bucket, lastKey)!;
    if (rows < rowsPerPiece) {
      this.#grown(this.#table.modify(bucket, lastKey)!, row);
      return { bucket, piece: lastKey };
    }
    const next = pieceKey(key, last + 1);
    this.#table.modify(bucket, key)!.pieces++;
    this.#table.put(bucket, next, group, this.#grown(emptyPiece(0), row));
    return { bucket, piece: next };
  }

  /** Adds those of a key in a bucket, of times from `lowest` to `highest`. */
  find(bucket: number, key: string, lowest: number, highest: number, found: FoundRows): void {
    const first = this.#table.get(bucket, key);
    if (first === undefined) return;
    const pieces = first.pieces;
    for (let i = 0; i < pieces; i++) {
      const name = pieceKey(key, i);
      const piece = i === 0 ? first : this.#table.get(bucket, name)!;
      const { view } = piece.memory;
      const end = piece.start + piece.length;
      for (let at = piece.start; at < end; at += view.getUint32(at, true)) {
        const time = this.#dated ? view.getFloat64(at + 13, true) : 0;
        if (time >= lowest && time <= highest) found.add(this.#rowAt(piece, at, bucket, name));
      }
    }
  }

  /** All of a key, a bucket after the other. */
  *of(key: string): Generator<readonly KeptRow[], void> {
    for (const bucket of [...this.#table.namespaces()].sort((a, b) => a - b)) {
      const found = new FoundRows();
      this.find(bucket, key, -Infinity, Infinity, found);
      if (found.length > 0) yield Array.from({ length: found.length }, (_, i) => found.at(i));
    }
  }

  at({ bucket, piece }: Place, ordinal: number): KeptRow | undefined {
    const found = this.#table.get(bucket, piece);
    return found === undefined ? undefined : this.#rowsOf(found, bucket, piece).find((row) => row.ordinal === ordinal);
  }

  /** A row has had a partner. */
  match({ bucket, piece, offset }: KeptRow): void {
    const { memory, start } = this.#table.modify(bucket, piece)!;
    memory.bytes[start + offset + 4] = 1;
  }

  /** Drops buckets all of whose rows may go. */
  drop(watermark: number): void {
    if (watermark < this.#next) return;
    for (const [bucket, until] of this.#until) {
      if (until > watermark) continue;
      this.#table.drop(bucket);
      this.#until.delete(bucket);
      // What comes now is to go later: it shall not keep the memory of what went.
      this.#rooms = new Rooms();
    }
    this.#next = Math.min(...this.#until.values());
  }

  /** After a restore: what lies beside the table. @param untilOf of a row */
  recall(untilOf: (row: KeptRow) => number, each: (row: KeptRow, of: KeptPlace) => void): void {
    for (const bucket of this.#table.namespaces()) {
      const keys = [...this.#table.entries(bucket)].filter(({ value }) => value.pieces > 0);
      for (const { key, group, value } of keys)
        for (let i = 0; i < value.pieces; i++) {
          const name = pieceKey(key, i);
          for (const row of this.#rowsOf(this.#table.get(bucket, name)!, bucket, name)) {
            this.#goes(bucket, untilOf(row));
            each(row, { key, group });
          }
        }
    }
  }

  /** With one row more. */
  #grown(of: Piece, { ordinal, time, matched }: RowFacts): Piece {
    const form = this.#form;
    const size = this.#headBytes + form.length;
    if (of.length + size > of.room) this.#widen(of, size);
    const { bytes, view } = of.memory;
    const at = of.start + of.length;
    view.setUint32(at, size, true);
    bytes[at + 4] = matched ? 1 : 0;
    if (this.#dated) {
      view.setFloat64(at + 5, ordinal, true);
      view.setFloat64(at + 13, time, true);
    }
    copyBytes(form.memory.bytes, 0, form.length, bytes, at + this.#headBytes);
    of.length += size;
    of.rows++;
    return of;
  }

  /** Many keys have one row, and need no more room than that. */
  #widen(of: Piece, more: number): void {
    const room = of.length === 0 ? more : more + Math.ceil(of.length * Math.min(growth, (rowsPerPiece - 1) / of.rows));
    const memory = this.#rooms.with(room);
    const start = this.#rooms.next;
    copyBytes(of.memory.bytes, of.start, of.start + of.length, memory.bytes, start);
    this.#rooms.take(room);
    of.memory = memory;
    of.start = start;
    of.room = room;
  }

  #rowsOf(of: Piece, bucket: number, piece: string): KeptRow[] {
    const rows: KeptRow[] = [];
    const end = of.start + of.length;
    for (let at = of.start; at < end; at += of.memory.view.getUint32(at, true)) rows.push(this.#rowAt(of, at, bucket, piece));
    return rows;
  }

  #rowAt({ memory, start }: Piece, at: number, bucket: number, piece: string): KeptRow {
    return {
      ordinal: this.#dated ? memory.view.getFloat64(at + 5, true) : 0,
      time: this.#dated ? memory.view.getFloat64(at + 13, true) : 0,
      matched: memory.bytes[at + 4] === 1,
      memory,
      at: at + this.#headBytes,
      bucket,
      piece,
      offset: at - start,
    };
  }

  #goes(bucket: number, until: number): void {
    if (until <= (this.#until.get(bucket) ?? -Infinity)) return;
    this.#until.set(bucket, until);
    if (until < this.#next) this.#next = until;
  }
}

const nothing = new Memory(0);

const emptyPiece = (of: number): Piece => ({ pieces: of, rows: 0, memory: nothing, start: 0, room: 0, length: 0 });

const pieceKey = (key: string, piece: number): string => (piece === 0 ? key : key + keyOfOne(piece));

const pieces: ValueCodec<Piece> = {
  id: 'rows of a join as bytes',
  write(out, { pieces: count, rows, memory, start, length }) {
    out.varint(count);
    out.varint(rows);
    out.varint(length);
    out.copy(memory.bytes, start, start + length);
  },
  read(from) {
    const count = from.varint();
    const rows = from.varint();
    const own = from.bytes();
    const { length } = own;
    const memory = new Memory(length, bufferOver(own));
    return { pieces: count, rows, memory, start: 0, room: length, length };
  },
};
const datedPieces: ValueCodec<Piece> = { ...pieces, id: 'rows of a join as bytes, with their times' };
