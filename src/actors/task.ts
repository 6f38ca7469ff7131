/**
 * The data loop of one subtask: takes from its inputs or its source, runs the chain, aligns barriers.
 *
 * Owns: which input is read next, the merged watermark, alignment, and the point at which state is frozen. Does not own:
 * snapshots (subtask-state.ts), lifecycles (subtask.machine.ts), who runs when (scheduler.ts). No promise and no machine
 * event per batch.
 * Invariants: TK1 new input enters, and the time is told, only while nothing is under way in the chain; TK2 state is frozen after every row before
 * the barrier was processed and before any row behind it; TK3 a blocked input is not read until its barrier is settled; TK4 where rows are under way, and
 * enough of them, no others are taken but those before a barrier that is on its way.
 */
import { type Clock, type Epoch, invariant } from '../core/index.ts';
import type { DeadRecord } from '../operators/index.ts';
import { align, type AlignerFact, type AlignerState, type Barrier, newAligner, WatermarkMerge } from '../progress/index.ts';
import type { ChannelReceiver } from '../transport/index.ts';
import type { Inputs } from './assembly.ts';
import { Alarm } from './alarm.ts';
import type { Chain } from './chain.ts';
import type { Schedulable } from './scheduler.ts';
import type { SourceFeed } from './source-feed.ts';

export interface TaskEvents {
  /** The barrier has passed the whole chain: freeze now, synchronously. */
  barrierPassed(barrier: Barrier): void;
  /** A source's splits have all ended, or come to the end of this run, and the rest of its rows was passed on. */
  exhausted(): void;
  /** What was taken of a source is through the chain. */
  reached(): void;
  /** A source has used up its budget for this epoch. */
  hurry(): void;
  /** A piece of background work (encoding a snapshot); true = there is more. */
  background(): boolean;
  /** False while an earlier snapshot is still being written. */
  mayFreeze(): boolean;
  /** False while rows that were set aside wait for credit. */
  mayTake(): boolean;
  /** Records that the source could not read. */
  deadRecords(dead: readonly DeadRecord[]): void;
  failed(error: unknown): void;
}

export interface TaskOptions {
  readonly name: string;
  readonly depth: number;
  readonly chain: Chain;
  /** The watermark of those on which no row comes is +∞ before they say so, or else what a row sees would depend on when they do. */
  readonly inputs: Inputs;
  readonly feed: SourceFeed | null;
  readonly events: TaskEvents;
  /** Sources: bytes that may be read between two barriers. */
  readonly epochBytesMax: number;
  /** The least watermark from which inputs go on after a restore. */
  readonly watermark: number;
  readonly clock: Clock;
  /** The task is stepped again. */
  readonly wake: () => void;
}

export class Task implements Schedulable {
  readonly depth: number;
  readonly #chain: Chain;
  readonly #inputs: readonly ChannelReceiver[];
  readonly #feed: SourceFeed | null;
  readonly #events: TaskEvents;
  readonly #options: TaskOptions;
  readonly #merge: WatermarkMerge;
  /** Inputs that are to be read to their end before any other. */
  readonly #first: Set<number>;
  readonly #blocked: boolean[];
  /** Rows of several channels leave by the same ways. */
  readonly #mixes: boolean;
  #aligner: AlignerState;
  #nextInput = 0;
  #inChain: Barrier | null = null;
  #requested: Barrier | null = null;
  /** The latest epoch whose barrier is on its way. */
  #expected = 0;
  #settled = 0;
  #aborted = 0;
  #epochBytes = 0;
  #hurried = false;
  #exhausted = false;
  #idleSent = false;
  #stopped = false;
  readonly #alarm: Alarm;
  /** What came last was the time. */
  #wasTold = false;
  /** The epoch of the last barrier of this run, once that has passed: what comes due then is for the next run. 0 = it has not, or its epoch was given up. */
  #over = 0;
  /** Time spent working and time spent held back by others, ms, since the task began. */
  busyMs = 0;
  heldBackMs = 0;
  #heldBackSince: number | null = null;
  #sampled = { at: 0, busyMs: 0, heldBackMs: 0 };
  #ratios = { busy: 0, heldBack: 0 };

  constructor(options: TaskOptions) {
    this.#options = options;
    this.depth = options.depth;
    this.#chain = options.chain;
    const { receivers, barren, timeless, first } = options.inputs;
    this.#inputs = receivers;
    this.#first = new Set(first);
    this.#feed = options.feed;
    this.#events = options.events;
    this.#merge = new WatermarkMerge(receivers.length, timeless);
    this.#blocked = receivers.map(() => false);
    this.#mixes = receivers.length - barren.length > 1;
    this.#aligner = newAligner(receivers.length);
    this.#alarm = new Alarm(options.clock, options.wake);
    this.#sampled = { at: options.clock.monotonic(), busyMs: 0, heldBackMs: 0 };
    if (options.watermark > -Infinity) {
      this.#merge.restore(options.watermark);
      this.#chain.push({ kind: 'watermark', watermark: options.watermark });
    }
    for (const input of barren) this.#advance(input, Infinity);
  }

