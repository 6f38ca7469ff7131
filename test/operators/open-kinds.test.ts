import { describe, expect, test } from 'vitest';
import { createOperator } from '../../src/operators/index.ts';
import { type LogicalNode, openKeys } from '../../src/plan/index.ts';
import {
  aggregateNode,
  dedupNode,
  events,
  joinNode,
  processNode,
  reduceNode,
  rowNode,
  sourceNode,
  watermarkNode,
} from './operator-fixture.ts';

const trigger = { text: 'by a function', columns: [], state: {}, onRow: () => 'continue' };
const window = { column: 'at', sizeMs: 10, slideMs: 10, offsetMs: 0 };
const asked: readonly [string, string, LogicalNode][] = [
  ['windows under a watermark', 'windows', aggregateNode({ window, input: watermarkNode(0) })],
  ['sessions', 'windows', aggregateNode({ session: { column: 'at', gap: 10 } })],
  ['count windows', 'count windows', aggregateNode({ count: { size: 2, slide: 2 } })],
  ['global windows', 'global windows', aggregateNode({ trigger })],
  ['a join of two streams', 'join', joinNode()],
  ['a join with a table', 'join', joinNode({ table: true })],
  ['an as-of join', 'join', joinNode({ asOf: true, bound: { left: 'at', right: 'seen', lowMs: -10, highMs: 0 } })],
  ['dropDuplicates()', 'duplicates', dedupNode(['key'], { until: 'forever' })],
  ['process()', 'timers', processNode({ onRow: () => undefined, schema: events })],
];

describe('what of a key is open', () => {
  test.each(asked)('%s can say', (_, kind, node) => {
    expect(openKeys(node)?.kind).toBe(kind);
    expect(createOperator(node, { id: 'op' }).openOf).toBeTypeOf('function');
  });

  test.each<[string, LogicalNode]>([
    ['a source', sourceNode()],
    ['a map', rowNode('map', (row) => row, events)],
    ['an aggregation without a watermark', aggregateNode({ window, input: sourceNode() })],
    ['reduce()', reduceNode((a) => a)],
    ['a join of rows that change', joinNode({ regular: {} })],
  ])('%s is not asked', (_, node) => {
    expect(openKeys(node)).toBeUndefined();
  });
});
