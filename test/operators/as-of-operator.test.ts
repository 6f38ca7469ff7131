import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { batchOf } from '../../src/batch/index.ts';
import { asOfJoinOperator, type OperatorContext } from '../../src/operators/index.ts';
import type { JoinNode } from '../../src/plan/index.ts';
import { KeptVersions, type Version } from '../../src/operators/join/versions.ts';
import { openMemoryStores, OperatorState, type StateTable } from '../../src/state/index.ts';
import { type FedItem, OperatorRun } from '../../src/testing/operator-run.ts';
import { verifyOperator } from '../../src/testing/verify-operator.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import {
  type EventRow,
  field,
  joinNode,
  number,
  otherRows,
  type OtherRow,
  others,
  rowsItem,
  schemaOf,
  sourceNode,
  time,
  watermark,
  watermarkNode,
} from './operator-fixture.ts';

const asOf = (parts: Partial<JoinNode> & { readonly toleranceMs?: number } = {}): JoinNode => {
  const { toleranceMs = Infinity, ...more } = parts;
  return joinNode({ asOf: true, bound: { left: 'at', right: 'seen', lowMs: -toleranceMs, highMs: 0 }, ...more });
};
const subject =
  (parts: Parameters<typeof asOf>[0] = {}) =>
  () => ({ make: () => asOfJoinOperator(asOf(parts)) });
const strict = { inputs: [watermarkNode(0), watermarkNode(0, sourceNode(others), 'seen')] } as const;

const lefts = (...rows: EventRow[]): FedItem => rowsItem(rows);
const a = (at: number | null, stamp = -Infinity): EventRow => ({ key: 'a', at, stamp });
const r = (seen: number | null, stamp = -Infinity): OtherRow => ({ other: 'a', seen, stamp });
const pair = (at: number, seen: number) => ({ key: 'a', at, other: 'a', seen });
const alone = (at: number | null) => ({ key: 'a', at, other: null, seen: null });

/** Versions of key a, as the columns of `others`, from records of a split. */
const versions = (split: string, ...rows: (readonly [seen: number, n: number, record: number])[]): FedItem => ({
  kind: 'rows',
  input: 1,
  batch: batchOf(
    others,
    rows.map(([seen, n]) => ({ other: 'a', seen, n })),
    { origin: { split, first: 0, records: Int32Array.from(rows, ([, , record]) => record) } },
  ),
});
const numbered = asOf({
  columns: [
    { name: 'at', left: 'at' },
    { name: 'n', right: 'n' },
  ],
  schema: schemaOf(field('at', time, true), field('n', number)),
});

const runOf = (node: JoinNode): OperatorRun =>
  new OperatorRun({ make: () => asOfJoinOperator(node), blobs: openMemoryStores().blobs, clock: new VirtualClock() });
const rowsOf = (run: OperatorRun): object[] => run.emitted.map(({ row }) => row);