  /** Sources: a barrier is to follow the batch at hand. Others: it is on its way to them. */
  request(barrier: Barrier): void {
    if (this.#feed === null) this.#expected = Math.max(this.#expected, barrier.epoch);
    else if (barrier.epoch > this.#settled) this.#requested = barrier;
  }

  /** What an operator has under way is over, perhaps: it is told the time. */
  operatorWoken(): void {
    this.#alarm.rung = true;
  }

  abort(epoch: Epoch): void {
    this.#settled = Math.max(this.#settled, epoch);
    this.#aborted = Math.max(this.#aborted, epoch);
    if (this.#over <= epoch) this.#over = 0;
    // The barrier that was to make room for more does not come: another is asked for.
    this.#hurried = false;
    if (this.#requested !== null && this.#requested.epoch <= epoch) this.#requested = null;
    this.#align({ kind: 'abort', epoch });
  }

  /** Nothing is done any more. */
  stop(): void {
    this.#stopped = true;
    this.#alarm.cancel();
  }

  get watermark(): number {
    return this.#chain.watermarkOf(0);
  }

  /** ms for which the task has had something to do and could not, up to now. */
  heldBackFor(now: number): number {
    return this.#heldBackSince === null ? 0 : now - this.#heldBackSince;
  }

  /** Shares of the last second or so spent working, and spent held back. */
  ratios(now: number): { readonly busy: number; readonly heldBack: number } {
    const elapsed = now - this.#sampled.at;
    if (elapsed < 1000) return this.#ratios;
    const heldBackMs = this.heldBackMs + this.heldBackFor(now);
    const share = (ms: number): number => Math.min(1, Math.max(0, ms / elapsed));
    this.#ratios = { busy: share(this.busyMs - this.#sampled.busyMs), heldBack: share(heldBackMs - this.#sampled.heldBackMs) };
    this.#sampled = { at: now, busyMs: this.busyMs, heldBackMs };
    return this.#ratios;
  }

  step(): boolean {
    if (this.#stopped) return false;
    const begun = this.#options.clock.monotonic();
    try {
      const worked = this.#work();
      const more = this.#events.background();
      this.#account(begun, worked);
      this.#setAlarm();
      return worked || more;
    } catch (error) {
      this.stop();
      this.#events.failed(error);
      return false;
    }
  }

  #work(): boolean {
    if (this.#chain.step()) return true;
    if (!this.#chain.idle) return false;
    if (this.#inChain !== null) {
      if (!this.#events.mayFreeze()) return false;
      const barrier = this.#inChain;
      this.#inChain = null;
      this.#settled = Math.max(this.#settled, barrier.epoch);
      if (barrier.last !== undefined && barrier.epoch > this.#aborted) this.#over = barrier.epoch;
      this.#events.barrierPassed(barrier);
      return true;
    }
    if (!this.#events.mayTake()) return false;
    // In turn: what is due may be without end, and so may input.
    if (this.#wasTold && this.#takeInput()) return true;
    return this.#tellTime() || this.#takeInput();
  }

  #tellTime(): boolean {
    this.#wasTold = this.#alarm.rung && this.#over === 0 && this.#chain.tell(this.#options.clock.now());
    this.#alarm.rung = false;
    return this.#wasTold;
  }

  #takeInput(): boolean {
    this.#wasTold = false;
    return this.#feed === null ? this.#takeFrame() : this.#takeFromSource(this.#feed);
  }

  /** Not before those that were told the time have looked what is due. */
  #setAlarm(): void {
    const { dueAt } = this.#chain;
    if (dueAt < Infinity && this.#over === 0 && this.#chain.idle) this.#alarm.set(dueAt);
  }

  #account(begun: number, worked: boolean): void {
    const now = this.#options.clock.monotonic();
    if (worked) {
      this.busyMs += now - begun;
      if (this.#heldBackSince !== null) this.heldBackMs += begun - this.#heldBackSince;
      this.#heldBackSince = null;
    } else if (this.#heldBackSince === null && this.#isHeldBack()) {
      this.#heldBackSince = now;
    }
  }

  #isHeldBack(): boolean {
    return !this.#chain.idle || (this.#feed !== null && this.#feed.available) || !this.#mayTakeRows();
  }

  /** TK4 */
  #mayTakeRows(): boolean {
    const { load } = this.#chain;
    return load === 'free' || (load === 'full' && this.#expected > this.#settled);
  }

  // ── sources

  #takeFromSource(feed: SourceFeed): boolean {
    this.#events.reached();
    // First what became of splits: a snapshot speaks of all of them, and one that no operator knows yet would be restored as a new one.
    const event = feed.takeEvent();
    if (event !== undefined) {
      this.#chain.push({ kind: 'split', event });
      this.#announceIdle(feed);
      return true;
    }
    // A snapshot says of whoever has nothing to read, or nothing any more, that it holds no watermark back.
    if (feed.ended && this.#whenExhausted(feed)) return true;
    if (this.#requested !== null) return this.#emitBarrier(this.#requested);
    if (this.#overBudget() || !this.#mayTakeRows()) return false;
    const next = feed.take();
    if (next !== undefined) {
      this.#events.deadRecords(next.piece.dead);
      if (next.piece.batch !== null) {
        this.#epochBytes += next.piece.batch.byteSize;
        this.#chain.push({ kind: 'batch', batch: next.piece.batch });
      }
      const { watermark } = next.piece;
      if (watermark !== undefined) this.#chain.push({ kind: 'split', event: { split: next.split, state: 'active', watermark } });
      return true;
    }
    return false;
  }

  #emitBarrier(barrier: Barrier): boolean {
    this.#requested = null;
    this.#inChain = barrier;
    this.#epochBytes = 0;
    this.#hurried = false;
    // No end follows the last barrier: until its checkpoint is complete, another one may have to take its place.
    this.#chain.push({ kind: 'barrier', barrier });
    return true;
  }

  #overBudget(): boolean {
    const { epochBytesMax } = this.#options;
    // Asked for at half of it, the barrier mostly comes before the rest is used up, and nothing stands still.
    if (!this.#hurried && this.#epochBytes * 2 >= epochBytesMax) {
      this.#hurried = true;
      this.#events.hurry();
    }
    return this.#epochBytes >= epochBytesMax;
  }

  /** A source subtask whose splits are idle, or have ended, holds nobody's watermark back. Once all have ended its watermark is +∞. */
  #announceIdle(feed: SourceFeed): void {
    const idle =
      feed.splits.some(({ state }) => state === 'idle') &&
      feed.splits.every(({ state }) => state === 'idle' || state === 'ended');
    this.#announce(idle);
  }

  #announce(idle: boolean): void {
    if (idle === this.#idleSent) return;
    this.#idleSent = idle;
    this.#chain.push({ kind: 'idle', idle });
  }

  #whenExhausted(feed: SourceFeed): boolean {
    if (this.#exhausted) return false;
    this.#exhausted = true;
    if (!feed.goesOn || feed.splits.length === 0) {
      // A split with nothing new is idle, and an idle input is not heard.
      this.#announce(false);
      this.#chain.push({ kind: 'watermark', watermark: Infinity });
    }
    this.#events.exhausted();
    return true;
  }

  // ── channels

  #takeFrame(): boolean {
    // Where all that come first have brought the barrier, the others have to bring theirs.
    const onlyFirst = [...this.#first].some((input) => !this.#blocked[input]!);
    const mayTakeRows = this.#mayTakeRows();
    for (let tried = 0; tried < this.#inputs.length; tried++) {
      const input = this.#nextInput;
      this.#nextInput = (input + 1) % this.#inputs.length;
      if (this.#blocked[input]! || this.#inputs[input]!.pending === 0) continue;
      if (onlyFirst && !this.#first.has(input)) continue;
      if (!mayTakeRows && this.#inputs[input]!.peek()!.kind === 'data') continue;
      this.#onFrame(input);
      return true;
    }
    return false;
  }

  #onFrame(input: number): void {
    const frame = this.#inputs[input]!.take()!;
    switch (frame.kind) {
      case 'data': {
        const { system } = frame.batch;
        const side = this.#options.inputs.sides[input]!;
        if (system.advances !== true) return this.#chain.push({ kind: 'batch', batch: frame.batch, input: side });
        // Behind several inputs that have rows a channel is of several splits: to whoever comes next these stamps are no advance.
        const batch = this.#mixes ? frame.batch.withSystem({ ...system, advances: false }) : frame.batch;
        const advanceTo = (row: number): number => this.#merge.ifAdvanced(input, batch.stamp(row));
        return this.#chain.push({ kind: 'batch', batch, advanceTo, input: side });
      }
      case 'watermark':
        this.#advance(input, frame.watermark);
        return this.#forwardIdle();
      case 'idle':
        this.#raise(this.#merge.setIdle(input, frame.idle));
        return this.#forwardIdle();
      case 'barrier':
        return this.#align({ kind: 'barrier', input, barrier: frame.barrier });
      case 'end':
        this.#align({ kind: 'end', input });
        if (this.#aligner.ended.size === this.#inputs.length) this.#chain.push({ kind: 'end' });
    }
  }

  #advance(input: number, watermark: number): void {
    this.#raise(this.#merge.advance(input, watermark));
    if (watermark === Infinity && this.#first.delete(input) && this.#first.size === 0) this.#chain.push({ kind: 'first read' });
  }

  #raise(watermark: number | undefined): void {
    if (watermark !== undefined) this.#chain.push({ kind: 'watermark', watermark });
  }

  #forwardIdle(): void {
    this.#announce(this.#merge.allIdle);
  }

  #align(fact: AlignerFact): void {
    const { state, decisions } = align(this.#aligner, fact);
    this.#aligner = state;
    for (const decision of decisions) {
      switch (decision.kind) {
        case 'block':
          this.#blocked[decision.input] = true;
          break;
        case 'unblock':
          for (const input of decision.inputs) this.#blocked[input] = false;
          break;
        case 'aligned':
          invariant(this.#inChain === null, 'TK2: one barrier at a time passes the chain');
          this.#inChain = decision.barrier;
          this.#chain.push({ kind: 'barrier', barrier: decision.barrier });
      }
    }
  }
}
