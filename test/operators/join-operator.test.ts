import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { batchOf } from '../../src/batch/index.ts';
import { joinOperator } from '../../src/operators/index.ts';
import type { JoinNode, JoinType } from '../../src/plan/index.ts';
import { openMemoryStores } from '../../src/state/index.ts';
import { type FedItem, OperatorRun, testBarrier } from '../../src/testing/operator-run.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { verifyOperator } from '../../src/testing/verify-operator.ts';
import {
  type EventRow,
  joinNode,
  otherRows,
  type OtherRow,
  others,
  rowsItem,
  schemaOf,
  field,
  sourceNode,
  watermark,
  watermarkNode,
  windowType,
} from './operator-fixture.ts';

const within = (lowMs: number, highMs: number): Pick<JoinNode, 'bound'> => ({
  bound: { left: 'at', right: 'seen', lowMs, highMs },
});
const subject = (parts: Partial<JoinNode>) => () => ({ make: () => joinOperator(joinNode(parts)) });
const lefts = (...rows: EventRow[]): FedItem => rowsItem(rows);
const a = (at: number, stamp?: number): EventRow => ({ key: 'a', at, ...(stamp === undefined ? {} : { stamp }) });
const r = (seen: number, stamp?: number): OtherRow => ({ other: 'a', seen, ...(stamp === undefined ? {} : { stamp }) });
const pair = (at: number, seen: number) => ({ key: 'a', at, other: 'a', seen });
const alone = (at: number) => ({ key: 'a', at, other: null, seen: null });
const rightAlone = (seen: number) => ({ key: null, at: null, other: 'a', seen });

