/**
 * The splits of one source subtask: reads ahead a bounded number of pieces of each, and hands them over one by one.
 *
 * Owns: the readers' loops (the only asynchronous part of the data path), the position after the last piece handed over,
 * idleness of splits. Does not own: barriers, watermarks (task.ts, the watermark operator).
 * Where a run reads what is there and ends (`drains`), a split that comes to its end has not ended, and goes on in the next run.
 * Until then it holds the watermark back, unless this run has had nothing of it: where the watermark comes to rest does not depend on who
 * reads what, or on which was the first to be through.
 * Invariants: SF1 a split's position in a snapshot is the one after the last piece handed over, never one read ahead;
 * SF2 at most `readAhead` pieces per split wait here; SF3 a split is idle only while a read is outstanding (T5).
 */
import { type Timer, WeirError } from '../core/index.ts';
import type { Piece, Position, SourceContext, SourceDefinition, SplitEvent, SplitReader } from '../operators/index.ts';
import type { SplitPosition } from './subtask-state.ts';

const readAhead = 2;

export interface SplitStart {
  readonly split: string;
  readonly position: Position | undefined;
  readonly records: number;
  readonly ended: boolean;
  /** Records at the end of the last run that read what was there; absent: there was none. */
  readonly drained?: number | undefined;
  /** Nothing is to be read of it. */
  readonly absent?: boolean;
  /** Where it ends in this run. */
  readonly until?: unknown;
}

interface SplitLoop {
  readonly split: string;
  position: Position | undefined;
  records: number;
  /** Records handed over since the feed began. */
  state: SplitEvent['state'];
  exhausted: boolean;
  readonly drained?: number | undefined;
  readonly until?: unknown;
  /** It has come to the end of this run. */
  through: boolean;
  readonly queue: Piece[];
  reader: SplitReader | null;
  /** A read is outstanding. */
  reading: boolean;
  /** Wakes the reader's loop when there is room. */
  resume: (() => void) | null;
  idleTimer: Timer | null;
}

export interface Handover {
  readonly split: string;
  readonly piece: Piece;
}

export interface SourceFeedOptions {
  readonly definition: SourceDefinition;
  readonly context: Omit<SourceContext, 'signal'>;
  readonly starts: readonly SplitStart[];
  /** The run ends with what there is now. */
  readonly drains?: boolean;
  /** Its rows make a table, which is whole with what there is. */
  readonly ofTable?: boolean;
  /** A split that gives nothing for this long is idle; 0 = never. */
  readonly idleAfterMs: number;
  readonly wake: () => void;
  /** False: what has been read of the split waits (always true). */
  readonly mayTake?: (split: string) => boolean;
}

export class SourceFeed {
  readonly #options: SourceFeedOptions;
  readonly #context: SourceContext;
  readonly #abort = new AbortController();
  readonly #loops: SplitLoop[];
  readonly #events: SplitEvent[] = [];
  #next = 0;
  #error: WeirError | null = null;
  #loopsDone: Promise<unknown> = Promise.resolve();

