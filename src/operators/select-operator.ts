import type { SelectNode } from '../plan/index.ts';
import type { Batch, Operator, Output, Step } from './operator.ts';

/** Only some columns, without copying any. */
export class SelectOperator implements Operator {
  readonly #columns: readonly string[];

  constructor(node: SelectNode) {
    this.#columns = node.columns;
  }

  process(batch: Batch, out: Output): Step {
    out.emit(batch.project(this.#columns));
    return 'done';
  }
}

export function selectOperator(node: SelectNode): Operator {
  return new SelectOperator(node);
}
