import { describe, expect, test } from 'vitest';
import { count, from, max, now, schema, sum, t, type RowOf, type Stream } from '../../src/index.ts';
import { testRun, testSource } from '../../src/testing/index.ts';
import { sinkOf, streamFrom } from './graphs.ts';
import { refusalIn } from './refusal.ts';

const Change = schema({ op: t.string, id: t.string, group: t.string, price: t.number });
const change = (op: string, id: string, group: string, price: number) => ({ op, id, group, price });
const Product = schema({ id: t.string, group: t.string, price: t.number.nullable() });
const product = (id: string, group: string, price: number | null) => ({ id, group, price });

const byId = <R extends { readonly id: string }>(rows: readonly R[]): R[] => rows.toSorted((a, b) => (a.id < b.id ? -1 : 1));

describe('asChanges()', () => {
  test('is counted as what is there', async () => {
    const changes = testSource(Change);
    const totals = from(changes)
      .asChanges({ op: 'op' })
      .groupBy('group')
      .agg({ n: count(), total: sum('price'), most: max('price') });
    await using run = await testRun(totals.changelog());
    changes.push(change('+I', 'a', 'x', 1), change('+I', 'b', 'x', 5), change('-U', 'b', 'x', 5), change('+U', 'b', 'y', 6));
    expect(await run.drain()).toEqual([
      { group: 'x', n: 1, total: 1, most: 1, op: '+I' },
      { group: 'y', n: 1, total: 6, most: 6, op: '+I' },
    ]);
    changes.push(change('-D', 'a', 'x', 1));
    expect(await run.drain()).toEqual([{ group: 'x', n: 1, total: 1, most: 1, op: '-D' }]);
  });

  test('of a changelog is what the changelog was of', async () => {
    const best = (changes: Parameters<typeof from<RowOf<typeof Change>>>[0]) =>
      from(changes)
        .groupBy('id', 'group')
        .agg({ most: max('price') });
    const regrouped = (stream: Stream<{ id: string; group: string; most: number }, any>) =>
      stream
        .groupBy('group')
        .agg({ n: count(), total: sum('most') })
        .changelog();
    const [changes, same] = [testSource(Change), testSource(Change)];
    await using direct = await testRun(regrouped(best(changes)));
    await using readBack = await testRun(regrouped(best(same).changelog().asChanges({ op: 'op' })));
    const told: number[] = [];
    for (const rows of [
      [change('', 'a', 'x', 1), change('', 'b', 'x', 2)],
      [change('', 'a', 'x', 5), change('', 'c', 'y', 0), change('', 'b', 'x', 1)],
      [],
    ]) {
      changes.push(...rows);
      same.push(...rows);
      const expected = await direct.drain();
      expect(await readBack.drain()).toEqual(expected);
      told.push(expected.length);
    }
    expect(told).toEqual([1, 3, 0]);
  });

  test('is joined, written with what is taken back, and read in other words', async () => {
    const changes = testSource(Change);
    const names = testSource(Product);
    const joined = from(changes)
      .asChanges({ op: 'op', values: { c: '+I', r: '+I', before: '-U', after: '+U', d: '-D' } })
      .select('id', 'price')
      .join(from(names).asUpserts({ key: 'id' }).select('id', 'group'), { on: 'id', how: 'left', ttl: 'forever' });
    await using run = await testRun(joined.changelog());
    changes.push(change('r', 'a', '', 1), change('c', 'b', '', 2));
    names.push(product('a', 'x', 0));
    expect(byId(await run.drain())).toEqual([
      { id: 'a', price: 1, group: 'x', op: '+I' },
      { id: 'b', price: 2, group: null, op: '+I' },
    ]);
    changes.push(change('before', 'a', '', 1), change('after', 'a', '', 3), change('d', 'b', '', 2));
    names.push(product('a', 'y', 0), product('a', 'x', 9));
    expect(byId(await run.drain())).toEqual([
      { id: 'a', price: 1, group: 'x', op: '-D' },
      { id: 'a', price: 3, group: 'x', op: '+I' },
      { id: 'b', price: 2, group: null, op: '-D' },
    ]);
  });

  test('of a row that was never there is an error of that row', async () => {
    const changes = testSource(Change);
    await using run = await testRun(from(changes).asChanges({ op: 'op' }).groupBy('group').count(), { mode: 'update' });
    changes.push(change('-D', 'a', 'x', 1));
    await expect(run.drain()).rejects.toThrow('a row is taken back that is not in its group ("x")');
  });
});

