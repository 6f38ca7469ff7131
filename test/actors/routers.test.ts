import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { routerOf } from '../../src/actors/routers.ts';
import { batchOf, hashKey, keyGroupOf, keyOf, keyOfOne } from '../../src/batch/index.ts';
import { type Edge, keyGroupsOfJob, ownedGroups } from '../../src/plan/index.ts';
import { rows } from '../plan/nodes.ts';
import { batch, valuesOf } from './fakes.ts';

const edge = (kind: Edge['kind'], key: Edge['key'] = null): Edge => ({
  index: 0,
  from: 0,
  to: 1,
  kind,
  key,
  changelog: 'append',
});
const route = (edge: Edge, channels: number, subtask = 0) => routerOf(edge, channels, subtask, keyGroupsOfJob);

const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);

describe('a route', () => {
  test('straight on keeps every batch whole', () => {
    const one = batch(1, 2);
    for (const kind of ['forward', 'rebalance', 'hash'] as const)
      expect(route(edge(kind, { column: 'n' }), 1)(one)).toEqual([{ channel: 0, batch: one }]);
  });

  test('that rebalances takes the channels in turn; each subtask begins at another', () => {
    const turns = (subtask: number): number[] => {
      const router = route(edge('rebalance'), 3, subtask);
      return [1, 2, 3, 4].flatMap((n) => router(batch(n)).map(({ channel }) => channel));
    };
    expect([turns(0), turns(1), turns(5)]).toEqual([
      [0, 1, 2, 0],
      [1, 2, 0, 1],
      [2, 0, 1, 2],
    ]);
  });

  test('by key sends each row to the subtask that owns its key group, rows in their order, none empty', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 20 }),
        fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 40 }),
        (channels, values) => {
          const routed = route(edge('hash', { column: 'n' }), channels)(batch(...values));
          for (const { channel, batch } of routed) {
            const [from, to] = ownedGroups(keyGroupsOfJob, channels, channel);
            const sent = valuesOf(batch);
            expect(sent.length).toBeGreaterThan(0);
            for (const value of sent) {
              const group = keyGroupOf(hashKey(keyOfOne(value)), keyGroupsOfJob);
              expect(group >= from && group < to).toBe(true);
            }
            expect(sent).toEqual(values.filter((value) => sent.includes(value)));
          }
          expect(sorted(routed.flatMap(({ batch }) => valuesOf(batch)))).toEqual(sorted(values));
        },
      ),
      { numRuns: 60 },
    );
  });

  test('by key agrees with the keys of operators, for several columns, one column and a function', () => {
    const row = { ts: 1, k: 'a', v: 7 };
    const of = (key: Edge['key']): number => route(edge('hash', key), 128)(batchOf(rows, [row]))[0]!.channel;
    const group = (key: string): number => keyGroupOf(hashKey(key), keyGroupsOfJob);
    expect(of({ columns: ['k', 'v'] })).toBe(group(keyOf(['a', 7])));
    expect(of({ columns: ['k'] })).toBe(group(keyOf(['a'])));
    expect(of({ column: 'k' })).toBe(group(keyOfOne('a')));
    expect(of({ fn: (row: never) => (row as { v: number }).v, site: '' })).toBe(group(keyOfOne(7)));
  });

  test('by key lets a row whose key cannot be told go where its operator will meet the same error', () => {
    const key = {
      fn: () => {
        throw new Error('no key');
      },
      site: '',
    };
    expect(route(edge('hash', key), 4)(batch(1, 2)).map(({ batch }) => valuesOf(batch))).toEqual([[1, 2]]);
  });

  test('sends a batch on as it is when all of its rows go the same way', () => {
    const one = batch(5, 5, 5);
    expect(route(edge('hash', { column: 'n' }), 4)(one)[0]!.batch).toBe(one);
  });
});
