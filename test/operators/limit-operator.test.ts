import { describe, expect, test } from 'vitest';
import { limitOperator } from '../../src/operators/index.ts';
import { verifyOperator } from '../../src/testing/verify-operator.ts';
import { events, rowsItem, sourceNode, watermark } from './operator-fixture.ts';

const limit =
  (rows: number, local = false) =>
  () => ({
    make: () => limitOperator({ kind: 'limit', rows, site: 'job.ts:1', schema: events, input: sourceNode(), local }),
  });
const values = (...of: number[]) => rowsItem(of.map((value) => ({ key: 'a', at: 0, value })));

describe('a limit', () => {
  test('lets the first rows through, in the middle of a batch too, and after a restore no more', async () => {
    for (const n of [0, 1, 3, 5, 9]) {
      const input = [values(1, 2), values(3, 4, 5), watermark(1), values(6)];
      const main = [1, 2, 3, 4, 5, 6].slice(0, n).map((value) => ({ key: 'a', at: 0, value }));
      await verifyOperator({ subject: limit(n), barriersEverywhere: true, input, output: main.length === 0 ? {} : { main } });
    }
  });

  test('that is local has no state', () => {
    expect(limit(1, true)().make().snapshot?.()).toBeUndefined();
    expect(limit(1)().make().snapshot?.()).toBe(0);
  });
});
