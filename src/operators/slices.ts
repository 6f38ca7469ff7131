/**
 * Windows as runs of slices, so that a row is accumulated once however many windows it is in.
 *
 * Owns: the arithmetic of windows, slices and namespaces. A slice is `slideMs` long; a window is at most `perWindow` slices. Window
 * `w` ends where slice `w` begins; slice `i` is in the windows `i + 1 … i + perWindow`, or, of cumulative windows, in those up to the end
 * of its run: `perWindow` slices begin a run together, and window `w` begins where the run of slice `w - 1` does. A sub-slice (i, lag)
 * holds those rows of slice i that came too late for their first `lag` windows; it is one namespace of the state table.
 * Invariants: F1 a row is in exactly one sub-slice, and that is in exactly the windows that count the row; F2 a window is
 * `[start, end)`, before 1970 too.
 */
import type { WindowSpec } from '../plan/index.ts';

export interface SubSlice {
  readonly slice: number;
  readonly lag: number;
}

export class Slices {
  readonly perWindow: number;
  readonly #sizeMs: number;
  readonly #slideMs: number;
  readonly #offsetMs: number;
  readonly #latenessMs: number;
  readonly #cumulative: boolean;

  constructor(spec: Omit<WindowSpec, 'column'>) {
    this.#sizeMs = spec.sizeMs;
    this.#slideMs = spec.slideMs;
    this.#offsetMs = spec.offsetMs;
    this.#latenessMs = spec.latenessMs ?? 0;
    this.#cumulative = spec.cumulative === true;
    this.perWindow = spec.sizeMs / spec.slideMs;
  }

  /** False for a time so far out that its windows have no exact number. */
  holds(time: number): boolean {
    const last = this.end(this.sliceOf(time) + this.perWindow);
    return (
      Number.isSafeInteger(last) &&
      Number.isSafeInteger(last - 2 * this.#sizeMs) &&
      Number.isSafeInteger(this.namespace(this.sliceOf(time), 0))
    );
  }

  sliceOf(time: number): number {
    return Math.floor((time - this.#offsetMs) / this.#slideMs);
  }

  /** Where window `w` ends. */
  end(window: number): number {
    return this.#offsetMs + window * this.#slideMs;
  }

  start(window: number): number {
    return this.#cumulative ? this.end(this.#run(window - 1)) : this.end(window) - this.#sizeMs;
  }

  /** The last window that a watermark closes: it has reached its end, and what it may be late by beyond; infinite for an infinite one. */
  closedBy(watermark: number): number {
    return Math.floor((watermark - this.#latenessMs - this.#offsetMs) / this.#slideMs);
  }

  /** Before this watermark a row of `slice` is in time for all of its windows. */
  inTimeBefore(slice: number): number {
    return this.end(slice + 1) + Math.min(0, this.#latenessMs);
  }

  /** For how many of its windows a row of `slice` is too late at `watermark`. */
  lagAt(slice: number, watermark: number): number {
    return Math.min(Math.max(this.closedBy(watermark) - slice, 0), this.lagMax(slice));
  }

  /** So many windows has a row of `slice`. */
  lagMax(slice: number): number {
    return this.#lastOf(slice) - slice;
  }

  namespace(slice: number, lag: number): number {
    return slice * this.perWindow + lag;
  }

  subSlice(namespace: number): SubSlice {
    const slice = Math.floor(namespace / this.perWindow);
    return { slice, lag: namespace - slice * this.perWindow };
  }

  /** The windows [first, last] that count a sub-slice. */
  windowsOf({ slice, lag }: SubSlice): readonly [number, number] {
    return [slice + 1 + lag, this.#lastOf(slice)];
  }

  #lastOf(slice: number): number {
    return (this.#cumulative ? this.#run(slice) : slice) + this.perWindow;
  }

  /** The first slice of those that begin together with this one. */
  #run(slice: number): number {
    return Math.floor(slice / this.perWindow) * this.perWindow;
  }
}
