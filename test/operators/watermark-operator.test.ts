import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { batchOf, unpackValue } from '../../src/batch/index.ts';
import { watermarkOperator } from '../../src/operators/index.ts';
import { openMemoryStores } from '../../src/state/index.ts';
import { OperatorRun, type FedItem, testBarrier } from '../../src/testing/operator-run.ts';
import { verifyOperator } from '../../src/testing/verify-operator.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { events, split, watermarkNode } from './operator-fixture.ts';

const delay = 10;
const make = () => watermarkOperator(watermarkNode(delay));
const options = () => ({ make, blobs: openMemoryStores().blobs, clock: new VirtualClock() });
const rows = (name: string, times: readonly (number | null)[], first = 0): FedItem => ({
  kind: 'rows',
  batch: batchOf(
    events,
    times.map((at) => ({ key: name, at, value: null })),
    { origin: { split: name, first } },
  ),
});

describe("the watermark of a source's chain", () => {
  test("V2 T2: a row's stamp is the latest time of its split before it, minus the delay, for every batching", async () => {
    const result = await verifyOperator({
      subject: () => ({ make }),
      stamps: true,
      barriersEverywhere: true,
      input: [split('a', 'active'), split('b', 'active'), rows('a', [50, 20, 70]), rows('b', [5, 6]), rows('a', [60, 71], 3)],
    });
    expect(result.rows.map(({ row, stamp }) => [(row as { key: string }).key, stamp])).toEqual([
      ['a', -Infinity],
      ['a', 40],
      ['a', 40],
      ['b', -Infinity],
      ['b', -5],
      ['a', 60],
      ['a', 60],
    ]);
  });

  test("T4: after each batch the subtask's watermark is the least over its active splits", async () => {
    const run = new OperatorRun(options());
    for (const item of [
      split('a', 'active'),
      split('b', 'active'),
      rows('a', [50]),
      rows('b', [30]),
      rows('a', [90], 1),
      rows('b', [60], 1),
    ])
      await run.feed(item);
    expect(run.watermarks).toEqual([20, 50]);
  });

  test('T5: an idle split does not hold it back; with all idle it stays; it never falls', async () => {
    const run = new OperatorRun(options());
    const feed = async (...items: FedItem[]) => {
      for (const item of items) await run.feed(item);
    };
    await feed(split('a', 'active'), split('b', 'active'), rows('a', [50]));
    expect(run.watermarks).toEqual([]);
    await feed(split('b', 'idle'));
    expect(run.watermarks).toEqual([40]);
    await feed(split('a', 'idle'));
    expect(run.watermarks).toEqual([40]);
    await feed(split('b', 'active'), rows('b', [20]), split('a', 'active'), rows('a', [80], 1), rows('b', [70], 1));
    expect(run.watermarks).toEqual([40, 60]);
  });

  test('an ended split counts as +Infinity; with all ended the watermark is that; an idle one that may wake up is waited for', async () => {
    const run = new OperatorRun(options());
    const feed = async (...items: FedItem[]) => {
      for (const item of items) await run.feed(item);
    };
    await feed(split('a', 'active'), split('b', 'active'), rows('a', [50]), rows('b', [90]), split('a', 'ended'));
    expect(run.watermarks).toEqual([40, 80]);
    await feed(split('b', 'idle'));
    expect(run.watermarks).toEqual([40, 80]);
    await feed(split('b', 'ended'));
    expect(run.watermarks).toEqual([40, 80, Infinity]);
  });

  test("T9 V3: after a restore the splits' watermarks are given again at the first announcement, the least of all restored", async () => {
    const before = options();
    const run = new OperatorRun(before);
    for (const item of [split('a', 'active'), split('b', 'active'), rows('a', [50]), rows('b', [90])]) await run.feed(item);
    const snapshot = await run.barrier(testBarrier(1));
    const after = await OperatorRun.restored({ ...before }, [snapshot]);
    expect(after.watermarks).toEqual([40]);
    await after.feed(rows('b', [91], 1));
    await after.feed(rows('a', [45], 1));
    expect(after.emitted.map(({ stamp }) => stamp)).toEqual([80, 40]);
    expect(after.watermarks).toEqual([40]);
  });

  test("T8: a split that is found later enters with the subtask's watermark as floor", async () => {
    const run = new OperatorRun(options());
    for (const item of [split('a', 'active'), rows('a', [50]), split('new', 'active'), rows('new', [3]), rows('a', [100], 1)])
      await run.feed(item);
    expect(run.emitted.map(({ stamp }) => stamp)).toEqual([-Infinity, 40, 40]);
    expect(run.watermarks).toEqual([40]);
  });

  test('stamps are an advance of the channel exactly if there is one split', async () => {
    const advances: (boolean | undefined)[] = [];
    const out = {
      emit: (batch: { system: { advances?: boolean } }) => advances.push(batch.system.advances),
      watermark() {},
      idle() {},
    };
    const operator = make();
    const give = (item: FedItem): unknown =>
      item.kind === 'split'
        ? operator.onSplit!(item.event, out)
        : item.kind === 'rows'
          ? operator.process(item.batch, out, () => -Infinity)
          : undefined;
    [split('a', 'active'), rows('a', [1]), split('b', 'active'), rows('a', [2], 1)].forEach(give);
    expect(advances).toEqual([true, false]);
  });

  test('a row without a time is set aside, and moves nothing', async () => {
    const result = await verifyOperator({
      subject: () => ({ make }),
      stamps: true,
      input: [split('a', 'active'), rows('a', [50, null, 51])],
    });
    expect(result.rows.map(({ stamp }) => stamp)).toEqual([-Infinity, 40]);
    expect(result.dead).toMatchObject([
      { position: 'a#1', error: "operator op (job.ts:2), record a#1: column 'at' holds null, which is no event time" },
    ]);
  });

  test('V1: the watermark only rises, whatever the splits do', async () => {
    const item = fc.oneof(
      fc
        .tuple(fc.constantFrom('a', 'b', 'c'), fc.array(fc.integer({ min: -100, max: 100 }), { minLength: 1, maxLength: 4 }))
        .map(([name, times]) => rows(name, times)),
      fc
        .tuple(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('active' as const, 'idle' as const, 'ended' as const))
        .map(([name, state]) => split(name, state)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(item, { maxLength: 20 }), async (items) => {
        const run = new OperatorRun(options());
        for (const each of items) await run.feed(each);
        expect(run.watermarks).toEqual([...new Set(run.watermarks)].sort((a, b) => a - b));
      }),
      { numRuns: 100 },
    );
  });
});

test('T5: a pending split holds the watermark back and raises nothing: where none has given anything new it stays, in whatever order they turn out to be idle', async () => {
  const before = new OperatorRun(options());
  for (const item of [split('a', 'active'), split('b', 'active'), rows('a', [90]), rows('b', [30])]) await before.feed(item);
  const snapshot = await before.barrier(testBarrier(1));
  expect(before.watermarks).toEqual([20]);
  const after = async (...items: FedItem[]): Promise<readonly number[]> => {
    const run = new OperatorRun(options());
    for (const [name, { value }] of snapshot.splits) run.operator.restoreSplit?.(name, unpackValue(value!));
    for (const item of [split('a', 'pending'), split('b', 'pending'), ...items]) await run.feed(item);
    return run.watermarks;
  };
  expect([await after(split('b', 'idle'), split('a', 'idle')), await after(split('a', 'idle'), split('b', 'idle'))]).toEqual([
    [],
    [],
  ]);
  // One that has something is waited for, and waits for the others until they are idle.
  expect(await after(split('a', 'active'), rows('a', [200], 1), split('b', 'idle'))).toEqual([20, 190]);
});
