/**
 * Joins each row of a stream with the rows of a table that have its keys.
 *
 * Owns: the table, and the rows of the stream that came before it had been read, and wait. Without them it is a flat map: rows go out as
 * they came, with stamps and origins.
 * Invariants: JO5 a row of the stream meets the whole table.
 */
import { type Batch, BatchBuilder } from '../../batch/index.ts';
import type { JoinNode } from '../../plan/index.ts';
import { carriedSystem } from '../carried-system.ts';
import { orSetAside } from '../dead-rows.ts';
import type { Operator, OperatorContext, Output, RestoredPart, Step } from '../operator.ts';
import { Resumable } from '../resumable.ts';
import { stepRowsMax } from '../step-rows.ts';
import { JoinKeys } from './join-keys.ts';
import { JoinShape } from './joined-rows.ts';
import type { Side } from './join-times.ts';
import { type KeptRow, KeptRows } from './kept-rows.ts';

interface Snapshot {
  readonly ordinal: number;
}
type Values = readonly unknown[];

class TableJoinOperator implements Operator {
  readonly #node: JoinNode;
  readonly #work = new Resumable();
  readonly #shape: JoinShape;
  readonly #rows: BatchBuilder;
  readonly #keys: JoinKeys;
  #context!: OperatorContext;
  #table!: KeptRows;
  #waiting!: KeptRows;
  #ordinal = 0;
  /** Whether the table has been read is asked anew in each life: its sources say so again. */
  #isWhole = false;

  constructor(node: JoinNode) {
    this.#node = node;
    this.#shape = new JoinShape(node);
    this.#rows = new BatchBuilder(node.schema);
    this.#keys = new JoinKeys(node, () => this.#context.keyGroups);
  }

  open(context: OperatorContext): void {
    this.#context = context;
    this.#table = new KeptRows(context, 'table', this.#shape.codecs(1));
    this.#waiting = new KeptRows(context, 'waiting', this.#shape.codecs(0));
  }

  process(batch: Batch, out: Output, _advanceTo: (row: number) => number, input = 0): Step {
    if (input === 0 && this.#isWhole) return this.#work.step(() => this.#join(batch, out));
    this.#keep(batch, input as Side);
    return 'done';
  }

  onFirstRead(out: Output): Step {
    return this.#work.step(() => this.#release(out));
  }

  snapshot(): Snapshot {
    return { ordinal: this.#ordinal };
  }

  restore(parts: readonly RestoredPart[]): void {
    this.#ordinal = Math.max(0, ...parts.map(({ value }) => (value as Snapshot).ordinal));
  }

  /** Rows of the table, or of the stream while it is not whole; of the latter the time is the stamp. */
  #keep(batch: Batch, side: Side): void {
    const keyAt = this.#keys.of(batch, side);
    const isNone = this.#keys.isNone(batch, side);
    const valuesAt = this.#shape.reader(batch, side);
    const kept = side === 0 ? this.#waiting : this.#table;
    for (let i = 0; i < batch.length; i++) {
      const placed = orSetAside(this.#context, this.#node.site, batch, i, keyAt);
      // Nothing is equal to it: without it in the table nothing is found to be.
      if (placed === null || (side === 1 && isNone(i))) continue;
      const row = { ordinal: ++this.#ordinal, time: side === 0 ? batch.stamp(i) : 0, values: valuesAt(i), matched: false };
      kept.add(0, placed.key, placed.group, row, Infinity);
    }
  }

  *#join(batch: Batch, out: Output): Generator<void, void> {
    const keyAt = this.#keys.of(batch, 0);
    const valuesAt = this.#shape.reader(batch, 0);
    const from: number[] = [];
    const flush = (): void => {
      if (from.length > 0) out.emit(this.#rows.build(carriedSystem(batch, from)));
      from.length = 0;
    };
    for (let i = 0; i < batch.length; i++) {
      const placed = orSetAside(this.#context, this.#node.site, batch, i, keyAt);
      if (placed === null) continue;
      for (let n = this.#append(valuesAt(i), this.#table.of(0, placed.key)); n > 0; n--) from.push(i);
      if (from.length < stepRowsMax) continue;
      flush();
      yield;
    }
    flush();
  }

  /** @returns how many rows came of it */
  #append(values: Values, partners: readonly KeptRow[]): number {
    const { how } = this.#node;
    const before = this.#rows.length;
    if (how === 'semi' || how === 'anti') {
      if (partners.length > 0 === (how === 'semi')) this.#shape.append(this.#rows, values, null);
    } else {
      for (const partner of partners) this.#shape.append(this.#rows, values, partner.values);
      if (how === 'left' && partners.length === 0) this.#shape.append(this.#rows, values, null);
    }
    return this.#rows.length - before;
  }

  *#release(out: Output): Generator<void, void> {
    this.#isWhole = true;
    const waiting: { readonly row: KeptRow; readonly key: string }[] = [];
    this.#waiting.recall(
      () => Infinity,
      (row, { key }) => waiting.push({ row, key }),
    );
    waiting.sort((a, b) => a.row.ordinal - b.row.ordinal);
    const stamps: number[] = [];
    const flush = (): void => {
      if (stamps.length > 0) out.emit(this.#rows.build({ stamps: Float64Array.from(stamps) }));
      stamps.length = 0;
    };
    for (const { row, key } of waiting) {
      for (let n = this.#append(row.values, this.#table.of(0, key)); n > 0; n--) stamps.push(row.time);
      if (stamps.length < stepRowsMax) continue;
      flush();
      yield;
    }
    flush();
    this.#waiting.drop(Infinity);
  }
}

export function tableJoinOperator(node: JoinNode): Operator {
  return new TableJoinOperator(node);
}
