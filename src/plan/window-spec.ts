/** What gathers the rows of an aggregation besides its keys: windows of time, sessions, so many rows, or a trigger. */
import type { StateDeclaration } from './logical.ts';

export interface WindowSpec {
  /** The time column: a timestamp, or the window `{start, end}` of an earlier aggregation (its time is end - 1 ms). */
  readonly column: string;
  readonly sizeMs: number;
  /** Equal to `sizeMs` for tumbling windows; divides it otherwise. Of cumulative ones: the step. */
  readonly slideMs: number;
  readonly offsetMs: number;
  /** Windows that begin together, each `sizeMs`, and end one `slideMs` after the other, the last after `sizeMs`. */
  readonly cumulative?: boolean;
  /** Takes rows so long after its end, and is written again (0); -1 of a moment that closes as soon as it is reached. */
  readonly latenessMs?: number;
}
/** Sessions: rows of a key belong together while no more than a gap lies between two; `[first, last + gap)`. */
export interface SessionSpec {
  /** As of a window. */
  readonly column: string;
  /** Milliseconds, or the column that has each row's own; a row whose gap is not above 0 is in no session. */
  readonly gap: number | string;
}
/** So many rows of a key, in the order of their arrival; a window begins with every `slide`-th. */
export interface CountSpec {
  readonly size: number;
  /** From 1 to `size`. */
  readonly slide: number;
}

/** What becomes of what a window holds: nothing; it goes out, and stays; it goes, and nobody is told; it goes out and is gone. */
export type TriggerAction = 'continue' | 'emit' | 'purge' | 'emit-and-purge';
/**
 * One window for each key, which never ends: what goes out of it, and when, follows from what these functions say, which are called as those of a
 * keyed function are. A purge leaves nothing of the key: neither rows, nor the trigger's state, nor its timers.
 */
export interface TriggerSpec {
  /** In words: what its state means. */
  readonly text: string;
  /** What goes out may stay as well, so that results are those of now; absent: each is final. */
  readonly keeps?: boolean;
  /** What `onRow` is given, under these names. `isTime`: a row must have one, as a number. */
  readonly columns: readonly { readonly name: string; readonly column: string; readonly isTime?: boolean }[];
  readonly state: Readonly<Record<string, StateDeclaration>>;
  /** For people: it fires with so many rows, at the latest, and this state counts them. */
  readonly counted?: { readonly state: string; readonly rows: number };
  readonly onRow: (row: never, context: never) => unknown;
  readonly onTimer?: (at: never, context: never) => unknown;
  readonly onProcessingTimer?: (at: never, context: never) => unknown;
}