  constructor(options: SourceFeedOptions) {
    this.#options = options;
    this.#context = { ...options.context, signal: this.#abort.signal };
    this.#loops = options.starts.map((start) => ({
      ...start,
      // Of a run that ends with what is there: until it gives something nobody knows whether it will.
      state: options.drains === true && start.records === (start.drained ?? 0) ? 'pending' : 'active',
      exhausted: start.ended || start.absent === true,
      through: false,
      queue: [],
      reader: null,
      reading: false,
      resume: null,
      idleTimer: null,
    }));
    for (const { split, state } of this.#loops) this.#events.push({ split, state });
  }

  /** Begins to read. */
  start(): void {
    this.#loopsDone = Promise.all(this.#loops.map((loop) => this.#run(loop)));
  }

  /** What became of a split since the last call, in order. @throws whatever a reader failed with */
  takeEvent(): SplitEvent | undefined {
    if (this.#error !== null) throw this.#error;
    return this.#events.shift();
  }

  /** The next piece, taking splits in turn; its position is now the split's. */
  take(): Handover | undefined {
    for (let tried = 0; tried < this.#loops.length; tried++) {
      const loop = this.#loops[this.#next]!;
      this.#next = (this.#next + 1) % this.#loops.length;
      const piece = this.#waits(loop) ? undefined : loop.queue.shift();
      if (piece === undefined) continue;
      loop.position = piece.position;
      loop.records += piece.records;
      loop.resume?.();
      this.#watchIdle(loop);
      if (loop.exhausted && loop.queue.length === 0) this.#end(loop);
      return { split: loop.split, piece };
    }
    return undefined;
  }

  /** A piece waits to be taken. */
  get available(): boolean {
    if (this.#error !== null || this.#events.length > 0) return true;
    return this.#loops.some((loop) => loop.queue.length > 0 && !this.#waits(loop));
  }

  /** It has rows that may not be taken yet. */
  isPaused(split: string): boolean {
    return this.#loops.some((loop) => loop.split === split && loop.queue.length > 0 && this.#waits(loop));
  }

  get ended(): boolean {
    return this.#events.length === 0 && this.#loops.every((loop) => loop.state === 'ended' || loop.through);
  }

  get drains(): boolean {
    return this.#options.drains === true;
  }

  /** What has come to its end in this run has not ended: the next one goes on. */
  get goesOn(): boolean {
    return this.drains && this.#options.ofTable !== true;
  }

  get splits(): readonly {
    readonly split: string;
    readonly state: SplitLoop['state'];
    readonly records: number;
    readonly position: Position | undefined;
    readonly drained?: number | undefined;
    readonly through: boolean;
  }[] {
    return this.#loops;
  }

  /** As a snapshot keeps them. @param isOver with it the run ends that reads what is there */
  positions(isOver: boolean): readonly SplitPosition[] {
    return this.#loops.map(({ split, position, records, state, drained }) => {
      const at = isOver ? records : drained;
      return { split, position, records, ended: state === 'ended', ...(at === undefined ? {} : { drained: at }) };
    });
  }

  async close(): Promise<void> {
    this.#abort.abort(new WeirError('E_SOURCE', 'the source was closed'));
    for (const loop of this.#loops) {
      loop.idleTimer?.cancel();
      loop.resume?.();
    }
    await this.#loopsDone;
  }

  async #run(loop: SplitLoop): Promise<void> {
    if (loop.exhausted) {
      if (this.drains) this.#rest(loop, true);
      else this.#end(loop);
      return this.#options.wake();
    }
    try {
      const context = loop.until === undefined ? this.#context : { ...this.#context, until: loop.until };
      loop.reader = await this.#options.definition.open(loop.split, loop.position, loop.records, context);
      while (!this.#abort.signal.aborted && (await this.#readOne(loop, loop.reader)));
    } catch (error) {
      if (!this.#abort.signal.aborted) this.#fail(loop, error);
    } finally {
      await loop.reader?.close().catch(() => undefined); // the reader is given up: what its close says changes nothing
    }
  }

  async #readOne(loop: SplitLoop, reader: SplitReader): Promise<boolean> {
    loop.reading = true;
    this.#watchIdle(loop);
    let piece = await reader.read();
    for (; piece !== null && isSilent(piece) && !this.#abort.signal.aborted; piece = await reader.read()) passOver(loop, piece);
    loop.reading = false;
    loop.idleTimer?.cancel();
    if (this.#abort.signal.aborted) return false;
    if (piece === null) {
      loop.exhausted = true;
      if (loop.queue.length === 0) this.#end(loop);
      this.#options.wake();
      return false;
    }
    if (loop.state === 'idle' || loop.state === 'pending') this.#change(loop, 'active');
    loop.queue.push(piece);
    this.#options.wake();
    if (loop.queue.length >= readAhead)
      await new Promise<void>((resolve) => {
        loop.resume = resolve;
      });
    return true;
  }

  /** The clock of idleness runs only while a read is outstanding and everything read was taken. */
  #watchIdle(loop: SplitLoop): void {
    const { idleAfterMs, context } = this.#options;
    if (this.drains || idleAfterMs === 0 || loop.state !== 'active' || !loop.reading || loop.queue.length > 0) return;
    loop.idleTimer?.cancel();
    loop.idleTimer = context.clock.setTimer(idleAfterMs, () => {
      this.#change(loop, 'idle');
      this.#options.wake();
    });
  }

  #end(loop: SplitLoop): void {
    if (this.drains) this.#rest(loop, loop.records === (loop.drained ?? 0));
    else if (loop.state !== 'ended') this.#change(loop, 'ended');
  }

  /** The end of this run, not of the split. */
  #rest(loop: SplitLoop, hadNothing: boolean): void {
    if (loop.through) return;
    loop.through = true;
    if (hadNothing) this.#change(loop, 'idle');
  }

  #waits({ split }: SplitLoop): boolean {
    return this.#options.mayTake?.(split) === false;
  }

  #change(loop: SplitLoop, state: SplitLoop['state']): void {
    loop.state = state;
    this.#events.push({ split: loop.split, state });
  }

  #fail(loop: SplitLoop, error: unknown): void {
    const { name } = this.#options.definition;
    this.#error ??= WeirError.from(error, 'E_SOURCE', `source ${name}, split ${loop.split}, after ${loop.records} records`);
    this.#options.wake();
  }
}

/** A piece that says only where reading is: nothing is handed over, and an idle split stays idle. */
function isSilent({ batch, dead, records, watermark }: Piece): boolean {
  return batch === null && dead.length === 0 && records === 0 && watermark === undefined;
}

/** The position behind the last piece that waits, or behind all that were handed over (SF1). */
function passOver(loop: SplitLoop, { position }: Piece): void {
  const last = loop.queue.pop();
  if (last === undefined) loop.position = position;
  else loop.queue.push({ ...last, position });
}
