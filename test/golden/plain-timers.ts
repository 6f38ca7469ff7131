/**
 * A keyed function with timers, one record at a time (T6): before a row, what is due for its key at the row's stamp. One split,
 * in order.
 */
import type { Stamped } from './plain.ts';

export const timerRules = {
  /** Each row sets a timer this long after its time. */
  after: 15,
  /** A row without a value takes back the timer of a row at this distance before it. */
  takesBack: 3,
  /** A timer whose key has seen an even number of rows sets one more, once. */
  again: 7,
} as const;

export interface TimerRow {
  readonly k: string | null;
  readonly nth: number;
  readonly at: number;
  readonly what: 'row' | 'timer';
  /** The watermark that a row saw; of a timer 0, since that depends on when it came. */
  readonly seenAt: number;
}

interface KeyState {
  seen: number;
  repeated: number;
  readonly due: Set<number>;
}

export function timers(rows: readonly Stamped[]): TimerRow[] {
  const { after, takesBack, again } = timerRules;
  const keys = new Map<string | null, KeyState>();
  const out: TimerRow[] = [];
  const fire = (k: string | null, until: number): void => {
    const key = keys.get(k)!;
    for (let at = Math.min(...key.due); at <= until && key.due.size > 0; at = Math.min(...key.due)) {
      key.due.delete(at);
      out.push({ k, nth: key.seen, at, what: 'timer', seenAt: 0 });
      if (key.seen % 2 === 0 && key.repeated < key.seen) {
        key.repeated = key.seen;
        key.due.add(at + again);
      }
    }
  };
  for (const { row, stamp } of rows) {
    const key = keys.get(row.k) ?? { seen: 0, repeated: 0, due: new Set() };
    keys.set(row.k, key);
    fire(row.k, stamp);
    key.seen++;
    if (row.v === null) key.due.delete(row.at - takesBack + after);
    else key.due.add(row.at + after);
    out.push({ k: row.k, nth: key.seen, at: row.at, what: 'row', seenAt: stamp });
  }
  for (const k of keys.keys()) fire(k, Number.POSITIVE_INFINITY);
  return out;
}
