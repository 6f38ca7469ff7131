/**
 * Files that appear, as one split: an ordered list of files, read one after the other.
 *
 * Owns: which files were taken, and in which order. That order is in the journal before a file is read, so that a restore reads the
 * same files in the same order, whatever their names and times say then. Does not own: reading one file.
 * Invariants: C1 of operators/source.ts; WF1 a file is taken once; WF2 a file that has changed after it was read is an error, not a loss.
 */
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { sleep, WeirError } from '../../core/index.ts';
import type { Piece, Position, SourceContext, SplitReader } from '../../operators/index.ts';
import { journalName } from '../journal/index.ts';
import { inputFile, presentFiles } from './input-files.ts';

export interface WatchedPosition {
  /** Files before this one in the order of taking are read. */
  readonly file: number;
  /** In that file; null = at its begin. */
  readonly at: Position | null;
}
type OpenFile = (name: string, from: Position | undefined, records: number) => Promise<SplitReader>;

/** Time between two looks at the folder. */
const lookMs = 250;
const entriesAtATime = 1024;

export async function openWatched(
  path: string,
  open: OpenFile,
  from: WatchedPosition | undefined,
  records: number,
  context: SourceContext,
): Promise<SplitReader> {
  const { folder, names } = await presentFiles(path);
  if (folder !== path && names.length === 1 && names[0] === basename(path)) {
    throw new WeirError('E_SOURCE', `${path} is one file: a watched source reads those of a folder, or of a pattern`, {
      retry: 'never',
      hint: 'leave watch out, or name the folder',
    });
  }
  const taken = await takenBefore(context);
  return new WatchedFiles({ path, folder, open, context }, taken, from ?? { file: 0, at: null }, records);
}

/** Takes what is there now; a reader that ends with it reads files up to this one, and takes none itself. */
export async function takePresent(path: string, context: SourceContext): Promise<number> {
  const { folder } = await presentFiles(path);
  const taken = await takenBefore(context);
  await new WatchedFiles({ path, folder, open: () => Promise.reject(), context }, taken, { file: 0, at: null }, 0).take();
  return taken.length;
}

async function takenBefore(context: SourceContext): Promise<string[]> {
  const { journal } = context;
  const names: string[] = [];
  for (;;) {
    const entries = await journal.read(journalName(context), names.length, entriesAtATime);
    if (entries.length === 0) return names;
    for (const { value } of entries) names.push(new TextDecoder().decode(value));
  }
}

interface Watch {
  readonly path: string;
  readonly folder: string;
  readonly open: OpenFile;
  readonly context: SourceContext;
}

class WatchedFiles implements SplitReader {
  readonly #o: Watch;
  /** In the order of taking. */
  readonly #taken: string[];
  readonly #known: Set<string>;
  /** Bytes that a file had when it was read to its end, for those that this process has read. */
  readonly #sizes = new Map<string, number>();
  #file: number;
  #at: Position | null;
  #records: number;
  #reader: SplitReader | null = null;

  constructor(options: Watch, taken: string[], from: WatchedPosition, records: number) {
    this.#o = options;
    this.#taken = taken;
    this.#known = new Set(taken);
    this.#file = from.file;
    this.#at = from.at;
    this.#records = records;
  }

  async read(): Promise<Piece | null> {
    const reader = await this.#present();
    if (reader === null) return null;
    const piece = await reader.read();
    if (piece === null) return this.#next();
    this.#records += piece.records;
    return { ...piece, position: { file: this.#file, at: piece.position } satisfies WatchedPosition };
  }

  async close(): Promise<void> {
    await this.#reader?.close();
  }

  /** The reader of the file that is being read; waits for one, unless it ends with those that were there (null). */
  async #present(): Promise<SplitReader | null> {
    if (this.#reader !== null) return this.#reader;
    const until = this.#o.context.until as number | undefined;
    if (until !== undefined && this.#file >= until) return null;
    while (this.#file >= this.#taken.length) {
      if (await this.take()) break;
      await sleep(this.#o.context.clock, lookMs, this.#o.context.signal);
    }
    this.#reader = await this.#o.open(this.#taken[this.#file]!, this.#at ?? undefined, this.#records);
    return this.#reader;
  }

  /** Past the end of a file: it may go now. */
  async #next(): Promise<Piece> {
    const name = this.#taken[this.#file]!;
    await this.#reader!.close();
    this.#reader = null;
    this.#sizes.set(name, (await this.#found(name))?.size ?? 0);
    this.#file++;
    this.#at = null;
    return { batch: null, dead: [], records: 0, position: { file: this.#file, at: null } satisfies WatchedPosition };
  }

  /** Looks for files that were not there before: those that changed first come first. */
  async take(): Promise<boolean> {
    const { names } = await presentFiles(this.#o.path);
    await this.#checkRead(names);
    const fresh = names.filter((name) => !this.#known.has(name));
    if (fresh.length === 0) return false;
    const times = new Map<string, number>();
    for (const name of fresh) times.set(name, (await this.#found(name))?.mtimeMs ?? Number.POSITIVE_INFINITY);
    const order = fresh.toSorted((a, b) => times.get(a)! - times.get(b)!); // stable: names decide where times are equal
    const { context } = this.#o;
    await context.journal.append(
      journalName(context),
      order.map((name) => new TextEncoder().encode(name)),
    );
    for (const name of order) this.#known.add(name);
    this.#taken.push(...order);
    return true;
  }

  /** WF2 */
  async #checkRead(names: readonly string[]): Promise<void> {
    for (const name of names) {
      const size = this.#sizes.get(name);
      if (size === undefined) continue;
      const now = await this.#found(name);
      if (now === null || now.size === size) continue;
      throw new WeirError('E_SOURCE_CHANGED', `${name} had ${size} bytes when it was read to its end, and has ${now.size} now`, {
        hint: 'move files into the folder once they are complete; put this one back as it was, and what is new into another',
      });
    }
  }

  /** Null: it is gone. */
  #found(name: string): Promise<{ readonly size: number; readonly mtimeMs: number } | null> {
    return stat(inputFile(this.#o.folder, name)).catch(() => null);
  }
}
