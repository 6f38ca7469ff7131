import { BatchBuilder } from '../batch/index.ts';
import type { RowNode } from '../plan/index.ts';
import { carriedSystem } from './carried-system.ts';
import { setAside } from './dead-rows.ts';
import type { Batch, Operator, OperatorContext, Output, Step } from './operator.ts';
import { rowResult } from './row-result.ts';

/** One row from each row. */
export class MapOperator implements Operator {
  readonly #node: RowNode;
  readonly #builder: BatchBuilder;
  #context: OperatorContext | undefined;

  constructor(node: RowNode) {
    this.#node = node;
    this.#builder = new BatchBuilder(node.schema);
  }

  open(context: OperatorContext): void {
    this.#context = context;
  }

  process(batch: Batch, out: Output): Step {
    const from = new Int32Array(batch.length);
    for (let i = 0; i < batch.length; i++) {
      try {
        this.#builder.append(rowResult(this.#node, this.#node.fn(batch.row(i) as never)));
        from[this.#builder.length - 1] = i;
      } catch (thrown) {
        setAside(this.#context!, this.#node.site, batch, i, thrown);
      }
    }
    const rows = from.subarray(0, this.#builder.length);
    if (rows.length > 0) out.emit(this.#builder.build(carriedSystem(batch, rows)));
    return 'done';
  }
}
