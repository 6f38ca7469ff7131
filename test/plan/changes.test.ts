// Streams of changes, and of last rows, in the plan.
import { describe, expect, test } from 'vitest';
import { batchSchema } from '../../src/batch/index.ts';
import {
  type ChangesNode,
  kindOf,
  type LogicalNode,
  planJob,
  type UpsertsNode,
  watermarkedColumns,
} from '../../src/plan/index.ts';
import {
  aggregate,
  filter,
  job,
  keyed,
  limit,
  map,
  rebalance,
  reduce,
  rows,
  shape,
  sink,
  source,
  union,
  watermark,
} from './nodes.ts';

const changes = (input: LogicalNode, more: Partial<ChangesNode> = {}): ChangesNode => ({
  kind: 'changes',
  input,
  op: 'k',
  takesBack: { '+I': false, '-D': true },
  site: '',
  schema: batchSchema(rows.kind === 'any' ? [] : rows.fields.filter(({ name }) => name !== 'k')),
  ...more,
});
const upserts = (input: LogicalNode, more: Partial<UpsertsNode> = {}): UpsertsNode => ({
  kind: 'upserts',
  input,
  keys: ['k'],
  site: '',
  schema: rows,
  ...more,
});

describe('a stream of changes', () => {
  test('is read where its rows are, and retracted by whoever aggregates it', () => {
    const plan = planJob(job([sink(aggregate(map(changes(source())), ['v']), 'update')]));
    expect(shape(plan)).toEqual(['0×2: source changes map project', '1×2: aggregate sink', '0→1 hash retract']);
  });

  test('of last rows is kept by its keys', () => {
    const plan = planJob(job([sink(aggregate(upserts(map(source())), ['v']), 'update')]));
    expect(shape(plan)).toEqual([
      '0×2: source map project',
      '1×2: upserts project~2',
      '2×2: aggregate sink',
      '0→1 hash',
      '1→2 hash retract',
    ]);
    expect(plan.stages[1]!.operators[0]!.state).toBe('last of k: k string, v float64');
  });

  test('runs once, whoever asks for it, and gives sinks what is taken back', () => {
    const last = upserts(source());
    const plan = planJob(
      job([sink(last, 'update'), sink(filter(last), 'update', { to: 'b' }), sink(reduce(source()), 'update', { to: 'c' })]),
    );
    expect(plan.stages.flatMap(({ operators }) => operators).filter(({ node }) => node.kind === 'upserts')).toHaveLength(1);
  });

  test('has no time under a watermark', () => {
    expect(watermarkedColumns(watermark(source()))).toEqual(['ts']);
    for (const node of [changes(watermark(source())), upserts(watermark(source()))]) {
      expect([kindOf(node), watermarkedColumns(node), kindOf(aggregate(node, ['ts']))]).toEqual(['changing', [], 'running']);
    }
  });

  test('may vanish: whoever writes it to a sink that is not told is warned, and so is who reads keys from several inputs', () => {
    const { warnings } = planJob(job([sink(upserts(union(source(), source('other'))), 'update')]));
    expect(warnings.map((warning) => warning.replace(/^.*?: /, ''))).toEqual([
      'rows of one key come from several inputs, so which of them is the last may depend on their order of arrival',
      'those of which nothing is left stay as they were; changelog() makes rows of them',
      'a row that a function or a format cannot take fails the job',
    ]);
  });
});

describe('changes that may come out of order are refused', () => {
  const spread = 'its input is spread over subtasks before, so that what comes later may arrive before what came first';
  test.each<[string, LogicalNode]>([
    ['rebalanced rows', map(rebalance(source()))],
    ['a verb at another parallelism', map(map(source(), { parallelism: 3 }))],
    ['a source at another parallelism than the rest of a union', map(union(source('a', { parallelism: 1 }), source('b')))],
    ['rebalanced rows in a union', map(union(rebalance(source()), source('b')))],
  ])('%s', (_, input) => {
    for (const node of [changes(input), upserts(input)])
      expect(() => planJob(job([sink(node, 'update')]))).toThrow(`${node.kind}: ${spread}`);
  });

  test.each<[string, LogicalNode, boolean]>([
    ['rebalanced', rebalance(reduce(source())), true],
    ['at another parallelism', map(reduce(source()), { parallelism: 3 }), true],
    ['that were so before', map(map(reduce(source()), { parallelism: 3 })), true],
    ['as they are', map(reduce(source())), false],
    ['of two', union(map(reduce(source('a'))), reduce(source('b'))), false],
  ])('and so are results %s, by a sink that writes what happens to rows', (_, input, refused) => {
    const plan = (op?: string) => () =>
      planJob(job([sink(input, 'update', { ...(op === undefined ? {} : { op }), modes: ['update'] })]));
    if (refused) expect(plan('op')).toThrow(`sink: ${spread}`);
    else expect(plan('op')).not.toThrow();
    expect(plan()).not.toThrow();
  });

  test('the parallelism of its own', () => {
    expect(() => planJob(job([sink(changes(source(), { parallelism: 3 }), 'update')]))).toThrow(spread);
  });

  test.each<[string, LogicalNode]>([
    ['behind keys they are in order again', keyed(rebalance(source()))],
    ['so they are in one subtask', limit(source())],
    ['or spread by their keys alone', keyed(union(rebalance(source()), source('b')))],
    ['and in the parallelism of their source', map(source('a', { parallelism: 3 }))],
  ])('%s', (_, input) => {
    for (const node of [changes(input), upserts(input, { parallelism: 5 })])
      expect(() => planJob(job([sink(node, 'update')]))).not.toThrow();
  });
});

test('rows that are not final do not say what happens to others', () => {
  for (const node of [changes(reduce(source())), upserts(reduce(source()))])
    expect(() => planJob(job([sink(node, 'update')]))).toThrow('its input rows never become final, and it takes only final rows');
});
