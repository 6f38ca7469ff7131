/**
 * A folder of files, each written whole and then renamed into its place: one per subtask and epoch that has rows.
 *
 * Owns: `.pending-…` files in the folder, synced before `stage` answers, and their renaming at commit. A reader that takes
 * `part-*` sees committed rows only. Parts are rolled at every checkpoint and at no other time: how large they get is set by
 * `checkpointEvery`.
 * Invariants: K3 a part has its name only once its checkpoint is complete, and then never changes; K4 pending files that no
 * checkpoint knows are removed when the sink is opened, each by the one subtask that its name falls to.
 */
import { mkdir, open, readdir, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Batch } from '../../batch/index.ts';
import { WeirError } from '../../core/index.ts';
import type { CommitPermit, SinkContext, SinkWriter } from '../../operators/index.ts';
import { type FormatDefinition, linesOf } from '../formats/index.ts';
import { sinkError } from './committed-file.ts';
import { parsePartName, partName, pendingName } from './part-name.ts';
import { syncFolder } from './sync-folder.ts';

interface State {
  readonly nextSequence: number;
  /** Staged and not yet known to be committed. */
  readonly pending: readonly string[];
}
interface Staged {
  readonly pending: string;
  readonly part: string;
  readonly bytes: number;
}

export async function openPartFiles(
  folder: string,
  format: FormatDefinition,
  context: SinkContext,
  states: readonly unknown[],
): Promise<SinkWriter> {
  const known = states as readonly State[];
  const pending = new Set(known.flatMap((state) => state.pending));
  const first = Math.max(0, ...known.map(({ nextSequence }) => nextSequence));
  try {
    await mkdir(folder, { recursive: true });
    const names = await readdir(folder);
    await sweep(folder, names, context, pending);
    return new PartFilesWriter(
      folder,
      format,
      context,
      first,
      names.filter((name) => pending.has(name)),
    );
  } catch (error) {
    throw sinkError(error, folder);
  }
}

/** Removes what aborted epochs left, and of a fresh job the parts of an earlier one. */
async function sweep(
  folder: string,
  names: readonly string[],
  { subtask, parallelism, fresh }: SinkContext,
  kept: ReadonlySet<string>,
): Promise<void> {
  for (const name of names) {
    const part = parsePartName(name);
    if (part === null || part.subtask % parallelism !== subtask || kept.has(name)) continue;
    if (part.pending || fresh) await unlink(join(folder, name));
  }
}

class PartFilesWriter implements SinkWriter {
  readonly #folder: string;
  readonly #format: FormatDefinition;
  readonly #context: SinkContext;
  readonly #pending: Set<string>;
  #nextSequence: number;
  #rows: Uint8Array[] = [];

  constructor(folder: string, format: FormatDefinition, context: SinkContext, nextSequence: number, pending: readonly string[]) {
    this.#folder = folder;
    this.#format = format;
    this.#context = context;
    this.#nextSequence = nextSequence;
    this.#pending = new Set(pending);
  }

  write(batch: Batch): void {
    const lines = linesOf(batch, this.#format, this.#context.setAside);
    if (lines.length > 0) this.#rows.push(lines);
  }

  async stage(): Promise<Staged | undefined> {
    if (this.#rows.length === 0) return undefined;
    const { header } = this.#format;
    const pieces = [...(header === undefined ? [] : [header.bytes, Buffer.from('\n')]), ...this.#rows];
    this.#rows = [];
    const { subtask, generation } = this.#context;
    const part = partName({ subtask, sequence: this.#nextSequence++ }, this.#format.extension);
    const pending = pendingName(part, generation);
    await this.#write(pending, pieces);
    this.#pending.add(pending);
    return { pending, part, bytes: pieces.reduce((sum, { length }) => sum + length, 0) };
  }

  async commit(_permit: CommitPermit, staged: unknown): Promise<void> {
    const { pending, part, bytes } = staged as Staged;
    try {
      await this.#rename(pending, part, bytes);
    } catch (error) {
      throw sinkError(error, join(this.#folder, part));
    }
    this.#pending.delete(pending);
  }

  snapshot(): State {
    return { nextSequence: this.#nextSequence, pending: [...this.#pending] };
  }

  async #write(name: string, pieces: readonly Uint8Array[]): Promise<void> {
    const path = join(this.#folder, name);
    try {
      const handle = await open(path, 'w');
      try {
        for (const piece of pieces) await handle.writeFile(piece); // each goes on where the last one ended
        await handle.sync();
      } finally {
        await handle.close();
      }
      await syncFolder(this.#folder);
    } catch (error) {
      throw sinkError(error, path);
    }
  }

  /** A rename that has happened is a commit that has happened; neither file there is a loss, and must not look like one. */
  async #rename(pending: string, part: string, bytes: number): Promise<void> {
    const size = await sizeOf(join(this.#folder, pending));
    const done = await sizeOf(join(this.#folder, part));
    if (size === null && done === bytes) return;
    if (size === null)
      throw this.#changed(part, done === null ? 'it is gone' : `it has ${done} bytes, and the job wrote ${bytes}`);
    if (done !== null) throw this.#changed(part, 'it was there before the job wrote it');
    if (size !== bytes) throw this.#changed(pending, `it has ${size} bytes, and the job wrote ${bytes}`);
    await rename(join(this.#folder, pending), join(this.#folder, part));
    await syncFolder(this.#folder);
  }

  #changed(name: string, what: string): WeirError {
    return new WeirError('E_SINK_CHANGED', `${join(this.#folder, name)} was changed by someone else: ${what}`);
  }
}

async function sizeOf(path: string): Promise<number | null> {
  return stat(path).then(
    ({ size }) => size,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw error;
    },
  );
}
