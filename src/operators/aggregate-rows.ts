/**
 * Rows into the cells of an aggregation.
 *
 * Owns: the place of a row (key, key group, sub-slice), its lateness (T3), and what becomes of a row that cannot be taken.
 */
import { type Batch, takesBack } from '../batch/index.ts';
import { WeirError } from '../core/index.ts';
import type { AggregateNode, GroupTime } from '../plan/index.ts';
import type { AggregateState } from './aggregate-state.ts';
import { setAside, setAsideOfKey } from './dead-rows.ts';
import { type GroupedKey, groupedKeys, keyInWords } from './key.ts';
import type { OperatorContext } from './operator.ts';
import { timeIn } from './row-time.ts';
import type { Slices } from './slices.ts';

export interface RowsOptions {
  readonly node: AggregateNode;
  readonly time: GroupTime | undefined;
  readonly slices: Slices | undefined;
  readonly state: AggregateState;
  readonly context: OperatorContext;
  /** Rows are counted here, one at least of each batch that has any. */
  readonly opened: (namespace: number) => void;
  /** A row was counted here. */
  readonly counted: ((namespace: number, key: string) => void) | undefined;
}

/** A row is counted in its window's namespace, or is late. */
type Placer = (i: number) => number;
const isLate = Number.NaN;

const notThere = (key: string): WeirError =>
  new WeirError('E_VALUE', `a row is taken back that is not in its group (${keyInWords(key)})`, {
    hint: 'a row comes before it is taken back, in the same split, and as often',
  });

export class AggregateRows {
  readonly #options: RowsOptions;
  readonly #keysOf: (batch: Batch) => (row: number) => GroupedKey;
  /** Of the row that was placed last. */
  #at: GroupedKey = { key: '', group: 0 };

  constructor(options: RowsOptions) {
    this.#options = options;
    this.#keysOf = groupedKeys({ columns: options.node.keys }, (key) => options.state.groupOf(key));
  }

  /** Takes all rows; gives the late ones. */
  take(batch: Batch): number[] {
    const { state } = this.#options;
    const place = this.#placer(batch);
    const readers = state.accumulators.readers(batch);
    const late: number[] = [];
    const values: unknown[] = readers.map(() => null);
    let counted = Number.NaN;
    for (let i = 0; i < batch.length; i++) {
      for (let a = 0; a < readers.length; a++) values[a] = readers[a]!(i);
      const namespace = this.#checked(batch, i, place, values);
      if (namespace === null) continue;
      if (Number.isNaN(namespace)) late.push(i);
      else if (this.#add(batch, i, namespace, values) && namespace !== counted) {
        this.#options.opened((counted = namespace));
      }
    }
    return late;
  }

  /** Null: the row was set aside. */
  #checked(batch: Batch, i: number, place: Placer, values: readonly unknown[]): number | null {
    try {
      const namespace = place(i);
      if (!Number.isNaN(namespace)) this.#options.state.accumulators.check(values);
      return namespace;
    } catch (thrown) {
      setAside(this.#options.context, this.#options.node.site, batch, i, thrown);
      return null;
    }
  }

  /** False: the row was set aside. */
  #add(batch: Batch, i: number, namespace: number, values: readonly unknown[]): boolean {
    const { state, context, node, counted } = this.#options;
    const { key, group } = this.#at;
    const isBack = batch.system.kinds !== undefined && takesBack(batch.kind(i));
    if (isBack && !state.has(namespace, key, values)) {
      setAside(context, node.site, batch, i, notThere(key));
      return false;
    }
    try {
      if (isBack) state.retract(namespace, key, group, values);
      else state.add(namespace, key, group, values);
    } catch (thrown) {
      setAsideOfKey(context, node.site, batch, i, { key, thrown });
      return false;
    }
    counted?.(namespace, key);
    return true;
  }

  #placer(batch: Batch): Placer {
    const { state, time, slices } = this.#options;
    const keyAt = this.#keysOf(batch);
    if (time === undefined || slices === undefined) {
      return (i) => {
        this.#at = keyAt(i);
        return 0;
      };
    }
    const timeAt = batch.reader(time.spec.column);
    const stampAt = batch.stamps();
    // Rows of one time come together: the slice of the last one is mostly that of the next.
    let [slice, from, to, inTime] = [0, Infinity, -Infinity, 0];
    return (i) => {
      this.#at = keyAt(i);
      const at = timeAt(i);
      if (typeof at !== 'number' || at < from || at >= to) {
        slice = slices.sliceOf(timeIn(at, time.spec.column, slices));
        from = slices.end(slice);
        to = slices.end(slice + 1);
        inTime = slices.namespace(slice, 0);
      }
      if (!time.closes) return inTime;
      const reached = Math.max(stampAt(i), state.fired.of(this.#at.group));
      if (reached < to) return inTime;
      const lag = slices.lagAt(slice, reached);
      return lag === slices.lagMax(slice) ? isLate : slices.namespace(slice, lag);
    };
  }
}
