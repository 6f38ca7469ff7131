/**
 * Which sub-slices of a windowed aggregation hold rows, and which windows are due.
 *
 * Owns: the open namespaces, those that a window which has not fired everywhere still needs. Does not own: cells.
 * Invariants: F3 every window that counts a row and has not fired is found by `dueBy`.
 */
import type { Slices } from './slices.ts';

/** A window and the namespaces whose rows it counts, oldest first. */
export interface Pane {
  readonly window: number;
  readonly namespaces: number[];
}

export class Panes {
  readonly #slices: Slices;
  readonly #open = new Set<number>();
  /** No window before this one is due. */
  #next = Infinity;

  constructor(slices: Slices) {
    this.#slices = slices;
  }

  /** A namespace holds rows. */
  add(namespace: number): void {
    if (this.#open.has(namespace)) return;
    this.#open.add(namespace);
    this.#next = Math.min(this.#next, this.#slices.windowsOf(this.#slices.subSlice(namespace))[0]);
  }

  /** A namespace that a restored table holds; `after`: all windows up to here have fired. */
  recall(namespace: number, after: number): void {
    const last = this.#slices.windowsOf(this.#slices.subSlice(namespace))[1];
    if (last > this.#slices.closedBy(after)) this.add(namespace);
  }

  /** Does a watermark reach the end of any window? */
  anyDueBy(watermark: number): boolean {
    return this.#next <= this.#slices.closedBy(watermark);
  }

  /** The end of the earliest window that counts rows and that no watermark up to `after` has reached; undefined = none. */
  nextEnd(after: number): number | undefined {
    return this.#next === Infinity ? undefined : this.#slices.end(Math.max(this.#next, this.#slices.closedBy(after) + 1));
  }

  /** Windows that end in (after, watermark], by their ends. */
  dueBy(watermark: number, after: number): readonly Pane[] {
    return this.over(this.#open, this.#slices.closedBy(after) + 1, this.#slices.closedBy(watermark));
  }

  /** Windows in [from, to] that count rows of these namespaces, by their ends. */
  over(namespaces: Iterable<number>, from: number, to: number): readonly Pane[] {
    const panes = new Map<number, Pane>();
    for (const namespace of [...namespaces].sort((a, b) => a - b)) {
      const [first, last] = this.#slices.windowsOf(this.#slices.subSlice(namespace));
      for (let window = Math.max(first, from); window <= Math.min(last, to); window++) {
        const pane = panes.get(window);
        if (pane === undefined) panes.set(window, { window, namespaces: [namespace] });
        else pane.namespaces.push(namespace);
      }
    }
    return [...panes.values()].sort((a, b) => a.window - b.window);
  }

  /** All windows up to the watermark have fired: the namespaces that none needs any more. */
  close(watermark: number): readonly number[] {
    const closed = this.#slices.closedBy(watermark);
    const over: number[] = [];
    this.#next = Infinity;
    for (const namespace of this.#open) {
      const [first, last] = this.#slices.windowsOf(this.#slices.subSlice(namespace));
      if (last <= closed) over.push(namespace);
      else this.#next = Math.min(this.#next, Math.max(first, closed + 1));
    }
    for (const namespace of over) this.#open.delete(namespace);
    return over;
  }
}
