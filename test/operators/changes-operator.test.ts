import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { batchOf, rowKind, takesBack } from '../../src/batch/index.ts';
import { changesOperator, upsertsOperator } from '../../src/operators/index.ts';
import type { ChangesNode, UpsertsNode } from '../../src/plan/index.ts';
import { openMemoryStores } from '../../src/state/index.ts';
import { type FedItem, OperatorRun, testBarrier, type TestItem } from '../../src/testing/operator-run.ts';
import { verifyOperator } from '../../src/testing/verify-operator.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { barrier, field, number, schemaOf, sourceNode, text, watermark } from './operator-fixture.ts';

const { insert, update, delete: gone, updateBefore: before } = rowKind;
const rows = schemaOf(field('key', text, true), field('value', number, true));
const told = schemaOf(field('key', text, true), field('op', text, true), field('value', number, true));
const changes: ChangesNode = {
  kind: 'changes',
  input: sourceNode(told),
  op: 'op',
  takesBack: { '+I': false, '+U': false, '-U': true, '-D': true },
  site: 'job.ts:9',
  schema: rows,
};

type Told = readonly [op: string | null, key: string | null, value: number | null];
/** In batches of which each has some rows, from one split. */
function item(first: number, ...of: readonly Told[]): FedItem {
  const batch = batchOf(
    told,
    of.map(([op, key, value]) => ({ key, op, value })),
    { origin: { split: 's', first } },
  );
  return { kind: 'rows', batch, advances: false };
}
const seen = (emitted: readonly { readonly kind: number; readonly row: object }[]) =>
  emitted.map(({ kind, row }) => [kind, ...Object.values(row)]);

/** What is left of rows that came and were taken back; one that was not there is an error. */
function leftOf(emitted: readonly { readonly kind: number; readonly row: object }[]): string[] {
  const there: string[] = [];
  for (const { kind, row } of emitted) {
    const shown = JSON.stringify(Object.values(row));
    if (!takesBack(kind)) there.push(shown);
    else if (there.includes(shown)) there.splice(there.indexOf(shown), 1);
    else throw new Error(`${shown} was not there`);
  }
  return there.sort();
}

interface Step {
  readonly key: string | null;
  readonly value: number | null;
  readonly takes: boolean;
  readonly which: number;
}
const steps = fc.array(
  fc.record({
    key: fc.constantFrom('a', 'b', null),
    value: fc.constantFrom(1, 2, null),
    takes: fc.boolean(),
    which: fc.nat(),
  }),
  { maxLength: 30 },
);
const withBarriers = (items: readonly FedItem[]): TestItem[] =>
  items.flatMap((each, i): TestItem[] => (i % 4 === 3 || i === items.length - 1 ? [each, barrier()] : [each]));

describe('rows that say what happens to them', () => {
  test('come and are taken back, once per epoch, and not at all if both', async () => {
    const result = await verifyOperator({
      subject: () => ({ make: () => changesOperator(changes) }),
      input: [
        item(0, ['+I', 'a', 1], ['+I', 'b', 2], ['-U', 'a', 1], ['+U', 'a', 3], ['+I', 'b', 2]),
        barrier(),
        watermark(5),
        item(5, ['-U', 'a', 3], ['+U', 'a', 3], ['+I', null, null], ['-D', 'b', 2]),
        barrier(),
        barrier(),
      ],
    });
    expect(seen(result.rows)).toEqual([
      [insert, 'b', 2],
      [insert, 'b', 2],
      [insert, 'a', 3],
      [gone, 'b', 2],
      [insert, null, null],
    ]);
  });

  test('CH1: what is left of them is what came, less what was taken back', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (drawn) => {
        const there: Step[] = [];
        const input = drawn.map((step, i) => {
          const taken = step.takes && there.length > 0 ? there.splice(step.which % there.length, 1)[0] : undefined;
          if (taken === undefined) there.push(step);
          const { key, value } = taken ?? step;
          return item(i, [taken === undefined ? (i % 2 === 0 ? '+I' : '+U') : i % 2 === 0 ? '-D' : '-U', key, value]);
        });
        const result = await verifyOperator({
          subject: () => ({ make: () => changesOperator(changes) }),
          input: withBarriers(input),
          anyOrder: true,
        });
        expect(leftOf(result.rows)).toEqual(there.map(({ key, value }) => JSON.stringify([key, value])).sort());
      }),
      { numRuns: 40 },
    );
  });

  test('one that says something else is set aside', async () => {
    const result = await verifyOperator({
      subject: () => ({ make: () => changesOperator(changes) }),
      input: [item(0, ['+I', 'a', 1], ['r', 'b', 2], [null, 'c', 3], ['toString', 'd', 4]), barrier()],
    });
    expect(seen(result.rows)).toEqual([[insert, 'a', 1]]);
    expect(result.dead.map(({ position, error }) => [position, error.replace(/^.*?: /, '')])).toEqual([
      ['s#1', `column 'op' holds "r", which says nothing of the row: it is none of +I, +U, -U, -D`],
      ['s#2', `column 'op' holds null, which says nothing of the row: it is none of +I, +U, -U, -D`],
      ['s#3', `column 'op' holds "toString", which says nothing of the row: it is none of +I, +U, -U, -D`],
    ]);
  });

  test('may say so in words of their own', async () => {
    const node = { ...changes, takesBack: { c: false, d: true } };
    const result = await verifyOperator({
      subject: () => ({ make: () => changesOperator(node) }),
      input: [item(0, ['c', 'a', 1], ['c', 'b', 2]), barrier(), item(2, ['d', 'a', 1]), barrier()],
    });
    expect(leftOf(result.rows)).toEqual(['["b",2]']);
  });
});

