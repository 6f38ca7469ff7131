/**
 * Combines the rows of a batch before they are sent to an aggregation: one row for each key and sub-slice, with parts of the aggregates.
 *
 * Owns: the place of rows in sub-slices by their stamps, and counting rows that are late by them (T3). A part has the time at which its
 * slice begins, and the stamp of its first row: the aggregation finds the same sub-slice by them, or a later one where it has fired
 * meanwhile. It holds nothing across calls, so it has no state.
 * Invariants: CO2 the order of first arrivals is that of the rows; CO3 all rows of a part are in the same sub-slice.
 */
import {
  type Batch,
  type Column,
  ColumnarBatch,
  columnIndex,
  fieldOf,
  Float64Column,
  type SystemColumns,
} from '../../batch/index.ts';
import type { CombineNode } from '../../plan/index.ts';
import { setAside } from '../dead-rows.ts';
import type { Operator, OperatorContext, Output, Step } from '../operator.ts';
import { timeIn } from '../row-time.ts';
import { Slices } from '../slices.ts';
import { BatchGroups } from './batch-groups.ts';
import { type CodeReader, codeReader } from './key-codes.ts';
import { type Partial, partialOf, type Spill } from './partials.ts';

const times = { kind: 'timestamp' } as const;

class CombineOperator implements Operator {
  readonly #node: CombineNode;
  readonly #slices: Slices | undefined;
  readonly #keys: readonly CodeReader[];
  readonly #partials: readonly Partial[];
  readonly #groups = new BatchGroups();
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
    this.#groups.group(length, this.#codes, outside === 0 ? undefined : this.#isOut);
    for (const partial of this.#partials) partial.take(batch, this.#groups.groupOf, this.#groups.count);
    out.emit(this.#parts(batch));
    return 'done';
  }

  #grow(length: number): void {
    if ((this.#codes[0]?.length ?? 0) >= length && this.#codes.length > 0) return;
    const lists = this.#keys.length + (this.#slices === undefined ? 0 : 1);
    this.#codes = Array.from({ length: Math.max(lists, 1) }, () => new Float64Array(length));
    this.#starts = new Float64Array(length);
    this.#isOut = new Uint8Array(length);
  }

  /** Sub-slices as the last code. @returns how many rows are in none: late, or set aside */
  #place(batch: Batch, slices: Slices): number {
    const { time, site } = this.#node;
    const namespaces = this.#codes[this.#keys.length]!;
    const starts = this.#starts;
    const isOut = this.#isOut;
    const timeAt = batch.reader(time!.spec.column);
    const stampAt = batch.stamps();
    let [slice, from, to, inTime] = [0, Infinity, -Infinity, 0];
    let late = 0;
    let aside = 0;
    for (let i = 0; i < batch.length; i++) {
      isOut[i] = 0;
      const at = timeAt(i);
      if (typeof at !== 'number' || at < from || at >= to) {
        try {
          slice = slices.sliceOf(timeIn(at, time!.spec.column, slices));
        } catch (thrown) {
          setAside(this.#context, site, batch, i, thrown);
          isOut[i] = 1;
          aside++;
          continue;
        }
        from = slices.end(slice);
        to = slices.end(slice + 1);
        inTime = slices.namespace(slice, 0);
      }
      const stamp = time!.closes ? stampAt(i) : -Infinity;
      const lag = stamp < to ? 0 : slices.lagAt(slice, stamp);
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

  /** One row for each group, then one for each value that fits into no part. */
  #parts(batch: Batch): Batch {
    const { count, firsts } = this.#groups;
    const spills = this.#partials.flatMap((partial) => partial.spills);
    const rows = rowsOf(firsts, count, spills);
    const physical = batch.selection === undefined ? rows : rows.map((row) => batch.selection![row]!);
    const keys = this.#node.keys.map((name): Column => batch.columns[columnIndex(batch.schema, name)]!.take(physical));
    let from = 0;
    const parts = this.#partials.flatMap((partial) => {
      const columns = partial.columns(count, spills.length, from);
      from += partial.spills.length;
      return columns;
    });
    const { schema } = this.#node;
    const columns = [...keys, ...(this.#node.hasTime ? [this.#times(rows)] : []), ...parts];
    return new ColumnarBatch(schema, columns, rows.length, systemOf(batch, physical));
  }

  #times(rows: Int32Array): Column {
    const at = new Float64Array(rows.length);
    for (let i = 0; i < rows.length; i++) at[i] = this.#starts[rows[i]!]!;
    return new Float64Column(times, at, null);
  }
}

function rowsOf(firsts: Int32Array, count: number, spills: readonly Spill[]): Int32Array {
  const rows = new Int32Array(count + spills.length);
  rows.set(firsts.subarray(0, count));
  for (let i = 0; i < spills.length; i++) rows[count + i] = firsts[spills[i]!.group]!;
  return rows;
}

/** Parts have no origin: they are many records. */
function systemOf(batch: Batch, rows: Int32Array): SystemColumns {
  const { stamps } = batch.system;
  return stamps === undefined ? {} : { stamps: Float64Array.from(rows, (row) => stamps[row]!) };
}

export function combineOperator(node: CombineNode): Operator {
  return new CombineOperator(node);
}
