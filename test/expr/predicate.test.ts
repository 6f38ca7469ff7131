import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Batch, batchOf, batchSchema } from '../../src/batch/index.ts';
import {
  applyExpr,
  callExpr,
  columnExpr,
  type ExprNode,
  hasNow,
  literalExpr,
  predicateOver,
  Projection,
  propertyOf,
} from '../../src/expr/index.ts';
import { drawnBatch, drawnFlag, drawnSchema } from './drawn-expr.ts';

/** The rows of a batch for which it is true, or what it throws. */
function asked(condition: ExprNode, batch: Batch, interpreted: boolean): unknown {
  const predicate = predicateOver(
    condition,
    ({ path: [first, ...rest] }) => {
      const read = batch.reader(first);
      return (row) => rest.reduce(propertyOf, read(row));
    },
    interpreted,
  );
  const kept = new Int32Array(batch.length);
  try {
    return [...kept.subarray(0, predicate(batch.length, kept))];
  } catch (thrown) {
    return (thrown as Error).message;
  }
}

/** What a projection lets through, or its first fault. */
function projected(condition: ExprNode, batch: Batch): unknown {
  const numbered = batchSchema([...(drawnSchema.kind === 'columns' ? drawnSchema.fields : []), number]);
  const rows = Array.from({ length: batch.length }, (_, i) => ({ ...batch.row(i), number: i }));
  let fault: unknown;
  const projection = new Projection({ input: numbered, predicate: condition }, true);
  const out = projection.run(batchOf(numbered, rows), (_, thrown) => (fault ??= (thrown as Error).message), Number.NaN);
  return fault ?? (out === null ? [] : Array.from({ length: out.length }, (_, i) => out.value('number', i)));
}
const number = { name: 'number', type: { kind: 'float64' }, nullable: false } as const;

test('EX3: a condition on rows that are in no batch is the same compiled as interpreted, and as where() is', () => {
  const conditions = drawnFlag.filter((condition) => !hasNow(condition));
  fc.assert(
    fc.property(drawnBatch, conditions, (batch, condition) => {
      const compiled = asked(condition, batch, false);
      expect(compiled).toEqual(asked(condition, batch, true));
      expect(compiled).toEqual(projected(condition, batch));
    }),
    { numRuns: 500 },
  );
});

test('a condition on rows that are in no batch throws what a function in it throws, and goes on with the next rows', () => {
  const x = columnExpr(['x'], { type: { kind: 'float64' }, nullable: true });
  const odd = (value: number | null): boolean => {
    if (value === 3) throw new Error('three');
    return value !== null && value % 2 === 1;
  };
  const condition = applyExpr('eq', callExpr(odd as never, [x]), literalExpr(true));
  for (const interpreted of [false, true]) {
    let rows: readonly (number | null)[] = [1, 2, null, 5];
    const predicate = predicateOver(condition, () => (i) => rows[i], interpreted);
    const kept = new Int32Array(4);
    expect([predicate(4, kept), ...kept.subarray(0, 2)]).toEqual([2, 0, 3]);
    rows = [1, 3];
    expect(() => predicate(2, kept)).toThrow('three');
    rows = [7];
    expect(predicate(1, kept)).toBe(1);
  }
});
