/**
 * Any number of rows from each row.
 *
 * Owns: the place at which it stopped, which may be inside one row's iterable. Invariants: D1 a row whose iterable throws
 * leaves no row behind, unless more than a step's worth of its rows had gone out before.
 */
import { type Batch, BatchBuilder } from '../batch/index.ts';
import { WeirError } from '../core/index.ts';
import type { RowNode } from '../plan/index.ts';
import { carriedSystem } from './carried-system.ts';
import { setAside } from './dead-rows.ts';
import type { Operator, OperatorContext, Output, Step } from './operator.ts';
import { rowResult } from './row-result.ts';
import { stepRowsMax } from './step-rows.ts';

export class FlatMapOperator implements Operator {
  readonly #node: RowNode;
  /** Rows that are ready to go out, and the input row of each. */
  readonly #ready: BatchBuilder;
  #from: number[] = [];
  #context: OperatorContext | undefined;
  #row = 0;
  /** The rows of input row `#row`, while they are under way. */
  #iterator: Iterator<unknown> | undefined;

  constructor(node: RowNode) {
    this.#node = node;
    this.#ready = new BatchBuilder(node.schema);
  }

  open(context: OperatorContext): void {
    this.#context = context;
  }

  process(batch: Batch, out: Output): Step {
    while (this.#row < batch.length) {
      const finished = this.#advance(batch);
      if (finished) this.#row++;
      if (finished && this.#ready.length < stepRowsMax && out.full !== true) continue;
      this.#flush(batch, out);
      if (this.#row < batch.length) return 'more';
    }
    this.#flush(batch, out);
    this.#row = 0;
    return 'done';
  }

  /** Goes on with the row at hand; false if it has more rows than fit into a step. */
  #advance(batch: Batch): boolean {
    try {
      this.#iterator ??= iterate(this.#node.fn(batch.row(this.#row) as never));
      const rows = draw(this.#iterator, this.#node);
      this.#keep(rows);
      if (rows.length === stepRowsMax) return false;
    } catch (thrown) {
      setAside(this.#context!, this.#node.site, batch, this.#row, thrown);
    }
    this.#iterator = undefined;
    return true;
  }

  /** All of them, or none. */
  #keep(rows: readonly object[]): void {
    const before = this.#from.length;
    try {
      for (const row of rows) this.#ready.append(row);
    } catch (thrown) {
      const whole = this.#ready.build();
      for (let i = 0; i < before; i++) this.#ready.append(whole.row(i));
      throw thrown;
    }
    for (let i = 0; i < rows.length; i++) this.#from.push(this.#row);
  }

  #flush(batch: Batch, out: Output): void {
    if (this.#ready.length === 0) return;
    const from = this.#from;
    this.#from = [];
    out.emit(this.#ready.build(carriedSystem(batch, from)));
  }
}

function draw(iterator: Iterator<unknown>, node: RowNode): object[] {
  const rows: object[] = [];
  while (rows.length < stepRowsMax) {
    const next = iterator.next();
    if (next.done === true) break;
    rows.push(rowResult(node, next.value));
  }
  return rows;
}

function iterate(result: unknown): Iterator<unknown> {
  if (typeof result === 'object' && result !== null && Symbol.iterator in result)
    return (result as Iterable<unknown>)[Symbol.iterator]();
  throw new WeirError('E_VALUE', 'a flatMap gave no iterable of rows', { hint: 'give an array or a generator of rows' });
}
