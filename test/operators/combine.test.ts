import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Batch, batchOf, type BatchSchema } from '../../src/batch/index.ts';
import { combineOperator } from '../../src/operators/combine/index.ts';
import type { Epoch } from '../../src/core/index.ts';
import { aggregateOperator } from '../../src/operators/index.ts';
import type { Operator, Output } from '../../src/operators/operator.ts';
import type { AggregateNode, AggregateSpec, CombineNode, Emission, LogicalNode, WindowSpec } from '../../src/plan/index.ts';
import { combined } from '../../src/plan/combine.ts';
import type { Barrier } from '../../src/progress/index.ts';
import type { TestItem } from '../../src/testing/operator-run.ts';
import { verifyOperator } from '../../src/testing/verify-operator.ts';
import {
  aggregateNode,
  barrier,
  type EventRow,
  field,
  number,
  rowsItem,
  schemaOf,
  sliding,
  sourceNode,
  text,
  tumbling,
  watermark,
  watermarkNode,
  windowType,
} from './operator-fixture.ts';

const append: Emission = { port: 'append', mode: 'append', everyMs: 0 };
const update: Emission = { port: 'update', mode: 'update', everyMs: 0 };

/** An aggregation, and its combiner in front of it. */
function together(node: AggregateNode, emissions: readonly Emission[]): Operator {
  const over = combined(node)!;
  if (over.input.kind !== 'combine') throw new Error('nothing is combined');
  let reached = -Infinity;
  const combine = combineOperator(over.input);
  const aggregate = aggregateOperator(over, emissions);
  const onward = (out: Output): Output => ({ ...out, emit: (parts) => void aggregate.process(parts, out, () => -Infinity) });
  return {
    open(context) {
      combine.open!(context);
      aggregate.open!(context);
    },
    process: (batch, out, advanceTo) => combine.process(batch, onward(out), advanceTo),
    onWatermark(at, out) {
      if (at > reached) combine.onWatermark!((reached = at), onward(out)); // asked again where the aggregation has more
      return aggregate.onWatermark!(at, out);
    },
    onBarrier(at, out) {
      combine.onBarrier!(at, onward(out));
      return aggregate.onBarrier!(at, out);
    },
    snapshot: () => aggregate.snapshot!(),
    restore: (parts) => aggregate.restore!(parts),
  };
}

/** A combiner, and the sizes of what it has emitted. */
function alone(node: AggregateNode) {
  const emitted: number[] = [];
  const out: Output = { emit: (parts) => void emitted.push(parts.length), watermark() {}, idle() {} };
  return { combine: combineOperator(combined(node)!.input as CombineNode), out, emitted };
}

const first: Barrier = { epoch: 1 as Epoch, time: 0, due: [] };

/** Rows of three keys, or of more, at times from `first` on. */
function batchOf100(first: number, keys = 3): Batch {
  const item = rowsItem(
    Array.from({ length: Math.max(100, keys) }, (_, i) => ({
      key: `${first} ${i % keys}`.slice(keys === 3 ? -1 : 0),
      at: first + (i % 100),
      value: i,
    })),
  );
  if (item.kind !== 'rows') throw new Error('no rows');
  return item.batch;
}

const specs: Readonly<Record<string, AggregateSpec>> = {
  count: { fn: 'count' },
  sum: { fn: 'sum', column: 'value' },
  mean: { fn: 'avg', column: 'value' },
  least: { fn: 'min', column: 'value' },
  most: { fn: 'max', column: 'value' },
};
const values = fc.oneof(
  fc.constant(null),
  fc.integer({ min: -5, max: 5 }),
  fc.constantFrom(0, -0, 0.1, 0.2, 1e16, -1e16, 1e300, Number.NaN, Infinity, -Infinity, 2 ** 970),
  fc.double(),
);
const rows = fc.array(
  fc.record({
    key: fc.constantFrom('a', 'b', 'c', ''),
    at: fc.integer({ min: -60, max: 60 }),
    value: values,
  }),
  { maxLength: 30 },
);
const inputs = fc.record({
  window: fc.constantFrom(undefined, tumbling(10), sliding(12, 4, 1), sliding(30, 10)),
  batches: fc.array(rows, { maxLength: 5 }),
  delay: fc.integer({ min: 0, max: 10 }),
  keys: fc.constantFrom(['key'], [], ['key', 'value'], ['value']),
});

/** Rows stamped with the latest time before them, less the delay; the watermark follows each batch. */
function itemsOf(batches: readonly (readonly EventRow[])[], delay: number) {
  let latest = -Infinity;
  let first = 0;
  return batches.flatMap((batch) => {
    const stamped = batch.map((each) => {
      const stamp = latest - delay;
      latest = Math.max(latest, each.at!);
      return { ...each, stamp };
    });
    const item = rowsItem(stamped, first);
    first += batch.length;
    return batch.length === 0 ? [] : [item, watermark(latest - delay), barrier()];
  });
}

const windowed: BatchSchema = schemaOf(field('key', text), field('of', windowType, true), field('value', number, true));
interface WindowedRow {
  readonly key: string;
  readonly of: { readonly start: number; readonly end: number } | null;
  readonly value: number | null;
}
const windowedRow: fc.Arbitrary<WindowedRow> = fc
  .tuple(fc.constantFrom('a', 'b'), fc.integer({ min: -4, max: 4 }), fc.constantFrom(5, 10, null), values)
  .map(([key, end, size, value]) => ({ key, of: size === null ? null : { start: end * 10 - size, end: end * 10 }, value }));
