/**
 * Joins each row of a stream with the rows of a table that have its keys.
 *
 * Owns: the table, and the rows of the stream that came before it had been read, and wait. Without them it is a flat map: rows go out as
 * they came, with stamps and origins, and with the columns that they came in.
 * Invariants: JO5 a row of the stream meets the whole table.
 */
import { type Batch, BatchBuilder } from '../../batch/index.ts';
import type { JoinNode } from '../../plan/index.ts';
import { orSetAside, setAside } from '../dead-rows.ts';
import { type OpenGroup, openGroup } from '../open-group.ts';
import type { Operator, OperatorContext, Output, RestoredPart, Step } from '../operator.ts';
import { Resumable } from '../resumable.ts';
import { stepRowsMax } from '../step-rows.ts';
import { JoinKeys } from './join-keys.ts';
import { JoinedRows, keptForms } from './joined-rows.ts';
import type { Side } from './join-times.ts';
import { FoundRows, type KeptRow, KeptRows } from './kept-rows.ts';
import { valuesOf } from './open-rows.ts';
import { PairCondition } from './pair-condition.ts';
import type { RowBytes, RowForm } from '../row-form.ts';
import { WidenedRows } from './widened-rows.ts';

interface Snapshot {
  readonly ordinal: number;
}

class TableJoinOperator implements Operator {
  readonly #node: JoinNode;
  readonly #work = new Resumable();
  readonly #forms: readonly [RowForm, RowForm];
  /** Rows of those that waited. */
  readonly #rows: BatchBuilder;
  readonly #joined: JoinedRows;
  readonly #widened: WidenedRows;
  readonly #keys: JoinKeys;
  readonly #condition: PairCondition | undefined;
  readonly #found = new FoundRows();
  #context!: OperatorContext;
  #table!: KeptRows;
  #waiting!: KeptRows;
  #ordinal = 0;
  /** Whether the table has been read is asked anew in each life: its sources say so again. */
  #isWhole = false;

  constructor(node: JoinNode) {
    this.#node = node;
    this.#forms = keptForms(node);
    this.#rows = new BatchBuilder(node.schema);
    this.#joined = new JoinedRows(node, this.#forms, this.#rows);
    this.#widened = new WidenedRows(node, this.#forms[1]);
    this.#condition = node.condition === undefined ? undefined : new PairCondition(node.condition, this.#forms);
    this.#keys = new JoinKeys(node, () => this.#context.keyGroups);
  }

  open(context: OperatorContext): void {
    this.#context = context;
    this.#table = new KeptRows(context, 'table', this.#forms[1], false);
    this.#waiting = new KeptRows(context, 'waiting', this.#forms[0], true);
  }

  process(batch: Batch, out: Output, _advanceTo: (row: number) => number, input = 0): Step {
    if (input === 0 && this.#isWhole) return this.#work.step(() => this.#join(batch, out));
    this.#keep(batch, input as Side);
    return 'done';
  }

  onFirstRead(out: Output): Step {
    return this.#work.step(() => this.#release(out));
  }

  openOf(key: string): readonly OpenGroup[] {
    const whole = this.#isWhole ? {} : { waitsFor: 'the rest of the table' };
    const groups = [
      { what: 'left rows', rows: [...this.#waiting.of(key)].flat(), form: this.#forms[0] },
      { what: 'rows of the table', rows: [...this.#table.of(key)].flat(), form: this.#forms[1] },
    ];
    return groups
      .filter(({ rows }) => rows.length > 0)
      .map(({ what, rows, form }) =>
        openGroup({ what, start: null, end: null, rows: rows.length, ...whole }, valuesOf(rows, form)),
      );
  }

  snapshot(): Snapshot {
    return { ordinal: this.#ordinal };
  }

  restore(parts: readonly RestoredPart[]): void {
    this.#ordinal = Math.max(0, ...parts.map(({ value }) => (value as Snapshot).ordinal));
  }

  /** Rows of the table, or of the stream while it is not whole; of the latter the time is the stamp. */
  #keep(batch: Batch, side: Side): void {
    const keys = this.#keys;
    const writeKey = keys.writer(batch, side);
    const keyAt = (i: number): true => {
      writeKey(i);
      return true;
    };
    const isNone = keys.isNone(batch, side);
    const write = this.#forms[side].writer(batch);
    const kept = side === 0 ? this.#waiting : this.#table;
    for (let i = 0; i < batch.length; i++) {
      const hasKey = orSetAside(this.#context, this.#node.site, batch, i, keyAt);
      // Nothing is equal to it: without it in the table nothing is found to be.
      if (hasKey === null || (side === 1 && isNone(i))) continue;
      write(i);
      const facts = { ordinal: ++this.#ordinal, time: side === 0 ? batch.stamp(i) : 0, matched: false };
      kept.add(0, keys.key, keys.group, facts, Infinity);
    }
  }

  *#join(batch: Batch, out: Output): Generator<void, void> {
    const writeKey = this.#keys.writer(batch, 0);
    const widened = this.#widened;
    const [form] = this.#forms;
    const write = this.#condition === undefined ? undefined : form.writer(batch);
    const findFor = (i: number): true => {
      writeKey(i);
      write?.(i);
      this.#find(form);
      return true;
    };
    widened.begin(batch);
    for (let i = 0; i < batch.length; i++) {
      if (orSetAside(this.#context, this.#node.site, batch, i, findFor) === null) continue;
      this.#meet((partner) => widened.append(i, partner));
      if (widened.length < stepRowsMax) continue;
      widened.flush(out);
      yield;
    }
    widened.flush(out);
  }

  /** What of the table belongs to the row of the stream whose key was written last. */
  #find(row: RowBytes): void {
    const found = this.#found;
    found.clear();
    this.#table.find(0, this.#keys.key, -Infinity, Infinity, found);
    this.#condition?.choose(0, row, found);
  }

  /** Asks for a row for each that comes of the row for which was found what there is: with which of the table. */
  #meet(row: (partner: RowBytes | null) => void): void {
    const { how } = this.#node;
    const found = this.#found;
    if (how === 'semi' || how === 'anti') {
      if (found.length > 0 === (how === 'semi')) row(null);
    } else {
      for (let n = 0; n < found.length; n++) row(found.at(n));
      if (how === 'left' && found.length === 0) row(null);
    }
  }

  *#release(out: Output): Generator<void, void> {
    this.#isWhole = true;
    const waiting: KeptRow[] = [];
    this.#waiting.recall(
      () => Infinity,
      (row) => waiting.push(row),
    );
    waiting.sort((a, b) => a.ordinal - b.ordinal);
    const stamps: number[] = [];
    const flush = (): void => {
      if (stamps.length > 0) out.emit(this.#rows.build({ stamps: Float64Array.from(stamps) }));
      stamps.length = 0;
    };
    for (const row of waiting) {
      try {
        this.#keys.key.set(this.#waiting.keyOf(row));
        this.#find(row);
      } catch (thrown) {
        setAside(this.#context, this.#node.site, this.#forms[0].batch([row]), 0, thrown);
        continue;
      }
      this.#meet((partner) => {
        this.#joined.append(row, partner);
        stamps.push(row.time);
      });
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
