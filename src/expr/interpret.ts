/**
 * What expressions mean: one row at a time, one node after the other. The compiler is held against this; where code may not be
 * made of text, this is what runs.
 */
import { functions } from './functions/index.ts';
import type { ColumnNode, ExprNode } from './node.ts';

/** The value of a column in the row at hand: null where it is missing. */
export type ReadColumn = (column: ColumnNode) => unknown;

/** @param now the time of the epoch, ms */
export function evaluate(node: ExprNode, read: ReadColumn, now: number): unknown {
  switch (node.kind) {
    case 'column':
      return read(node) ?? null;
    case 'now':
      return now;
    case 'literal':
    case 'constant':
      return node.value;
    case 'apply': {
      const args = node.args.map((arg) => evaluate(arg, read, now));
      if (args.includes(null)) return null;
      return functions[node.fn].apply(...(args as never[]));
    }
    case 'call':
      return node.fn(...(node.args.map((arg) => evaluate(arg, read, now)) as never[])) ?? null;
    case 'logic': {
      const left = evaluate(node.left, read, now);
      const decides = node.op === 'or';
      if (left === decides) return left;
      const right = evaluate(node.right, read, now);
      return right === decides || left !== null ? right : null;
    }
    case 'isNull':
      return evaluate(node.of, read, now) === null;
    case 'orElse':
      return evaluate(node.of, read, now) ?? evaluate(node.other, read, now);
    case 'when': {
      for (const { condition, value } of node.branches)
        if (evaluate(condition, read, now) === true) return evaluate(value, read, now);
      return evaluate(node.otherwise, read, now);
    }
  }
}
