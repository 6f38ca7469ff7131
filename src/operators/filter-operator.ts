import { WeirError } from '../core/index.ts';
import type { RowNode } from '../plan/index.ts';
import { setAside } from './dead-rows.ts';
import type { Batch, Operator, OperatorContext, Output, Step } from './operator.ts';

/** Keeps the rows that a predicate is true for: a selection over the same columns. */
export class FilterOperator implements Operator {
  readonly #node: RowNode;
  #context: OperatorContext | undefined;

  constructor(node: RowNode) {
    this.#node = node;
  }

  open(context: OperatorContext): void {
    this.#context = context;
  }

  process(batch: Batch, out: Output): Step {
    const rows = new Int32Array(batch.length);
    let kept = 0;
    for (let i = 0; i < batch.length; i++) if (this.#keeps(batch, i)) rows[kept++] = i;
    if (kept === batch.length) out.emit(batch);
    else if (kept > 0) out.emit(batch.select(rows.subarray(0, kept)));
    return 'done';
  }

  #keeps(batch: Batch, i: number): boolean {
    try {
      return truth(this.#node.fn(batch.row(i) as never));
    } catch (thrown) {
      setAside(this.#context!, this.#node.site, batch, i, thrown);
      return false;
    }
  }
}

function truth(result: unknown): boolean {
  if (typeof result !== 'object' || result === null) return Boolean(result);
  throw new WeirError('E_VALUE', 'a filter gave an object instead of true or false', {
    hint: 'the function must not be async: a promise is always true',
  });
}
