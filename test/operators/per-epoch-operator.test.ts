import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { perEpochOperator } from '../../src/operators/index.ts';
import type { EpochEnd, PerEpochNode } from '../../src/plan/index.ts';
import { openMemoryStores } from '../../src/state/index.ts';
import { OperatorRun, testBarrier, type TestItem } from '../../src/testing/operator-run.ts';
import { verifyOperator } from '../../src/testing/verify-operator.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { barrier, eventBatch, field, number, perEpochNode, rowsItem, schemaOf, text, watermark } from './operator-fixture.ts';

interface Row {
  readonly key: string;
  readonly value: number;
}
type Epochs = readonly (readonly Row[])[];

const Summed = schemaOf(field('key', text, true), field('batch', number), field('n', number), field('total', number));

/** How many rows came, and the sum of all that ever came; a key is forgotten when its sum is a multiple of 7. */
const totals = (parts: Partial<PerEpochNode> = {}): PerEpochNode =>
  perEpochNode({
    schema: Summed,
    onEpoch: ((rows: readonly Row[], { key, state, batch }: EpochEnd) => {
      const total = rows.reduce((sum, { value }) => sum + value, (state as number | undefined) ?? 0);
      return { rows: [{ key, batch, n: rows.length, total }], ...(total % 7 === 0 ? {} : { state: total }) };
    }) as never,
    ...parts,
  });

/** The same, computed from all epochs at once. */
function plain(epochs: Epochs): object[] {
  const sums = new Map<string, number>();
  return epochs.flatMap((rows, i) => {
    const keys = new Set([...sums.keys(), ...rows.map(({ key }) => key)]);
    return [...keys].map((key) => {
      const came = rows.filter((row) => row.key === key);
      const total = came.reduce((sum, { value }) => sum + value, sums.get(key) ?? 0);
      if (total % 7 === 0) sums.delete(key);
      else sums.set(key, total);
      return { key, batch: i + 1, n: came.length, total };
    });
  });
}

const itemsOf = (epochs: Epochs): TestItem[] =>
  epochs.flatMap((rows) => [...(rows.length === 0 ? [] : [rowsItem(rows.map((row) => ({ ...row, at: 0 })))]), barrier()]);
const rowsIn = (epochs: Epochs, node: PerEpochNode) =>
  verifyOperator({ subject: () => ({ make: () => perEpochOperator(node) }), input: itemsOf(epochs) });