describe('an as-of join', () => {
  test('JO10: a left row goes out once the watermark has passed its time, with the latest version not above it, whatever comes first', async () => {
    const lefty = lefts(a(100), a(105), a(94));
    const righty = otherRows(r(95), r(100), r(101), { other: 'b', seen: 99 });
    for (const input of [
      [lefty, righty],
      [righty, lefty],
    ])
      await verifyOperator({
        subject: subject({ how: 'left' }),
        barriersEverywhere: true,
        input: [...input, watermark(102), watermark(Infinity)],
        output: { main: [alone(94), pair(100, 100), pair(105, 101)] },
      });
    const run = runOf(asOf());
    await run.feed(lefty);
    await run.feed(righty);
    await run.feed(watermark(100));
    expect(rowsOf(run)).toEqual([]);
    await run.feed(watermark(101));
    expect(rowsOf(run)).toEqual([pair(100, 100)]);
    await run.feed(watermark(Infinity));
    expect(rowsOf(run)).toEqual([pair(100, 100), pair(105, 101)]);
  });

  test('a version is not older than the tolerance', async () => {
    await verifyOperator({
      subject: subject({ how: 'left', toleranceMs: 10 }),
      barriersEverywhere: true,
      input: [otherRows(r(0)), lefts(a(10), a(11)), watermark(5), watermark(12), lefts(a(30)), watermark(Infinity)],
      output: { main: [pair(10, 0), alone(11), alone(30)] },
    });
  });

  test('JO9: of what the watermark has passed a key keeps the latest version, and with a tolerance not for longer than that', () => {
    const kept = (toleranceMs: number): number[] => {
      const state = new OperatorState({ operator: 'op', keyGroups: 1, owned: [0, 1] });
      let table: StateTable<readonly Version[]> | undefined;
      const context = { table: (name: string, codec: never) => (table = state.table(name, codec)) } as unknown as OperatorContext;
      const versions = new KeptVersions(context, toleranceMs);
      for (const [record, at] of [10, 20, 20, 30, 40].entries())
        versions.add('a', 0, { time: at, split: 's', record, bytes: new Uint8Array() });
      return [10, 21, 35, 41, 340, 341].map((watermark) => {
        versions.pass(watermark);
        return [...table!.entries(0)].flatMap(({ value }) => value).length;
      });
    };
    expect(kept(Infinity)).toEqual([5, 3, 2, 1, 1, 1]);
    expect(kept(0)).toEqual([5, 2, 1, 0, 0, 0]);
    expect(kept(300)).toEqual([5, 3, 2, 1, 1, 0]);
  });

  test.each([
    [0, 1, 2],
    [1, 0, 2],
    [2, 1, 0],
    [0, 2, 1],
  ])(
    'of equal times the later record of a split holds, and between splits that of the greater name: %i, %i, %i',
    async (...order) => {
      const items = [versions('p', [5, 1, 7]), versions('q', [5, 2, 1], [5, 3, 2]), versions('p', [5, 4, 8])];
      const run = runOf(numbered);
      for (const i of order) await run.feed(items[i]!);
      await run.feed(lefts(a(6)));
      await run.feed(watermark(7));
      expect(rowsOf(run)).toEqual([{ at: 6, n: 3 }]);
    },
  );

  test('a row, and a version, is late by its stamp, counted, and goes out as it came; what is late holds for nobody', async () => {
    const { late } = await verifyOperator({
      subject: subject({ how: 'left' }),
      barriersEverywhere: true,
      input: [lefts(a(20), a(19, 20), a(20, 20)), otherRows(r(10), r(15, 15), r(16, 15), r(17, 18)), watermark(Infinity)],
      output: {
        main: [pair(20, 16)],
        'late-left': [19, 20].map((at) => ({ key: 'a', at, value: null })),
        'late-right': [
          { other: 'a', seen: 15, n: 1 },
          { other: 'a', seen: 17, n: 3 },
        ],
      },
    });
    // A time that is the watermark itself lies `delay` behind, and is late.
    expect(late).toBe(4);
    const lenient = await verifyOperator({
      subject: subject({ how: 'left', ...strict }),
      barriersEverywhere: true,
      input: [lefts(a(20), a(20, 20)), otherRows(r(15, 15)), watermark(Infinity)],
      output: { main: [pair(20, 15), pair(20, 15)] },
    });
    expect(lenient.late).toBe(0);
  });

  test('a null key, or a null time, has no version: such a row goes out at once, or not at all', async () => {
    const input = [
      otherRows({ other: null, seen: 1 }, { other: 'a', seen: null }),
      { ...otherRows({ other: null, seen: 5 }, { other: 'a', seen: null }, { other: 'a', seen: 7 }), input: 0 } as FedItem,
    ];
    const nullable: Partial<JoinNode> = {
      inputs: [watermarkNode(10, sourceNode(others), 'seen'), joinNode().inputs[1]],
      keys: [['other'], ['other']],
      bound: { left: 'seen', right: 'seen', lowMs: -Infinity, highMs: 0 },
      columns: [
        { name: 'at', left: 'seen' },
        { name: 'seen', right: 'seen' },
      ],
      schema: schemaOf(field('at', time, true), field('seen', time, true)),
    };
    await verifyOperator({ subject: subject(nullable), barriersEverywhere: true, input, output: { main: [] } });
    const none = [5, null].map((at) => ({ at, seen: null }));
    await verifyOperator({
      subject: subject({ ...nullable, how: 'left' }),
      barriersEverywhere: true,
      input,
      output: { main: none },
    });
    await verifyOperator({
      subject: subject({ ...nullable, nullSafe: true }),
      barriersEverywhere: true,
      input: [...input, watermark(Infinity)],
      output: { main: [{ at: 5, seen: 1 }] },
    });
  });

  test('a value that is no time is set aside', async () => {
    const { dead } = await verifyOperator({
      subject: subject({ bound: { left: 'key', right: 'seen', lowMs: -Infinity, highMs: 0 } }),
      input: [lefts(a(1))],
      output: {},
    });
    expect(dead.map(({ error }) => error)).toEqual([expect.stringContaining("column 'key' holds a string, which is no time")]);
  });

  test('no row is late for what follows: its stamp is below its time where an equal one is late', async () => {
    expect([asOfJoinOperator(asOf()).holdsBackMs, asOfJoinOperator(asOf(strict)).holdsBackMs]).toEqual([1, 0]);
    const { rows } = await verifyOperator({
      subject: subject({ how: 'left' }),
      stamps: true,
      input: [lefts(a(20)), watermark(20), watermark(40)],
    });
    expect(rows.map(({ stamp }) => stamp)).toEqual([19]);
  });
});

test('any rows, in any order, with any watermarks that make none late, give what a plain search gives', async () => {
  const row = fc.record({ key: fc.constantFrom('a', 'b'), at: fc.integer({ min: 0, max: 40 }), left: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('inner' as const, 'left' as const),
      fc.array(row, { maxLength: 30 }),
      fc.constantFrom(Infinity, 0, 7),
      async (how, rows, toleranceMs) => {
        const input = rows.map(({ key, at, left }): FedItem => (left ? lefts({ key, at }) : otherRows({ other: key, seen: at })));
        const found = rows
          .filter(({ left }) => left)
          .flatMap(({ key, at }): object[] => {
            const times = rows.filter((v) => !v.left && v.key === key && v.at <= at && v.at >= at - toleranceMs).map((v) => v.at);
            if (times.length > 0) return [{ key, at, other: key, seen: Math.max(...times) }];
            return how === 'left' ? [{ key, at, other: null, seen: null }] : [];
          });
        await verifyOperator({
          subject: subject({ how, toleranceMs }),
          barriersEverywhere: true,
          anyOrder: true,
          input: [...input, watermark(20), watermark(21), watermark(Infinity)],
          output: { main: found },
        });
      },
    ),
    { numRuns: 25, seed: 7 },
  );
});
