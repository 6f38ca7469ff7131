/**
 * One LevelDB, used so that what it confirms is durable and what it reads is not stale.
 *
 * Owns: the database handle; group commit; compaction of small databases; reopening. The only file that imports `level`.
 * Does not own: what keys and values mean (level-blobs.ts, level-pointers.ts, level-journal.ts).
 * Invariants:
 *  - S7 reads and writes take turns in one lane. The bundled LevelDB can return old values when a snapshot or iterator is
 *    open across a write, and every asynchronous read opens one for its own duration.
 *  - S8 every batch is synced. LevelDB's sync covers the current log file only, so a synced batch does not make an earlier
 *    unsynced one durable once the log was switched. Writes that wait together go as one batch, so that all subtasks
 *    of a worker share one sync.
 *  - S9 a batch is at most `batchBytesMax` of payload, unless a single write is longer.
 */
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Level } from 'level';
import { WeirError } from '../../core/index.ts';
import { Lane } from './lane.ts';
import { storeError } from './level-errors.ts';

export const batchBytesMax: number = 1024 * 1024;
/** A database below this is compacted by us, once it has grown by as much as it holds; a larger one is left to LevelDB's levels. */
const ownCompactionBytesMax = 4 * 1024 * 1024;
const firstCompactionBytes = 48 * 1024;
const compactionBytesMin = 12 * 1024;
/** LevelDB appends to its manifest and to its text log until it is opened anew. */
const logBytesMax = 8 * 1024;
/** How often a large database looks at those. */
const logCheckBytes = 64 * 1024 * 1024;
const pageKeys = 512;

export type Write = { readonly type: 'put'; readonly key: string; readonly value: Uint8Array } | { readonly type: 'del'; readonly key: string };

interface Waiting {
  readonly writes: readonly Write[];
  readonly bytes: number;
  resolve(): void;
  reject(error: WeirError): void;
}

const encodings = { keyEncoding: 'utf8', valueEncoding: 'view' } as const;
/** `level` types only what browsers have too; on Node it is `classic-level`, which can also compact. */
interface Compacting {
  approximateSize(start: string, end: string): Promise<number>;
  compactRange(start: string, end: string): Promise<void>;
}
type Handle = Level<string, Uint8Array> & Compacting;

export class LevelDatabase {
  readonly #location: string;
  readonly #lane = new Lane();
  readonly #waiting: Waiting[] = [];
  #handle: Handle;
  /** After a failed write LevelDB refuses all others until it is opened again. */
  #broken = false;
  #closed = false;
  /** What the tables held when they were last looked at, and what was written since. */
  #settledBytes = 0;
  #writtenBytes = 0;
  #logBytesAtOpen = 0;

  private constructor(location: string, handle: Handle) {
    this.#location = location;
    this.#handle = handle;
  }

  /** Rejects with what LevelDB says: the caller knows what a lock means. */
  static async open(location: string): Promise<LevelDatabase> {
    const database = new LevelDatabase(location, await openHandle(location));
    database.#settledBytes = await database.#handle.approximateSize('', '\uffff');
    database.#logBytesAtOpen = await logBytes(location);
    return database;
  }

  /** The values of these keys, undefined where there is none. */
  read(keys: readonly string[], what: string): Promise<readonly (Uint8Array | undefined)[]> {
    return this.#exclusive(what, () => this.#handle.getMany([...keys], encodings));
  }

  /** All keys in [from, to), ascending. Pages: writes may come between two of them. */
  async keys(from: string, to: string, what: string): Promise<readonly string[]> {
    const found: string[] = [];
    for (let range = { gte: from, lt: to } as { gte?: string; gt?: string; lt: string }; ; range = { gt: found.at(-1)!, lt: to }) {
      const page = await this.#exclusive(what, () => this.#handle.keys({ ...range, limit: pageKeys, keyEncoding: 'utf8' }).all());
      found.push(...page);
      if (page.length < pageKeys) return found;
    }
  }

