/** Expressions as people read them, in plans and errors; and as fingerprints compare them. */
import { functions } from './functions/index.ts';
import type { ExprNode } from './node.ts';

export function exprText(node: ExprNode): string {
  switch (node.kind) {
    case 'column':
      return node.path.join('.');
    case 'literal':
      return typeof node.value === 'string' ? JSON.stringify(node.value) : Object.is(node.value, -0) ? '-0' : String(node.value);
    case 'now':
      return 'now()';
    case 'constant':
      return node.text;
    case 'apply': {
      const args = node.args.map(exprText);
      return functions[node.fn].text?.(...args) ?? `${node.fn}(${args.join(', ')})`;
    }
    case 'call':
      return `${node.fn.name || 'a function'}(${node.args.map(exprText).join(', ')})`;
    case 'logic':
      return `(${exprText(node.left)} ${node.op} ${exprText(node.right)})`;
    case 'isNull':
      return `(${exprText(node.of)} is null)`;
    case 'orElse':
      return `orElse(${exprText(node.of)}, ${exprText(node.other)})`;
    case 'when': {
      const branches = node.branches.map(({ condition, value }) => `when ${exprText(condition)} then ${exprText(value)}`);
      return `case ${branches.join(' ')} else ${exprText(node.otherwise)} end`;
    }
  }
}
