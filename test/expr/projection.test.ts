import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anySchema, type Batch, batchOf, batchSchema, type DataType, decodeBatch, encodeBatch } from '../../src/batch/index.ts';
import {
  applyExpr,
  asExpr,
  columnExpr,
  constantExpr,
  evaluate,
  literalExpr,
  nodesOf,
  Projection,
  substitute,
} from '../../src/expr/index.ts';
import { drawnBatch, drawnExpr, drawnFlag, drawnSchema } from './drawn-expr.ts';

interface Outcome {
  readonly rows: readonly unknown[];
  readonly faults: readonly string[];
}

function outcome(projection: Projection, batch: Batch): Outcome {
  const faults: string[] = [];
  const out = projection.run(batch, (i, thrown) => faults.push(`${i}: ${(thrown as Error).message}`), 1_234_567);
  return { rows: out === null ? [] : Array.from({ length: out.length }, (_, i) => out.row(i)), faults };
}

describe('A projection', () => {
  test('EX3: computes the same compiled as interpreted, whatever names and literals there are', () => {
    const drawn = fc.tuple(
      drawnBatch,
      drawnBatch,
      fc.option(drawnFlag, { nil: undefined }),
      fc.array(drawnExpr, { maxLength: 3 }),
    );
    fc.assert(
      fc.property(drawn, ([first, second, predicate, exprs]) => {
        const columns = exprs.map((expr, i) => ({ name: `${i}`, expr }));
        const spec = { input: drawnSchema, predicate, columns };
        const compiled = new Projection(spec, false);
        const interpreted = new Projection(spec, true);
        for (const batch of [first, second]) expect(outcome(compiled, batch)).toEqual(outcome(interpreted, batch));
      }),
      { numRuns: 1000 },
    );
  });

  test('EX1: gives what its columns can hold, so that it travels', () => {
    fc.assert(
      fc.property(drawnBatch, fc.array(drawnExpr, { minLength: 1, maxLength: 3 }), (batch, exprs) => {
        const projection = new Projection({ input: drawnSchema, columns: exprs.map((expr, i) => ({ name: `${i}`, expr })) });
        const out = projection.run(batch, () => undefined, 0);
        if (out === null) return;
        const there = decodeBatch(encodeBatch(out));
        const rowsOf = (of: Batch): unknown[] => Array.from({ length: of.length }, (_, i) => of.row(i));
        expect(rowsOf(there)).toEqual(rowsOf(out));
      }),
      { numRuns: 300 },
    );
  });

  test('EX2: replaces columns, and what was shared stays so', () => {
    const x = columnExpr(['x'], { type: { kind: 'float64' }, nullable: false });
    const twice = applyExpr('add', x, x);
    const whole = applyExpr('mul', twice, twice);
    const replaced = substitute(whole, () => applyExpr('sub', x, literalExpr(1)));
    expect(nodesOf([replaced]).size).toBe(5);
    expect(substitute(whole, (column) => column)).toBe(whole);
  });

  test('EX4: computes what is needed twice once', () => {
    let calls = 0;
    const x = columnExpr(['x'], { type: { kind: 'float64' }, nullable: false });
    const called = {
      kind: 'call' as const,
      fn: () => ++calls,
      args: [x],
      type: { type: { kind: 'any' as const }, nullable: true },
    };
    const schema = batchSchema([{ name: 'x', type: { kind: 'float64' }, nullable: false }]);
    const columns = [
      { name: 'a', expr: called },
      { name: 'b', expr: called },
    ];
    const projection = new Projection({ input: schema, columns }, false);
    expect(outcome(projection, batchOf(schema, [{ x: 1 }])).rows).toEqual([{ a: 1, b: 1 }]);
  });

  test('rounds numbers of any size: those that have no such digit stay as they are', () => {
    const rounded = (value: number, digits: number): unknown =>
      evaluate(applyExpr('round', literalExpr(value), constantExpr(digits, `${digits}`)), () => null, 0);
    const whole = [1e21, 1e300, 123456789012345680, -1e19, Number.MAX_VALUE];
    expect(whole.map((value) => rounded(value, 0))).toEqual(whole);
    expect(whole.map((value) => rounded(value, 2))).toEqual(whole);
    expect([rounded(1.005, 2), rounded(-2.5, 0), rounded(1234.5, -2), rounded(5e-324, 300)]).toEqual([1.01, -3, 1200, 0]);
  });

  test('holds a value to the type that as() names: rows with another one are faults', () => {
    const x = columnExpr(['x'], { type: { kind: 'any' }, nullable: true });
    const schema = batchSchema([{ name: 'x', type: { kind: 'any' }, nullable: true }]);
    const taken = (type: DataType, nullable: boolean, ...values: unknown[]): unknown[] => {
      const spec = { input: schema, columns: [{ name: 'y', expr: asExpr(x, { type, nullable }) }] };
      const rows = values.map((value) => ({ x: value }));
      const [compiled, interpreted] = [false, true].map((how) => outcome(new Projection(spec, how), batchOf(schema, rows)));
      expect(compiled).toEqual(interpreted);
      return compiled!.rows.map((row) => (row as { y: unknown }).y);
    };
    const list: DataType = { kind: 'list', of: { type: { kind: 'float64' }, nullable: false } };
    expect(taken(list, false, [1, 2], 'no', null, ['x'], [])).toEqual([[1, 2], []]);
    expect(taken(list, true, [1], null)).toEqual([[1], null]);
    expect(taken({ kind: 'int64' }, false, 3, 0.5, 'x', -4)).toEqual([3, -4]);
    expect(taken({ kind: 'string', values: ['a', 'b'] }, false, 'a', 'c', 1)).toEqual(['a']);
    expect(taken({ kind: 'bool' }, true, true, 1, null)).toEqual([true, null]);
  });

  test('copies no column that it only passes on, nor rows that it leaves out', () => {
    const schema = batchSchema([{ name: 'x', type: { kind: 'float64' }, nullable: false }]);
    const x = columnExpr(['x'], { type: { kind: 'float64' }, nullable: false });
    const predicate = applyExpr('gt', x, literalExpr(1));
    const batch = batchOf(schema, [{ x: 1 }, { x: 2 }]);
    const out = new Projection({ input: schema, predicate, columns: [{ name: 'y', expr: x }] }).run(batch, () => undefined, 0)!;
    expect(out.columns[0]).toBe(batch.columns[0]);
    expect([out.length, out.row(0)]).toEqual([1, { y: 2 }]);
  });

  test('only chooses from rows without a schema, of which some have one: each batch stays what it is', () => {
    const isTwo = applyExpr('eq', columnExpr(['n'], { type: { kind: 'any' }, nullable: true }), literalExpr(2));
    const projection = new Projection({ input: anySchema, predicate: isTwo });
    const typed = batchSchema([
      { name: 'k', type: { kind: 'string' }, nullable: false },
      { name: 'n', type: { kind: 'float64' }, nullable: false },
    ]);
    const rows = [
      { k: 'a', n: 1 },
      { k: 'b', n: 2 },
    ];
    for (const batch of [batchOf(typed, rows), batchOf(anySchema, rows)]) {
      const left = projection.run(batch, () => {}, 0)!;
      expect([left.schema, left.row(0), left.value('k', 0), decodeBatch(encodeBatch(left)).row(0)]).toEqual([
        batch.schema,
        rows[1],
        'b',
        rows[1],
      ]);
    }
  });
});