describe('asUpserts()', () => {
  test('has the last row of each key', async () => {
    const products = testSource(Product);
    const perGroup = from(products)
      .asUpserts({ key: ['id'], deleted: (c) => c.price.isNull() })
      .groupBy('group')
      .agg({ n: count(), total: sum('price') });
    await using run = await testRun(perGroup, { mode: 'complete' });
    products.push(product('a', 'x', 1), product('b', 'x', 2), product('a', 'x', 3));
    expect(await run.drain()).toEqual([{ group: 'x', n: 2, total: 5 }]);
    products.push(product('a', 'y', 3), product('b', '', null), product('c', '', null));
    expect(await run.drain()).toEqual([{ group: 'y', n: 1, total: 3 }]);
  });

  test('does not change by what nobody needs of it', async () => {
    const products = testSource(Product);
    const ids = from(products).asUpserts({ key: 'id' }).select('id', 'group').changelog();
    await using run = await testRun(ids);
    products.push(product('a', 'x', 1));
    expect(await run.drain()).toEqual([{ id: 'a', group: 'x', op: '+I' }]);
    products.push(product('a', 'x', 2));
    expect(await run.drain()).toEqual([]);
  });

  test('forgets a row that no other takes the place of for so long', async () => {
    const products = testSource(Product);
    const last = from(products).asUpserts({ key: 'id', ttl: '1 minute' });
    await using run = await testRun(last.changelog());
    products.push(product('a', 'x', 1), product('b', 'x', 1));
    await run.drain();
    await run.advance('50 seconds');
    products.push(product('b', 'x', 1));
    expect(await run.drain()).toEqual([]);
    await run.advance('10 seconds');
    expect(await run.drain()).toEqual([{ ...product('a', 'x', 1), op: '-D' }]);
    await run.advance('49 seconds');
    products.push(product('a', 'x', 1));
    expect(await run.drain()).toEqual([{ ...product('a', 'x', 1), op: '+I' }]);
  });
});

describe('refused', () => {
  type Untyped = Stream<any> & Record<string, any>;
  const changes = streamFrom(Change) as unknown as Untyped;
  const running = streamFrom(Change).groupBy('id').count() as unknown as Untyped;
  const untyped = (streamFrom(Change) as Stream<RowOf<typeof Change>>).map((row) => row) as unknown as Untyped;
  const refusal = refusalIn('changes.test.ts');
  test.each<[() => unknown, string]>([
    [() => changes.asChanges({ op: 'OP' }), "asChanges(): there is no column 'OP' here; did you mean 'op'?"],
    [() => changes.asChanges({ op: 'price' }), "asChanges(): column 'price' says what happens as text, and is float64"],
    [() => changes.select('op').asChanges({ op: 'op' }), "asChanges(): there is no column beside 'op'"],
    [() => changes.asChanges({ op: 'op', values: { c: 'I' as never } }), "asChanges(): 'c' cannot mean 'I'"],
    [() => changes.asChanges({ op: 'op', values: {} }), 'asChanges(): `values` says of no value what it means'],
    [
      () => running.asChanges({ op: 'id' }),
      'asChanges(): the rows of this stream never become final, and it takes only final rows',
    ],
    [() => untyped.asChanges({ op: 'op' }), 'asChanges(): rows without a schema have no columns to compare'],
    [
      () => changes.withColumns(() => ({ at: now() })).asChanges({ op: 'op' }),
      'asChanges(): its input has now() in its columns, and a row that is taken back would not be what it was',
    ],
    [
      () =>
        changes
          .withProcessingTime('seen')
          .where((c: any) => c.price.gt(1))
          .asChanges({ op: 'op' }),
      'asChanges(): its input has now() in its columns, and a row that is taken back would not be what it was',
    ],
    [() => changes.asUpserts({ key: [] }), 'asUpserts(): it needs `key`, by which a row takes the place of another'],
    [() => changes.asUpserts({ key: 'ids' }), "asUpserts(): there is no column 'ids' here; did you mean 'id'?"],
    [() => changes.asUpserts({ key: 'id', ttl: '0 ms' }), "ttl: '0 ms' is not longer than nothing"],
    [() => changes.asUpserts({ key: 'id', deleted: (c: any) => c.price }), '`deleted`'],
    [() => untyped.asUpserts({ key: 'id' }), 'asUpserts(): rows without a schema have no columns to compare'],
    [
      () => running.asUpserts({ key: 'id' }),
      'asUpserts(): the rows of this stream never become final, and it takes only final rows',
    ],
    [
      () => changes.asUpserts({ key: 'id' }).to(sinkOf() as never, { mode: 'update', every: '1 second' } as never),
      'to(): rows that may be taken back are written once per epoch, not every so often',
    ],
    [
      () => changes.asUpserts({ key: 'id' }).to(sinkOf() as never),
      'to(): ✗ append writes a row once it is final, and these may be taken back',
    ],
  ])('%s', (attempt, message) => {
    expect(refusal(attempt)).toContain(message);
  });
});
