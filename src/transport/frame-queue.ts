/** Frames that have come and wait for the receiver, each with the size that was paid for it. */
import type { Frame } from './channel.ts';

export interface QueuedFrame {
  readonly frame: Frame;
  /** 0 of all but data. */
  readonly bytes: number;
}

/** Frames that were taken and are still kept: a queue that never runs empty must not keep all. */
const takenMax = 32;

export class FrameQueue {
  #queue: QueuedFrame[] = [];
  #head = 0;

  get length(): number {
    return this.#queue.length - this.#head;
  }

  push(frame: Frame, bytes: number): void {
    this.#queue.push({ frame, bytes });
  }

  peek(): Frame | undefined {
    return this.#queue[this.#head]?.frame;
  }

  take(): QueuedFrame | undefined {
    const entry = this.#queue[this.#head];
    if (entry === undefined) return undefined;
    this.#head++;
    if (this.#head === this.#queue.length || this.#head === takenMax) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    return entry;
  }

  clear(): void {
    this.#queue = [];
    this.#head = 0;
  }
}
