/**
 * Blobs in LevelDB: pieces of bounded length, and an entry that says they are complete.
 *
 * Keys: `b!<id>` the entry (size, checksum), `c!<id>!<n>` the pieces. Ids hold no `!`.
 * Invariants: S11 the entry is written with or after the last piece, so a blob that has one is complete; S12 it is
 * deleted before or with the first piece.
 */
import { crc32 } from 'node:zlib';
import { invariant, WeirError } from '../../core/index.ts';
import { checkStoreName } from '../blob-id.ts';
import type { BlobStore } from '../ports.ts';
import { batchBytesMax, type Write } from './group-commit.ts';
import type { LevelDatabase } from './level-database.ts';
import { seal, unseal } from '../sealed.ts';

export const pieceBytesMax: number = 256 * 1024;
const piecesPerBatch = batchBytesMax / pieceBytesMax;

interface BlobEntry {
  readonly size: number;
  readonly crc: number;
}

const entryKey = (id: string): string => `b!${id}`;
const pieceKey = (id: string, piece: number): string => `c!${id}!${piece.toString().padStart(6, '0')}`;
const pieceCount = (size: number): number => Math.ceil(size / pieceBytesMax);

export class LevelBlobs implements BlobStore {
  readonly #database: LevelDatabase;
  /** Puts under way: a second one of the same id waits, and then compares. */
  readonly #putting = new Map<string, Promise<void>>();

  constructor(database: LevelDatabase) {
    this.#database = database;
  }

  async put(id: string, bytes: Uint8Array): Promise<void> {
    checkStoreName(id);
    const before = this.#putting.get(id);
    const own = (before ?? Promise.resolve()).catch(() => undefined).then(() => this.#put(id, bytes));
    this.#putting.set(id, own);
    try {
      await own;
    } finally {
      if (this.#putting.get(id) === own) this.#putting.delete(id);
    }
  }

  async get(id: string): Promise<Uint8Array> {
    const entry = await this.#entry(checkStoreName(id));
    if (entry === undefined) throw new WeirError('E_STATE_DAMAGED', `blob ${id} is missing`);
    const bytes = new Uint8Array(entry.size);
    for (let piece = 0; piece < pieceCount(entry.size); piece += piecesPerBatch) await this.#readPieces(id, piece, bytes);
    if (crc32(bytes) !== entry.crc) throw new WeirError('E_STATE_DAMAGED', `blob ${id} was changed: its checksum is wrong`);
    return bytes;
  }

  async list(prefix: string): Promise<readonly string[]> {
    const keys = await this.#database.keys(entryKey(prefix), `${entryKey(prefix)}\uffff`, `list blobs ${prefix}`);
    return keys.map((key) => key.slice(2));
  }

  async delete(ids: readonly string[]): Promise<void> {
    await Promise.all(ids.map((id) => this.#delete(checkStoreName(id))));
  }

  async #put(id: string, bytes: Uint8Array): Promise<void> {
    if ((await this.#entry(id)) !== undefined) {
      invariant(Buffer.compare(await this.get(id), bytes) === 0, `S6: blob ${id} is put again with other bytes`);
      return;
    }
    let batch: Write[] = [];
    for (let piece = 0; piece < pieceCount(bytes.length); piece++) {
      if (batch.length === piecesPerBatch) {
        await this.#database.write(batch);
        batch = [];
      }
      const key = pieceKey(id, piece);
      batch.push({ type: 'put', key, value: seal(key, bytes.subarray(piece * pieceBytesMax, (piece + 1) * pieceBytesMax)) });
    }
    await this.#database.write([...batch, { type: 'put', key: entryKey(id), value: sealEntry(id, bytes) }]);
  }

  async #entry(id: string): Promise<BlobEntry | undefined> {
    const [sealed] = await this.#database.read([entryKey(id)], `blob ${id}`);
    if (sealed === undefined) return undefined;
    const payload = unseal(entryKey(id), sealed);
    if (payload?.length !== 12) throw new WeirError('E_STATE_DAMAGED', `blob ${id}: its entry was changed`);
    const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
    return { size: view.getFloat64(0), crc: view.getUint32(8) };
  }

  async #readPieces(id: string, first: number, into: Uint8Array): Promise<void> {
    const keys: string[] = [];
    for (let piece = first; piece < Math.min(first + piecesPerBatch, pieceCount(into.length)); piece++)
      keys.push(pieceKey(id, piece));
    const values = await this.#database.read(keys, `blob ${id}`);
    values.forEach((sealed, i) => {
      const at = (first + i) * pieceBytesMax;
      const piece = sealed === undefined ? undefined : unseal(keys[i]!, sealed);
      if (piece?.length !== Math.min(pieceBytesMax, into.length - at))
        throw new WeirError('E_STATE_DAMAGED', `blob ${id}: piece ${first + i} is missing or was changed`);
      into.set(piece, at);
    });
  }

  async #delete(id: string): Promise<void> {
    const pieces = await this.#database.keys(pieceKey(id, 0), `c!${id}!\uffff`, `delete blob ${id}`);
    await this.#database.write([entryKey(id), ...pieces].map((key) => ({ type: 'del', key })));
  }
}

function sealEntry(id: string, bytes: Uint8Array): Uint8Array {
  const payload = new Uint8Array(12);
  const view = new DataView(payload.buffer);
  view.setFloat64(0, bytes.length);
  view.setUint32(8, crc32(bytes));
  return seal(entryKey(id), payload);
}
