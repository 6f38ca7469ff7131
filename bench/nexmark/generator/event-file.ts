/** A file of events: written beside its place, and moved there when it is whole. */
import { createHash } from 'node:crypto';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { completed, type NexmarkSettings } from './settings.ts';
import { slicesOf } from './slices.ts';

export interface EventFileOptions extends NexmarkSettings {
  readonly events: number;
  /** Threads that make events; with 1, the default, none is started. The bytes are the same. */
  readonly threads?: number;
  /** Gives up, and leaves nothing behind, once it aborts. */
  readonly signal?: AbortSignal;
}

/** What was written. */
export interface EventFile {
  readonly events: number;
  readonly bytes: number;
  readonly sha256: string;
}

const threadsMax = 64;

/** Makes the file, and its folder if there is none. @throws RangeError for options that make no sense; the signal's reason */
export async function writeEventFile(path: string, options: EventFileOptions): Promise<EventFile> {
  const { events, threads = 1, signal, ...settings } = options;
  if (!Number.isSafeInteger(events) || events < 1)
    throw new RangeError(`${events} is no number of events: give a whole one from 1`);
  if (!Number.isSafeInteger(threads) || threads < 1 || threads > threadsMax)
    throw new RangeError(`${threads} is no number of threads: give 1 to ${threadsMax}`);
  const all = completed(settings);
  if ((await stat(path).catch(() => undefined))?.isFile() === false) throw new RangeError(`'${path}' is there, and is no file`);
  await mkdir(dirname(path), { recursive: true });
  const partial = `${path}.${process.pid}.part`;
  try {
    const written = await write(partial, slicesOf(all, events, threads), signal);
    await rename(partial, path);
    return { events, ...written };
  } finally {
    await rm(partial, { force: true });
  }
}

async function write(path: string, slices: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<Omit<EventFile, 'events'>> {
  const hash = createHash('sha256');
  const file = await open(path, 'w');
  let bytes = 0;
  try {
    for await (const slice of slices) {
      signal?.throwIfAborted();
      const writing = file.writeFile(slice);
      hash.update(slice);
      await writing;
      bytes += slice.length;
    }
  } finally {
    await file.close();
  }
  return { bytes, sha256: hash.digest('hex') };
}
