/**
 * What is written whole each time is never final, so no row comes too late for it: an aggregation whose rows all go into tables of mode
 * complete takes late ones, too, as in Spark. Not where others take its rows, or somebody asks for those that are late.
 */
import { inputsOf } from './inputs.ts';
import type { LogicalNode } from './logical.ts';
import { over, type Pass } from './rewrite.ts';

/** Rows of an aggregation that pass through one of these are still its rows. */
const passing: ReadonlySet<LogicalNode['kind']> = new Set(['map', 'filter', 'flatMap', 'project']);

export class KeepingLate implements Pass {
  readonly #whole = new Set<LogicalNode>();

  /** @param all inputs before what they feed */
  constructor(all: readonly LogicalNode[]) {
    const takers = new Map<LogicalNode, LogicalNode[]>();
    for (const node of all) for (const input of inputsOf(node)) takers.set(input, [...(takers.get(input) ?? []), node]);
    const isWhole = (taker: LogicalNode): boolean =>
      taker.kind === 'sink' ? taker.mode === 'complete' : passing.has(taker.kind) && this.#whole.has(taker);
    for (const node of all.toReversed()) if (takers.get(node)?.every(isWhole) === true) this.#whole.add(node);
  }

  rewrite(node: LogicalNode, inputs: readonly LogicalNode[]): LogicalNode {
    const same = over(node, inputs);
    return same.kind === 'aggregate' && this.#whole.has(node) ? { ...same, takesLate: true } : same;
  }
}
