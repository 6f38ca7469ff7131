import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { avg, call, count, lit, type RowOf, schema, sum, t, timestamp, window } from '../../src/api/index.ts';
import { batchSchema, schemaId } from '../../src/batch/index.ts';
import { file, json } from '../../src/connectors/index.ts';
import { from, type Stream } from '../../src/index.ts';
import {
  describePlan,
  type LogicalJob,
  type LogicalNode,
  planJob,
  type ProjectNode,
  type SinkNode,
  type SourceInfo,
  type SourceNode,
} from '../../src/plan/index.ts';
import { optimizeJob } from '../../src/plan/optimize.ts';
import { testRun, testSource } from '../../src/testing/index.ts';
import { logicalJob, pipeline } from '../../src/api/index.ts';
import { sinkOf, streamFrom } from '../api/graphs.ts';

const Bid = schema({ auction: t.number, price: t.number, channel: t.string, url: t.string, at: t.timestamp });

function jobOf(...streams: readonly object[]): LogicalJob {
  const outputs = streams.map((stream) => (stream as Stream<{ x: 1 }>).to(sinkOf() as never));
  return logicalJob(pipeline({ name: 'job', outputs }));
}
/** What flows out of each operator of the plan. */
const flow = (job: LogicalJob): string[] =>
  planJob(job).stages.flatMap(({ operators }) =>
    operators.map(
      ({ node: { kind, schema: rows } }) =>
        `${kind}: ${rows.kind === 'any' ? 'any' : rows.fields.map(({ name }) => name).join(' ')}`,
    ),
  );

describe('Neighbouring projections', () => {
  test('become one, with all conditions', () => {
    const bids = streamFrom(Bid)
      .where((c) => c.price.gt(1))
      .select((c) => ({ a: c.auction, double: c.price.mul(2) }))
      .where((c) => c.double.lt(10))
      .select('double');
    const plan = describePlan(planJob(jobOf(bids)));
    expect(plan).toContain('where ((price > 1) and ((price * 2) < 10)) select double = (price * 2)');
  });

  test('ask no row the second condition that the first does not let through, where it is null either', async () => {
    const Some = schema({ x: t.number.nullable() });
    const asked: unknown[] = [];
    const sure = (x: number | null): boolean => (asked.push(x), true);
    const rows = testSource(Some);
    await using run = await testRun(
      from(rows)
        .where((c) => c.x.gt(1))
        .where((c) => call(sure, c.x)),
    );
    rows.push({ x: null }, { x: 0 }, { x: 2 });
    expect(await run.drain()).toEqual([{ x: 2 }]);
    expect(asked).toEqual([2]);
  });

  test('stay apart where several read them, and where one was named', () => {
    const shared = streamFrom(Bid).select((c) => ({ x: c.price.add(1) }));
    expect(
      flow(
        jobOf(
          shared.where((c) => c.x.gt(1)),
          shared,
        ),
      ).filter((line) => line.startsWith('project')),
    ).toHaveLength(2);
    const named = streamFrom(Bid).select('price').named('mine').select('price');
    expect(flow(jobOf(named)).filter((line) => line.startsWith('project'))).toHaveLength(2);
  });

  test('stay apart where one reads a field of what the other computes', async () => {
    const made = (price: number): object => ({ x: price });
    const bids = testSource(Bid);
    await using run = await testRun(
      from(bids)
        .select((c) => ({ o: call(made, c.price) }))
        .select((c) => ({ x: (c as { o: any }).o.x })),
    );
    bids.push({ auction: 1, price: 5, channel: '', url: '', at: 0 });
    expect(await run.drain()).toEqual([{ x: 5 }]);
  });
});

