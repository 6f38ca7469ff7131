/**
 * Rows into the groups of an aggregation.
 *
 * Owns: the sub-slice of a row, its lateness (T3), and what becomes of a row that cannot be taken.
 * Invariants: F4 a row is counted in the windows that end after both its stamp and what its key group has fired.
 */
import { type Batch, takesBack } from '../batch/index.ts';
import { WeirError } from '../core/index.ts';
import type { AggregateNode, GroupTime } from '../plan/index.ts';
import { setAside, setAsideOfKey } from './dead-rows.ts';
import type { GroupRows, GroupState } from './group-state.ts';
import { keyInWords } from './key.ts';
import type { OperatorContext } from './operator.ts';
import { timeIn, timeReader } from './row-time.ts';
import type { Slices } from './slices.ts';

export interface RowsOptions {
  readonly node: AggregateNode;
  readonly time: GroupTime | undefined;
  readonly slices: Slices | undefined;
  readonly state: GroupState;
  readonly context: OperatorContext;
  /** Rows are counted here, one at least of each batch that has any. */
  readonly opened: (namespace: number) => void;
}

/** A row, whose key group this is, is counted in its window's namespace, or is late. */
type Placer = (i: number, group: number) => number;
const isLate = Number.NaN;

const notThere = (key: string): WeirError =>
  new WeirError('E_VALUE', `a row is taken back that is not in its group (${keyInWords(key)})`, {
    hint: 'a row comes before it is taken back, in the same split, and as often',
  });

export class AggregateRows {
  readonly #options: RowsOptions;

  constructor(options: RowsOptions) {
    this.#options = options;
  }

  /** Takes all rows; gives the late ones. */
  take(batch: Batch): number[] {
    const rows = this.#options.state.rowsOf(batch);
    const place = this.#placer(batch);
    const late: number[] = [];
    let counted = Number.NaN;
    for (let i = 0; i < batch.length; i++) {
      rows.turn(i);
      const namespace = this.#checked(batch, i, rows, place);
      if (namespace === null) continue;
      if (Number.isNaN(namespace)) late.push(i);
      else if (this.#add(batch, i, rows, namespace) && namespace !== counted) {
        this.#options.opened((counted = namespace));
      }
    }
    return late;
  }

  /** Null: the row was set aside. */
  #checked(batch: Batch, i: number, rows: GroupRows, place: Placer): number | null {
    try {
      const namespace = place(i, rows.group());
      if (!Number.isNaN(namespace)) rows.check();
      return namespace;
    } catch (thrown) {
      setAside(this.#options.context, this.#options.node.site, batch, i, thrown);
      return null;
    }
  }

  /** False: the row was set aside. */
  #add(batch: Batch, i: number, rows: GroupRows, namespace: number): boolean {
    const { context, node } = this.#options;
    const isBack = batch.system.kinds !== undefined && takesBack(batch.kind(i));
    if (isBack && !rows.has(namespace)) {
      setAside(context, node.site, batch, i, notThere(rows.key()));
      return false;
    }
    try {
      if (isBack) rows.takeBack(namespace);
      else rows.add(namespace);
    } catch (thrown) {
      setAsideOfKey(context, node.site, batch, i, { key: rows.key(), thrown });
      return false;
    }
    return true;
  }

  #placer(batch: Batch): Placer {
    const { state, time, slices } = this.#options;
    if (time === undefined || slices === undefined) return () => 0;
    const timeAt = timeReader(batch, time.spec.column);
    const stampAt = batch.stamps();
    // Rows of one time come together: the slice of the last one is mostly that of the next.
    let [slice, from, to, inTime, safe] = [0, Infinity, -Infinity, 0, 0];
    return (i, group) => {
      const at = timeAt(i);
      if (typeof at !== 'number' || at < from || at >= to) {
        slice = slices.sliceOf(timeIn(at, time, slices));
        from = slices.end(slice);
        to = slices.end(slice + 1);
        inTime = slices.namespace(slice, 0);
        safe = slices.inTimeBefore(slice);
      }
      if (!time.closes) return inTime;
      const reached = Math.max(stampAt(i), state.fired.of(group));
      if (reached < safe) return inTime;
      const lag = slices.lagAt(slice, reached);
      return lag === slices.lagMax(slice) ? isLate : slices.namespace(slice, lag);
    };
  }
}
