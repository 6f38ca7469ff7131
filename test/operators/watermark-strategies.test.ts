// Watermarks that follow from something else than a delay.
import { describe, expect, test } from 'vitest';
import { watermarkOperator } from '../../src/operators/index.ts';
import type { WatermarkNode } from '../../src/plan/index.ts';
import { openMemoryStores } from '../../src/state/index.ts';
import { type FedItem, OperatorRun, testBarrier } from '../../src/testing/operator-run.ts';
import { verifyOperator } from '../../src/testing/verify-operator.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { eventBatch, split, watermarkNode } from './operator-fixture.ts';

const rows = (name: string, times: readonly number[], first = 0): FedItem => ({
  kind: 'rows',
  batch: eventBatch(times.map((at) => ({ key: name, at }))).withSystem({ origin: { split: name, first } }),
});
const said = (name: string, watermark: number): FedItem => ({
  kind: 'split',
  event: { split: name, state: 'active', watermark },
});
const options = (strategy: NonNullable<WatermarkNode['strategy']>) => ({
  make: () => watermarkOperator({ ...watermarkNode(0), strategy }),
  blobs: openMemoryStores().blobs,
  clock: new VirtualClock(),
});
/** Behind the second latest of all times. */
const second = {
  create: () => ({ first: -Infinity, second: -Infinity }),
  advance: ((state: { first: number; second: number }, at: number) => {
    if (at === 13) throw new Error('not at 13');
    if (at > state.first) [state.first, state.second] = [at, state.first];
    else if (at > state.second) state.second = at;
    return state;
  }) as never,
  watermark: (({ second: of }: { second: number }) => of) as never,
};
const stampsOf = (result: { rows: readonly { stamp: number }[] }): number[] => result.rows.map(({ stamp }) => stamp);

describe('a strategy of one’s own', () => {
  test('V2: folds the times of each split, is in its snapshots, and the stamps are its watermarks before', async () => {
    const result = await verifyOperator({
      subject: () => ({ make: options(second).make }),
      stamps: true,
      barriersEverywhere: true,
      input: [split('a', 'active'), split('b', 'active'), rows('a', [50, 20]), rows('b', [7]), rows('a', [70, 60, 65], 2)],
    });
    expect(stampsOf(result)).toEqual([-Infinity, -Infinity, -Infinity, 20, 50, 60]);
  });

  test('V1: never falls, and goes on from a snapshot with all that it knew', async () => {
    const run = new OperatorRun(options(second));
    for (const item of [split('a', 'active'), rows('a', [50, 40, 90])]) await run.feed(item);
    expect(run.watermarks).toEqual([50]);
    const restored = await OperatorRun.restored(options(second), [await run.barrier(testBarrier(1))]);
    expect(restored.watermarks).toEqual([50]);
    await restored.feed(rows('a', [80], 3));
    expect(restored.watermarks).toEqual([50, 80]);
  });

  test('that throws, or gives no number, has the row set aside, and is where it was', async () => {
    const run = new OperatorRun(options(second));
    for (const item of [split('a', 'active'), rows('a', [5, 13, 6, 9])]) await run.feed(item);
    expect([run.emitted.length, run.dead.map(({ error }) => /not at 13/.test(error)), run.watermarks]).toEqual([3, [true], [6]]);
    const none = new OperatorRun(options({ ...second, watermark: () => Number.NaN }));
    for (const item of [split('a', 'active'), rows('a', [5])]) await none.feed(item);
    expect(none.dead[0]!.error).toMatch(/the watermark of a strategy is NaN/);
  });
});

test('a manual watermark is what the source says, whatever its rows do', async () => {
  const result = await verifyOperator({
    subject: () => ({ make: options('manual').make }),
    stamps: true,
    barriersEverywhere: true,
    input: [
      split('a', 'active'),
      rows('a', [500, 20]),
      said('a', 30),
      rows('a', [40, 900], 2),
      said('a', 10),
      rows('a', [41], 4),
    ],
  });
  expect(stampsOf(result)).toEqual([-Infinity, -Infinity, 30, 30, 30]);
  const run = new OperatorRun(options('manual'));
  for (const item of [split('a', 'active'), rows('a', [500]), said('a', 30), said('a', 10), said('a', 70)]) await run.feed(item);
  expect(run.watermarks).toEqual([30, 70]);
});

describe('the clock', () => {
  test('V1: at each barrier all splits have come to its time, after a restore too, and the end is the end', async () => {
    const run = new OperatorRun(options('clock'));
    for (const item of [split('a', 'active'), split('b', 'active'), rows('a', [0])]) await run.feed(item);
    await run.barrier({ ...testBarrier(1), time: 500 });
    await run.feed(rows('b', [500]));
    expect(run.watermarks).toEqual([500]);
    const restored = await OperatorRun.restored(options('clock'), [await run.barrier({ ...testBarrier(2), time: 700 })]);
    for (const item of [split('a', 'active'), split('b', 'active'), rows('a', [700], 1)]) await restored.feed(item);
    expect(restored.emitted.map(({ stamp }) => stamp)).toEqual([700]);
    await restored.feed(split('b', 'ended'));
    await restored.barrier({ ...testBarrier(3), time: 900 });
    await restored.feed(split('a', 'ended'));
    expect(restored.watermarks).toEqual([700, 900, Infinity]);
  });
});