describe('PL1: columns', () => {
  const timed = () => streamFrom(Bid).withWatermark('at', '1 second');

  test('go to an aggregation only if it reads them', () => {
    const perMinute = timed()
      .groupBy(window('at', '1 minute'), 'auction')
      .agg({ mean: avg('price') });
    expect(flow(jobOf(perMinute))).toEqual([
      'source: auction price channel url at',
      'watermark: auction price channel url at',
      'combine: auction at \u00000.count \u00000.high \u00000.low',
      'aggregate: window auction mean',
      'sink: window auction mean',
    ]);
  });

  test('go there with what late rows are read for', () => {
    const perMinute = timed()
      .groupBy((c) => ({ w: window(c.at, '1 minute'), dear: c.price.gt(100) }))
      .agg({ n: count() });
    expect(flow(jobOf(perMinute, perMinute.late().select('url')))).toContain('project: url at dear');
    expect(flow(jobOf(perMinute, perMinute.late()))).toContain('project: auction price channel url at dear');
  });

  test('go to a join, and are kept there, only if somebody reads them behind it', () => {
    const right = streamFrom(Bid)
      .withWatermark('at', '1 second')
      .select((c) => ({ item: c.auction, offer: c.price, seen: c.at, note: c.url }));
    const joined = timed()
      .join(right, { on: { auction: 'item' }, within: ['0 ms', '1 second'] })
      .select('url', 'offer');
    const all = flow(jobOf(joined));
    expect(all).toContain('join: url offer');
    expect(all).toContain('project: auction url at');
    expect(all).toContain('project: item offer seen');
    const plan = planJob(jobOf(joined));
    const join = plan.stages.flatMap(({ operators }) => operators).find(({ node }) => node.kind === 'join')!;
    expect([join.label, join.state]).toEqual([
      'inner join on auction = item, seen - at in 0 ms to 1 second',
      'inner join on auction = item, seen - at in 0 ms to 1 second; left: url string; right: offer float64',
    ]);
    const asked = timed()
      .join(right, {
        on: { auction: 'item' },
        within: ['0 ms', '1 second'],
        where: (bid, other) => bid.price.gt(other.offer).and(bid.url.ne(other.note)),
      })
      .select('url', 'seen');
    const asking = planJob(jobOf(asked))
      .stages.flatMap(({ operators }) => operators)
      .find(({ node }) => node.kind === 'join')!;
    expect([asking.label, asking.state]).toEqual([
      'inner join on auction = item, seen - at in 0 ms to 1 second, where ((left.price > right.offer) and …',
      'inner join on auction = item, seen - at in 0 ms to 1 second, where ((left.price > right.offer) and (left.url <> right.note)); ' +
        'left: url string, price float64; right: seen timestamp, note string, offer float64',
    ]);
    expect(flow(jobOf(asked))).toEqual(expect.arrayContaining(['join: url seen', 'project: auction price url at']));
    const bound = timed().join(right, { on: { auction: 'item' }, within: ['0 ms', '1 second'] });
    const late = flow(jobOf(bound.select('offer'), bound.late('left').select('channel')));
    expect(late).toEqual(expect.arrayContaining(['join: offer', 'project: auction channel at', 'project: item offer seen']));
    const lateWhole = flow(jobOf(bound.select('offer'), bound.late('right')));
    expect(lateWhole).toEqual(expect.arrayContaining(['project: auction at', 'project: item offer seen note']));
    const [valued, old] = [{}, { tolerance: '1 day' } as const].map((options) =>
      planJob(
        jobOf(
          timed()
            .asOfJoin(right, { on: { auction: 'item' }, ...options })
            .select('url', 'offer'),
        ),
      )
        .stages.flatMap(({ operators }) => operators)
        .find(({ node }) => node.kind === 'join'),
    );
    expect([valued!.label, valued!.state, old!.label]).toEqual([
      'inner as-of join on auction = item, latest seen up to at',
      'inner as-of join on auction = item, latest seen up to at; left: url string; right: offer float64',
      'inner as-of join on auction = item, latest seen up to at, not older than 1 day',
    ]);
    const Seller = schema({ auction: t.number, name: t.string, city: t.string });
    const found = timed().lookupJoin({ schema: Seller, fetch: () => [] }, { on: 'auction', how: 'left' });
    const lookup = flow(jobOf(found.select('name', 'url')));
    expect(planJob(jobOf(found)).stages.map(({ label }) => label)).toEqual([expect.stringContaining('left lookup on auction')]);
    expect(lookup).toContain('lookup: url name');
    expect(lookup).toContain('project: auction url');
    const edges = plan.edges.filter(({ input }) => input !== undefined);
    expect(edges.map(({ kind, key, input }) => [kind, key, input])).toEqual([
      ['hash', { columns: ['auction'] }, 0],
      ['hash', { columns: ['item'] }, 1],
    ]);
  });

  test('go where first rows are found if they are among those compared, or are their time', () => {
    const firsts = timed().dropDuplicates(['auction'], { within: '1 minute' }).select('price');
    expect(flow(jobOf(firsts))).toEqual([
      'source: auction price channel url at',
      'watermark: auction price channel url at',
      'project: auction price at',
      'dedup: auction price at',
      'project: price',
      'sink: price',
    ]);
    expect(flow(jobOf(timed().dropDuplicates('*').select('price')))[2]).toBe('dedup: auction price channel url at');
  });

  test('all go to closures', () => {
    expect(
      flow(
        jobOf(
          streamFrom(Bid)
            .filter(({ price }) => price > 1)
            .select('price'),
        ),
      ),
    ).toEqual(['source: auction price channel url at', 'filter: auction price channel url at', 'project: price', 'sink: price']);
  });

  test('give the same result with and without', async () => {
    const bids = testSource(Bid);
    const perMinute = from(bids)
      .where((c) => c.channel.ne('x'))
      .withColumns((c) => ({ unused: c.url.length(), cents: c.price.mul(100) }))
      .withWatermark('at', '0 ms')
      .groupBy(window('at', '1 minute'))
      .agg((c) => ({ all: sum('cents'), urls: count().where(c.url.startsWith('a')) }));
    await using run = await testRun(perMinute);
    bids.push(...['ab', 'b', 'a'].map((url, i) => ({ auction: i, price: i, channel: i === 1 ? 'x' : 'y', url, at: i })));
    bids.end();
    expect(await run.drain()).toEqual([{ window: { start: 0, end: 60_000 }, all: 200, urls: 2 }]);
  });
});

