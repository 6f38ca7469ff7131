/**
 * The first rows of all, then none.
 *
 * Owns: how many rows have gone on, which is its state: one subtask runs it, and no epoch counts twice. A local one has no state: what it
 * lets through after a restart is counted again behind it.
 */
import type { LimitNode } from '../plan/index.ts';
import type { Batch, Operator, Output, RestoredPart, Step } from './operator.ts';

class LimitOperator implements Operator {
  readonly #node: LimitNode;
  #taken = 0;

  constructor(node: LimitNode) {
    this.#node = node;
  }

  process(batch: Batch, out: Output): Step {
    const left = Math.min(batch.length, this.#node.rows - this.#taken);
    if (left <= 0) return 'done';
    this.#taken += left;
    out.emit(left === batch.length ? batch : batch.slice(0, left));
    return 'done';
  }

  snapshot(): unknown {
    return this.#node.local === true ? undefined : this.#taken;
  }

  restore(parts: readonly RestoredPart[]): void {
    for (const { value } of parts) this.#taken = Math.max(this.#taken, value as number);
  }
}

export function limitOperator(node: LimitNode): Operator {
  return new LimitOperator(node);
}
