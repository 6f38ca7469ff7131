import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { batchOf, ByteReader, ByteWriter, type DataType, keyOfOne } from '../../src/batch/index.ts';
import { Accumulators } from '../../src/operators/accumulators.ts';
import { type Aggregate, aggregateOf } from '../../src/operators/aggregates/index.ts';
import type { Cell } from '../../src/operators/cell.ts';
import { compareValues } from '../../src/operators/aggregates/extremum.ts';
import { aggregateOperator } from '../../src/operators/index.ts';
import type { AggregateSpec, CustomAggregate, Emission } from '../../src/plan/index.ts';
import { openMemoryStores } from '../../src/state/index.ts';
import { OperatorRun } from '../../src/testing/operator-run.ts';
import { verifyOperator } from '../../src/testing/verify-operator.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import {
  aggregateNode,
  barrier,
  events,
  field,
  number,
  rowsItem,
  schemaOf,
  sliding,
  sourceNode,
  text,
  watermark,
} from './operator-fixture.ts';

const any: DataType = { kind: 'any' };
const append: Emission = { port: 'append', mode: 'append', everyMs: 0 };
const update: Emission = { port: 'update', mode: 'update', everyMs: 0 };

/** Through its bytes, as a restore would. */
function reborn(aggregate: Aggregate, acc: unknown): unknown {
  const out = new ByteWriter();
  aggregate.write(out, acc);
  return aggregate.read(new ByteReader(out.finish()));
}

/** The result of values that were cut into parts, each accumulated, saved and restored, then merged. */
function inParts(aggregate: Aggregate, values: readonly unknown[], cuts: readonly number[]): unknown {
  const bounds = [0, ...[...cuts].sort((a, b) => a - b), values.length];
  const parts = bounds.slice(1).map((to, p) => {
    let acc = aggregate.create();
    for (let i = bounds[p]!; i < to; i++) acc = aggregate.accumulate(i % 3 === 0 ? reborn(aggregate, acc) : acc, values[i], i);
    return acc;
  });
  return aggregate.result(parts.reduce((a, b) => aggregate.merge(a, b)));
}

/** Aggregates side by side over values, of two groups in turn: the bytes of both cells, accumulated in slots by row as an aggregation does, and without. */
function inSlots(specs: readonly AggregateSpec[], values: readonly unknown[]) {
  const accumulators = new Accumulators(specs.map((spec) => aggregateOf(spec, events)));
  const slots = accumulators.slots!;
  const cells = [0, 1].map(() => {
    const view = new DataView(new ArrayBuffer(slots.bytes + 8));
    new Uint8Array(view.buffer).set(accumulators.emptySlots(), 4);
    return {
      heap: accumulators.newCell(0),
      place: { view, at: 4, isNew: false },
      outgrown: undefined as Cell | undefined,
      unfit: 0,
    };
  });
  values.forEach((value, i) => {
    const cell = cells[i % 2]!;
    const row = specs.map(() => value);
    accumulators.accumulate(cell.heap, row, i);
    const done = cell.outgrown === undefined ? accumulators.accumulateIn(cell.place, row, i) : 0;
    if (done === true) return;
    cell.unfit++;
    const all = cell.outgrown ?? slots.read(cell.place.view, 4);
    accumulators.accumulate(all, row, i, done);
    cell.outgrown = slots.write(cell.place.view, 4, all) ? undefined : all;
  });
  const bytesOf = (cell: Cell): Uint8Array => {
    const out = new ByteWriter();
    accumulators.codec.write(out, cell);
    return out.finish();
  };
  const read = cells.map(({ outgrown, place }) => outgrown ?? slots.read(place.view, 4));
  return { slots: read.map(bytesOf), heap: cells.map(({ heap }) => bytesOf(heap)), unfit: cells.map(({ unfit }) => unfit) };
}

const numbers = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.constantFrom(null, 0, -0, Number.NaN, Infinity, -Infinity, 0.1, 1e308, -1e308),
);
const shuffledWithCuts = fc.array(numbers, { maxLength: 20 }).chain((values) =>
  fc.record({
    values: fc.constant(values),
    shuffled: fc.shuffledSubarray(values, { minLength: values.length, maxLength: values.length }),
    cuts: fc.array(fc.nat(values.length), { maxLength: 4 }),
  }),
);