const windowedInputs = fc.record({
  window: fc.constantFrom(undefined, { ...tumbling(20), column: 'of' }, { ...sliding(30, 10), column: 'of' }),
  batches: fc.array(fc.array(windowedRow, { maxLength: 20 }), { maxLength: 5 }),
  delay: fc.integer({ min: 0, max: 20 }),
  keys: fc.constantFrom(['of'], ['of', 'key'], ['key', 'of'], ['key']),
});

/** As `itemsOf`. */
function windowedItems(batches: readonly (readonly WindowedRow[])[], delay: number) {
  let latest = -Infinity;
  let first = 0;
  return batches.flatMap((batch) => {
    const stamps = Float64Array.from(batch, ({ of }) => {
      const stamp = latest - delay;
      latest = Math.max(latest, (of?.end ?? -Infinity) - 1);
      return stamp;
    });
    const item = {
      kind: 'rows' as const,
      batch: batchOf(windowed, batch, { stamps, advances: true, origin: { split: 's', first } }),
      advances: true,
    };
    first += batch.length;
    return batch.length === 0 ? [] : [item, watermark(latest - delay), barrier()];
  });
}

interface Grouping {
  readonly input: LogicalNode;
  readonly keys: readonly string[];
  readonly window: WindowSpec | undefined;
}

/** The aggregation of the rows gives what that of their parts does, with the same rows late and set aside. */
async function holdEqual({ input, keys, window }: Grouping, emissions: readonly Emission[], items: readonly TestItem[]) {
  const aggregates = Object.fromEntries(Object.entries(specs).map(([name, spec]) => [name, { ...spec, type: number }]));
  const node = aggregateNode({ input, keys, aggregates, ...(window === undefined ? {} : { window }) });
  const whole = [...items, watermark(1000), barrier()];
  const seen = async (make: () => Operator): Promise<unknown> => {
    const { rows: all, late, dead } = await verifyOperator({ subject: () => ({ make }), input: whole });
    return { rows: all.filter(({ port }) => port !== 'late'), late, dead };
  };
  expect(await seen(() => together(node, emissions))).toEqual(await seen(() => aggregateOperator(node, emissions)));
}

describe('CO1, CO2, CO3: combined rows', () => {
  test('are what the rows would have been', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(inputs, ({ window, batches, delay, keys }) =>
        holdEqual(
          { input: watermarkNode(delay), keys, window },
          window === undefined ? [update] : [append, update],
          itemsOf(batches, delay),
        ),
      ),
      { numRuns: 90 },
    );
  });

  test('of windows are, too, as keys and in windows of windows', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(windowedInputs, ({ window, batches, delay, keys }) =>
        holdEqual(
          { input: watermarkNode(delay, sourceNode(windowed), 'of'), keys, window },
          [append, update],
          windowedItems(batches, delay),
        ),
      ),
      { numRuns: 60 },
    );
  });

  test('are fewer than the rows, of several batches too', () => {
    const { combine, out, emitted } = alone(aggregateNode({ aggregates: specs }));
    for (const from of [0, 100]) combine.process(batchOf100(from), out, () => 0);
    combine.onWatermark!(1e9, out); // nothing closes by it
    expect(emitted).toEqual([]);
    combine.onBarrier!(first, out);
    expect(emitted).toEqual([3]);
    combine.onBarrier!(first, out);
    expect(emitted).toEqual([3]);
  });

  test('go out before a watermark that closes a window, before others go on without them, and before there are too many (CO4)', () => {
    const { combine, out, emitted } = alone(aggregateNode({ aggregates: specs, window: tumbling(1000) }));
    const reach = (at: number): void => void combine.onWatermark!(at, out);
    reach(50);
    combine.process(batchOf100(0), out, () => 0);
    reach(999);
    expect(emitted).toEqual([]);
    reach(1000);
    expect(emitted).toEqual([3]);
    combine.process(batchOf100(3000), out, () => 0);
    reach(2000); // closes a window that no part is in
    expect(emitted).toEqual([3]);
    combine.process(batchOf100(2500), out, () => 0);
    reach(3000);
    expect(emitted).toEqual([3, 6]);
    emitted.length = 1;
    combine.process(batchOf100(4000), out, () => 0);
    combine.onIdle!(false, out);
    expect(emitted).toEqual([3]);
    combine.onIdle!(true, out);
    expect(emitted).toEqual([3, 3]);
    const distinct = rowsItem(Array.from({ length: 5000 }, (_, i) => ({ key: `other ${i}`, at: 4500, value: i })));
    if (distinct.kind === 'rows') for (let i = 0; i < 3; i++) combine.process(distinct.batch, out, () => 0);
    expect(emitted).toEqual([3, 3]); // the same keys again
    combine.process(batchOf100(5000, 5000), out, () => 0);
    combine.process(batchOf100(6000, 5000), out, () => 0);
    expect(emitted).toEqual([3, 3, 10_000]);
  });

  test('are not made for what cannot be combined', () => {
    expect(combined(aggregateNode({ aggregates: { all: { fn: 'collect', column: 'value' } } }))).toBeUndefined();
    expect(combined(aggregateNode({ aggregates: { sum: { fn: 'sum', column: 'key' } } }))).toBeUndefined();
  });
});
