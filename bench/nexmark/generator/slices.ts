/**
 * A run as slices of lines, in order, made here or by threads.
 *
 * Owns: which slice is made by whom, and how many are made ahead. A slice is a range of positions, so its bytes are the same whoever makes
 * it. Memory goes back to its thread with the next request.
 */
import { Worker } from 'node:worker_threads';
import { Generator } from './generator.ts';
import { LineWriter } from './line-writer.ts';
import type { NexmarkSettings } from './settings.ts';

/** What a thread is asked for. */
export interface SliceRequest {
  readonly from: number;
  readonly to: number;
  readonly reused?: ArrayBuffer;
}

const sliceEvents = 20_000;
/** Slices of one thread that are made, or wait to be. */
const aheadMax = 2;

/** The bytes of each slice; they are gone once the next one is asked for. @throws RangeError for settings that make no sense */
export async function* slicesOf(settings: NexmarkSettings, events: number, threads: number): AsyncGenerator<Uint8Array> {
  const slices = Math.ceil(events / sliceEvents);
  const request = (slice: number): SliceRequest => ({
    from: slice * sliceEvents,
    to: Math.min((slice + 1) * sliceEvents, events),
  });
  if (threads === 1) yield* madeHere(settings, slices, request);
  else yield* madeByThreads(settings, slices, request, threads);
}

async function* madeHere(
  settings: NexmarkSettings,
  slices: number,
  request: (slice: number) => SliceRequest,
): AsyncGenerator<Uint8Array> {
  const writer = new LineWriter(new Generator(settings));
  let reused: ArrayBuffer | undefined;
  for (let slice = 0; slice < slices; slice++) {
    const { from, to } = request(slice);
    const bytes = writer.slice(from, to, reused);
    reused = bytes.buffer;
    yield bytes;
  }
}

async function* madeByThreads(
  settings: NexmarkSettings,
  slices: number,
  request: (slice: number) => SliceRequest,
  threads: number,
): AsyncGenerator<Uint8Array> {
  const pool = Array.from({ length: Math.min(threads, slices) }, () => new SliceThread(settings));
  try {
    const ahead = Math.min(pool.length * aheadMax, slices);
    for (let slice = 0; slice < ahead; slice++) pool[slice % pool.length]!.ask(request(slice));
    for (let slice = 0; slice < slices; slice++) {
      const thread = pool[slice % pool.length]!;
      const bytes = await thread.next();
      yield bytes;
      const later = slice + ahead;
      if (later < slices) thread.ask({ ...request(later), reused: bytes.buffer });
    }
  } finally {
    await Promise.all(pool.map((thread) => thread.end()));
  }
}

/** A thread that makes the slices that it is asked for, one after the other. */
class SliceThread {
  readonly #worker: Worker;
  readonly #made: Uint8Array<ArrayBuffer>[] = [];
  #failure: Error | null = null;
  #heard: () => void = () => undefined;

  constructor(settings: NexmarkSettings) {
    this.#worker = new Worker(new URL('./slice-thread.mjs', import.meta.url), { workerData: settings });
    this.#worker.on('message', (bytes: Uint8Array<ArrayBuffer>) => {
      this.#made.push(bytes);
      this.#heard();
    });
    this.#worker.on('error', (error: Error) => {
      this.#failure = error;
      this.#heard();
    });
  }

  ask(request: SliceRequest): void {
    this.#worker.postMessage(request, request.reused === undefined ? [] : [request.reused]);
  }

  /** The slice that was asked for first of those that were not given yet. @throws what the thread failed of */
  async next(): Promise<Uint8Array<ArrayBuffer>> {
    while (this.#made.length === 0) {
      if (this.#failure !== null) throw this.#failure;
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
    return this.#made.shift()!;
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}
