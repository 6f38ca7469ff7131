import { describe, expect, test } from 'vitest';
import { type LogicalNode, planJob } from '../../src/plan/index.ts';
import { aggregate, filter, job, joined, map, reduce, shape, sink, source, union, watermark, windowed } from './nodes.ts';

const running = aggregate(source(), ['k']);

describe('rows that change', () => {
  test('reach an aggregation with what they were, uncombined', () => {
    const plan = planJob(job([sink(aggregate(map(running), ['k']), 'update')]));
    expect(shape(plan)).toEqual([
      '0×2: source combine',
      '1×2: aggregate map project',
      '2×2: aggregate sink',
      '0→1 hash',
      '1→2 hash retract',
    ]);
    expect(plan.stages[1]!.operators[0]!.emissions).toEqual([{ port: 'retract@0', mode: 'retract', everyMs: 0 }]);
    expect(plan.stages[2]!.operators[0]!.state).toMatch(/; of rows that change$/);
  });

  test('are the same for several, and go to a sink as it asks', () => {
    const plan = planJob(
      job([
        sink(aggregate(running, ['k']), 'update'),
        sink(running, 'update', { to: 'plain' }),
        sink(reduce(source()), 'complete', { to: 'whole' }),
      ]),
    );
    expect(
      plan.stages.flatMap(({ operators }) => operators.flatMap(({ emissions }) => emissions.map(({ port }) => port))),
    ).toEqual(['retract@0', 'update@0', 'update@0', 'complete@0']);
  });

  test('come to a sink that takes rows back with what they were, if it is told of all', () => {
    const retracting = (everyMs: number) => {
      const plain = sink(filter(running), 'update', { everyMs });
      return { ...plain, sink: { ...plain.sink, retracts: true } };
    };
    const ports = (everyMs: number): string[] =>
      planJob(job([retracting(everyMs)])).stages.flatMap(({ operators }) =>
        operators.flatMap(({ emissions }) => emissions.map(({ port }) => port)),
      );
    expect([ports(0), ports(500)]).toEqual([['retract@0'], ['update@500']]);
  });

  test('may be united with final ones, of which each comes once', () => {
    const final = windowed(watermark(source('other')), ['k']);
    const plan = planJob(job([sink(aggregate(union(running, map(final)), ['k']), 'update')]));
    const united = plan.stages.filter(({ inputs }) => inputs.length === 2);
    expect(united.map(({ inputs }) => inputs.map((edge) => plan.edges[edge]!.changelog))).toEqual([['retract', 'append']]);
  });

  test('and may vanish: whoever writes them to a sink that is not told is warned', () => {
    const warned = (input: LogicalNode, takesBack: boolean): number => {
      const plain = sink(input, 'update');
      const { warnings } = planJob(job([{ ...plain, sink: { ...plain.sink, takesBack } }]));
      return warnings.filter((warning) => /is not told of rows that are taken back: those of which nothing is left/.test(warning))
        .length;
    };
    const regular = joined([running, source('other')], { regular: {} });
    const again = aggregate(running, ['k']);
    expect([running, again, map(regular)].map((input) => warned(input, false))).toEqual([0, 1, 1]);
    expect([again, map(regular)].map((input) => warned(input, true))).toEqual([0, 0]);
  });
});
