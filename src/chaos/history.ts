/**
 * What is seen of a job from outside, on a connection that no fault touches.
 *
 * Owns: when results were written and by which generation, live and read back. A job whose results are not in streams is known by what
 * its coordinator says of its checkpoints.
 */
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { type Clock, sleep } from '../core/index.ts';
import { type JobStatus, workerName } from '../runtime/index.ts';
import { isCovered } from './subjects.ts';

/** The last that its coordinator said; null: none does. */
export type Ask = () => Promise<JobStatus | null>;

interface Stream {
  readonly name: string;
  readonly subjects: readonly string[];
  readonly isOwn: boolean;
}

/** What the read-back of a stream tells of those that wrote to it. */
export interface Writers {
  /** Messages that an older generation wrote behind a newer one. */
  readonly zombieWrites: number;
  /** Generations that went on from a checkpoint, and wrote. */
  readonly restored: ReadonlySet<number>;
}

const askEveryMs = 100;
const generationHeader = 'Weir-Generation';
const epochHeader = 'Weir-Epoch';
const fenceHeader = 'Weir-Fence';
const ownStream = /^WEIR_.*_(BLOBS|JOURNAL|CELLS)$/;

export class History {
  readonly #nats: NatsConnection;
  readonly #clock: Clock;
  readonly #ask: Ask;
  #streams: readonly Stream[] = [];
  #status: JobStatus | null = null;
  #seenGeneration = 0;
  /** The newest that has written a row: a fence alone is no result. */
  #writingGeneration = 0;
  /** Messages of results. */
  #messages = 0;
  #isClosed = false;

  constructor(nats: NatsConnection, clock: Clock, ask: Ask) {
    this.#nats = nats;
    this.#clock = clock;
    this.#ask = ask;
    void this.#watch();
  }

  /** The streams that there are from now on; those of results are listened to. */
  async look(): Promise<void> {
    const known = new Set(this.#streams.map(({ name }) => name));
    const manager = await jetstreamManager(this.#nats);
    for await (const { config } of manager.streams.list()) {
      if (known.has(config.name)) continue;
      const stream = { name: config.name, subjects: config.subjects ?? [], isOwn: ownStream.test(config.name) };
      this.#streams = [...this.#streams, stream];
      if (!stream.isOwn)
        for (const subject of stream.subjects)
          this.#nats.subscribe(subject, { callback: (error, message) => (error === null ? this.#saw(message) : undefined) });
    }
  }

  isStored(subject: string): boolean {
    return this.#streams.some(({ subjects }) => subjects.some((pattern) => isCovered(pattern, subject)));
  }

  isResult(subject: string): boolean {
    return this.#streams.some(({ subjects, isOwn }) => !isOwn && subjects.some((pattern) => isCovered(pattern, subject)));
  }

  /** The newest that is known. */
  get generation(): number {
    return Math.max(this.#seenGeneration, this.#status?.generation ?? 0);
  }

  /** The newest that has written results, or completed a checkpoint where no stream shows who writes. */
  get writing(): number {
    if (this.#messages > 0) return this.#writingGeneration;
    return this.#status !== null && this.#status.report.epoch > 0 && this.#status.state === 'running'
      ? this.#status.generation
      : 0;
  }

  /** Rises with everything that is written. */
  get written(): number {
    return this.#messages > 0 ? this.#messages : (this.#status?.report.epoch ?? 0);
  }

  /** Workers that have joined the job. */
  get workers(): number {
    return this.#status?.workers ?? 0;
  }

  /** Those of them that run nothing, and have read ahead what they may have to restore. */
  get spares(): number {
    return this.#status?.spares ?? 0;
  }

  /** It is known who runs subtasks. */
  get isKnown(): boolean {
    return (this.#status?.subtasks.length ?? 0) > 0;
  }

  /** The worker of this process runs subtasks. */
  isBusy(pid: number): boolean {
    const name = `${workerName(pid)}-`;
    return this.#status?.subtasks.some(({ worker }) => worker.startsWith(name)) ?? false;
  }

  get status(): JobStatus | null {
    return this.#status;
  }

  /** Bytes of all snapshots that the server keeps. */
  async stateBytes(): Promise<number> {
    const manager = await jetstreamManager(this.#nats);
    const blobs = this.#streams.filter(({ name, isOwn }) => isOwn && name.endsWith('_BLOBS'));
    const infos = await Promise.all(blobs.map(({ name }) => manager.streams.info(name)));
    return infos.reduce((sum, { state }) => sum + state.bytes, 0);
  }

  async writers(): Promise<Writers> {
    let zombieWrites = 0;
    const restored = new Set<number>();
    for (const { name, isOwn } of this.#streams) {
      if (isOwn) continue;
      let newest = 0;
      for await (const { headers } of this.#messagesOf(name)) {
        const generation = Number(headers?.get(generationHeader) ?? 0);
        if (generation === 0) continue;
        if (generation < newest) zombieWrites++;
        newest = Math.max(newest, generation);
        if (generation > 1 && Number(headers?.get(epochHeader)) > 0) restored.add(generation);
      }
    }
    return { zombieWrites, restored };
  }

  close(): void {
    this.#isClosed = true;
  }

  async *#messagesOf(stream: string): AsyncGenerator<{ headers: Msg['headers'] }> {
    const { state } = await (await jetstreamManager(this.#nats)).streams.info(stream);
    if (state.messages === 0) return;
    const consumer = await jetstream(this.#nats).consumers.get(stream, { headers_only: true });
    for await (const message of await consumer.consume()) {
      yield message;
      if (message.seq >= state.last_seq) return;
    }
  }

  #saw({ headers }: Msg): void {
    if (headers === undefined || !headers.has(generationHeader)) return;
    const generation = Number(headers.get(generationHeader));
    this.#seenGeneration = Math.max(this.#seenGeneration, generation);
    if (headers.has(fenceHeader)) return;
    this.#writingGeneration = Math.max(this.#writingGeneration, generation);
    this.#messages++;
  }

  async #watch(): Promise<void> {
    while (!this.#isClosed) {
      const status = await this.#ask().catch(() => null);
      if (status !== null) this.#status = status;
      await sleep(this.#clock, askEveryMs);
    }
  }
}