describe('PL2: a source that can', () => {
  const fields = ['a', 'b', 'c'].map((name) => ({ name, type: { kind: 'float64' as const }, nullable: false }));
  const info = (names: readonly string[]): SourceInfo => ({
    ...{ type: 'source', name: 'in', guarantee: 'exactly-once', identity: 'in', bounded: true },
    schema: batchSchema(fields.filter(({ name }) => names.includes(name))),
    project: (columns) => info(columns.map(([name]) => name)),
  });
  const source: SourceNode = { kind: 'source', site: '', source: info(['a', 'b', 'c']), schema: info(['a', 'b', 'c']).schema };
  const job = (input: SinkNode['input']): LogicalJob => {
    const like = jobOf(streamFrom(Bid));
    return { ...like, outputs: [{ ...like.outputs[0]!, input, schema: input.schema }] };
  };
  const column = (name: string) => ({ name, expr: { kind: 'column' as const, path: [name] as const, type: fields[0]! } });
  const inputOf = (node: LogicalNode): LogicalNode => (node as ProjectNode).input;
  const sourceOf = ({ outputs: [sink] }: LogicalJob): readonly string[] => {
    let node = sink!.input;
    while (node.kind === 'project') node = node.input;
    return node.schema.kind === 'any' ? [] : node.schema.fields.map(({ name }) => name);
  };

  test('reads only what is needed, in its own order', () => {
    const schemaOf = (...names: string[]) => batchSchema(names.map((name) => ({ ...fields[0]!, name })));
    const some = {
      kind: 'project' as const,
      site: '',
      input: source,
      columns: [column('c'), column('a')],
      schema: schemaOf('c', 'a'),
    };
    expect(sourceOf(optimizeJob(job(some)))).toEqual(['a', 'c']);
    expect(sourceOf(optimizeJob(job(source)))).toEqual(['a', 'b', 'c']);
    const few = { kind: 'limit' as const, site: '', input: source, rows: 3, schema: source.schema };
    const ofFew = optimizeJob(job({ ...some, input: few })).outputs[0]!.input;
    expect(ofFew).toMatchObject({ input: { kind: 'limit', input: { kind: 'limit', local: true, input: { kind: 'source' } } } });
    expect([ofFew, inputOf(ofFew), inputOf(inputOf(ofFew))].map(({ schema: of }) => of)).toEqual([
      schemaOf('c', 'a'),
      schemaOf('a', 'c'),
      schemaOf('a', 'c'),
    ]);
  });

  test('reads one column where only rows are counted', () => {
    const none = {
      kind: 'project' as const,
      site: '',
      input: source,
      columns: [{ name: 'one', expr: { kind: 'literal' as const, value: 1, type: fields[0]! } }],
      schema: batchSchema([{ ...fields[0]!, name: 'one' }]),
    };
    expect(sourceOf(optimizeJob(job(none)))).toEqual(['a']);
  });

  describe('PL3: is told which rows are needed', () => {
    const Some = schema({ n: t.int.nullable(), x: t.number, word: t.string, ok: t.boolean, at: t.timestamp });
    const some = (): Stream<RowOf<typeof Some>> => from(file.source({ path: 'in.jsonl', format: json(Some) }));
    const needed = (...streams: readonly object[]): string =>
      /only rows where (.*)/.exec(describePlan(planJob(jobOf(...streams))))?.[1] ?? 'all';
    const sure = (x: any): any => call((value: unknown) => value !== undefined, x);

    test('by comparisons of columns with values, whichever stands first', () => {
      const found = some()
        .where((c) => c.n.eq(2))
        .where((c) => lit(7).lt(c.x).and(c.word.ne('a')).and(c.ok))
        .where((c) => c.ok.not().and(c.at.gte(timestamp(5))))
        .select('x');
      expect(needed(found)).toBe('n = 2 and x > 7 and word <> "a" and ok = true and ok = false and at >= 5');
    });

    test('up to the first condition that is anything else: that may refuse a row', () => {
      expect(needed(some().where((c) => c.n.eq(2).and(sure(c.x)).and(c.x.gt(1))))).toBe('n = 2');
      expect(needed(some().where((c) => sure(c.x).and(c.n.eq(2))))).toBe('all');
      expect(needed(some().where((c) => c.n.eq(2).or(c.x.gt(1))))).toBe('all');
      expect(needed(some().where((c) => c.n.add(1).eq(2)))).toBe('all');
      expect(needed(some().where((c) => c.n.eq(lit(null) as never)))).toBe('all');
    });

    test('by any of those who read it', () => {
      const shared = some();
      const two = shared.where((c) => c.n.eq(2).and(c.ok));
      const three = shared.where((c) => c.n.eq(3).and(sure(c.x)));
      expect(needed(two, three)).toBe('n = 2 and ok = true or n = 3');
      const unsure = shared.where((c) => sure(c.x).and(c.n.eq(4)));
      expect(needed(two, three, unsure)).toBe('all');
    });

    test('unless others need all of it, or its times are counted', () => {
      const shared = some();
      expect(
        needed(
          shared.where((c) => c.n.eq(2)),
          shared,
        ),
      ).toBe('all');
      expect(
        needed(
          some()
            .withWatermark('at', '1 second')
            .where((c) => c.n.eq(2)),
        ),
      ).toBe('all');
    });
  });

  describe('reads of structs', () => {
    const Bid = schema({
      at: t.timestamp,
      bid: t.struct({ price: t.number, by: t.struct({ id: t.string, note: t.any() }), url: t.string }).nullable(),
    });
    const input = join(tmpdir(), `weir-optimize-${process.pid}.jsonl`);
    afterAll(() => rm(input, { force: true }));
    const bids = () => from(file.source({ path: input, format: json(Bid) })).withWatermark('at', '1 second');
    const read = (stream: object): string => {
      let node: LogicalNode = optimizeJob(jobOf(stream)).outputs[0]!;
      while ('input' in node) node = node.input;
      return schemaId(node.schema);
    };

    test('only the fields that are needed, however deep', () => {
      const dear = bids().where((c) => c.bid.price.gt(1));
      expect(read(dear.select((c) => ({ id: c.bid.by.id })))).toBe(
        '{"at":timestamp,"bid":{"price":float64,"by":{"id":string}}?}',
      );
      expect(read(dear.select((c) => ({ url: c.bid.url, price: c.bid.price })))).toContain(
        '"bid":{"price":float64,"url":string}?',
      );
    });

    test('all of one that somebody wants as a whole, or that a closure sees', () => {
      const whole = '"bid":{"price":float64,"by":{"id":string,"note":any?},"url":string}?';
      expect(read(bids().select((c) => ({ price: c.bid.price, by: c.bid })))).toContain(whole);
      expect(read(bids().map((row) => ({ price: row.bid?.price ?? 0 })))).toContain(whole);
    });

    test('gives the rows that it would have given of all', async () => {
      const lines = [
        '{"at":1000,"bid":{"price":5,"by":{"id":"a","note":{"x":[1]}},"url":"u"}}',
        '{"bid":null,"at":2000}',
        '{"at":3000,"bid":{"url":"v","by":{"note":2,"id":"b"},"price":7}}',
      ];
      await writeFile(input, `${lines.join('\n')}\n`);
      const rows: unknown[] = [];
      for await (const row of bids()
        .select((c) => ({ at: c.at, id: c.bid.by.id, price: c.bid.price }))
        .rows())
        rows.push(row);
      expect(rows).toEqual([
        { at: 1000, id: 'a', price: 5 },
        { at: 2000, id: null, price: null },
        { at: 3000, id: 'b', price: 7 },
      ]);
    });
  });
});