  /** The last key in [from, to). */
  async lastKey(from: string, to: string, what: string): Promise<string | undefined> {
    const page = await this.#exclusive(what, () => this.#handle.keys({ gte: from, lt: to, reverse: true, limit: 1, keyEncoding: 'utf8' }).all());
    return page[0];
  }

  /** Resolves once these writes are durable; they become so together, and after all that were handed in before. */
  write(writes: readonly Write[]): Promise<void> {
    return new Promise((resolve, reject) => {
      let bytes = 0;
      for (const write of writes) bytes += write.type === 'put' ? write.value.length : 0;
      this.#waiting.push({ writes, bytes, resolve, reject });
      if (this.#waiting.length === 1) this.#scheduleCommit();
    });
  }

  async close(): Promise<void> {
    await this.#lane.run(async () => {
      this.#closed = true;
      await this.#handle.close();
    });
  }

  #scheduleCommit(): void {
    this.#exclusive('write state', () => this.#commit()).catch((error: WeirError) => {
      for (const waiting of this.#waiting.splice(0)) waiting.reject(error);
    });
  }

  async #commit(): Promise<void> {
    const group = this.#takeGroup();
    const bytes = group.reduce((sum, waiting) => sum + waiting.bytes, 0);
    try {
      await this.#handle.batch(group.flatMap((waiting) => [...waiting.writes]), { ...encodings, sync: true });
    } catch (thrown) {
      this.#broken = true;
      const error = storeError(thrown, 'write state');
      for (const waiting of group) waiting.reject(error);
      return;
    } finally {
      if (this.#waiting.length > 0) this.#scheduleCommit();
    }
    for (const waiting of group) waiting.resolve();
    this.#writtenBytes += bytes + 64 * group.length;
    this.#keepSmall();
  }

  #takeGroup(): readonly Waiting[] {
    let taken = 0;
    let bytes = 0;
    for (const waiting of this.#waiting) {
      if (taken > 0 && bytes + waiting.bytes > batchBytesMax) break;
      bytes += waiting.bytes;
      taken++;
    }
    return this.#waiting.splice(0, taken);
  }

  #keepSmall(): void {
    const small = this.#settledBytes < ownCompactionBytesMax;
    const enough = this.#settledBytes === 0 ? firstCompactionBytes : small ? Math.max(compactionBytesMin, this.#settledBytes) : logCheckBytes;
    if (this.#writtenBytes < enough) return;
    this.#writtenBytes = 0;
    this.#exclusive('compact state', async () => {
      if (small) await this.#handle.compactRange('', '\uffff');
      this.#settledBytes = await this.#handle.approximateSize('', '\uffff');
      if ((await logBytes(this.#location)) > Math.max(logBytesMax, 2 * this.#logBytesAtOpen)) await this.#reopen();
    }).catch(() => {
      // Nothing was lost: space is reclaimed later, and a lasting fault shows at the next read or write.
      this.#broken = true;
    });
  }

  #exclusive<T>(what: string, task: () => Promise<T>): Promise<T> {
    return this.#lane.run(async () => {
      if (this.#closed) throw new WeirError('E_STORE', `${what}: the store is closed`, { retry: 'never' });
      try {
        if (this.#broken) await this.#reopen();
        return await task();
      } catch (thrown) {
        throw storeError(thrown, what);
      }
    });
  }

  async #reopen(): Promise<void> {
    this.#broken = true;
    await this.#handle.close();
    this.#handle = await openHandle(this.#location);
    this.#logBytesAtOpen = await logBytes(this.#location);
    this.#broken = false;
  }
}

async function openHandle(location: string): Promise<Handle> {
  const handle = new Level<string, Uint8Array>(location, encodings) as Handle;
  await handle.open();
  // The text log of the time before: it is for people, and of no use to LevelDB.
  await rm(join(location, 'LOG.old'), { force: true });
  return handle;
}

async function logBytes(location: string): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(location)) {
    if (name === 'LOG' || name.startsWith('MANIFEST-')) bytes += (await stat(join(location, name))).size;
  }
  return bytes;
}
