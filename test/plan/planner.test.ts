import { describe, expect, test } from 'vitest';
import { deadLetterId, isOfTable, type JoinNode, type LogicalNode, planJob, type SinkNode } from '../../src/plan/index.ts';
import {
  aggregate,
  channels,
  filter,
  firsts,
  job,
  joined,
  keyed,
  late,
  limit,
  map,
  perEpoch,
  rebalance,
  reduce,
  routes,
  select,
  shape,
  sink,
  source,
  union,
  watermark,
  windowed,
} from './nodes.ts';

const timed = watermark(source());

describe('a plan', () => {
  test('G1: fuses what needs no shuffle into one stage', () => {
    const plan = planJob(job([sink(filter(map(select(source(), 'k'))))]));
    expect(shape(plan)).toEqual(['0×2: source project map filter sink']);
    expect(routes(plan)).toEqual(['0.0:main → 0.1', '0.1:main → 0.2', '0.2:main → 0.3', '0.3:main → 0.4']);
    expect(plan.stages[0]!.label).toBe('in → select k → map → filter → out');
  });

  test('G1: makes a tree of operators that feed several', () => {
    const shared = map(source());
    const plan = planJob(job([sink(filter(shared)), sink(select(shared, 'k'), 'append', { to: 'other' })]));
    expect(shape(plan)).toEqual(['0×2: source map filter sink project sink~2']);
    expect(routes(plan)).toEqual(['0.0:main → 0.1', '0.1:main → 0.2', '0.1:main → 0.4', '0.2:main → 0.3', '0.4:main → 0.5']);
  });

  test('G2: puts every keyed operator at the root of a stage behind a hash edge', () => {
    const plan = planJob(job([sink(windowed(timed, ['k'])), sink(reduce(timed), 'update'), sink(keyed(timed))]));
    expect(shape(plan)).toEqual([
      '0×2: source watermark combine',
      '1×2: aggregate sink',
      '2×2: reduce sink',
      '3×2: process sink',
      '0→1 hash',
      '0→2 hash',
      '0→3 hash',
    ]);
    expect(plan.edges.map(({ key }) => key)).toEqual([{ columns: ['k'] }, { column: 'k' }, { column: 'k' }]);
    expect(channels(plan, 0)).toEqual(['0→0', '0→1', '1→0', '1→1']);
  });

  test('fuses what stands below an aggregation, and tells the edge what a row means', () => {
    const result = map(windowed(timed, ['k']));
    const plan = planJob(job([sink(result, 'update', { single: true, everyMs: 500 })]));
    expect(shape(plan)).toEqual([
      '0×2: source watermark combine',
      '1×2: aggregate map',
      '2×1: sink',
      '0→1 hash',
      '1→2 rebalance upsert',
    ]);
    expect(plan.stages[1]!.operators[0]!.emissions).toEqual([{ port: 'update@500', mode: 'update', everyMs: 500 }]);
  });

  test('feeds a second aggregation with final rows only', () => {
    const plan = planJob(job([sink(aggregate(windowed(timed, ['k']), ['window']))]));
    expect(shape(plan)).toEqual([
      '0×2: source watermark combine',
      '1×2: aggregate project',
      '2×2: aggregate sink',
      '0→1 hash',
      '1→2 hash',
    ]);
    expect(plan.stages[1]!.operators[0]!.emissions).toEqual([{ port: 'append', mode: 'append', everyMs: 0 }]);
  });

  test('runs a node below an aggregation once per way in which its rows are asked for', () => {
    const shared = map(windowed(timed, ['k']), { name: 'shared' });
    const plan = planJob(
      job([
        sink(shared),
        sink(shared, 'update', { everyMs: 100 }),
        sink(shared, 'update', { everyMs: 100 }),
        sink(filter(shared), 'complete'),
      ]),
    );
    expect(shape(plan)[1]).toBe('1×2: aggregate shared sink shared~2 sink~2 sink~3 shared~3 filter sink~4');
    expect(plan.stages[1]!.operators[0]!.emissions.map(({ port }) => port)).toEqual(['append', 'update@100', 'complete@0']);
    expect(routes(plan).filter((route) => route.startsWith('1.'))).toEqual([
      '1.0:append → 1.1',
      '1.0:update@100 → 1.3',
      '1.0:complete@0 → 1.6',
      '1.1:main → 1.2',
      '1.3:main → 1.4',
      '1.3:main → 1.5',
      '1.6:main → 1.7',
      '1.7:main → 1.8',
    ]);
  });

  test('runs everything above an aggregation once', () => {
    const result = windowed(map(timed), ['k']);
    const plan = planJob(job([sink(result), sink(result, 'complete')]));
    expect(shape(plan)[0]).toBe('0×2: source watermark map combine');
    expect(plan.edges).toHaveLength(1);
  });

  test('has no operator for union, rebalance and late: they are only routes', () => {
    const result = windowed(timed, ['k']);
    const plan = planJob(job([sink(late(result)), sink(union(result, rebalance(select(timed, 'k'))), 'append', { to: 'both' })]));
    expect(shape(plan)).toEqual([
      '0×2: source watermark project',
      '1×2: aggregate sink',
      '2×2: sink',
      '0→1 hash',
      '1→2 forward',
      '0→2 rebalance',
    ]);
    expect(routes(plan)).toEqual([
      '0.0:main → 0.1',
      '0.1:main → edge 0',
      '0.1:main → 0.2',
      '0.2:main → edge 2',
      '1.0:late → 1.1',
      '1.0:append → edge 1',
    ]);
    expect(channels(plan, 1)).toEqual(['0→0', '1→1']);
    expect(channels(plan, 2)).toEqual(['0→0', '0→1', '1→0', '1→1']);
  });

  test('asks an aggregation for no rows when only its late rows are wanted', () => {
    const plan = planJob(job([sink(late(windowed(timed, ['k'])))]));
    expect(plan.stages[1]!.operators[0]!.emissions).toEqual([]);
  });

  test('joins all inputs of a union at the operator that follows', () => {
    const plan = planJob(job([sink(map(union(source('a'), union(source('b'), source('c')))))]));
    expect(shape(plan)).toEqual([
      '0×2: source',
      '1×2: source~2',
      '2×2: source~3',
      '3×2: map sink',
      '0→3 forward',
      '1→3 forward',
      '2→3 forward',
    ]);
    const hashed = planJob(job([sink(reduce(union(source('a'), source('b'))), 'update')]));
    expect(shape(hashed).slice(3)).toEqual(['0→2 hash', '1→2 hash']);
  });

  test('tells a join its sides, and which of them says nothing of time: one without a watermark where the other has one', () => {
    const plain = source('plain');
    const sides = (...inputs: JoinNode['inputs']) =>
      planJob(job([sink(joined(inputs))])).edges.map(({ input, timeless }) => `${input}${timeless === true ? ' timeless' : ''}`);
    expect(sides(timed, watermark(plain))).toEqual(['0', '1']);
    expect(sides(timed, plain)).toEqual(['0', '1 timeless']);
    expect(sides(plain, timed)).toEqual(['0 timeless', '1']);
    expect(sides(plain, source('other'))).toEqual(['0', '1']);
    const withTable = planJob(job([sink(joined([timed, plain], { table: true }))]));
    expect(withTable.edges.map(({ timeless }) => timeless)).toEqual([undefined, undefined]);
  });

  test('knows the stages whose rows all end in tables, however far away', () => {
    const rows = source('rows');
    const ofTable = (table: LogicalNode, ...more: SinkNode[]) => {
      const plan = planJob(job([sink(joined([timed, table], { table: true })), ...more]));
      return plan.stages.filter((stage) => isOfTable(plan, stage)).map(({ index }) => index);
    };
    expect(ofTable(rows)).toEqual([1]);
    expect(ofTable(joined([rows, source('names')], { table: true }))).toEqual([1, 2, 3]);
    expect(ofTable(rows, sink(reduce(rows), 'update', { to: 'other' }))).toEqual([]);
  });

  test('lets a stream be united with itself: its rows come twice', () => {
    const plan = planJob(job([sink(map(union(timed, timed)))]));
    expect(shape(plan)).toEqual(['0×2: source watermark', '1×2: map sink', '0→1 forward', '0→1 forward']);
  });

  test('takes each parallelism from the node, else the job, else what feeds it', () => {
    const plan = planJob(job([sink(map(reduce(map(source('in', { parallelism: 3 })), 'k', { parallelism: 5 })), 'update')]));
    expect(shape(plan)).toEqual(['0×3: source map', '1×5: reduce map~2 sink', '0→1 hash']);
    expect(shape(planJob(job([sink(map(source('in', { parallelism: 1 }), { parallelism: 4 }))])))).toEqual([
      '0×1: source',
      '1×4: map sink',
      '0→1 rebalance',
    ]);
    expect(shape(planJob(job([sink(rebalance(source('in', { parallelism: 1 })))])))).toEqual([
      '0×1: source',
      '1×2: sink',
      '0→1 rebalance',
    ]);
    expect(shape(planJob(job([sink(reduce(source()), 'update')]), 7))).toEqual(['0×7: source', '1×7: reduce sink', '0→1 hash']);
  });

  test('gathers an aggregation without keys, and the rows of a sink with one writer, in one subtask', () => {
    const plan = planJob(
      job([sink(windowed(timed, [], { parallelism: 4 })), sink(timed, 'append', { single: true, parallelism: 4 })]),
    );
    expect(shape(plan)).toEqual([
      '0×2: source watermark combine',
      '1×1: aggregate sink',
      '2×1: sink',
      '0→1 hash',
      '0→2 rebalance',
    ]);
    expect(shape(planJob(job([sink(source(), 'append', { single: true })], { parallelism: 1 })))).toEqual(['0×1: source sink']);
  });

  test('counts the rows of a limit in one subtask, and sends it no more of each than there may be in all', () => {
    expect(shape(planJob(job([sink(limit(map(source()), 10, { parallelism: 4 }))])))).toEqual([
      '0×2: source map limit',
      '1×1: limit sink',
      '0→1 rebalance',
    ]);
    expect(shape(planJob(job([sink(limit(limit(source())))], { parallelism: 1 })))).toEqual([
      '0×1: source limit limit limit sink',
    ]);
    expect(shape(planJob(job([sink(limit(union(source('a'), source('b'))))])))).toEqual([
      '0×2: source',
      '1×2: source~2',
      '2×1: limit sink',
      '0→2 rebalance',
      '1→2 rebalance',
    ]);
  });

  test('G2: brings the rows of a key together to find the first, and takes only final rows of an aggregation for it', () => {
    const plan = planJob(job([sink(limit(firsts(windowed(timed, ['k']))))]));
    expect(shape(plan)).toEqual([
      '0×2: source watermark combine',
      '1×2: aggregate',
      '2×2: dedup limit',
      '3×1: limit sink',
      '0→1 hash',
      '1→2 hash',
      '2→3 rebalance',
    ]);
    expect(plan.edges[1]!.key).toEqual({ columns: ['ts', 'k'] });
  });

  test('gives every stage an edge to the sink of dead letters', () => {
    const plan = planJob(job([sink(reduce(source()), 'update')], { deadLetters: sink(source()).sink }));
    expect(shape(plan)).toEqual([
      '0×2: source',
      '1×2: reduce sink',
      '2×1: dead-letters',
      '0→1 hash',
      '0→2 rebalance',
      '1→2 rebalance',
    ]);
    expect(plan.stages.map(({ deadLetterEdge }) => deadLetterEdge)).toEqual([1, 2, null]);
    expect(plan.stages[2]!.inputs).toEqual([1, 2]);
    expect(plan.stages[2]!.operators[0]).toMatchObject({ id: deadLetterId, state: 'staged results of file out, mode append' });
    expect(planJob(job([sink(source())])).stages[0]!.deadLetterEdge).toBeNull();
  });

  test('G1: numbers stages and edges by their place, and every edge ends in the inputs of its stage', () => {
    const plan = planJob(
      job([sink(union(windowed(timed, ['k']), late(windowed(timed, ['k']))), 'append'), sink(reduce(timed), 'update')], {
        deadLetters: sink(source()).sink,
      }),
    );
    plan.stages.forEach((stage, i) => expect(stage.index).toBe(i));
    plan.edges.forEach((edge, i) => {
      expect(edge.index).toBe(i);
      expect(plan.stages[edge.to]!.inputs).toContain(i);
      expect(edge.from).toBeLessThan(edge.to);
    });
    const inner = plan.stages.flatMap(({ operators }) =>
      operators.flatMap(({ outputs }, at) =>
        outputs.flatMap(({ to }) => (to.kind === 'operator' ? [[at, to.index] as const] : [])),
      ),
    );
    for (const [from, to] of inner) expect(from).toBeLessThan(to);
    for (const { operators } of plan.stages) {
      const fed = operators.flatMap(({ outputs }) => outputs.flatMap(({ to }) => (to.kind === 'operator' ? [to.index] : [])));
      expect(fed.sort((a, b) => a - b)).toEqual([...operators.keys()].slice(1));
    }
  });
});