const upserts: UpsertsNode = {
  kind: 'upserts',
  input: sourceNode(told),
  keys: ['key'],
  deleted: 'gone',
  site: 'job.ts:9',
  schema: rows,
};
const marked = schemaOf(field('key', text, true), field('gone', { kind: 'bool' }, true), field('value', number, true));
type Upsert = readonly [key: string | null, value: number | null, deleted?: boolean | null];
function upsert(first: number, ...of: readonly Upsert[]): FedItem {
  const batch = batchOf(
    marked,
    of.map(([key, value, deleted = false]) => ({ key, value, gone: deleted })),
    { origin: { split: 's', first } },
  );
  return { kind: 'rows', batch, advances: false };
}

describe('the last row of each key', () => {
  test('takes the place of the one before, or takes it away', async () => {
    const result = await verifyOperator({
      subject: () => ({ make: () => upsertsOperator(upserts) }),
      input: [
        upsert(0, ['a', 1], ['b', 2], ['a', 3], ['c', 1], ['c', null, true], [null, 7, null]),
        barrier(),
        upsert(6, ['b', 5], ['a', 9], ['a', 3], ['x', null, true], [null, 7]),
        barrier(),
        upsert(11, ['a', null, true], ['b', null, true], ['b', 6]),
        barrier(),
        upsert(14, ['a', 3]),
        barrier(),
      ],
    });
    expect(seen(result.rows)).toEqual([
      [insert, 'a', 3],
      [insert, 'b', 2],
      [insert, null, 7],
      [before, 'b', 2],
      [update, 'b', 5],
      [gone, 'a', 3],
      [before, 'b', 5],
      [update, 'b', 6],
      [insert, 'a', 3],
    ]);
  });

  test('UP1: is there, once, at any barrier', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (drawn) => {
        const last = new Map<string | null, number | null>();
        for (const { key, value, takes } of drawn) {
          if (takes) last.delete(key);
          else last.set(key, value);
        }
        const result = await verifyOperator({
          subject: () => ({ make: () => upsertsOperator(upserts) }),
          input: withBarriers(drawn.map(({ key, value, takes }, i) => upsert(i, [key, value, takes]))),
          anyOrder: true,
        });
        expect(leftOf(result.rows)).toEqual([...last].map((each) => JSON.stringify(each)).sort());
      }),
      { numRuns: 40 },
    );
  });

  test('keeps nothing of who is gone', async () => {
    const run = new OperatorRun({
      make: () => upsertsOperator(upserts),
      blobs: openMemoryStores().blobs,
      clock: new VirtualClock(),
    });
    await run.feed(upsert(0, ['a', 1], ['b', 2]));
    await run.barrier(testBarrier(1));
    await run.feed(upsert(2, ['a', 1, true]));
    await run.barrier(testBarrier(2));
    expect(run.stateRows).toBe(1);
  });

  test('is gone so long after the epoch in which one came for its key', async () => {
    const options = {
      make: () => upsertsOperator({ ...upserts, ttlMs: 1000 }),
      blobs: openMemoryStores().blobs,
      clock: new VirtualClock(),
    };
    const at = (epoch: number, time: number) => ({ ...testBarrier(epoch), time });
    const run = new OperatorRun(options);
    await run.barrier(at(1, 0));
    await run.feed(upsert(0, ['a', 1], ['b', 2]));
    await run.barrier(at(2, 5000));
    expect(seen(run.emitted)).toEqual([
      [insert, 'a', 1],
      [insert, 'b', 2],
    ]);
    await run.feed(upsert(2, ['b', 2]));
    await run.barrier(at(3, 5999));
    const snapshot = await run.barrier(at(4, 6000));
    expect(seen(run.emitted).slice(2)).toEqual([[gone, 'a', 1]]);
    const restored = await OperatorRun.restored(options, [snapshot]);
    await restored.barrier(at(5, 6998));
    expect(seen(restored.emitted)).toEqual([]);
    await restored.barrier(at(6, 6999));
    expect(seen(restored.emitted)).toEqual([[gone, 'b', 2]]);
    expect(restored.stateRows).toBe(0);
  });
});
