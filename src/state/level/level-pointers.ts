/**
 * Compare-and-set cells in LevelDB, each guarded by the marker beside it.
 *
 * Keys: `p!<name>` the cell (revision, and the value if it is short), `q!<name>!<revision>!<n>` pieces of a long value.
 * Invariants: S13 reads and writes of a store's cells take turns; S14 a cell that is behind its mark, or differs from it at
 * the same revision, is damaged: never an older value, never "not written yet".
 */
import { crc32 } from 'node:zlib';
import { WeirError } from '../../core/index.ts';
import { checkStoreName } from '../blob-id.ts';
import type { PointerStore, Versioned } from '../ports.ts';
import type { CommittedMarker } from './committed-marker.ts';
import type { Write } from './group-commit.ts';
import { Lane } from '../lane.ts';
import { pieceBytesMax } from './level-blobs.ts';
import type { LevelDatabase } from './level-database.ts';
import { seal, unseal } from '../sealed.ts';

/** Revision, size and whether the value follows: 17 bytes. */
const cellHeaderBytes = 17;

const cellKey = (name: string): string => `p!${name}`;
const piecesOf = (name: string): string => `q!${name}!`;
const pieceKey = (name: string, revision: number, piece: number): string =>
  `${piecesOf(name)}${revision.toString().padStart(16, '0')}!${piece.toString().padStart(6, '0')}`;

export class LevelPointers implements PointerStore {
  readonly #database: LevelDatabase;
  readonly #marker: CommittedMarker;
  readonly #turns = new Lane();

  constructor(database: LevelDatabase, marker: CommittedMarker) {
    this.#database = database;
    this.#marker = marker;
  }

  read(name: string): Promise<Versioned | null> {
    return this.#turns.run(() => this.#read(checkStoreName(name)));
  }

  compareAndSet(name: string, expected: number, value: Uint8Array): Promise<number | null> {
    return this.#turns.run(async () => {
      const revision = (await this.#read(checkStoreName(name)))?.revision ?? 0;
      if (revision !== expected) return null;
      await this.#write(name, revision + 1, value);
      await this.#marker.setCell(name, { revision: revision + 1, crc: crc32(value) });
      return revision + 1;
    });
  }

  /** Closes the database behind the write that is under way: its mark, too, is written while the directory is ours. What follows finds it closed. */
  close(): Promise<void> {
    return this.#turns.run(() => this.#database.close());
  }

  async #read(name: string): Promise<Versioned | null> {
    const [sealed] = await this.#database.read([cellKey(name)], `cell ${name}`);
    const mark = this.#marker.cell(name);
    if (sealed === undefined) {
      if (mark === undefined) return null;
      throw damaged(name, `is missing, but revision ${mark.revision} was written`);
    }
    const cell = await this.#open(name, sealed);
    if (mark !== undefined && cell.revision < mark.revision)
      throw damaged(name, `has revision ${cell.revision}, but ${mark.revision} was written: the store has lost its last writes`);
    if (mark?.revision === cell.revision && mark.crc !== crc32(cell.value))
      throw damaged(name, `is not the value that was written as revision ${cell.revision}`);
    return cell;
  }

  async #open(name: string, sealed: Uint8Array): Promise<Versioned> {
    const payload = unseal(cellKey(name), sealed);
    if (payload === undefined || payload.length < cellHeaderBytes) throw damaged(name, 'was changed: its checksum is wrong');
    const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
    const revision = view.getFloat64(0);
    if (view.getUint8(16) === 1) return { revision, value: payload.slice(cellHeaderBytes) };
    return { revision, value: await this.#readPieces(name, revision, view.getFloat64(8)) };
  }

  async #readPieces(name: string, revision: number, size: number): Promise<Uint8Array> {
    const value = new Uint8Array(size);
    for (let piece = 0; piece * pieceBytesMax < size; piece++) {
      const key = pieceKey(name, revision, piece);
      const [sealed] = await this.#database.read([key], `cell ${name}`);
      const bytes = sealed === undefined ? undefined : unseal(key, sealed);
      if (bytes?.length !== Math.min(pieceBytesMax, size - piece * pieceBytesMax))
        throw damaged(name, `has lost piece ${piece} of revision ${revision}`);
      value.set(bytes, piece * pieceBytesMax);
    }
    return value;
  }

  async #write(name: string, revision: number, value: Uint8Array): Promise<void> {
    const inline = value.length <= pieceBytesMax;
    for (let piece = 0; !inline && piece * pieceBytesMax < value.length; piece++) {
      const key = pieceKey(name, revision, piece);
      await this.#database.write([
        { type: 'put', key, value: seal(key, value.subarray(piece * pieceBytesMax, (piece + 1) * pieceBytesMax)) },
      ]);
    }
    const outdated = await this.#database.keys(piecesOf(name), pieceKey(name, revision, 0), `cell ${name}`);
    const cell: Write = { type: 'put', key: cellKey(name), value: sealCell(name, revision, value, inline) };
    await this.#database.write([cell, ...outdated.map((key) => ({ type: 'del', key }) as const)]);
  }
}

function sealCell(name: string, revision: number, value: Uint8Array, inline: boolean): Uint8Array {
  const payload = new Uint8Array(cellHeaderBytes + (inline ? value.length : 0));
  const view = new DataView(payload.buffer);
  view.setFloat64(0, revision);
  view.setFloat64(8, value.length);
  view.setUint8(16, inline ? 1 : 0);
  if (inline) payload.set(value, cellHeaderBytes);
  return seal(cellKey(name), payload);
}

function damaged(name: string, what: string): WeirError {
  return new WeirError('E_STATE_DAMAGED', `cell ${name} ${what}`);
}
