/**
 * What expressions mean: one row at a time, one node after the other. The compiler is held against this; where code may not be
 * made of text, this is what runs.
 */
import { functions } from './functions/index.ts';
import type { ColumnNode, ExprNode } from './node.ts';

/** The value of a column in the row at hand: null where it is missing. */
export type ReadColumn = (column: ColumnNode) => unknown;

export function evaluate(node: ExprNode, read: ReadColumn): unknown {
  switch (node.kind) {
    case 'column':
      return read(node) ?? null;
    case 'literal':
    case 'constant':
      return node.value;
    case 'apply': {
      const args = node.args.map((arg) => evaluate(arg, read));
      if (args.includes(null)) return null;
      return functions[node.fn].apply(...(args as never[]));
    }
    case 'call':
      return node.fn(...(node.args.map((arg) => evaluate(arg, read)) as never[])) ?? null;
    case 'logic': {
      const left = evaluate(node.left, read);
      const decides = node.op === 'or';
      if (left === decides) return left;
      const right = evaluate(node.right, read);
      return right === decides || left !== null ? right : null;
    }
    case 'isNull':
      return evaluate(node.of, read) === null;
    case 'orElse':
      return evaluate(node.of, read) ?? evaluate(node.other, read);
    case 'when': {
      for (const { condition, value } of node.branches) if (evaluate(condition, read) === true) return evaluate(value, read);
      return evaluate(node.otherwise, read);
    }
  }
}
