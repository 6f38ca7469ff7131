/**
 * The three stores in memory, over a `MemoryDisk` that outlives them.
 *
 * Invariants: S1 within the process: what was confirmed is there after close and reopen; S2 as on disk.
 */
import { WeirError, invariant } from '../../core/index.ts';
import { checkStoreName } from '../blob-id.ts';
import type { BlobStore, Journal, JobStores, JournalEntry, JournalExtent, PointerStore, Versioned } from '../ports.ts';
import { intact, MemoryDisk, stored, type StoredJournal } from './memory-disk.ts';

/** @param disk what to open again; a new one by default */
export function openMemoryStores(disk: MemoryDisk = new MemoryDisk()): JobStores {
  const open: OpenFlag = { value: true };
  return {
    blobs: new MemoryBlobs(disk, open),
    pointers: new MemoryPointers(disk, open),
    journal: new MemoryJournal(disk, open),
    guarantee: 'state is kept in memory: it survives a restart of the job inside this process, and nothing else',
    async close(): Promise<void> {
      open.value = false;
    },
  };
}

interface OpenFlag {
  value: boolean;
}

function mustBeOpen(open: OpenFlag): void {
  if (!open.value) throw new WeirError('E_STORE', 'the store is closed', { retry: 'never' });
}

const damaged = (what: string): WeirError => new WeirError('E_STATE_DAMAGED', what);

class MemoryBlobs implements BlobStore {
  readonly #disk: MemoryDisk;
  readonly #open: OpenFlag;

  constructor(disk: MemoryDisk, open: OpenFlag) {
    this.#disk = disk;
    this.#open = open;
  }

  async put(id: string, bytes: Uint8Array): Promise<void> {
    mustBeOpen(this.#open);
    checkStoreName(id);
    const known = this.#disk.blobs.get(id);
    invariant(known === undefined || Buffer.compare(known.bytes, bytes) === 0, `S6: blob ${id} is put again with other bytes`);
    if (known === undefined) this.#disk.blobs.set(id, stored(bytes));
  }

  async get(id: string): Promise<Uint8Array> {
    mustBeOpen(this.#open);
    const blob = this.#disk.blobs.get(checkStoreName(id));
    if (blob === undefined) throw damaged(`blob ${id} is missing`);
    if (!intact(blob)) throw damaged(`blob ${id} was changed: its checksum is wrong`);
    return blob.bytes.slice();
  }

  async list(prefix: string): Promise<readonly string[]> {
    mustBeOpen(this.#open);
    return [...this.#disk.blobs.keys()].filter((id) => id.startsWith(prefix)).sort();
  }

  async delete(ids: readonly string[]): Promise<void> {
    mustBeOpen(this.#open);
    for (const id of ids) this.#disk.blobs.delete(id);
  }
}

class MemoryPointers implements PointerStore {
  readonly #disk: MemoryDisk;
  readonly #open: OpenFlag;

  constructor(disk: MemoryDisk, open: OpenFlag) {
    this.#disk = disk;
    this.#open = open;
  }

  async read(name: string): Promise<Versioned | null> {
    mustBeOpen(this.#open);
    const cell = this.#disk.cells.get(checkStoreName(name));
    if (cell === undefined) return null;
    if (!intact(cell)) throw damaged(`cell ${name} was changed: its checksum is wrong`);
    return { revision: cell.revision, value: cell.bytes.slice() };
  }

  async compareAndSet(name: string, expected: number, value: Uint8Array): Promise<number | null> {
    mustBeOpen(this.#open);
    const revision = this.#disk.cells.get(checkStoreName(name))?.revision ?? 0;
    if (revision !== expected) return null;
    this.#disk.cells.set(name, { ...stored(value), revision: revision + 1 });
    return revision + 1;
  }
}

class MemoryJournal implements Journal {
  readonly #disk: MemoryDisk;
  readonly #open: OpenFlag;

  constructor(disk: MemoryDisk, open: OpenFlag) {
    this.#disk = disk;
    this.#open = open;
  }

  async append(name: string, values: readonly Uint8Array[]): Promise<number> {
    const journal = this.#journal(name);
    const first = journal.end;
    for (const value of values) journal.entries.set(journal.end++, stored(value));
    return first;
  }

  async read(name: string, sequence: number, limit: number): Promise<readonly JournalEntry[]> {
    const journal = this.#journal(name);
    if (sequence < journal.first) throw damaged(`journal ${name}: entry ${sequence} was released, the first is ${journal.first}`);
    if (sequence > journal.end) throw damaged(`journal ${name} ends at ${journal.end}, before entry ${sequence}`);
    const entries: JournalEntry[] = [];
    for (let at = sequence; at < Math.min(journal.end, sequence + limit); at++) {
      const entry = journal.entries.get(at);
      if (entry === undefined || !intact(entry)) throw damaged(`journal ${name}: entry ${at} is missing or was changed`);
      entries.push({ sequence: at, value: entry.bytes.slice() });
    }
    return entries;
  }

  async end(name: string): Promise<number> {
    return this.#journal(name).end;
  }

  async release(name: string, sequence: number): Promise<void> {
    const journal = this.#journal(name);
    for (; journal.first < Math.min(sequence, journal.end); journal.first++) journal.entries.delete(journal.first);
  }

  async list(): Promise<readonly JournalExtent[]> {
    mustBeOpen(this.#open);
    const journals = [...this.#disk.journals].map(([name, { first, end }]) => ({ name, first, end }));
    return journals.filter(({ end }) => end > 0).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async begin(name: string, sequence: number): Promise<void> {
    const journal = this.#journal(name);
    invariant(journal.end === 0, `S15: journal ${name} has begun already`);
    journal.first = sequence;
    journal.end = sequence;
  }

  #journal(name: string): StoredJournal {
    mustBeOpen(this.#open);
    const known = this.#disk.journals.get(checkStoreName(name));
    if (known !== undefined) return known;
    const created: StoredJournal = { first: 0, end: 0, entries: new Map() };
    this.#disk.journals.set(name, created);
    return created;
  }
}
