/**
 * Combines rows before they are sent to an aggregation: one row for each key and sub-slice, with parts of the aggregates.
 *
 * Owns: the place of rows in sub-slices by their stamps, and counting rows that are late by them (T3). A part has the time at which its
 * slice begins, and the stamp of its first row: the aggregation finds the same sub-slice by them, or a later one where it has fired
 * meanwhile. Parts are held over batches, until something could come of them there.
 * Invariants: CO2 the order of first arrivals is that of the rows; CO3 all rows of a part are in the same sub-slice; CO4 parts go out before
 * a barrier, so there is no state, before a watermark that closes a window they may be in, and before others may go on without this input.
 */
import {
  type Batch,
  builderOf,
  type Column,
  type ColumnBuilder,
  ColumnarBatch,
  fieldOf,
  Float64Builder,
} from '../../batch/index.ts';
import type { CombineNode } from '../../plan/index.ts';
import type { Barrier } from '../../progress/index.ts';
import { setAside } from '../dead-rows.ts';
import type { Operator, OperatorContext, Output, Step } from '../operator.ts';
import { timeIn, timeReader } from '../row-time.ts';
import { Slices } from '../slices.ts';
import { type CodeReader, codeReader } from './key-codes.ts';
import { type Partial, partialOf, type Spill } from './partials.ts';
import { RowGroups } from './row-groups.ts';

/** What is held goes out once there are so many parts: their table should stay in the cache of a core. */
const partsMax = 8192;
const times = { kind: 'timestamp' } as const;

class CombineOperator implements Operator {
  readonly #node: CombineNode;
  readonly #slices: Slices | undefined;
  readonly #keys: readonly CodeReader[];
  readonly #partials: readonly Partial[];
  readonly #groups: RowGroups;
  /** Of the parts: their keys, the begins of their slices, and the stamps of their first rows. */
  readonly #values: readonly ColumnBuilder[];
  readonly #begins = new Float64Builder(times, false, 'the begin of a slice');
  readonly #stamps = new Float64Builder(times, false, 'a stamp');
  /** No watermark before this window's closes one that holds a part. */
  #due = Infinity;
  /** By key, and the sub-slice; grown as batches are. */
  #codes: Float64Array[];
  #starts = new Float64Array(0);
  #isOut = new Uint8Array(0);
  #context!: OperatorContext;

