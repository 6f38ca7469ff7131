/** A stream that ends in a sink: what `pipeline()` gathers. */
import { WeirError } from '../core/index.ts';
import type { SinkNode } from '../plan/index.ts';

declare const outputBrand: unique symbol;
export interface Output {
  readonly [outputBrand]: true;
}

/** What an output is at run time. */
class SinkOutput {
  readonly node: SinkNode;

  constructor(node: SinkNode) {
    this.node = node;
  }
}

export function outputOf(node: SinkNode): Output {
  return new SinkOutput(node) as unknown as Output;
}

/** @throws WeirError `E_PLAN` if it is no output */
export function outputNode(output: Output): SinkNode {
  if (output instanceof SinkOutput) return output.node;
  throw new WeirError('E_PLAN', 'this is not an output', {
    hint: 'end each stream with .to(sink), and list what that gives in `outputs`',
  });
}
