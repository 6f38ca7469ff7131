// Two results are the same answer, or they are not: by rows, by the last row of a key, and by the form that rows must have.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareResults, countResults } from '../../../bench/peers/compare-results.mjs';
import { queryNamed, queryNames } from '../../../bench/peers/queries.mjs';
import { printOf } from '../../../bench/peers/row-prints.mjs';

const counts = (auction: number, bids: number) => ({ auction, windowStart: 0, windowEnd: 10_000, bids });
const total = (bidder: number, bids: number, op?: string) => ({
  ...(op === undefined ? {} : { op }),
  bidder,
  bids,
  total: bids * 7,
});
const converted = (price: unknown) => ({ dateTime: 1, bidder: 2, auction: 3, price, extra: 'x' });

describe('appended rows', () => {
  test('are the same in any order, and each as often as it is there', () => {
    const rows = [counts(1, 2), counts(2, 2), counts(2, 2)];
    expect(compareResults('q5', rows, rows.toReversed()).equal).toBe(true);
    const { equal, missing, unexpected } = compareResults('q5', rows.slice(0, 2), rows);
    expect([equal, missing.count, unexpected.count]).toEqual([false, 1, 0]);
    expect(missing.examples).toEqual(['[2,0,10000,2]']);
  });

  test('differ by one value', () => {
    const { equal, missing, unexpected } = compareResults('q5', [counts(1, 2)], [counts(1, 3)]);
    expect([equal, missing.count, unexpected.count]).toEqual([false, 1, 1]);
  });

  test('are the same whatever is left over in a shuffled copy, and not once a row is gone or doubled', () => {
    const row = fc.record({ auction: fc.nat(3), windowStart: fc.nat(2), windowEnd: fc.nat(2), bids: fc.nat(2) });
    const shuffled = fc
      .array(row, { minLength: 1 })
      .chain((rows) => fc.tuple(fc.constant(rows), fc.shuffledSubarray(rows, { minLength: rows.length })));
    fc.assert(
      fc.property(shuffled, ([rows, others]) => {
        expect(compareResults('sliding', rows, others).equal).toBe(true);
        expect(compareResults('sliding', rows, others.slice(1)).equal).toBe(false);
        expect(compareResults('sliding', rows, [...others, others[0]!]).equal).toBe(false);
      }),
    );
  });
});

describe('rows that replace each other', () => {
  test('count by the last of each key, however often it changed', () => {
    const each = [total(1, 1), total(2, 1), total(1, 2), total(1, 3)];
    const once = [total(1, 3), total(2, 1)];
    const { equal, ours, theirs } = compareResults('running', each, once);
    expect(equal).toBe(true);
    expect(ours).toEqual({ rows: 2, emissions: 4, malformed: 0 });
    expect(theirs).toEqual({ rows: 2, emissions: 2, malformed: 0 });
    expect(compareResults('running', each.toReversed(), once).equal).toBe(false);
  });

  test('say with op what became of the row before', () => {
    const changes = [total(1, 1, '+I'), total(1, 1, '-U'), total(1, 2, '+U'), total(2, 1, '+I'), total(2, 1, '-D')];
    expect(compareResults('running', changes, [total(1, 2)]).equal).toBe(true);
  });
});

test('windows by the clock are compared by what is in all of them', () => {
  const seen = (bidder: number, bids: number, windowStart: number) => ({
    bidder,
    bids,
    windowStart,
    windowEnd: windowStart + 10_000,
  });
  const ours = [seen(1, 2, 0), seen(1, 3, 0), seen(1, 4, 10_000), seen(2, 1, 0)];
  expect(compareResults('q12', ours, [seen(2, 1, 70_000), seen(1, 7, 60_000)]).equal).toBe(true);
  expect(compareResults('q12', ours, [seen(2, 1, 0), seen(1, 9, 0)])).toMatchObject({
    equal: false,
    missing: { count: 1, examples: ['[1] 9'] },
    unexpected: { count: 1, examples: ['[1] 7'] },
  });
});

describe('values', () => {
  test('of q1 are compared in thousandths, others exactly', () => {
    expect(compareResults('q1', [converted(0.908 * 172)], [converted(156.176)]).equal).toBe(true);
    expect(compareResults('q1', [converted(156.177)], [converted(156.176)]).equal).toBe(false);
    const average = (averagePrice: number) => ({ bidder: 1, windowStart: 0, windowEnd: 10_000, averagePrice });
    expect(compareResults('tumbling', [average(0.1 + 0.2)], [average(0.3)]).equal).toBe(false);
  });

  test('in thousandths are the same for every price that there is, as decimals and as doubles', () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 100_000_000 }), (price) => {
        const decimal = `${Math.floor((price * 908) / 1000)}.${String((price * 908) % 1000).padStart(3, '0')}`;
        expect(compareResults('q1', [converted(0.908 * price)], [converted(Number(decimal))]).equal).toBe(true);
      }),
    );
  });

  test('that are null may be left out, but are not the same as others', () => {
    const place = { auction: 1, bidder: 2, price: 3, channel: 'x', dir1: 'a' };
    const full = { ...place, dir2: null, dir3: null };
    expect(compareResults('q22', [place], [full])).toMatchObject({ equal: true });
    expect(compareResults('q22', [{ ...place, dir3: 'a' }], [{ ...place, dir2: 'a' }]).equal).toBe(false);
  });
});

describe('a row that is not of the form', () => {
  const row = { auction: 1, price: 2 };
  const strange: readonly [string, object][] = [
    ['with fields in another order', { price: 2, auction: 1 }],
    ['with a field more', { ...row, bidder: 3 }],
    ['with a number as text', { auction: 1, price: '2' }],
    ['with an integer that is none', { auction: 1, price: 2.5 }],
    ['with an op though nothing is replaced, and a field more', { op: '+I', ...row, bidder: 1 }],
  ];
  test.each(strange)('%s makes a result unequal to its own like', (_, wrong) => {
    const { equal, ours } = compareResults('q2', [row, wrong], [row, wrong]);
    expect([equal, ours.malformed]).toEqual([false, 1]);
  });

  test('is counted where one result is looked at', () => {
    expect(countResults('q2', [row, row, { auction: 1 }, { auction: 'x' }])).toEqual({ rows: 3, emissions: 4, malformed: 1 });
  });
});

test('each query has fields, its key among them; another name is refused', () => {
  for (const name of queryNames) {
    const { fields, key = [] } = queryNamed(name);
    expect(Object.keys(fields)).toEqual(expect.arrayContaining([...key]));
  }
  expect(() => compareResults('q99', [], [])).toThrow("there is no query 'q99'");
});

test('300,000 rows that are nearly alike have a print each', () => {
  const prints = new Set<number>();
  for (let i = 0; i < 100_000; i++) {
    prints.add(printOf(JSON.stringify([i, 0, 10_000, 1])));
    prints.add(printOf(JSON.stringify([1, 0, 10_000, i + 2])));
    prints.add(printOf(JSON.stringify([1, i, i + 10_000, 1])));
  }
  expect(prints.size).toBe(300_000 - 1); // the first kind has a row of the third
});
