import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anySchema } from '../../src/batch/index.ts';
import { reduceOperator } from '../../src/operators/index.ts';
import type { Emission } from '../../src/plan/index.ts';
import { verifyOperator } from '../../src/testing/verify-operator.ts';
import { anyBatch, barrier, reduceNode, rowsItem } from './operator-fixture.ts';

interface Row {
  key: string;
  at: number;
  value: number;
}
const update: Emission = { port: 'update', mode: 'update', everyMs: 0 };
const complete: Emission = { port: 'complete', mode: 'complete', everyMs: 0 };
const add = (a: Row, b: Row): Row => ({ key: a.key, at: Math.max(a.at, b.at), value: a.value + b.value });
const subject =
  (fn: (a: never, b: never) => unknown, ...emissions: Emission[]) =>
  () => ({ make: () => reduceOperator(reduceNode(fn), emissions) });

describe('reduce', () => {
  test('gives the changed keys at each barrier, in the order of their first rows', async () => {
    await verifyOperator({
      subject: subject(add, update),
      input: [
        rowsItem([
          { key: 'b', at: 1, value: 1 },
          { key: 'a', at: 2, value: 2 },
          { key: 'b', at: 3, value: 3 },
        ]),
        barrier(),
        rowsItem(
          [
            { key: 'c', at: 4, value: 1 },
            { key: 'a', at: 5, value: 1 },
          ],
          3,
        ),
        barrier(),
        barrier({ last: 'end' }),
      ],
      output: {
        update: [
          { key: 'b', at: 3, value: 4 },
          { key: 'a', at: 2, value: 2 },
          { key: 'a', at: 5, value: 3 },
          { key: 'c', at: 4, value: 1 },
        ],
      },
    });
  });

  test('in complete, gives all keys at each barrier', async () => {
    await verifyOperator({
      subject: subject(add, complete),
      input: [rowsItem([{ key: 'b', at: 1, value: 1 }]), barrier(), rowsItem([{ key: 'a', at: 2, value: 2 }], 1), barrier()],
      output: {
        complete: [
          { key: 'b', at: 1, value: 1 },
          { key: 'b', at: 1, value: 1 },
          { key: 'a', at: 2, value: 2 },
        ],
      },
    });
  });

  test('F8: a row that the function throws on, or whose result does not fit, changes nothing', async () => {
    const picky = (a: Row, b: Row): unknown => {
      a.value += 1000; // a copy: nobody sees it
      if (b.value === 2) throw new Error('two');
      return b.value === 3 ? { key: 'a', at: 'late', value: 1 } : b.value === 4 ? null : { ...a, value: b.value };
    };
    const result = await verifyOperator({
      subject: subject(picky, update),
      input: [rowsItem([1, 2, 3, 4].map((value) => ({ key: 'a', at: 1, value }))), barrier()],
      output: { update: [{ key: 'a', at: 1, value: 1 }] },
    });
    expect(result.dead.map(({ position }) => position)).toEqual(['s#1', 's#2', 's#3']);
  });

  test('rows without a schema may be changed in place by the function', async () => {
    const node = reduceNode((a: { list: number[] }, b: { list: number[] }) => (a.list.push(...b.list), a), anySchema);
    await verifyOperator({
      subject: () => ({ make: () => reduceOperator(node, [update]) }),
      input: [
        {
          kind: 'rows',
          batch: anyBatch([
            { key: 'a', list: [1] },
            { key: 'a', list: [2] },
          ]),
        },
        barrier(),
        { kind: 'rows', batch: anyBatch([{ key: 'a', list: [3] }]) },
        barrier(),
      ],
      output: {
        update: [
          { key: 'a', list: [1, 2] },
          { key: 'a', list: [1, 2, 3] },
        ],
      },
    });
  });

  test("ends with the fold of each key's rows", async () => {
    const rows = fc.array(
      fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd'), at: fc.constant(1), value: fc.integer({ min: -9, max: 9 }) }),
      { minLength: 1, maxLength: 20 },
    );
    await fc.assert(
      fc.asyncProperty(rows, fc.integer({ min: 1, max: 5 }), async (list, step) => {
        const items = Array.from({ length: Math.ceil(list.length / step) }, (_, i) => [
          rowsItem(list.slice(i * step, (i + 1) * step), i * step),
          barrier(),
        ]).flat();
        const result = await verifyOperator({ subject: subject(add, update), input: items });
        const expected = new Map<string, number>();
        for (const { key, value } of list) expected.set(key, (expected.get(key) ?? 0) + value);
        const last = new Map(result.rows.map(({ row }) => [(row as Row).key, (row as Row).value]));
        expect(last).toEqual(expected);
      }),
      { numRuns: 20 },
    );
  });
});
