/**
 * Global windows with triggers, one record at a time (T6): before a row, what is due for its key at the row's stamp. One split, in order.
 */
import { type Row, shown, type Stamped } from './plain.ts';

export interface PlainRules {
  /** Infinity: any number. */
  readonly rows: number;
  /** Rows whose value is a multiple of seven. */
  readonly marked: boolean;
  /** Behind the first row's time. */
  readonly after: number | undefined;
  readonly atEnd: boolean;
}
/** What a window held when it went out. */
export interface Fired {
  readonly key: Row;
  readonly rows: readonly Row[];
}
/** What a trigger may do with the window of a key. */
export interface PlainWindow {
  /** Since it was purged. */
  readonly rows: Row[];
  readonly due: Set<number>;
  emit(): void;
  purge(): void;
}
export interface PlainTrigger {
  onRow(row: Row, window: PlainWindow, watermark: number): void;
  onTimer(window: PlainWindow): void;
}

/** In the order in which they go out, key by key. */
export function firedBy(rows: readonly Stamped[], trigger: PlainTrigger): Fired[] {
  const windows = new Map<string, PlainWindow>();
  const fired: Fired[] = [];
  const fire = (window: PlainWindow, until: number): void => {
    for (let at = Math.min(...window.due); at <= until && window.due.size > 0; at = Math.min(...window.due)) {
      window.due.delete(at);
      trigger.onTimer(window);
    }
  };
  for (const { row, stamp } of rows) {
    const window = windows.get(shown(row.k)) ?? windowOf(row, fired);
    windows.set(shown(row.k), window);
    fire(window, stamp);
    window.rows.push(row);
    trigger.onRow(row, window, stamp);
  }
  for (const window of windows.values()) fire(window, Number.POSITIVE_INFINITY);
  return fired;
}

function windowOf(key: Row, fired: Fired[]): PlainWindow {
  const rows: Row[] = [];
  const due = new Set<number>();
  return {
    rows,
    due,
    emit: () => void fired.push({ key, rows: [...rows] }),
    purge() {
      rows.length = 0;
      due.clear();
    },
  };
}

export const isMarked = ({ v }: Row): boolean => v !== null && v % 7 === 0;

/** A window goes out by whichever rule comes first, and then all of them begin anew. */
export function byRules({ rows, marked, after, atEnd }: PlainRules, keep: boolean): PlainTrigger {
  const since = new Map<PlainWindow, number>();
  const fire = (window: PlainWindow): void => {
    since.delete(window);
    window.due.clear();
    window.emit();
    if (!keep) window.purge();
  };
  return {
    onRow(row, window, watermark) {
      const n = (since.get(window) ?? 0) + 1;
      since.set(window, n);
      const isOver = n === 1 && after !== undefined && row.at + after <= watermark;
      if (n >= rows || (marked && isMarked(row)) || isOver) return fire(window);
      if (n > 1) return;
      if (after !== undefined) window.due.add(row.at + after);
      if (atEnd) window.due.add(Number.MAX_SAFE_INTEGER);
    },
    onTimer: fire,
  };
}

/** Between a row and its timer. */
export const patience = 9;
/** Rows of `a` give out, those of `z` purge, all others set a timer, which gives out, too. */
export function byText(keep: boolean): PlainTrigger {
  const fire = (window: PlainWindow): void => {
    window.emit();
    if (!keep) window.purge();
  };
  return {
    onRow({ s, at }, window) {
      if (s === 'a') fire(window);
      else if (s === 'z') window.purge();
      else window.due.add(at + patience);
    },
    onTimer: fire,
  };
}
