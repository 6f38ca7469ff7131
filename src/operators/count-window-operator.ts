/**
 * Aggregation by keys and numbers of rows: a window of so many rows of a key, in the order in which they arrive.
 *
 * Owns: which windows a row is in, and when one is full: then its row goes out at once, to whoever asked, and is final. Time plays no part,
 * so no row is late, and what a window holds follows from the order in which a key's rows arrive. Results carry the last forwarded watermark
 * as stamp (T7). Where a complete result wants them, full windows are kept for ever.
 * Invariants: CW1 the n-th row of a key, counted from 0, is in the windows [j * slide, j * slide + size) that hold n, and a window goes out
 * with the last of its rows; CW2 a row that an aggregate throws on, guarded, is not counted.
 */
import { type Batch, hashKey, keyGroupOf, rowKind } from '../batch/index.ts';
import type { AggregateNode, CountSpec, Emission } from '../plan/index.ts';
import { type Barrier, isDue } from '../progress/index.ts';
import type { StateTable, ValueCodec } from '../state/index.ts';
import { Accumulators } from './accumulators.ts';
import type { Cell } from './cell.ts';
import { setAside, setAsideOfKey } from './dead-rows.ts';
import { GroupValues } from './group-values.ts';
import { type GroupedKey, groupedKeys } from './key.ts';
import { type OpenGroup, openGroup, resultsOf } from './open-group.ts';
import type { Operator, OperatorContext, Output, RestoredPart, Step } from './operator.ts';
import { ResultRows } from './result-rows.ts';
import { type Progress, progressOf } from './result-snapshot.ts';
import { Resumable } from './resumable.ts';

/** Of one key. */
interface Counted {
  /** Rows so far. */
  rows: number;
  /** Windows that are not full, oldest first; the oldest begins with the row `rows - (what it holds)`. */
  open: Cell[];
}
interface Full {
  readonly first: number;
  readonly cell: Cell;
}
interface FullOfKey extends Full {
  readonly key: string;
}
interface RowNumbers {
  readonly first: number;
  readonly last: number;
}

class CountWindowOperator implements Operator {
  readonly #node: AggregateNode;
  readonly #spec: CountSpec;
  /** Of those that are given a window once, as it is full. */
  readonly #ports: readonly string[];
  readonly #complete: readonly Emission[];
  readonly #keysOf: (batch: Batch) => (row: number) => GroupedKey;
  readonly #accumulators: Accumulators;
  readonly #values: GroupValues;
  readonly #work = new Resumable();
  #context!: OperatorContext;
  #table!: StateTable<Counted>;
  /** Full windows, by the number of their first row. */
  #full: StateTable<Cell> | undefined;
  #ordinal = 0;
  #forwarded = -Infinity;

  constructor(node: AggregateNode, emissions: readonly Emission[]) {
    this.#node = node;
    this.#spec = node.count!;
    this.#ports = emissions.filter(({ mode }) => mode !== 'complete').map(({ port }) => port);
    this.#complete = emissions.filter(({ mode }) => mode === 'complete');
    this.#accumulators = Accumulators.of(node);
    this.#values = new GroupValues(node, this.#accumulators);
    this.#keysOf = groupedKeys({ columns: node.keys }, (key) => keyGroupOf(hashKey(key), this.#context.keyGroups));
  }

