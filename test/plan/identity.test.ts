import { describe, expect, test } from 'vitest';
import { type LogicalNode, type PlannedOperator, planJob, type SinkNode } from '../../src/plan/index.ts';
import { aggregate, filter, firsts, job, keyed, map, reduce, select, sink, source, union, watermark, windowed } from './nodes.ts';

const operators = (...outputs: SinkNode[]): readonly PlannedOperator[] =>
  planJob(job(outputs)).stages.flatMap((stage) => stage.operators);
const of = (kind: string, planned: readonly PlannedOperator[]): PlannedOperator =>
  planned.find(({ node }) => node.kind === kind)!;
const stateful = (planned: readonly PlannedOperator[]): string[] =>
  planned.filter(({ state }) => state !== null).map(({ id }) => id);

describe('the id of an operator', () => {
  test('is its name, where it has one', () => {
    const planned = operators(sink(windowed(watermark(source()), ['k'], { name: 'per-minute' }), 'append', { name: 'result' }));
    expect(planned.map(({ id }) => id)).toEqual([
      expect.stringMatching(/^source~/),
      expect.stringMatching(/^watermark~/),
      'combine',
      'per-minute',
      'result',
    ]);
  });

  test('is the same in every process and every run', () => {
    const build = (): string[] => operators(sink(reduce(map(source()), 'k'), 'update')).map(({ id }) => id);
    expect(build()).toEqual(build());
  });

  test('of an unnamed stateful operator stays when a map is inserted, moved or taken away', () => {
    const build = (between: (input: LogicalNode) => LogicalNode): string[] => {
      const timed = watermark(between(source()));
      return stateful(operators(sink(between(windowed(between(timed), ['k'])))));
    };
    const plain = build((input) => input);
    expect(build((input) => map(input))).toEqual(plain);
    expect(build((input) => filter(select(map(input), 'ts', 'k'), { name: 'named' }))).toEqual(plain);
  });

  test('of an unnamed stateful operator changes with its keys, and so does that of all below it', () => {
    const build = (key: string): string[] =>
      stateful(operators(sink(aggregate(windowed(watermark(source()), [key]), ['window']))));
    const [before, after] = [build('k'), build('v')];
    expect(after.map((id, i) => id === before[i])).toEqual([true, true, false, false, false]);
  });

  test('of an unnamed stateful operator changes with the stateful operators above it', () => {
    const id = (input: LogicalNode): string => of('aggregate', operators(sink(windowed(input, ['k'])))).id;
    expect(id(watermark(source()))).not.toBe(id(watermark(source(), { name: 'times' })));
    expect(id(watermark(source()))).not.toBe(id(union(watermark(source('a')), watermark(source('b')))));
  });

  test('does not depend on the order of the inputs of a union', () => {
    const [a, b] = [source('a', { name: 'a' }), source('b', { name: 'b' })];
    const id = (input: LogicalNode): string => of('reduce', operators(sink(reduce(input), 'update'))).id;
    expect(id(union(a, b))).toBe(id(union(b, a)));
  });

  test('N1: two stateful operators of the same kind and place get two', () => {
    const timed = watermark(source());
    const ids = operators(sink(windowed(timed, ['k'], { sizeMs: 1000 })), sink(windowed(timed, ['k'], { sizeMs: 2000 }))).map(
      ({ id }) => id,
    );
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('N1: a name that two stateful operators have is refused, with both places', () => {
    const timed = watermark(source());
    const twice = [
      sink(windowed(timed, ['k'], { name: 'count', site: 'job.ts:1' })),
      sink(windowed(timed, ['v'], { name: 'count', site: 'job.ts:9' })),
    ];
    expect(() => operators(...twice)).toThrow(
      expect.objectContaining({
        code: 'E_PLAN',
        message: "N1: two operators are named 'count': job.ts:1 and job.ts:9",
        hint: expect.stringContaining('.named()'),
      }),
    );
  });

  test('N1: a name that happens to be the kind of an unnamed operator is the name of the one that has it', () => {
    const planned = operators(sink(reduce(map(source()), 'k', { name: 'map' }), 'update'));
    expect(of('reduce', planned).id).toBe('map');
    expect(new Set(planned.map(({ id }) => id)).size).toBe(planned.length);
  });

  test('N1: an operator cannot take the name of the sink of dead letters, if there is one', () => {
    const outputs = [sink(reduce(source(), 'k', { name: 'dead-letters' }), 'update')];
    expect(of('reduce', operators(...outputs)).id).toBe('dead-letters');
    expect(() => planJob(job(outputs, { deadLetters: sink(source()).sink }))).toThrow(
      expect.objectContaining({ code: 'E_PLAN', message: expect.stringContaining('N1') }),
    );
  });
});

describe('what the state of an operator means', () => {
  const state = (node: LogicalNode & { kind: string }, mode: 'append' | 'update' = 'append'): string | null =>
    of(node.kind, operators(sink(node, mode))).state;

  test('is said in words that a person can compare, was and is', () => {
    const timed = watermark(source());
    expect(state(source())).toBe('positions in file in');
    expect(state(timed)).toBe('latest ts');
    expect(state(windowed(timed, ['k']))).toBe('window 1 minute over ts; keys k; n = count()');
    expect(state(windowed(timed, ['k', 'v'], { sizeMs: 60_000, slideMs: 10_000 }))).toBe(
      'window 1 minute sliding by 10 seconds over ts; keys k, v; n = count()',
    );
    const top = { rows: 3, by: [{ column: 'v', order: 'desc' as const }], columns: ['ts', 'v'] };
    const best = { ...windowed(timed, ['k']), aggregates: [{ name: 'rank', spec: { fn: 'top' as const, top } }] };
    expect(state(best)).toBe('window 1 minute over ts; keys k; rank = place among the first 3 by v desc');
    expect(state(aggregate(timed, []), 'update')).toBe('keys none; n = count()');
    expect(state(reduce(timed), 'update')).toBe('reduced rows by k');
    expect(state(firsts(timed))).toBe('first of ts, k; remembered until the watermark passes ts');
    expect(state(firsts(timed, { until: 'expired', ms: 60_000, column: 'ts' }))).toBe(
      'first of ts, k; remembered for 1 minute after ts',
    );
    expect(state(firsts(source(), { until: 'expired', ms: 1000 }))).toBe('first of ts, k; remembered for 1 second after it came');
    expect(state(firsts(source(), { until: 'forever' }))).toBe('first of ts, k; remembered for ever');
    expect(of('sink', operators(sink(timed))).state).toBe('staged results of file out, mode append');
  });

  test('of a keyed function lists its values with their types', () => {
    const node = keyed(source(), {
      key: { fn: () => 1, site: '' },
      state: {
        total: { kind: 'value', value: { name: 'total', type: { kind: 'float64' }, nullable: true } },
        seen: {
          kind: 'map',
          key: { name: 'key', type: { kind: 'string' }, nullable: false },
          value: {
            name: 'value',
            type: {
              kind: 'list',
              of: { type: { kind: 'struct', fields: [{ name: 'a', type: { kind: 'bool' }, nullable: false }] }, nullable: false },
            },
            nullable: false,
          },
        },
      },
    });
    expect(state(node)).toBe('key a function; total: float64 or null, seen: map of string to list of { a: bool }');
    expect(state(keyed(source()))).toBe('key k; no state');
  });

  test('is nothing for an operator without state', () => {
    expect(operators(sink(filter(map(select(source(), 'k'))))).map(({ state }) => state === null)).toEqual([
      false,
      true,
      true,
      true,
      false,
    ]);
  });

  test('changes with the window, not with the id: so a restore can say both', () => {
    const build = (sizeMs: number): PlannedOperator =>
      of('aggregate', operators(sink(windowed(watermark(source()), ['k'], { sizeMs }))));
    expect(build(1000).id).toBe(build(2000).id);
    expect(build(1000).state).not.toBe(build(2000).state);
  });
});
