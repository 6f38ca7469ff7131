/**
 * One LevelDB, used so that what it confirms is durable and what it reads is not stale.
 *
 * Owns: the database handle; the lane; compaction of small databases; reopening. The only file that imports `level`.
 * Does not own: batching (group-commit.ts), what keys and values mean (level-blobs.ts, level-pointers.ts, level-journal.ts).
 * Invariants:
 *  - S7 reads and writes take turns in one lane. The bundled LevelDB can return old values when a snapshot or iterator is
 *    open across a write, and every asynchronous read opens one for its own duration.
 *  - S8 every batch is synced. LevelDB's sync covers the current log file only, so a synced batch does not make an earlier
 *    unsynced one durable once the log was switched.
 */
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Level } from 'level';
import { WeirError } from '../../core/index.ts';
import { GroupCommit, type Write } from './group-commit.ts';
import { Lane } from '../lane.ts';
import { storeError } from './level-errors.ts';

/** A database below this is compacted by us, once it has grown by as much as it holds; a larger one is left to LevelDB's levels. */
const ownCompactionBytesMax = 4 * 1024 * 1024;
const firstCompactionBytes = 48 * 1024;
const compactionBytesMin = 12 * 1024;
/** LevelDB appends to its manifest and to its text log until it is opened anew. */
const logBytesMax = 8 * 1024;
/** How often a large database looks at those. */
const logCheckBytes = 64 * 1024 * 1024;
const pageKeys = 512;
/** What a write costs beside its value, about. */
const keyBytes = 64;

/** Snapshots come in chunks of a megabyte: the more are sorted at once, the fewer are written again by LevelDB's own compaction. */
const writeBufferSize = 16 * 1024 * 1024;

const encodings = { keyEncoding: 'utf8', valueEncoding: 'view' } as const;
const everything = ['', '\uffff'] as const;

/** `level` types only what browsers have too; on Node it is `classic-level`, which can also compact. */
interface Compacting {
  approximateSize(start: string, end: string): Promise<number>;
  compactRange(start: string, end: string): Promise<void>;
}
type Handle = Level<string, Uint8Array> & Compacting;

export class LevelDatabase {
  readonly #location: string;
  readonly #lane = new Lane();
  readonly #commits = new GroupCommit((writes, bytes) => this.#exclusive('write state', () => this.#writeBatch(writes, bytes)));
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

  /**
   * Rejects with what LevelDB says: the caller knows what a lock means.
   *
   * @param create whether it may be new; false where something must be there
   */
  static async open(location: string, create: boolean): Promise<LevelDatabase> {
    const database = new LevelDatabase(location, await openHandle(location, create));
    database.#settledBytes = await database.#handle.approximateSize(...everything);
    database.#logBytesAtOpen = await logBytes(location);
    return database;
  }

  /** The values of these keys, undefined where there is none. */
  read(keys: readonly string[], what: string): Promise<readonly (Uint8Array | undefined)[]> {
    return this.#exclusive(what, () => this.#handle.getMany([...keys], encodings));
  }

  /** All keys in [from, to), ascending. In pages: writes may come between two of them. */
  async keys(from: string, to: string, what: string): Promise<readonly string[]> {
    const found: string[] = [];
    let range: { readonly gte: string } | { readonly gt: string } = { gte: from };
    for (;;) {
      const page = await this.#page({ ...range, lt: to, limit: pageKeys }, what);
      found.push(...page);
      if (page.length < pageKeys) return found;
      range = { gt: page.at(-1)! };
    }
  }

  /** The first key in [from, to). */
  async firstKey(from: string, to: string, what: string): Promise<string | undefined> {
    return (await this.#page({ gte: from, lt: to, limit: 1 }, what))[0];
  }

  /** The last key in [from, to). */
  async lastKey(from: string, to: string, what: string): Promise<string | undefined> {
    return (await this.#page({ gte: from, lt: to, reverse: true, limit: 1 }, what))[0];
  }

  /** Resolves once these writes are durable; they become so together, and after all that were handed in before. */
  write(writes: readonly Write[]): Promise<void> {
    return this.#commits.write(writes);
  }

  async close(): Promise<void> {
    await this.#lane.run(async () => {
      this.#closed = true;
      await this.#handle.close();
    });
  }

  #page(
    range: { gte?: string; gt?: string; lt: string; limit: number; reverse?: boolean },
    what: string,
  ): Promise<readonly string[]> {
    return this.#exclusive(what, () => this.#handle.keys({ ...range, keyEncoding: 'utf8' }).all());
  }

  async #writeBatch(writes: readonly Write[], bytes: number): Promise<void> {
    try {
      await this.#handle.batch([...writes], { ...encodings, sync: true });
    } catch (thrown) {
      this.#broken = true;
      throw thrown;
    }
    this.#writtenBytes += bytes + keyBytes * writes.length;
    this.#keepSmall();
  }

  #keepSmall(): void {
    const small = this.#settledBytes < ownCompactionBytesMax;
    const enough =
      this.#settledBytes === 0 ? firstCompactionBytes : small ? Math.max(compactionBytesMin, this.#settledBytes) : logCheckBytes;
    if (this.#writtenBytes < enough) return;
    this.#writtenBytes = 0;
    this.#exclusive('compact state', async () => {
      if (small) await this.#handle.compactRange(...everything);
      this.#settledBytes = await this.#handle.approximateSize(...everything);
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
    this.#handle = await openHandle(this.#location, false);
    this.#logBytesAtOpen = await logBytes(this.#location);
    this.#broken = false;
  }
}

async function openHandle(location: string, create: boolean): Promise<Handle> {
  const handle = new Level<string, Uint8Array>(location, { ...encodings, createIfMissing: create, writeBufferSize }) as Handle;
  await handle.open({ createIfMissing: create });
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