describe('a join by a range of time', () => {
  test('JO2: rows meet once, whichever comes first, at both ends of the range and not beyond', async () => {
    const inOrder = [lefts(a(100)), otherRows(r(94), r(95), r(110), r(111), { other: 'b', seen: 100 })];
    for (const input of [inOrder, inOrder.toReversed()])
      await verifyOperator({
        subject: subject(within(-5, 10)),
        barriersEverywhere: true,
        anyOrder: true,
        input,
        output: { main: [pair(100, 95), pair(100, 110)] },
      });
  });

  test.each([
    ['left', [pair(10, 12), alone(50)]],
    ['right', [pair(10, 12), rightAlone(90)]],
    ['full', [pair(10, 12), alone(50), rightAlone(90)]],
  ] as const)('JO3: %s: a row that has no partner goes out alone when the watermark is past its last one', async (how, rows) => {
    const run = new OperatorRun({
      make: () => joinOperator(joinNode({ how, ...within(0, 5) })),
      blobs: openMemoryStores().blobs,
      clock: new VirtualClock(),
    });
    await run.feed(lefts(a(10), a(50)));
    await run.feed(otherRows(r(12), r(90)));
    await run.feed(watermark(55));
    expect(run.emitted.map(({ row }) => row)).toEqual([pair(10, 12)]);
    await run.feed(watermark(56));
    const early = how === 'right' ? [pair(10, 12)] : [pair(10, 12), alone(50)];
    expect(run.emitted.map(({ row }) => row)).toEqual(early);
    await run.feed(watermark(91));
    expect(run.emitted.map(({ row }) => row)).toEqual(rows);
    await run.feed(watermark(Infinity));
    expect(run.emitted).toHaveLength(rows.length);
    expect((await run.barrier(testBarrier(1))).chunks).toEqual([]);
  });

  test('JO4: a left row goes out at its first partner, or for want of one', async () => {
    const input = [lefts(a(10), a(30)), otherRows(r(11), r(12)), lefts(a(9)), watermark(Infinity)];
    const left = (at: number) => ({ key: 'a', at });
    await verifyOperator({
      subject: subject({ how: 'semi', ...within(0, 5) }),
      barriersEverywhere: true,
      input,
      output: { main: [left(10), left(9)] },
    });
    await verifyOperator({
      subject: subject({ how: 'anti', ...within(0, 5) }),
      barriersEverywhere: true,
      input,
      output: { main: [left(30)] },
    });
  });

  test('a row is late by its stamp, is counted, meets nobody, and goes out as it came', async () => {
    const of = (at: number) => ({ key: 'a', at, value: null });
    const { late } = await verifyOperator({
      subject: subject({ how: 'left', ...within(-50, 50) }),
      barriersEverywhere: true,
      input: [lefts(a(20), a(19, 20), a(20, 20)), otherRows(r(30, 30), r(40, 30)), watermark(Infinity)],
      output: {
        main: [pair(20, 40)],
        'late-left': [of(19), of(20)],
        'late-right': [{ other: 'a', seen: 30, n: 0 }],
      },
    });
    // A time that is the watermark itself lies `delay` behind, and is late.
    expect(late).toBe(3);
  });

  test('with a delay of nothing the latest time itself is not late', async () => {
    const strict = { inputs: [watermarkNode(0), watermarkNode(0, sourceNode(others), 'seen')] } as const;
    const { late } = await verifyOperator({
      subject: subject({ ...within(0, 5), ...strict }),
      input: [lefts(a(20), a(20, 20), a(19, 20)), otherRows(r(20))],
      output: { main: [pair(20, 20), pair(20, 20)], 'late-left': [{ key: 'a', at: 19, value: null }] },
    });
    expect(late).toBe(1);
  });

  test('a null key, or a null time, has no partner: such a row goes out alone at once, or not at all', async () => {
    const input = [otherRows({ other: null, seen: 10 }, { other: 'a', seen: null }), lefts({ key: 'a', at: null }, a(10))];
    await verifyOperator({ subject: subject(within(0, 5)), input, output: { main: [] } });
    await verifyOperator({
      subject: subject({ how: 'full', ...within(0, 5) }),
      barriersEverywhere: true,
      input,
      output: {
        main: [
          { key: null, at: null, other: null, seen: 10 },
          { key: null, at: null, other: 'a', seen: null },
          { key: 'a', at: null, other: null, seen: null },
        ],
      },
    });
    await verifyOperator({
      subject: subject({
        ...within(0, 5),
        nullSafe: true,
        inputs: [watermarkNode(10, sourceNode(others), 'seen'), joinNode().inputs[1]],
        keys: [['other'], ['other']],
        bound: { left: 'seen', right: 'seen', lowMs: 0, highMs: 0 },
        columns: [{ name: 'seen', left: 'seen' }],
        schema: schemaOf(field('seen', { kind: 'timestamp' }, true)),
      }),
      input: [{ ...otherRows({ other: null, seen: 7 }), input: 0 } as FedItem, otherRows({ other: null, seen: 7 })],
      output: { main: [{ seen: 7 }] },
    });
  });

  test('results carry times that no watermark has passed: it is forwarded as much later as they may lie behind', () => {
    const held = (lowMs: number, highMs: number): number | undefined => joinOperator(joinNode(within(lowMs, highMs))).holdsBackMs;
    expect([held(-5, 10), held(-20, 10), held(2, 10), held(-9, -3)]).toEqual([10, 20, 10, 9]);
    expect(joinOperator(joinNode({})).holdsBackMs).toBe(0);
    // A row that goes out alone may be as old as the watermark that was forwarded last, which must not be late.
    const outer = (how: JoinType, more: Partial<JoinNode> = {}): number | undefined =>
      joinOperator(joinNode({ how, ...within(-5, 10), ...more })).holdsBackMs;
    expect([outer('left'), outer('right'), outer('anti'), outer('semi')]).toEqual([11, 11, 11, 10]);
    expect(outer('full', { inputs: [watermarkNode(0), watermarkNode(0, sourceNode(others), 'seen')] })).toBe(10);
  });

  test('a value that is no time is set aside', async () => {
    const { dead } = await verifyOperator({
      subject: subject({ ...within(0, 5), bound: { left: 'key', right: 'seen', lowMs: 0, highMs: 0 } }),
      input: [lefts(a(1))],
      output: {},
    });
    expect(dead.map(({ error }) => error)).toEqual([expect.stringContaining("column 'key' holds a string, which is no time")]);
  });
});

