/**
 * The rows of one side of a join that may still find partners.
 *
 * Owns: one state table: by bucket of time, and by key, which has its rows in pieces, so that a key of many rows is not written whole
 * with each that comes. Buckets are dropped whole.
 * Invariants: JO1 the rows of a key in a bucket are in the order in which they came.
 */
import { type ByteReader, type ByteWriter, type FieldCodec, keyOfOne } from '../../batch/index.ts';
import type { StateTable, ValueCodec } from '../../state/index.ts';
import type { OperatorContext } from '../operator.ts';

export interface KeptRow {
  /** Age: rises with what is younger. */
  readonly ordinal: number;
  readonly time: number;
  /** In the order of the side's columns. */
  readonly values: readonly unknown[];
  /** It has had a partner. Kept only where somebody asks. */
  matched: boolean;
}
/** Where a row is kept. */
export interface Place {
  readonly bucket: number;
  /** The key of its piece. */
  readonly piece: string;
}
export interface KeptPlace extends Place {
  readonly key: string;
  readonly group: number;
}
interface Piece {
  /** Of a key's first one: how many there are. */
  pieces: number;
  readonly rows: KeptRow[];
}

const rowsPerPiece = 64;
const none: readonly KeptRow[] = [];

export class KeptRows {
  readonly #table: StateTable<Piece>;
  /** The watermark at which the last row of each bucket goes. */
  readonly #until = new Map<number, number>();
  #next = Infinity;

  constructor(context: OperatorContext, name: string, columns: readonly FieldCodec[]) {
    this.#table = context.table(name, pieceCodec(columns));
  }

  get isEmpty(): boolean {
    return this.#table.size === 0;
  }

  /** @param until the watermark at which it may go */
  add(bucket: number, key: string, group: number, row: KeptRow, until: number): Place {
    this.#goes(bucket, until);
    const first = this.#table.get(bucket, key);
    const last = first === undefined ? 0 : first.pieces - 1;
    const piece = pieceKey(key, last);
    if (first === undefined) {
      this.#table.put(bucket, key, group, { pieces: 1, rows: [row] });
      return { bucket, piece };
    }
    const rows = last === 0 ? first.rows : this.#table.get(bucket, piece)!.rows;
    if (rows.length < rowsPerPiece) {
      this.#table.modify(bucket, piece)!.rows.push(row);
      return { bucket, piece };
    }
    const next = pieceKey(key, last + 1);
    this.#table.modify(bucket, key)!.pieces++;
    this.#table.put(bucket, next, group, { pieces: 0, rows: [row] });
    return { bucket, piece: next };
  }

  /** Those of a key in a bucket. */
  of(bucket: number, key: string): readonly KeptRow[] {
    const first = this.#table.get(bucket, key);
    if (first === undefined) return none;
    if (first.pieces === 1) return first.rows;
    const others = Array.from({ length: first.pieces - 1 }, (_, i) => this.#table.get(bucket, pieceKey(key, i + 1))!.rows);
    return [first.rows, ...others].flat();
  }

  at({ bucket, piece }: Place, ordinal: number): KeptRow | undefined {
    return this.#table.get(bucket, piece)?.rows.find((row) => row.ordinal === ordinal);
  }

  /** A row has had a partner. */
  match(bucket: number, key: string, ordinal: number): void {
    const { pieces } = this.#table.get(bucket, key)!;
    for (let i = 0; i < pieces; i++) {
      const piece = pieceKey(key, i);
      const at = this.#table.get(bucket, piece)!.rows.findIndex((row) => row.ordinal === ordinal);
      if (at < 0) continue;
      this.#table.modify(bucket, piece)!.rows[at]!.matched = true;
      return;
    }
  }

  /** Drops buckets all of whose rows may go. */
  drop(watermark: number): void {
    if (watermark < this.#next) return;
    for (const [bucket, until] of this.#until) {
      if (until > watermark) continue;
      this.#table.drop(bucket);
      this.#until.delete(bucket);
    }
    this.#next = Math.min(...this.#until.values());
  }

  /** After a restore: what lies beside the table. @param untilOf of a row */
  recall(untilOf: (row: KeptRow) => number, each: (row: KeptRow, of: KeptPlace) => void): void {
    for (const bucket of this.#table.namespaces()) {
      const keys = [...this.#table.entries(bucket)].filter(({ value }) => value.pieces > 0);
      for (const { key, group, value } of keys)
        for (let i = 0; i < value.pieces; i++) {
          const piece = pieceKey(key, i);
          for (const row of this.#table.get(bucket, piece)!.rows) {
            this.#goes(bucket, untilOf(row));
            each(row, { bucket, piece, key, group });
          }
        }
    }
  }

  #goes(bucket: number, until: number): void {
    if (until <= (this.#until.get(bucket) ?? -Infinity)) return;
    this.#until.set(bucket, until);
    if (until < this.#next) this.#next = until;
  }
}

const pieceKey = (key: string, piece: number): string => (piece === 0 ? key : key + keyOfOne(piece));

function pieceCodec(columns: readonly FieldCodec[]): ValueCodec<Piece> {
  const writeRow = (out: ByteWriter, { ordinal, time, values, matched }: KeptRow): void => {
    out.varint(ordinal);
    out.f64(time);
    out.u8(matched ? 1 : 0);
    for (let i = 0; i < columns.length; i++) columns[i]!.write(out, values[i]);
  };
  const readRow = (from: ByteReader): KeptRow => ({
    ordinal: from.varint(),
    time: from.f64(),
    matched: from.u8() === 1,
    values: columns.map((column) => column.read(from)),
  });
  return {
    id: 'rows of a join',
    write(out, { pieces, rows }) {
      out.varint(pieces);
      out.varint(rows.length);
      for (const row of rows) writeRow(out, row);
    },
    read: (from) => ({ pieces: from.varint(), rows: Array.from({ length: from.varint() }, () => readRow(from)) }),
  };
}