describe('aggregates', () => {
  test('are in slots what they are without, also where a sum outgrows them', () => {
    const fns = ['count', 'sum', 'avg', 'min', 'max', 'first', 'last'] as const;
    const values = fc.oneof(
      fc.array(numbers, { maxLength: 30 }),
      fc.array(fc.double({ noNaN: true, min: -1000, max: 1000 }), { maxLength: 30 }),
      fc.array(
        fc.oneof(
          { weight: 12, arbitrary: fc.constantFrom(0.1, 0.7, 1000.3) },
          { weight: 1, arbitrary: fc.constantFrom(Infinity, -Infinity, Number.NaN, 1e300) },
        ),
        { minLength: 10, maxLength: 40 },
      ),
      fc.array(fc.integer({ min: -5, max: 5 }), { maxLength: 30 }),
    );
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...fns), { minLength: 1, maxLength: 4 }), values, (chosen, rows) => {
        const { slots, heap } = inSlots(
          chosen.map((fn) => ({ fn, column: 'value' })),
          rows,
        );
        expect(slots).toEqual(heap);
      }),
      { numRuns: 500 },
    );
    const hasSlots = (fn: AggregateSpec['fn'], column: string): boolean => aggregateOf({ fn, column }, events).slot !== undefined;
    expect(fns.map((fn) => hasSlots(fn, 'value'))).toEqual(fns.map(() => true));
    expect((['min', 'last', 'countDistinct', 'collect'] as const).map((fn) => hasSlots(fn, 'key'))).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });

  test.each([Infinity, -Infinity, Number.NaN, 1e300])('stay in slots though another sum outgrew them by %s', (value) => {
    const { unfit } = inSlots([{ fn: 'sum', column: 'value' }], [0.1, 0.1, 0.7, 0.7, 1000.3, 1000.3, value, 0.1]);
    expect(unfit).toEqual([1, 0]);
  });

  test.each(['count', 'sum', 'avg', 'min', 'max', 'countDistinct', 'approxCountDistinct'] as const)(
    '%s does not depend on the order of rows, nor on how they were grouped, saved and merged',
    (fn) => {
      const aggregate = aggregateOf({ fn, column: 'value' }, events);
      fc.assert(
        fc.property(shuffledWithCuts, ({ values, shuffled, cuts }) => {
          expect(inParts(aggregate, shuffled, cuts)).toEqual(inParts(aggregate, values, []));
        }),
        { numRuns: 100 },
      );
    },
  );

  test('collect keeps the order of arrival, and leaves nulls out', () => {
    const aggregate = aggregateOf({ fn: 'collect', column: 'value' }, events);
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.integer(), fc.constant(null)), { maxLength: 20 }),
        fc.array(fc.nat(1), { minLength: 20, maxLength: 20 }),
        (values, sides) => {
          const accs = [aggregate.create(), aggregate.create()];
          values.forEach((value, i) => (accs[sides[i]!] = aggregate.accumulate(accs[sides[i]!], value, i)));
          expect(aggregate.result(reborn(aggregate, aggregate.merge(accs[0], accs[1])))).toEqual(
            values.filter((value) => value !== null),
          );
        },
      ),
      { numRuns: 50 },
    );
  });

  test('first and last go by arrival, and leave nulls out, however rows were grouped', () => {
    fc.assert(
      fc.property(
        fc.array(numbers, { maxLength: 20 }),
        fc.array(fc.nat(1), { minLength: 20, maxLength: 20 }),
        (values, sides) => {
          const there = values.filter((value) => value !== null);
          for (const [fn, expected] of [['first', there[0]] as const, ['last', there.at(-1)] as const]) {
            const aggregate = aggregateOf({ fn, column: 'value' }, events);
            const accs = [aggregate.create(), aggregate.create()];
            values.forEach((value, i) => (accs[sides[i]!] = aggregate.accumulate(accs[sides[i]!], value, i)));
            expect(aggregate.result(reborn(aggregate, aggregate.merge(accs[0], accs[1])))).toEqual(expected ?? null);
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  test('countDistinct counts values that are different as keys, approxCountDistinct about as many', () => {
    const counted = (fn: AggregateSpec['fn'], values: readonly unknown[]): number => {
      const aggregate = aggregateOf({ fn, column: 'value' }, events);
      // As bytes half of the time, so that what comes later meets what was saved.
      const acc = values.reduce((before, value, i) => {
        const after = aggregate.accumulate(before, value, i);
        return i % 2 === 0 && values.length < 100 ? reborn(aggregate, after) : after;
      }, aggregate.create());
      return aggregate.result(acc) as number;
    };
    expect(counted('countDistinct', [0, -0, Number.NaN, Number.NaN, null, 1, 1])).toBe(3);
    const mixed = [1, '1', true, 'true', [1], ['1'], new Uint8Array([1]), 0.1, 1e300, keyOfOne(1), keyOfOne([1])];
    expect(counted('countDistinct', [...mixed, ...mixed.toReversed()])).toBe(mixed.length);
    for (const distinct of [1, 50, 255, 256, 300, 4000, 12_000, 100_000]) {
      const values = Array.from({ length: distinct }, (_, i) => i * 7919);
      const about = counted('approxCountDistinct', [...values, ...values.slice(0, 100)]);
      // Three standard errors of 1.6 %; of few values it is nearly exact.
      expect(Math.abs(about - distinct)).toBeLessThanOrEqual(Math.max(1, distinct * 0.05));
    }
  });

  test('without a value sum, avg, min and max are null; NaN is larger than any number, -0 less than 0', () => {
    const result = (fn: AggregateSpec['fn'], values: readonly unknown[], type: DataType = number) =>
      inParts(aggregateOf({ fn, column: 'v' }, schemaOf(field('v', type, true))), values, []);
    for (const fn of ['sum', 'avg', 'min', 'max'] as const) expect(result(fn, [null, null])).toBeNull();
    expect(result('count', [null, null])).toBe(2);
    expect(result('max', [1, Number.NaN, Infinity])).toBeNaN();
    expect(result('min', [1, Number.NaN])).toBe(1);
    expect(result('min', [0, -0])).toBe(-0);
    expect(result('max', [-0, 0])).toBe(0);
    expect(result('min', ['b', 'B', 'a'], text)).toBe('B');
    expect(result('sum', [0.1, 0.2, 0.3])).toBe(0.6);
    expect(result('avg', [1e308, 1e308, null])).toBe(1e308);
  });

  test('min and max have a total order over mixed values', () => {
    const mixed = fc.oneof(
      fc.double(),
      fc.string(),
      fc.boolean(),
      fc.array(fc.integer(), { maxLength: 2 }),
      fc.record({ start: fc.integer(), end: fc.integer() }),
    );
    fc.assert(
      fc.property(mixed, mixed, mixed, (a, b, c) => {
        expect(Math.sign(compareValues(a, b)) + Math.sign(compareValues(b, a))).toBe(0);
        if (compareValues(a, b) <= 0 && compareValues(b, c) <= 0) expect(compareValues(a, c)).toBeLessThanOrEqual(0);
      }),
      { numRuns: 200 },
    );
  });

  test('a value that an aggregate cannot take sets its row aside; no other aggregate has counted it', async () => {
    const input = sourceNode(schemaOf(field('key', text), field('v', any, true)));
    const node = aggregateNode({ input, aggregates: { n: { fn: 'count' }, sum: { fn: 'sum', column: 'v' } } });
    const batch = (values: unknown[]) => ({
      kind: 'rows' as const,
      batch: batchOf(
        input.schema,
        values.map((v) => ({ key: 'a', v })),
        { origin: { split: 's', first: 0 } },
      ),
    });
    const result = await verifyOperator({
      subject: () => ({ make: () => aggregateOperator(node, [update]) }),
      input: [batch([1, 'two', 3]), barrier()],
      output: { update: [{ key: 'a', n: 2, sum: 4 }] },
    });
    expect(result.dead).toMatchObject([
      { position: 's#1', error: "operator op (job.ts:4), record s#1: sum('v') takes numbers, and there is a string" },
    ]);
  });
});

describe('cells in slots', () => {
  const input = sourceNode(schemaOf(field('key', text), field('v', number), field('wanted', { kind: 'bool' })));
  const aggregates = {
    n: { fn: 'count' },
    wanted: { fn: 'count', where: 'wanted' },
    sum: { fn: 'sum', column: 'v' },
    last: { fn: 'last', column: 'v', where: 'wanted' },
  } as const;
  const parts = [1e100, 1, 1e60, 2, 1e30, 3, 1e-30, Infinity, -1e100, 4];
  const rowsOf = (from: number, to: number) => ({
    kind: 'rows' as const,
    batch: batchOf(input.schema, parts.map((v, i) => ({ key: i % 2 === 0 ? 'a' : 'b', v, wanted: i % 4 < 2 })).slice(from, to), {
      origin: { split: 's', first: from },
    }),
  });

  test('give what they are, though a sum outgrows them, at each barrier', async () => {
    await verifyOperator({
      subject: () => ({ make: () => aggregateOperator(aggregateNode({ input, aggregates }), [update]) }),
      input: [rowsOf(0, 5), barrier(), rowsOf(5, 10), barrier()],
      output: {
        update: [
          { key: 'a', n: 3, wanted: 2, sum: 1e100, last: 1e30 },
          { key: 'b', n: 2, wanted: 1, sum: 3, last: 1 },
          { key: 'a', n: 5, wanted: 3, sum: 1e60, last: -1e100 },
          { key: 'b', n: 5, wanted: 3, sum: Infinity, last: 4 },
        ],
      },
    });
  });
});

describe("an aggregate of one's own", () => {
  /** Changes and keeps whatever it can lay hands on. */
  const greedy: CustomAggregate = {
    state: field('acc', any),
    create: () => ({ list: [] }),
    accumulate: ((acc: { list: number[] }, value: number) => {
      acc.list.push(value);
      return acc;
    }) as never,
    merge: ((a: { list: number[] }, b: { list: number[] }) => {
      a.list.push(...b.list);
      b.list.length = 0;
      return a;
    }) as never,
    result: ((acc: { list: number[] }) => {
      acc.list.push(-1);
      return acc.list;
    }) as never,
  };
  const spec = (custom: CustomAggregate) => ({ list: { fn: 'custom' as const, column: 'value', custom, type: any } });
  const make =
    (custom: CustomAggregate, ...emissions: Emission[]) =>
    () =>
      aggregateOperator(aggregateNode({ window: sliding(20, 10), aggregates: spec(custom) }), emissions);

  test('may change what it is given: accumulators of other windows, snapshots and emitted rows are not the same objects', async () => {
    await verifyOperator({
      subject: () => ({ make: make(greedy, append, update) }),
      input: [
        rowsItem([
          { key: 'a', at: 5, value: 1 },
          { key: 'a', at: 15, value: 2 },
        ]),
        barrier(),
        watermark(10),
        barrier(),
        watermark(20),
        rowsItem([{ key: 'a', at: 16, value: 3, stamp: 20 }], 2),
        watermark(Infinity),
      ],
      output: {
        append: [
          [-10, 10, [1, -1]],
          [0, 20, [1, 2, -1]],
          [10, 30, [2, 3, -1]],
        ].map(([start, end, list]) => ({ window: { start, end }, key: 'a', list })),
        update: [
          [-10, 10, [1, -1]],
          [0, 20, [1, 2, -1]],
          [10, 30, [2, -1]],
          [10, 30, [2, 3, -1]],
        ].map(([start, end, list]) => ({ window: { start, end }, key: 'a', list })),
      },
    });
  });

  const failing: CustomAggregate = {
    ...greedy,
    accumulate: ((acc: { list: number[] }, value: number) => {
      acc.list.push(value);
      if (value === 5) throw new Error('five');
      return acc;
    }) as never,
  };

  test('one that throws fails the generation with E_CLOSURE', async () => {
    const run = new OperatorRun({ make: make(failing, append), blobs: openMemoryStores().blobs, clock: new VirtualClock() });
    await expect(run.feed(rowsItem([{ key: 'a', at: 1, value: 5 }]))).rejects.toMatchObject({
      code: 'E_CLOSURE',
      operator: 'op',
      message: expect.stringMatching(/aggregates\.test\.ts:\d+\), record s#0, key "a": five$/),
    });
  });

  test("guarded, the row is set aside and its key's accumulators are as before", async () => {
    const result = await verifyOperator({
      subject: () => ({ make: make(failing, append) }),
      guarded: true,
      barriersEverywhere: true,
      input: [
        rowsItem([
          { key: 'b', at: 1, value: 5 },
          { key: 'a', at: 1, value: 1 },
          { key: 'a', at: 2, value: 5 },
          { key: 'a', at: 3, value: 2 },
        ]),
        watermark(10),
      ],
      output: { append: [{ window: { start: -10, end: 10 }, key: 'a', list: [1, 2, -1] }] },
    });
    expect(result.dead.map(({ position }) => position)).toEqual(['s#0', 's#2']);
  });
});
