/**
 * Rows that say what happens to them, as rows that change.
 *
 * Owns: which rows come and which are taken back. What comes and goes within an epoch goes nowhere: at its barrier each different row goes out as often as it is
 * there more, or less, than before, those that are taken back first; so nobody below depends on the order within an epoch. A row whose column says something else is
 * set aside. Whether a row that is taken back was ever there only those know who keep rows.
 * Talks through: `NetRows`, in memory alone.
 * Invariants: CH1 what has gone out by a barrier is what has come, less what was taken back.
 */
import { type Batch, BatchBuilder, rowKind } from '../batch/index.ts';
import { WeirError } from '../core/index.ts';
import type { ChangesNode } from '../plan/index.ts';
import type { Barrier } from '../progress/index.ts';
import { orSetAside } from './dead-rows.ts';
import { NetRows, RowForm, rowOf } from './join/index.ts';
import { KindedRows } from './kinded-rows.ts';
import type { Operator, OperatorContext, Output, Step } from './operator.ts';
import { Resumable } from './resumable.ts';

class ChangesOperator implements Operator {
  readonly #node: ChangesNode;
  readonly #takesBack: ReadonlyMap<unknown, boolean>;
  readonly #form: RowForm;
  readonly #rows: BatchBuilder;
  readonly #net = new NetRows();
  readonly #work = new Resumable();
  #context!: OperatorContext;
  /** The last watermark that was forwarded in this generation: the splits' that come next, in a source's chain, may have been others'. */
  #forwarded = -Infinity;

  constructor(node: ChangesNode) {
    this.#node = node;
    this.#takesBack = new Map(Object.entries(node.takesBack));
    this.#form = RowForm.ofSchema(node.schema);
    this.#rows = new BatchBuilder(node.schema);
  }

  open(context: OperatorContext): void {
    this.#context = context;
  }

  process(batch: Batch): Step {
    const opAt = batch.reader(this.#node.op);
    const write = this.#form.writer(batch);
    const timesOf = (i: number): 1 | -1 => (this.#meaning(opAt(i)) ? -1 : 1);
    for (let i = 0; i < batch.length; i++) {
      const times = orSetAside(this.#context, this.#node.site, batch, i, timesOf);
      if (times === null) continue;
      write(i);
      this.#net.add(this.#form.copied(), null, times);
    }
    return 'done';
  }

  onWatermark(watermark: number): Step {
    this.#forwarded = Math.max(this.#forwarded, watermark);
    return 'done';
  }

  onBarrier(_barrier: Barrier, out: Output): Step {
    return this.#work.step(() => this.#emit(out));
  }

  #meaning(op: unknown): boolean {
    const takesBack = this.#takesBack.get(op);
    if (takesBack !== undefined) return takesBack;
    const known = [...this.#takesBack.keys()].join(', ');
    throw new WeirError(
      'E_VALUE',
      `column '${this.#node.op}' holds ${JSON.stringify(op)}, which says nothing of the row: it is none of ${known}`,
      {
        hint: 'say with `values` what it means, or leave such rows out before',
      },
    );
  }

  *#emit(out: Output): Generator<void, void> {
    const rows = this.#rows;
    const results = new KindedRows(this.#node.schema, out, { port: 'main', stamp: this.#forwarded }, rows);
    for (const { left, times } of this.#net.take()) {
      const row = rowOf(left!);
      for (let n = Math.abs(times); n > 0; n--) {
        this.#form.append(row, rows.builders, rows);
        rows.filled(1);
        results.appended(times < 0 ? rowKind.delete : rowKind.insert);
        if (results.pass()) yield;
      }
    }
    results.flush();
  }
}

export function changesOperator(node: ChangesNode): Operator {
  return new ChangesOperator(node);
}