const drawn: fc.Arbitrary<Epochs> = fc.array(
  fc.array(fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd'), value: fc.integer({ min: 1, max: 9 }) }), { maxLength: 6 }),
  { maxLength: 6 },
);
const row = (key: string, value: number): Row => ({ key, value });

describe('rows that are taken epoch by epoch', () => {
  test('PE1: each row is in one batch, and each key with rows or state is called once for it, in the order in which keys came', async () => {
    await fc.assert(
      fc.asyncProperty(drawn, async (epochs) => {
        const { rows } = await rowsIn(epochs, totals());
        expect(rows.map((emitted) => emitted.row)).toEqual(plain(epochs));
      }),
      { numRuns: 60 },
    );
  });

  test('of all keys together each epoch is a batch, with the time of its barrier, an empty one too', async () => {
    const schema = schemaOf(field('time', number), field('values', number));
    const node = perEpochNode({
      schema,
      onEpoch: ((rows: readonly Row[], { key, time }: EpochEnd) => ({
        rows: [{ time, values: rows.reduce((digits, { value }) => digits * 10 + value, key === null ? 0 : Number.NaN) }],
      })) as never,
    });
    const { key: _key, ...together } = node;
    const { rows } = await rowsIn([[row('a', 1), row('b', 2), row('a', 3)], [], [row('c', 4)]], together);
    expect(rows.map((emitted) => emitted.row)).toEqual(
      [123, 0, 4].map((values, i) => ({ time: testBarrier(i + 1).time, values })),
    );
  });

  test('where rows are folded as they come, one is handed over for each key', async () => {
    const fold = ((a: Row, b: Row) => ({ ...a, value: a.value * 10 + b.value })) as never;
    const { rows } = await rowsIn([[row('a', 1), row('b', 2), row('a', 3)], [row('a', 4)]], totals({ fold }));
    expect(rows.map((emitted) => emitted.row)).toEqual([
      { key: 'a', batch: 1, n: 1, total: 13 },
      { key: 'b', batch: 1, n: 1, total: 2 },
      { key: 'a', batch: 2, n: 1, total: 17 },
      { key: 'b', batch: 2, n: 0, total: 2 },
    ]);
  });

  test('called at every second barrier it is called at that one, and at another if rows have come', async () => {
    const { rows } = await rowsIn([[], [row('a', 1)], [], [], [row('b', 2)], []], totals({ every: 2 }));
    expect(rows.map((emitted) => Object.values(emitted.row).slice(0, 2).join(' '))).toEqual([
      'a 2',
      'a 4',
      'a 5',
      'b 5',
      'a 6',
      'b 6',
    ]);
  });

  test('more rows than an outbox takes go out before the barrier, with the last watermark as their stamp', async () => {
    const node = perEpochNode({
      schema: schemaOf(field('n', number)),
      onEpoch: (() => ({ rows: Array.from({ length: 9000 }, (_, n) => ({ n })) })) as never,
    });
    const { rows } = await verifyOperator({
      subject: () => ({ make: () => perEpochOperator(node) }),
      input: [rowsItem([{ key: 'a', at: 1 }]), watermark(5), barrier(), rowsItem([{ key: 'a', at: 1 }]), barrier()],
      stamps: true,
    });
    expect(rows).toHaveLength(18_000);
    expect(new Set(rows.map(({ stamp }) => stamp))).toEqual(new Set([5]));
  });

  test('what a function does to its state in place is kept if it is given back, and what it does later is not', async () => {
    let leaked: number[] = [];
    const node = perEpochNode({
      schema: schemaOf(field('n', number)),
      onEpoch: ((rows: readonly Row[], { state }: EpochEnd) => {
        const all = (state as number[] | undefined) ?? [];
        leaked.push(-1);
        all.push(...rows.map(({ value }) => value));
        leaked = all;
        return { rows: [{ n: all.reduce((sum, n) => sum + n, 0) }], state: all };
      }) as never,
    });
    const { rows } = await rowsIn([[row('a', 1)], [row('a', 2)], []], node);
    expect(rows.map((emitted) => emitted.row)).toEqual([{ n: 1 }, { n: 3 }, { n: 3 }]);
  });

  test('a key whose state stays as it is, is in no later snapshot', async () => {
    const run = new OperatorRun({
      make: () => perEpochOperator(totals()),
      blobs: openMemoryStores().blobs,
      clock: new VirtualClock(),
    });
    await run.feed(rowsItem([{ key: 'a', at: 0, value: 1 }]));
    const first = await run.barrier(testBarrier(1));
    const second = await run.barrier(testBarrier(2));
    await run.feed(rowsItem([{ key: 'a', at: 0, value: 1 }]));
    const third = await run.barrier(testBarrier(3));
    const sizes = [first, second, third].map(({ chunks }) => chunks.length);
    expect([sizes[0]! > 0, sizes[1] === sizes[0], sizes[2]! > 0]).toEqual([true, true, true]);
    expect(third.chunks).not.toEqual(second.chunks);
    expect(second.chunks).toEqual(first.chunks);
  });
});

describe('a function that throws', () => {
  const touchy = totals({
    onEpoch: ((rows: readonly Row[], end: EpochEnd) => {
      if (rows.some(({ value }) => value < 0)) throw new RangeError('below zero');
      return totals().onEpoch(rows as never, end as never);
    }) as never,
  });
  const epochs: Epochs = [[row('a', 1), row('b', 2)], [row('a', -1), row('a', 5), row('b', 3)], [row('a', 1)]];

  test('fails the generation, in the words of its operator and key', async () => {
    const run = new OperatorRun({
      make: () => perEpochOperator(touchy),
      blobs: openMemoryStores().blobs,
      clock: new VirtualClock(),
    });
    await run.feed({ kind: 'rows', batch: eventBatch([{ key: 'a', at: 0, value: -1 }]) });
    await expect(run.barrier(testBarrier(1))).rejects.toMatchObject({
      code: 'E_CLOSURE',
      message: expect.stringMatching(/operator op .*key "a": below zero/),
    });
  });

  test('PE2: guarded, changes nothing, and the rows of its key are set aside', async () => {
    const { rows, dead } = await verifyOperator({
      subject: () => ({ make: () => perEpochOperator(touchy) }),
      input: itemsOf(epochs),
      guarded: true,
    });
    expect(rows.map((emitted) => emitted.row)).toEqual([
      { key: 'a', batch: 1, n: 1, total: 1 },
      { key: 'b', batch: 1, n: 1, total: 2 },
      { key: 'b', batch: 2, n: 1, total: 5 },
      { key: 'a', batch: 3, n: 1, total: 2 },
      { key: 'b', batch: 3, n: 0, total: 5 },
    ]);
    expect(dead.map(({ text: bytes }) => JSON.parse(bytes))).toMatchObject([
      { key: '"a"', batch: 2, rows: [{ value: -1 }, { value: 5 }] },
    ]);
  });

  test('PE2: while it folds, guarded, leaves out the row', async () => {
    const fold = ((a: Row, b: Row) => {
      if (b.value < 0) throw new RangeError('below zero');
      return { ...a, value: a.value + b.value };
    }) as never;
    const { rows, dead } = await verifyOperator({
      subject: () => ({ make: () => perEpochOperator(totals({ fold })) }),
      input: itemsOf([[row('a', 1), row('a', -1), row('a', 5)]]),
      guarded: true,
    });
    expect(rows.map((emitted) => emitted.row)).toEqual([{ key: 'a', batch: 1, n: 1, total: 6 }]);
    expect(dead.map(({ position }) => position)).toEqual(['s#1']);
  });

  test('that gives what is no row fails as if it had thrown', async () => {
    const node = totals({ onEpoch: (() => ({ rows: [7] })) as never });
    const run = new OperatorRun({
      make: () => perEpochOperator(node),
      blobs: openMemoryStores().blobs,
      clock: new VirtualClock(),
    });
    await run.feed({ kind: 'rows', batch: eventBatch([{ key: 'a', at: 0 }]) });
    await expect(run.barrier(testBarrier(1))).rejects.toMatchObject({
      code: 'E_CLOSURE',
      message: expect.stringMatching(/instead of a row/),
    });
  });
});