describe('the fingerprint of a plan', () => {
  const build = (
    change: { name?: string; keys?: string[]; sizeMs?: number; parallelism?: number; mapped?: boolean } = {},
  ): string => {
    const input = watermark(source());
    const result = windowed(change.mapped === true ? map(input) : input, change.keys ?? ['k'], { sizeMs: change.sizeMs ?? 1000 });
    return planJob(job([sink(result)], { name: change.name ?? 'test', parallelism: change.parallelism ?? 2 })).fingerprint;
  };

  test('is the same for the same job, made twice', () => {
    expect(build()).toBe(build());
    expect(build()).toMatch(/^[0-9a-f]{16}$/);
  });

  test.each([{ name: 'other' }, { keys: ['v'] }, { sizeMs: 2000 }, { parallelism: 3 }, { mapped: true }])(
    'differs for another job: %o',
    (change) => {
      expect(build(change)).not.toBe(build());
    },
  );
});

describe('what is taken epoch by epoch', () => {
  const stagesOf = (node: LogicalNode): string[] =>
    planJob(job([sink(node)]), 3).stages.map(
      ({ parallelism, operators }) => `${parallelism}: ${operators.map(({ label }) => label).join(' ')}`,
    );

  test('by key is spread like any keyed state, and all together is in one subtask', () => {
    expect(stagesOf(perEpoch(source(), { does: 'sums', key: { column: 'k' } }))[1]).toMatch(/^3: sums/);
    expect(stagesOf(perEpoch(source(), { does: 'all' }))[1]).toMatch(/^1: all/);
  });

  test('is found again by what it does, beside others of the same input', () => {
    const input = source();
    const idsOf = (...does: string[]): Record<string, string> =>
      Object.fromEntries(
        planJob(job(does.map((each) => sink(perEpoch(input, { does: each })))))
          .stages.flatMap(({ operators }) => operators)
          .filter(({ node }) => node.kind === 'perEpoch')
          .map(({ label, id }) => [label, id]),
      );
    expect(idsOf('a', 'b')).toEqual(idsOf('b', 'a'));
    expect(idsOf('a', 'b')['a']).not.toBe(idsOf('a', 'b')['b']);
  });
});