describe('a join by equal windows', () => {
  const left = schemaOf(field('key', { kind: 'string' }), field('w', windowType));
  const right = schemaOf(field('other', { kind: 'string' }), field('v', windowType));
  const node = joinNode({
    how: 'left',
    inputs: [watermarkNode(10, sourceNode(left), 'w'), watermarkNode(10, sourceNode(right), 'v')],
    keys: [
      ['key', 'w'],
      ['other', 'v'],
    ],
    bound: { left: 'w', right: 'v', lowMs: 0, highMs: 0 },
    columns: [
      { name: 'key', left: 'key' },
      { name: 'w', left: 'w' },
      { name: 'other', right: 'other' },
    ],
    schema: schemaOf(field('key', { kind: 'string' }), field('w', windowType), field('other', { kind: 'string' }, true)),
  });
  const w = (start: number) => ({ start, end: start + 10 });
  const of = (input: 0 | 1, ...starts: (readonly [number, number])[]): FedItem => ({
    kind: 'rows',
    input,
    batch: batchOf(
      input === 0 ? left : right,
      starts.map(([start]) => (input === 0 ? { key: 'a', w: w(start) } : { other: 'a', v: w(start) })),
      { stamps: Float64Array.from(starts, ([, stamp]) => stamp) },
    ),
  });

  test('JO3: a window that has no partner goes out alone when it has ended; a row is late once its window has', async () => {
    const result = await verifyOperator({
      subject: () => ({ make: () => joinOperator(node) }),
      barriersEverywhere: true,
      stamps: true,
      input: [of(0, [0, 0], [10, 9], [0, 10], [20, 20]), of(1, [10, 19], [20, 29], [0, 10]), watermark(10), watermark(40)],
    });
    const rows = (late: boolean) => result.rows.filter(({ port }) => port.startsWith('late') === late);
    expect(rows(true).map(({ port, row, stamp }) => [port, row, stamp])).toEqual([
      ['late-left', { key: 'a', w: w(0) }, 10],
      ['late-right', { other: 'a', v: w(0) }, 10],
    ]);
    expect(rows(false).map(({ row, stamp }) => [row, stamp])).toEqual([
      [{ key: 'a', w: w(10), other: 'a' }, -Infinity],
      [{ key: 'a', w: w(20), other: 'a' }, -Infinity],
      [{ key: 'a', w: w(0), other: null }, -Infinity],
    ]);
    expect(result.late).toBe(2);
  });
});

describe('a join that nothing bounds', () => {
  test('JO1: keeps every row, in the order of arrival, however many a key has', async () => {
    const many = Array.from({ length: 200 }, (_, i) => a(i));
    await verifyOperator({
      subject: subject({}),
      input: [lefts(...many), watermark(1e9), otherRows(r(5))],
      output: { main: many.map(({ at }) => pair(at!, 5)) },
    });
  });
});

test('any rows, in any order, with any watermarks that make none late, give the pairs of a plain loop', async () => {
  const types = fc.constantFrom<JoinType>('inner', 'left', 'right', 'full', 'semi', 'anti');
  const keys = fc.constantFrom('a', 'b', 'c');
  const row = fc.record({ key: keys, at: fc.integer({ min: 0, max: 40 }), side: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(
      types,
      fc.array(row, { maxLength: 30 }),
      fc.integer({ min: -9, max: 5 }),
      fc.nat(12),
      async (how, rows, low, width) => {
        const high = low + width;
        const input = rows.map(({ key, at, side }): FedItem => (side ? lefts({ key, at }) : otherRows({ other: key, seen: at })));
        const [left, right] = [rows.filter(({ side }) => side), rows.filter(({ side }) => !side)];
        const meet = (l: (typeof rows)[number], s: (typeof rows)[number]): boolean =>
          l.key === s.key && s.at - l.at >= low && s.at - l.at <= high;
        const pairs = left.flatMap((l) =>
          right.filter((s) => meet(l, s)).map((s) => ({ key: l.key, at: l.at, other: s.key, seen: s.at })),
        );
        const lonely = left.filter((l) => !right.some((s) => meet(l, s)));
        const shown = {
          inner: pairs,
          left: [...pairs, ...lonely.map(({ key, at }) => ({ key, at, other: null, seen: null }))],
          right: [
            ...pairs,
            ...right.filter((s) => !left.some((l) => meet(l, s))).map((s) => ({ key: null, at: null, other: s.key, seen: s.at })),
          ],
          full: [],
          semi: left.filter((l) => !lonely.includes(l)).map(({ key, at }) => ({ key, at })),
          anti: lonely.map(({ key, at }) => ({ key, at })),
        };
        const full = [...shown.left, ...shown.right.slice(pairs.length)];
        await verifyOperator({
          subject: subject({ how, ...within(low, high) }),
          barriersEverywhere: true,
          anyOrder: true,
          input: [...input, watermark(20), watermark(Infinity)],
          output: { main: how === 'full' ? full : shown[how] },
        });
      },
    ),
    { numRuns: 25, seed: 7 },
  );
});
