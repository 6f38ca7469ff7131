import { describe, expect, test } from 'vitest';
import {
  type AggregateNode,
  type LogicalJob,
  type LogicalNode,
  type LookupNode,
  outputModes,
  planJob,
} from '../../src/plan/index.ts';
import {
  aggregate,
  filter,
  firsts,
  job,
  joined,
  keyed,
  late,
  limit,
  map,
  rebalance,
  reduce,
  select,
  sink,
  source,
  union,
  watermark,
  windowed,
} from './nodes.ts';

const refusal = (job: LogicalJob, parallelism?: number): { message: string; hint: string } => {
  try {
    planJob(job, parallelism);
  } catch (error) {
    expect(error).toMatchObject({ code: 'E_PLAN' });
    return error as { message: string; hint: string };
  }
  return { message: 'nothing was refused', hint: '' };
};
const timed = watermark(source());
const lookup = (input: LogicalNode): LookupNode => ({
  kind: 'lookup',
  input,
  how: 'left',
  keys: [['k'], ['k']],
  found: input.schema,
  schema: input.schema,
  site: '',
  spec: { fetch: () => [], parse: () => ({}), keysPerCall: 1, concurrency: 1, timeoutMs: 1, attempts: 1 },
});

describe('a pipeline is refused', () => {
  test('without outputs', () => {
    expect(refusal(job([]))).toMatchObject({
      message: "the pipeline 'test' has no outputs",
      hint: expect.stringContaining('.to(sink)'),
    });
  });

  test.each([0, -1, 1.5, 129, Number.NaN])('with parallelism %d', (parallelism) => {
    const words = `parallelism ${parallelism} is not a whole number from 1 to 128`;
    expect(refusal(job([sink(source())]), parallelism).message).toBe(`the pipeline 'test': ${words}`);
    expect(refusal(job([sink(map(source(), { parallelism, site: 'job.ts:3' }))])).message).toBe(`map (job.ts:3): ${words}`);
  });

  test('in a mode that its rows do not allow, with the reason that the types give', () => {
    const site = 'job.ts:7';
    expect(refusal(job([sink(source(), 'complete', { site })])).message).toBe(`${site}: ${outputModes.rows.complete}`);
    expect(refusal(job([sink(reduce(source()))])).message).toBe(outputModes.running.append);
    const chained = aggregate(windowed(timed, ['k']), ['window']);
    expect(refusal(job([sink(chained, 'update')])).message).toBe(outputModes.chained.update);
    expect(refusal(job([sink(chained, 'complete')])).message).toBe(outputModes.chained.complete);
  });

  test('where a window has lateness and is to be final, or has no end to be late after', () => {
    const lenient = (input: LogicalNode): AggregateNode => {
      const node = windowed(input, ['k']);
      return { ...node, window: { ...node.window!, latenessMs: 5 } };
    };
    expect(refusal(job([sink(lenient(timed))])).message).toBe(outputModes.revised.append);
    expect(refusal(job([sink(aggregate(lenient(timed), ['window']), 'update')])).message).toMatch(
      /may be written again for late rows/,
    );
    expect(refusal(job([sink(lenient(source()), 'update')]))).toMatchObject({
      message: expect.stringMatching(/without a watermark it has none/),
      hint: expect.stringMatching(/withWatermark\('ts'/),
    });
    expect(refusal(job([sink(lenient(timed), 'update')])).message).toBe('nothing was refused');
  });

  test('in a mode that its sink does not take', () => {
    expect(refusal(job([sink(reduce(source()), 'update', { modes: ['append'], site: 'job.ts:2' })])).message).toBe(
      'job.ts:2: ✗ this sink does not take mode update',
    );
  });

  test('with a column that its sink adds', () => {
    const rows = reduce(source());
    const taken = rows.schema.kind === 'columns' ? rows.schema.fields[0]!.name : 'none';
    const output = (op: string) => sink(rows, 'update', { modes: ['update'], op, site: 'job.ts:2' });
    expect(refusal(job([output(taken)]))).toMatchObject({
      message: `job.ts:2: there is a column '${taken}' already, and sink out adds one of that name`,
      hint: 'give `op` another name',
    });
    expect(refusal(job([output('op')])).message).toBe('nothing was refused');
  });

  test('when a reduction, a keyed function, a lookup, or who wants first rows, is fed with rows that never become final', () => {
    const running = map(reduce(source()));
    const changing = joined([source(), source()], { regular: {} });
    for (const input of [running, changing])
      for (const node of [reduce(input), keyed(input), firsts(input), limit(input), lookup(input)]) {
        const mode = node.kind === 'process' || node.kind === 'lookup' ? 'append' : 'update';
        expect(refusal(job([sink(node, mode)])).message).toContain(
          ': its input rows never become final, and it takes only final rows',
        );
      }
  });

  test.each([
    ['a union', union(source('a'), source('b'))],
    ['a rebalance', rebalance(source())],
    ['a reduce', reduce(source())],
    ['a process', keyed(source())],
    ['late()', late(windowed(timed, ['k']))],
    ['an aggregate', map(windowed(timed, ['k']))],
    ['a map with its own parallelism', map(source(), { parallelism: 2 })],
    ['a rebalance', filter(select(rebalance(source()), 'ts'))],
  ])('T1: when the watermark stands behind %s', (what, input) => {
    expect(refusal(job([sink(watermark(input, { site: 'job.ts:5' }), 'update')]))).toMatchObject({
      message: `watermark (job.ts:5): withWatermark() stands behind ${what}`,
      hint: expect.stringContaining("in the source's own chain"),
    });
  });

  test('when there is a watermark already, of the same column or another', () => {
    for (const first of [timed, map(filter(watermark(source(), { strategy: 'clock' })))])
      expect(refusal(job([sink(watermark(first, { site: 'job.ts:5' }))]))).toMatchObject({
        message:
          'watermark (job.ts:5): these rows have a watermark already, and a second one would close what the first one holds open',
        hint: expect.stringContaining('once for each source'),
      });
  });

  test('when late rows, or timeouts in event time, have no watermark', () => {
    const dropped = (input: LogicalNode): LogicalNode => keyed(input, { lateBy: [] });
    expect(refusal(job([sink(dropped(source()))])).message).toBe(
      'process: late rows, and timeouts in event time, are told by a watermark, and its rows have none',
    );
    expect(refusal(job([sink(dropped(timed))])).message).toBe('nothing was refused');
  });

  test('when sources that are aligned would wait for each other', () => {
    const of = (name: string, maxDriftMs: number, group = 'g'): LogicalNode =>
      watermark(source(name), { align: { group, maxDriftMs }, site: 'job.ts:9' });
    expect(refusal(job([sink(of('a', 5000)), sink(of('b', 6000))])).message).toBe(
      "watermark (job.ts:9): the group 'g' is aligned within 5 seconds elsewhere, and within 6 seconds here",
    );
    const twice = source('a');
    const align = { group: 'g', maxDriftMs: 5 };
    expect(refusal(job([sink(watermark(twice, { align })), sink(watermark(map(twice), { align }))])).message).toBe(
      'watermark: a is aligned twice',
    );
    const table = (left: LogicalNode, right: LogicalNode): LogicalNode => joined([left, right], { table: true });
    expect(refusal(job([sink(table(of('rows', 5), map(of('table', 5))))])).message).toMatch(
      /^watermark \(job.ts:9\): table is read as a table, to its end before the rows that are joined with it/,
    );
    expect(refusal(job([sink(table(of('rows', 5), source('table'))), sink(of('b', 6, 'other'))])).message).toBe(
      'nothing was refused',
    );
  });

  test('T1: when the watermark itself has another parallelism than its source', () => {
    expect(refusal(job([sink(watermark(source(), { parallelism: 4 }))])).message).toBe(
      'watermark: withWatermark() has a parallelism of its own',
    );
  });
});

describe('a pipeline is accepted', () => {
  test.each([
    [
      'with a watermark behind rows of its own chain',
      sink(watermark(map(filter(select(source('in', { parallelism: 3 }), 'ts'))))),
    ],
    ['with an aggregation of final rows', sink(aggregate(windowed(timed, ['k']), ['window']))],
    ['with a keyed function behind a window', sink(keyed(windowed(timed, ['k'])))],
    ['with update of mere rows', sink(source(), 'update')],
    ['with all three modes of a window', sink(windowed(timed, ['k']), 'complete')],
  ])('%s', (_, output) => {
    expect(() => planJob(job([output]))).not.toThrow();
  });
});

describe('a plan warns', () => {
  const warnings = (...outputs: Parameters<typeof job>[0][number][]): readonly string[] =>
    planJob(job(outputs, { deadLetters: sink(source()).sink })).warnings;

  test('of nothing when nothing may surprise', () => {
    expect(warnings(sink(windowed(watermark(source()), ['k'])))).toEqual([]);
  });

  test('of sources and sinks that give less than exactly once', () => {
    expect(warnings(sink(source('in', { guarantee: 'at-most-once' }), 'append', { guarantee: 'at-least-once' }))).toEqual([
      'source in is at-most-once: what it loses or repeats, the job loses or repeats',
      'sink out is at-least-once: after a crash some rows may be written again',
    ]);
    expect(warnings(sink(source(), 'append', { guarantee: 'at-most-once' }))).toEqual([
      'sink out is at-most-once: after a crash some rows may be missing',
    ]);
  });

  test('of idleness, on which late rows may depend (T5), unless the input is bounded', () => {
    const idle = (bounded: boolean): readonly string[] =>
      warnings(sink(watermark(source('in', { bounded }), { idleAfterMs: 30_000 })));
    expect(idle(false)).toEqual([expect.stringContaining('silent for 30 s')]);
    expect(idle(true)).toEqual([]);
  });

  test('of timers in event time whose rows have no watermark', () => {
    const timers = { onTimer: (): void => {} };
    expect(warnings(sink(keyed(source(), timers)))).toEqual([
      'process: its rows have no watermark, so its timers in event time fire when the input ends, and not before',
    ]);
    expect(warnings(sink(keyed(timed, timers)))).toEqual([]);
  });

  test('of timers whose keys come from several inputs (T6)', () => {
    const onTimer = (): void => {};
    expect(warnings(sink(keyed(union(watermark(source('a')), watermark(source('b'))), { onTimer })))).toEqual([
      expect.stringContaining('order of arrival'),
    ]);
    expect(warnings(sink(keyed(timed, { onTimer })))).toEqual([]);
  });

  test('of sessions whose keys come from several inputs, and of sinks that are not told what is taken back', () => {
    const sessions = (input: LogicalNode): LogicalNode => {
      const { window: _, ...node } = windowed(input, ['k']);
      return { ...node, session: { column: 'ts', gap: 1000 } };
    };
    const [a, b] = [watermark(source('a', { bounded: true })), watermark(source('b', { bounded: true }))];
    expect(warnings(sink(sessions(union(a, b))))).toEqual([expect.stringContaining('whether a row that is nearly late finds')]);
    expect(warnings(sink(sessions(a)))).toEqual([]);
    expect(warnings(sink(sessions(a), 'update'))).toEqual([expect.stringContaining('is not told of rows that are taken back')]);
    const told = sink(sessions(a), 'update');
    expect(warnings({ ...told, sink: { ...told.sink, takesBack: true } })).toEqual([]);
    expect(warnings(sink(windowed(a, ['k']), 'update'))).toEqual([]);
  });

  test('of versions that are kept for ever, and of those of equal time that come from several inputs', () => {
    const [a, b, rows] = ['a', 'b', 'rows'].map((name) => watermark(source(name, { bounded: true })));
    const asOf = (versions: LogicalNode, lowMs: number): LogicalNode =>
      joined([rows!, versions], { asOf: true, bound: { left: 'ts', right: 'ts', lowMs, highMs: 0 } });
    expect(warnings(sink(asOf(a!, -1000)))).toEqual([]);
    expect(warnings(sink(asOf(a!, -Infinity)))).toEqual([
      expect.stringContaining('it keeps the latest version of each key for ever'),
    ]);
    expect(warnings(sink(asOf(union(a!, b!), -1000)))).toEqual([
      expect.stringContaining('which of two of equal time holds may depend on their order of arrival'),
    ]);
    expect(warnings(sink(asOf(windowed(a!, ['k']), -1000)))).toEqual([
      expect.stringContaining('its versions are not rows of one source as they come'),
    ]);
  });

  test('of what is found outside, which may change', () => {
    expect(warnings(sink(lookup(source())))).toEqual([expect.stringContaining('may have changed when rows are looked up again')]);
  });

  test('of duplicates that depend on the clock, or on which of several inputs comes first', () => {
    expect(warnings(sink(firsts(source(), { until: 'expired', ms: 1000 })))).toEqual([
      expect.stringContaining('which rows are duplicates depends on when they come'),
    ]);
    expect(warnings(sink(firsts(union(source('a'), source('b')), { until: 'forever' })))).toEqual([
      expect.stringContaining('which of them is the first may depend on their order of arrival'),
    ]);
    expect(warnings(sink(firsts(source(), { until: 'forever' })))).toEqual([]);
  });

  test('of a missing sink for dead letters', () => {
    expect(planJob(job([sink(source())])).warnings).toEqual([expect.stringContaining('no `deadLetters` sink')]);
  });
});