  constructor(node: CombineNode) {
    this.#node = node;
    this.#slices = node.time === undefined ? undefined : new Slices(node.time.spec);
    this.#keys = node.keys.map((name) => codeReader(fieldOf(node.input.schema, name)!));
    this.#partials = node.partials.map((part) =>
      partialOf(part, part.column === undefined ? undefined : fieldOf(node.input.schema, part.column)),
    );
    this.#values = node.keys.map((name) => builderOf(fieldOf(node.input.schema, name)!, `key ${name}`));
    this.#groups = new RowGroups(this.#lists);
    this.#codes = [];
  }

  open(context: OperatorContext): void {
    this.#context = context;
  }

  process(batch: Batch, out: Output): Step {
    const { length } = batch;
    this.#grow(length);
    for (const [k, key] of this.#keys.entries()) key.read(batch, this.#codes[k]!);
    const outside = this.#slices === undefined ? 0 : this.#place(batch, this.#slices);
    if (outside === length) return 'done';
    const groups = this.#groups;
    const before = groups.count;
    groups.group(length, this.#codes, outside === 0 ? undefined : this.#isOut);
    for (const partial of this.#partials) partial.take(batch, groups.groupOf, groups.count);
    this.#keep(batch, groups.count - before);
    if (groups.count + this.#partials.reduce((sum, { spills }) => sum + spills.length, 0) >= partsMax) this.#flush(out);
    return 'done';
  }

  onWatermark(watermark: number, out: Output): Step {
    const slices = this.#slices;
    // Nothing comes of parts in windows that do not close.
    if (slices !== undefined && slices.closedBy(watermark) >= this.#due) this.#flush(out);
    return 'done';
  }

  onIdle(idle: boolean, out: Output): void {
    if (idle) this.#flush(out);
  }

  onBarrier(_barrier: Barrier, out: Output): Step {
    this.#flush(out);
    return 'done';
  }

  get #lists(): number {
    return this.#keys.length + (this.#slices === undefined ? 0 : 1);
  }

  #grow(length: number): void {
    if ((this.#codes[0]?.length ?? 0) >= length && this.#codes.length > 0) return;
    this.#codes = Array.from({ length: Math.max(this.#lists, 1) }, () => new Float64Array(length));
    this.#starts = new Float64Array(length);
    this.#isOut = new Uint8Array(length);
  }

  /** Sub-slices as the last code. @returns how many rows are in none: late, or set aside */
  #place(batch: Batch, slices: Slices): number {
    const { time, site } = this.#node;
    const namespaces = this.#codes[this.#keys.length]!;
    const starts = this.#starts;
    const isOut = this.#isOut;
    const timeAt = timeReader(batch, time!.spec.column);
    const stampAt = batch.stamps();
    let [slice, from, to, inTime, safe] = [0, Infinity, -Infinity, 0, 0];
    let late = 0;
    let aside = 0;
    for (let i = 0; i < batch.length; i++) {
      isOut[i] = 0;
      const at = timeAt(i);
      if (typeof at !== 'number' || at < from || at >= to) {
        try {
          slice = slices.sliceOf(timeIn(at, time!, slices));
        } catch (thrown) {
          setAside(this.#context, site, batch, i, thrown);
          isOut[i] = 1;
          aside++;
          continue;
        }
        from = slices.end(slice);
        to = slices.end(slice + 1);
        inTime = slices.namespace(slice, 0);
        safe = slices.inTimeBefore(slice);
        this.#due = Math.min(this.#due, slice + 1);
      }
      const stamp = time!.closes ? stampAt(i) : -Infinity;
      const lag = stamp < safe ? 0 : slices.lagAt(slice, stamp);
      if (lag > 0 && lag === slices.lagMax(slice)) {
        isOut[i] = 1;
        late++;
      }
      namespaces[i] = inTime + lag;
      starts[i] = from;
    }
    if (late > 0) this.#context.count('late', late);
    return late + aside;
  }

  /** Of the rows that begin a part, what it is known by. */
  #keep(batch: Batch, fresh: number): void {
    const { firsts } = this.#groups;
    const stampAt = batch.stamps();
    for (const [k, name] of this.#node.keys.entries()) {
      const read = batch.reader(name);
      const values = this.#values[k]!;
      for (let i = 0; i < fresh; i++) values.append(read(firsts[i]!));
    }
    for (let i = 0; i < fresh; i++) {
      this.#stamps.push(stampAt(firsts[i]!));
      if (this.#node.hasTime) this.#begins.push(this.#starts[firsts[i]!]!);
    }
  }

  /** One row for each part, then one for each value that fits into none. */
  #flush(out: Output): void {
    const { count } = this.#groups;
    if (count === 0) return;
    const spills = this.#partials.flatMap((partial) => partial.spills);
    const rows = spills.length === 0 ? undefined : rowsOf(count, spills);
    const taken = <C extends Column>(column: C): C => (rows === undefined ? column : (column.take(rows) as C));
    const keys = this.#values.map((values) => taken(values.build()));
    const begins = this.#node.hasTime ? [taken(this.#begins.build())] : [];
    let from = 0;
    const parts = this.#partials.flatMap((partial) => {
      const columns = partial.columns(count, spills.length, from);
      from += partial.spills.length;
      return columns;
    });
    const stamps = taken(this.#stamps.build()).values;
    for (const partial of this.#partials) partial.clear();
    this.#groups.clear();
    this.#due = Infinity;
    // Parts have no origin: they are many records.
    out.emit(new ColumnarBatch(this.#node.schema, [...keys, ...begins, ...parts], count + spills.length, { stamps }));
  }
}

/** Each part, and once more those that stand for a value. */
const rowsOf = (count: number, spills: readonly Spill[]): Int32Array =>
  Int32Array.from({ length: count + spills.length }, (_, i) => (i < count ? i : spills[i - count]!.group));

export function combineOperator(node: CombineNode): Operator {
  return new CombineOperator(node);
}