  open(context: OperatorContext): void {
    this.#context = context;
    this.#table = context.table('counted', countedCodec(this.#accumulators.codec));
    if (this.#complete.length > 0) this.#full = context.table('full windows', this.#accumulators.codec);
  }

  process(batch: Batch, out: Output): Step {
    return this.#work.step(() => this.#take(batch, out));
  }

  onWatermark(watermark: number): Step {
    this.#forwarded = Math.max(this.#forwarded, watermark);
    return 'done';
  }

  onBarrier(barrier: Barrier, out: Output): Step {
    return this.#work.step(() => this.#emitAll(barrier, out));
  }

  openOf(key: string): readonly OpenGroup[] {
    const { schema, keys } = this.#node;
    const { size, slide } = this.#spec;
    const { rows, open } = this.#table.get(0, key) ?? { rows: 0, open: [] };
    const newest = Math.floor((rows - 1) / slide) * slide;
    return open.map((cell, i) => {
      const window = this.#windowOf(newest - (open.length - 1 - i) * slide);
      const results = resultsOf(schema, keys.length + 1, this.#values.rowsOf(window, key, cell));
      const what = `window of rows ${window.first} to ${window.last}`;
      return openGroup({ what, start: null, end: null, rows: rows - window.first, ofRows: size }, results);
    });
  }

  snapshot(): Progress {
    return { ordinal: this.#ordinal, forwarded: this.#forwarded };
  }

  restore(parts: readonly RestoredPart[]): void {
    ({ ordinal: this.#ordinal, forwarded: this.#forwarded } = progressOf(parts));
  }

  *#take(batch: Batch, out: Output): Generator<void, void> {
    const keyAt = this.#keysOf(batch);
    const readers = this.#accumulators.readers(batch);
    const values: unknown[] = readers.map(() => null);
    const target = { kind: rowKind.insert, stamp: this.#forwarded };
    const results = this.#ports.map((port) => new ResultRows(this.#node.schema, out, { port, ...target }));
    for (let i = 0; i < batch.length; i++) {
      const key = this.#checked(batch, i, keyAt, readers, values);
      if (key === null) continue;
      const full = this.#add(batch, i, key, values);
      if (full === null) continue;
      this.#full?.put(full.first, key.key, key.group, full.cell);
      const window = this.#windowOf(full.first);
      for (const result of results) this.#values.append(result.rows, window, key.key, full.cell);
      let passed = false;
      for (const result of results) passed = result.pass() || passed;
      if (passed) yield;
    }
    for (const result of results) result.flush();
  }

  /** All windows that are full, in the order in which they came to be. */
  *#emitAll(barrier: Barrier, out: Output): Generator<void, void> {
    for (const { port, everyMs } of this.#complete) {
      if (!isDue(everyMs, barrier)) continue;
      const whole = { port, kind: rowKind.insert, stamp: this.#forwarded, emission: barrier.epoch };
      const results = new ResultRows(this.#node.schema, out, whole);
      for (const { first, key, cell } of this.#allFull()) {
        this.#values.append(results.rows, this.#windowOf(first), key, cell);
        if (results.pass()) yield;
      }
      results.flush();
    }
  }

  #allFull(): readonly FullOfKey[] {
    const all: FullOfKey[] = [];
    for (const first of this.#full!.namespaces())
      for (const { key, value } of this.#full!.entries(first)) all.push({ first, key, cell: value });
    return all.sort((a, b) => a.cell.last - b.cell.last || (a.key < b.key ? -1 : 1));
  }

  #windowOf(first: number): RowNumbers {
    return { first, last: first + this.#spec.size - 1 };
  }

  /** Null: the row was set aside. */
  #checked(
    batch: Batch,
    i: number,
    keyAt: (row: number) => GroupedKey,
    readers: readonly ((i: number) => unknown)[],
    values: unknown[],
  ): GroupedKey | null {
    try {
      const { key, group } = keyAt(i);
      for (let a = 0; a < readers.length; a++) values[a] = readers[a]!(i);
      this.#accumulators.check(values);
      return { key, group };
    } catch (thrown) {
      setAside(this.#context, this.#node.site, batch, i, thrown);
      return null;
    }
  }

  /** The window that is full with this row, if one is. */
  #add(batch: Batch, i: number, { key, group }: GroupedKey, values: readonly unknown[]): Full | null {
    try {
      return this.#count(key, group, values);
    } catch (thrown) {
      setAsideOfKey(this.#context, this.#node.site, batch, i, { key, thrown });
      return null;
    }
  }

  #count(key: string, group: number, values: readonly unknown[]): Full | null {
    const { size, slide } = this.#spec;
    const { guarded } = this.#context;
    const known = guarded ? this.#table.get(0, key) : this.#table.modify(0, key);
    const counted = known ?? { rows: 0, open: [] };
    const ordinal = this.#ordinal + 1;
    const open = guarded ? counted.open.map((cell) => this.#accumulators.copy(cell)) : counted.open;
    if (counted.rows % slide === 0) open.push(this.#accumulators.newCell(ordinal));
    for (const cell of open) this.#accumulators.accumulate(cell, values, ordinal);
    const rows = counted.rows + 1;
    this.#ordinal = ordinal;
    const first = rows - size;
    const full = first >= 0 && first % slide === 0 ? { first, cell: open.shift()! } : null;
    if (known === undefined || guarded) this.#table.put(0, key, group, { rows, open });
    else counted.rows = rows;
    return full;
  }
}

function countedCodec(cell: ValueCodec<Cell>): ValueCodec<Counted> {
  return {
    id: `counted ${cell.id}`,
    write(out, { rows, open }) {
      out.varint(rows);
      out.varint(open.length);
      for (const each of open) cell.write(out, each);
    },
    read(from) {
      const rows = from.varint();
      const open = Array.from({ length: from.varint() }, () => cell.read(from));
      return { rows, open };
    },
  };
}

export function countWindowOperator(node: AggregateNode, emissions: readonly Emission[]): Operator {
  return new CountWindowOperator(node, emissions);
}
