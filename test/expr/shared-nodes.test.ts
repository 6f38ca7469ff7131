// Equal parts of expressions become one, and nothing else does.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  applyExpr,
  callExpr,
  columnExpr,
  constantExpr,
  type ExprNode,
  literalExpr,
  nodesOf,
  Projection,
  substitute,
  whenExpr,
} from '../../src/expr/index.ts';
import { sharedNodes } from '../../src/expr/shared-nodes.ts';
import { drawnBatch, drawnExpr, drawnSchema } from './drawn-expr.ts';

const column = (...path: [string, ...string[]]): ExprNode => columnExpr(path, { type: { kind: 'string' }, nullable: true });
/** With columns of its own, and so all that is above them. */
const copied = (expr: ExprNode): ExprNode => substitute(expr, (of) => ({ ...of }));
const hasCall = (expr: ExprNode): boolean => [...nodesOf([expr])].some(({ kind }) => kind === 'call');

describe('Nodes that mean the same', () => {
  test('EX4: become one: a copy of an expression adds nothing, unless it calls a function of a user', () => {
    fc.assert(
      fc.property(
        drawnExpr.filter((expr) => !hasCall(expr)),
        (expr) => {
          const [first, second] = sharedNodes([expr, copied(expr)]);
          expect(second).toBe(first);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('are computed once: the name that four conditions look at is made small once', () => {
    const small = (): ExprNode => applyExpr('lower', column('name'));
    const branches = ['a', 'b', 'c', 'd'].map((text, i) => ({
      condition: applyExpr('eq', small(), literalExpr(text)),
      value: literalExpr(i),
    }));
    const [shared] = sharedNodes([whenExpr(branches, literalExpr(-1))]);
    const all = [...nodesOf([shared!])];
    expect(all.filter((node) => node.kind === 'apply' && node.fn === 'lower')).toHaveLength(1);
    expect(all.filter(({ kind }) => kind === 'column')).toHaveLength(1);
  });

  test('are no others: of another type, sign, path, pattern, function or order', () => {
    const pattern = (of: RegExp): ExprNode => applyExpr('extract', column('a'), constantExpr(of, 'p'), constantExpr(1, '1'));
    const different = [
      literalExpr(0),
      literalExpr(-0),
      literalExpr('0'),
      literalExpr(false),
      literalExpr(null),
      literalExpr('null'),
      column('a'),
      column('a', 'b'),
      column('a,b'),
      columnExpr(['a'], { type: { kind: 'string' }, nullable: false }),
      pattern(/x/),
      pattern(/x/),
      applyExpr('sub', literalExpr(1), literalExpr(2)),
      applyExpr('sub', literalExpr(2), literalExpr(1)),
      applyExpr('add', literalExpr(1), literalExpr(2)),
    ];
    expect(new Set(sharedNodes(different)).size).toBe(different.length);
  });

  test('are called as often as they stand there, where they are functions of a user', () => {
    let calls = 0;
    const next = (): ExprNode => callExpr(() => ++calls, []);
    const twice = next();
    const projection = new Projection({
      input: drawnSchema,
      columns: [next(), next(), twice, twice].map((expr, i) => ({ name: `${i}`, expr })),
    });
    const [batch] = fc.sample(
      drawnBatch.filter(({ length }) => length > 0),
      { seed: 1, numRuns: 1 },
    );
    expect(projection.run(batch!, () => undefined, 0)!.row(0)).toEqual({ 0: 1, 1: 2, 2: 3, 3: 3 });
  });
});
