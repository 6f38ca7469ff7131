// What joins ask of two rows beside their keys and times, as a user writes it.
import { describe, expect, test } from 'vitest';
import { from, now, type Stream } from 'weir';
import { testRun, testSource } from 'weir/testing';
import { l, L, left, minutes, r, R, right } from './join-fixture.ts';

describe('a join', () => {
  test('asks more of two rows than keys and times: in an outer join a row that meets it with nobody goes out alone', async () => {
    const [ls, rs] = [testSource(L), testSource(R)];
    const joined = from(ls)
      .withWatermark('at', '1 minute')
      .join(from(rs).withWatermark('seen', '1 minute'), {
        on: 'id',
        how: 'left',
        within: ['0 minutes', '10 minutes'],
        where: (order, limit) => order.a.gt(limit.b).and(order.at.hour().eq(limit.seen.hour())),
      })
      .select('id', 'a', 'at', 'seen');
    await using run = await testRun(joined, { parallelism: 2 });
    ls.push(l('x', 1, 5), l('y', 2, 1), l('z', 59, 5));
    rs.push(r('x', 3, 4), r('y', 4, 4), r('z', 60, 4));
    const early = await run.drain();
    await run.crash();
    ls.end();
    rs.end();
    const rows = [...early, ...(await run.drain())].map(({ id, seen }) => [id, seen] as const);
    expect(rows).toHaveLength(3);
    expect(new Map(rows)).toEqual(
      new Map([
        ['x', minutes(3)],
        ['y', null],
        ['z', null],
      ]),
    );
  });

  test('asks rows without a schema for their properties', async () => {
    const orders = from([
      { id: 1, price: 5 },
      { id: 1, price: 2 },
    ]) as Stream<{ id: number; price: number }>;
    const limits = from([{ id: 1, of: { least: 3 } }]) as Stream<{ id: number; of: { least: number } }>;
    const dear = orders.join(limits, { on: 'id', how: 'semi', where: (order, limit) => order.price.gt(limit.of.least) });
    await using run = await testRun(dear);
    expect(await run.drain()).toEqual([{ id: 1, price: 5 }]);
  });
});

describe('a condition of a join is refused', () => {
  test.each([
    [
      'on a column that is not there',
      () => left().join(right(), { on: 'id', where: (_, b) => (b as any).bb.gt(1) }),
      /join\(\) where, right row at .*there is no column 'bb' here; did you mean 'b'/,
    ],
    [
      'that is none',
      () => left().join(right(), { on: 'id', where: (a, b) => a.a.add(b.b) as never }),
      /join\(\) at .*where takes true or false, and '\(left.a \+ right.b\)' is a number/,
    ],
    [
      'that reads a column and drops it',
      () => left().join(right(), { on: 'id', where: (a, b) => (a.a.gt(1) && b.b.gt(1)) as never }),
      /column 'left.a' is read, and it is in no expression/,
    ],
    [
      'that asks for the time',
      () => left().join(right(), { on: 'id', where: (a) => a.at.lt(now()) }),
      /now\(\) is no part of `where`/,
    ],
    ['that is no function', () => left().join(right(), { on: 'id', where: 'a' } as never), /it takes a function, not string/],
    [
      'as of versions',
      () => left().asOfJoin(right(), { on: 'id', where: (a: any, b: any) => a.a.gt(b.b) } as never),
      /`where` is for join\(\)/,
    ],
  ] as const)('for one %s', (_, make, words) => {
    expect(make).toThrow(words);
  });
});
