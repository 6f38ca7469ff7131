import { describe, expect, test } from 'vitest';
import { anySchema, batchSchema } from '../../src/batch/index.ts';
import { applyExpr, callExpr, columnExpr, constantExpr, literalExpr, nowExpr } from '../../src/expr/index.ts';
import { createOperator, projectOperator } from '../../src/operators/index.ts';
import type { ProjectNode } from '../../src/plan/index.ts';
import { verifyOperator } from '../../src/testing/index.ts';
import { rowsItem, sourceNode } from './operator-fixture.ts';

const values = (...list: number[]) => rowsItem(list.map((value, i) => ({ key: 'k', at: i, value, stamp: i * 10 })));

const number = { type: { kind: 'float64' as const }, nullable: false };
const value = columnExpr(['value'], number);
const key = columnExpr(['key'], { type: { kind: 'string' }, nullable: false });

const projection = (more: Partial<ProjectNode>): ProjectNode => ({
  kind: 'project',
  site: 'job.ts:1',
  input: sourceNode(),
  schema: batchSchema((more.columns ?? []).map(({ name, expr }) => ({ name, ...expr.type }))),
  ...more,
});
const columns = [
  { name: 'double', expr: applyExpr('mul', value, literalExpr(2)) },
  { name: 'key', expr: key },
];

describe('A projection', () => {
  test('computes columns and passes others on', async () => {
    await verifyOperator({
      subject: () => ({ make: () => projectOperator(projection({ columns })) }),
      input: [values(1, 2), values(3)],
      stamps: true,
      output: { main: [1, 2, 3].map((n) => ({ double: 2 * n, key: 'k' })) },
    });
  });

  test('keeps the rows for which its condition is true', async () => {
    const predicate = applyExpr('gt', value, literalExpr(1));
    await verifyOperator({
      subject: () => ({ make: () => createOperator(projection({ predicate, columns }), { id: 'p' }) }),
      input: [values(1, 2), values(0), values(3, 1)],
      output: { main: [2, 3].map((n) => ({ double: 2 * n, key: 'k' })) },
    });
  });

  test('knows the time of the epoch: of the barrier before, also after a restore', async () => {
    const timed = [
      { name: 'now', expr: nowExpr },
      { name: 'hour', expr: applyExpr('addMs', nowExpr, constantExpr(3_600_000, '1 hour')) },
    ];
    const node = projection({ columns: timed, predicate: applyExpr('lt', nowExpr, literalExpr(3000)) });
    await verifyOperator({
      subject: () => ({ make: () => projectOperator(node) }),
      input: [values(1), { kind: 'barrier' }, values(2, 3), { kind: 'barrier' }, values(4), { kind: 'barrier' }, values(5)],
      output: { main: [0, 1000, 1000, 2000].map((now) => ({ now, hour: now + 3_600_000 })) },
    });
  });

  test('sets the rows aside that a function throws on', async () => {
    const picky = (n: number): number => {
      if (n === 2) throw new Error('not two');
      return n;
    };
    const called = [{ name: 'called', expr: callExpr(picky, [value]) }];
    const { dead } = await verifyOperator({
      subject: () => ({ make: () => projectOperator(projection({ columns: called })) }),
      input: [values(1, 2, 3)],
      output: { main: [{ called: 1 }, { called: 3 }] },
    });
    expect(dead.map(({ position, error }) => [position, error.replace(/^.*: /, '')])).toEqual([['s#1', 'not two']]);
  });

  test('takes properties of rows without a schema', async () => {
    const node = projection({ schema: anySchema, columns: [{ name: 'value', expr: value }] });
    await verifyOperator({
      subject: () => ({ make: () => projectOperator(node) }),
      input: [values(1)],
      output: { main: [{ value: 1 }] },
    });
  });
});
