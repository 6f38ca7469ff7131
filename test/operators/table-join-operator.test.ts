import { describe, expect, test } from 'vitest';
import { keyOf } from '../../src/batch/index.ts';
import { tableJoinOperator } from '../../src/operators/index.ts';
import type { JoinNode } from '../../src/plan/index.ts';
import { openMemoryStores } from '../../src/state/index.ts';
import { type FedItem, OperatorRun } from '../../src/testing/operator-run.ts';
import { verifyOperator } from '../../src/testing/verify-operator.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { barrier, type EventRow, joinNode, otherRows, rowsItem } from './operator-fixture.ts';

const subject =
  (parts: Partial<JoinNode> = {}) =>
  () => ({ make: () => tableJoinOperator(joinNode({ table: true, ...parts })) });
const lefts = (...rows: EventRow[]): FedItem => rowsItem(rows);
const whole: FedItem = { kind: 'first read' };
const a = (at: number, stamp = -Infinity): EventRow => ({ key: 'a', at, stamp });
const pair = (at: number, seen: number) => ({ key: 'a', at, other: 'a', seen });

describe('a join with a table', () => {
  test('JO5: rows that come before the table is whole wait, in their order, and keep their stamps', async () => {
    const result = await verifyOperator({
      subject: subject(),
      stamps: true,
      input: [
        lefts(a(1), a(2, 1)),
        otherRows({ other: 'a', seen: 10 }),
        lefts(a(3, 2)),
        otherRows({ other: 'a', seen: 20 }),
        whole,
        lefts(a(4, 3)),
      ],
    });
    const stamps = [-Infinity, -Infinity, 1, 1, 2, 2, 3, 3];
    const rows = [1, 2, 3, 4].flatMap((at) => [pair(at, 10), pair(at, 20)]);
    expect(result.rows).toEqual(rows.map((row, i) => ({ port: 'main', kind: 0, stamp: stamps[i], row })));
  });

  test('JO5: they wait through a checkpoint, after which the table is said to be whole again', async () => {
    await verifyOperator({
      subject: subject(),
      input: [
        lefts(a(1)),
        otherRows({ other: 'a', seen: 10 }),
        barrier(),
        lefts(a(2)),
        whole,
        lefts(a(3)),
        barrier(),
        whole,
        lefts(a(4)),
      ],
      output: { main: [1, 2, 3, 4].map((at) => pair(at, 10)) },
    });
  });

  test.each([
    ['left', [pair(1, 10), { key: 'b', at: 2, other: null, seen: null }]],
    ['semi', [{ key: 'a', at: 1 }]],
    ['anti', [{ key: 'b', at: 2 }]],
  ] as const)('%s', async (how, rows) => {
    await verifyOperator({
      subject: subject({ how }),
      input: [otherRows({ other: 'a', seen: 10 }, { other: null, seen: 1 }), whole, lefts(a(1), { key: 'b', at: 2 })],
      output: { main: rows },
    });
  });
});

test('what of a key is open: the rows that wait for the rest of the table, and those of the table', async () => {
  const run = new OperatorRun({
    make: () => tableJoinOperator(joinNode({ table: true })),
    blobs: openMemoryStores().blobs,
    clock: new VirtualClock(),
  });
  const open = (): unknown => run.operator.openOf?.(keyOf(['a']));
  for (const item of [lefts(a(1), a(2)), otherRows({ other: 'a', seen: 10 }, { other: 'b', seen: 9 })]) await run.feed(item);
  const waits = { start: null, end: null, waitsFor: 'the rest of the table' };
  const table = { what: 'rows of the table', rows: 1, soFar: [{ other: 'a', seen: 10 }] };
  expect(open()).toEqual([
    { what: 'left rows', rows: 2, soFar: [1, 2].map((at) => ({ key: 'a', at })), ...waits },
    { ...table, ...waits },
  ]);
  await run.feed(whole);
  expect(open()).toEqual([{ ...table, start: null, end: null }]);
});
