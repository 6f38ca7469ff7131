/** State that is forgotten in event time. */
import { describe, expect, test } from 'vitest';
import { processOperator } from '../../src/operators/index.ts';
import type { ProcessNode, StateDeclaration } from '../../src/plan/index.ts';
import { openMemoryStores } from '../../src/state/index.ts';
import { OperatorRun, testBarrier } from '../../src/testing/operator-run.ts';
import { verifyOperator } from '../../src/testing/verify-operator.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { type EventRow, field, number, processNode, rowsItem, schemaOf, text, watermark } from './operator-fixture.ts';

interface Handles {
  readonly one: { get(): unknown; set(n: number): void; clear(): void };
  readonly map: Iterable<unknown> & { set(key: number, n: number): void; readonly size: number };
  readonly list: Iterable<unknown> & { push(n: number): void; readonly length: number };
}
interface Context {
  readonly key: string;
  readonly state: Handles;
  emit(row: object): void;
  setTimer(at: number): void;
}

const n = field('n', number);
const lasting = { ttlMs: 100, ttlTime: 'event' } as const;
const state: Readonly<Record<string, StateDeclaration>> = {
  one: { kind: 'value', value: n, ...lasting },
  map: { kind: 'map', key: field('k', number), value: n, ...lasting },
  list: { kind: 'list', value: n, ...lasting },
};
const said = ({ one, map, list }: Handles): string =>
  `${String(one.get())} ${JSON.stringify([...map])} ${JSON.stringify([...list])}`;
/** Says what there is, then writes the row's value, if it has one. */
const node = (more: Partial<ProcessNode> = {}): ProcessNode =>
  processNode({
    schema: schemaOf(field('key', text), field('what', text)),
    timeColumns: ['at'],
    state,
    onRow: (({ value }: { value: number }, { key, state: of, emit }: Context) => {
      emit({ key, what: said(of) });
      if (value === 0) return;
      of.one.set(value);
      of.map.set(value, value);
      of.list.push(value);
    }) as never,
    ...more,
  });
const row = (key: string, at: number, stamp: number, value = 0): EventRow => ({ key, at, stamp, value });
const none = Number.NEGATIVE_INFINITY;
const verified = async (of: ProcessNode, input: Parameters<typeof verifyOperator>[0]['input']): Promise<string[]> => {
  const { rows } = await verifyOperator({
    subject: () => ({ make: () => processOperator(of) }),
    barriersEverywhere: true,
    input,
  });
  return rows.map((each) => (each.row as { what: string }).what);
};
const nothing = 'undefined [] []';

describe('state with a time to live in event time', () => {
  test("is there until the row's own watermark has passed the time of the row that wrote, and the time to live", async () => {
    expect(
      await verified(node(), [
        rowsItem([row('a', 1000, none, 1), row('a', 1050, 990), row('a', 1300, 1099)]),
        watermark(1099),
        rowsItem([row('a', 1301, 1100)]),
      ]),
    ).toEqual([nothing, '1 [[1,1]] [1]', '1 [[1,1]] [1]', nothing]);
  });

  test('does not depend on how far others have come: where they are behind, the row alone says what is over', async () => {
    const rows = [row('a', 1000, none, 1), row('a', 1300, 1100)];
    for (const behind of [none, 0, 999])
      expect(await verified(node(), [rowsItem(rows.slice(0, 1)), watermark(behind), rowsItem(rows.slice(1))])).toEqual([
        nothing,
        nothing,
      ]);
  });

  test('is by itself, each entry of a map and each value of a list', async () => {
    expect(
      await verified(node(), [
        rowsItem([row('a', 1000, none, 1), row('a', 1040, 990, 2), row('a', 1041, 1050, 1), row('a', 1300, 1100)]),
        rowsItem([row('a', 1301, 1140), row('a', 1302, 1150)]),
      ]),
    ).toEqual([nothing, '1 [[1,1]] [1]', '2 [[1,1],[2,2]] [1,2]', '1 [[1,1],[2,2]] [2,1]', '1 [[1,1]] [1]', nothing]);
  });

  test('of a late row lasts from its own watermark on, and a row that is out of order takes nothing away', async () => {
    expect(await verified(node(), [rowsItem([row('a', 5, 1000, 1), row('a', 6, 1099), row('a', 7, 1100)])])).toEqual([
      nothing,
      '1 [[1,1]] [1]',
      nothing,
    ]);
    const value = node({
      state: { one: state['one']! },
      onRow: (({ value: next }: { value: number }, { key, state: of, emit }: Context) => {
        emit({ key, what: String(of.one.get()) });
        if (next > 0) of.one.set(next);
      }) as never,
    });
    const rows = [row('a', 2000, none, 1), row('a', 1950, 1900, 2), row('a', 2300, 2099), row('a', 2301, 2100)];
    expect(await verified(value, [rowsItem(rows)])).toEqual(['undefined', '1', '2', 'undefined']);
  });

  test('is for a timer what it was at its time, also at the end of the input', async () => {
    const timed = node({
      onRow: (({ at, value }: { at: number; value: number }, { state: of, setTimer }: Context) => {
        of.one.set(value);
        for (const after of [99, 100]) setTimer(at + after);
      }) as never,
      onTimer: ((_: number, { key, state: of, emit }: Context) => emit({ key, what: String(of.one.get()) })) as never,
    });
    const rows = [row('a', 1000, none, 1), row('b', 2000, none, 2)];
    for (const at of [5000, Number.POSITIVE_INFINITY])
      expect(await verified(timed, [rowsItem(rows), watermark(at)])).toEqual(['1', 'undefined', '2', 'undefined']);
  });

  test('is cleared away once the watermark has passed it, though no row comes', async () => {
    const run = new OperatorRun({
      make: () => processOperator(node()),
      blobs: openMemoryStores().blobs,
      clock: new VirtualClock(0),
    });
    await run.feed(rowsItem(Array.from({ length: 500 }, (_, i) => row(`key ${i}`, 1000, none, 1))));
    const left: number[] = [];
    for (const [epoch, at] of [1000, 1099, 1100].entries()) {
      await run.feed(watermark(at));
      await run.barrier(testBarrier(epoch + 1));
      left.push(run.stateRows);
    }
    expect(left).toEqual([1500, 1500, 0]);
  });
});
