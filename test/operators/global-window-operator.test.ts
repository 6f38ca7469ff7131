import { describe, expect, test } from 'vitest';
import { rowKind } from '../../src/batch/index.ts';
import { globalWindowOperator } from '../../src/operators/index.ts';
import type { Emission } from '../../src/plan/index.ts';
import { openMemoryStores } from '../../src/state/index.ts';
import { OperatorRun, testBarrier } from '../../src/testing/operator-run.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { verifyOperator } from '../../src/testing/verify-operator.ts';
import {
  aggregateNode,
  type AggregateOptions,
  barrier,
  clock,
  number,
  rowsItem,
  type TriggerFunctions,
  triggerSpec,
  watermark,
} from './operator-fixture.ts';

const append: Emission = { port: 'append', mode: 'append', everyMs: 0 };
const update: Emission = { port: 'update', mode: 'update', everyMs: 0 };
const seldom: Emission = { port: 'seldom', mode: 'update', everyMs: 2000 };
const complete: Emission = { port: 'complete', mode: 'complete', everyMs: 0 };
const retract: Emission = { port: 'retract', mode: 'retract', everyMs: 0 };
const all: AggregateOptions['aggregates'] = {
  all: { fn: 'collect', column: 'value', type: { kind: 'list', of: { type: number, nullable: true } } },
};
const make =
  (functions: TriggerFunctions, emissions: readonly Emission[], keeps = false, aggregates = all) =>
  () =>
    globalWindowOperator(aggregateNode({ aggregates, trigger: triggerSpec(functions, keeps) }), emissions);
const subject =
  (...of: Parameters<typeof make>) =>
  () => ({ make: make(...of) });
const values = (key: string, ...of: (number | null)[]) => of.map((value) => ({ key, at: 0, value }));
const row = (key: string, ...of: number[]) => ({ key, all: of });
const runOf = (of: ReturnType<typeof make>, guarded = false) => ({
  make: of,
  blobs: openMemoryStores().blobs,
  clock: new VirtualClock(),
  guarded,
});

/** With each third row, or a negative one. */
const thirds: TriggerFunctions = {
  onRow({ value }, { state: { n } }) {
    const next = (n.get() ?? 0) + 1;
    n.set(next);
    return value! < 0 ? 'purge' : next === 3 ? 'emit-and-purge' : 'continue';
  },
};
/** Ten after the first row. */
const tenAfter: TriggerFunctions = {
  onRow({ at }, { state: { n }, setTimer }) {
    if (n.get() === undefined) setTimer(at + 10);
    n.set(1);
    return 'continue';
  },
  onTimer: () => 'emit-and-purge',
};
const evenValues: TriggerFunctions = { onRow: ({ value }) => (value! % 2 === 0 ? 'emit' : value! < 0 ? 'purge' : 'continue') };

describe('global windows that purge what goes out', () => {
  test('GW1: give each key its row when the trigger says so, at once, to all that want it; then all begins anew', async () => {
    const rows = [row('a', 1, 2, 3), row('b', 8, 9, 10), row('a', 4, 5, 6)];
    await verifyOperator({
      subject: subject(thirds, [append, update]),
      barriersEverywhere: true,
      input: [
        rowsItem([...values('a', 1, 2), ...values('b', 8), ...values('a', 3)]),
        watermark(5),
        rowsItem([...values('b', 9, 10), ...values('a', 4, 5, 6), ...values('a', 7)], 4),
      ],
      output: { append: rows, update: rows },
    });
  });

  test('GW2: of a key that was purged nothing is left', async () => {
    const run = new OperatorRun(runOf(make(thirds, [append])));
    await run.feed(rowsItem([...values('a', 1, 2, 3), ...values('b', 1, -1), ...values('c', 1, 2)]));
    // The window of c, and the state of its trigger.
    expect([run.emitted.map((each) => each.row), run.stateRows]).toEqual([[row('a', 1, 2, 3)], 2]);
    const timed = new OperatorRun(
      runOf(
        make({ ...tenAfter, onRow: (of, face) => (tenAfter.onRow(of, face), of.value === 9 ? 'purge' : 'continue') }, [append]),
      ),
    );
    await timed.feed(rowsItem(values('a', 1, 9)));
    expect(timed.stateRows).toBe(0);
    await timed.feed(rowsItem([{ key: 'a', at: 3, value: 2 }], 2));
    await timed.feed(watermark(12));
    expect(timed.emitted).toEqual([]);
    await timed.feed(watermark(13));
    expect(timed.emitted.map((each) => each.row)).toEqual([row('a', 2)]);
  });

  test('T6: before a row is taken, what is due for its key at its stamp happens; else as the watermark rises, by time', async () => {
    await verifyOperator({
      subject: subject(tenAfter, [append]),
      barriersEverywhere: true,
      stamps: true,
      input: [
        rowsItem([
          { key: 'a', at: 5, value: 1 },
          { key: 'b', at: 1, value: 2 },
          { key: 'a', at: 30, value: 3, stamp: 14 },
          { key: 'a', at: 30, value: 4, stamp: 15 },
        ]),
        watermark(40),
        watermark(Infinity),
      ],
      output: { append: [row('a', 1, 3), row('b', 2), row('a', 4)] },
    });
  });

  test('no row is late, and one without the time that the trigger asks for is set aside', async () => {
    const result = await verifyOperator({
      subject: subject(thirds, [append]),
      barriersEverywhere: true,
      input: [
        watermark(50),
        rowsItem([{ key: 'a', at: 3, value: 1, stamp: 50 }, { key: 'a', at: null, value: 2 }, ...values('a', 3, 4)]),
      ],
      output: { append: [row('a', 1, 3, 4)] },
    });
    expect([result.late, result.dead.map(({ error }) => error)]).toEqual([
      0,
      [expect.stringContaining("column 'at' holds null, which is no time")],
    ]);
  });

  test('fire by the clock, also what was set before a restore', async () => {
    const byTheClock: TriggerFunctions = {
      onRow({ value }, { now, setProcessingTimer }) {
        if (value === 1) setProcessingTimer(now + 100);
        return 'continue';
      },
      onProcessingTimer: () => 'emit-and-purge',
    };
    await verifyOperator({
      subject: subject(byTheClock, [append]),
      barriersEverywhere: true,
      input: [rowsItem(values('a', 1)), clock(60), rowsItem([...values('a', 2), ...values('b', 1)], 1), clock(60), clock(60)],
      output: { append: [row('a', 1, 2), row('b', 1)] },
    });
  });

  test("GW3: a row that an aggregate or the trigger throws on, guarded, changes nothing; nor does what is no trigger's word", async () => {
    const wary = {
      state: { name: 'acc', type: number, nullable: false },
      create: () => 0,
      accumulate: ((acc: number, value: number) => {
        if (value === 13) throw new Error('not this one');
        return acc + value;
      }) as never,
      merge: ((a: number, b: number) => a + b) as never,
      result: ((acc: number) => acc) as never,
    };
    const moody: TriggerFunctions = {
      onRow({ value }, { state: { n }, setTimer }) {
        n.set((n.get() ?? 0) + 1);
        setTimer(1000 + value!);
        if (value === 14) throw new Error('nor this');
        return value === 15 ? 'emit' : value === 16 ? 'fire' : n.get() === 3 ? 'emit-and-purge' : 'continue';
      },
      onTimer: () => 'continue',
    };
    const run = new OperatorRun(
      runOf(make(moody, [append], false, { sum: { fn: 'custom', column: 'value', custom: wary } }), true),
    );
    await run.feed(rowsItem(values('a', 13, 1, 14, 2, 15, 16, 4)));
    expect(run.emitted.map((each) => (each.row as { sum: number }).sum)).toEqual([7]);
    expect(run.dead.map(({ error }) => error.replace(/^.*?: /, ''))).toEqual([
      'not this one',
      'nor this',
      "a trigger whose results are final says 'emit-and-purge', not 'emit'",
      "a trigger says 'continue', 'emit', 'purge' or 'emit-and-purge', not 'fire'",
    ]);
    expect(run.stateRows).toBe(0);
  });

  test('a trigger that throws fails the generation, and names the key', async () => {
    const run = new OperatorRun(
      runOf(
        make(
          {
            onRow: () => {
              throw new Error('no');
            },
          },
          [append],
        ),
      ),
    );
    await expect(run.feed(rowsItem(values('a', 1)))).rejects.toThrow(/key "a": no/);
  });
});

describe('global windows that keep what goes out', () => {
  const input = [
    rowsItem([...values('a', 1, 2, 3), ...values('b', 4)]),
    barrier({ due: [2000] }),
    rowsItem([...values('a', 4), ...values('a', 5, 6)], 4),
    barrier(),
    rowsItem([...values('b', 5, -1), ...values('c', 7)], 7),
    barrier(),
    rowsItem(values('b', 8), 10),
    barrier({ due: [2000], last: 'end' }),
  ];
  const a = [row('a', 1, 2), row('a', 1, 2, 3, 4, 5, 6)];
  const b = [row('b', 4), row('b', 8)];

  test('give rows that change, once per epoch or seldom, and whole tables of what went out last', async () => {
    await verifyOperator({
      subject: subject(evenValues, [update, seldom, complete], true),
      input,
      output: {
        update: [a[0]!, b[0]!, a[1]!, b[1]!],
        seldom: [a[0]!, b[0]!, a[1]!, b[1]!],
        complete: [a[0]!, b[0]!, a[1]!, b[0]!, a[1]!, b[0]!, a[1]!, b[1]!],
      },
    });
  });

  test('take back what went out before, for who asks for that', async () => {
    const { rows } = await verifyOperator({
      subject: subject(evenValues, [retract], true),
      input,
      output: { retract: [a[0]!, b[0]!, a[0]!, a[1]!, b[0]!, b[1]!] },
    });
    const { insert, updateBefore, update: updateAfter } = rowKind;
    expect(rows.map(({ kind }) => kind)).toEqual([insert, insert, updateBefore, updateAfter, updateBefore, updateAfter]);
  });

  test('do not remember what has gone out everywhere, if nobody asks again', async () => {
    const run = new OperatorRun(runOf(make(evenValues, [update, seldom], true)));
    await run.feed(rowsItem(values('a', 2, -1)));
    expect(run.stateRows).toBe(1);
    await run.barrier(testBarrier(1));
    expect(run.stateRows).toBe(1);
    await run.barrier(testBarrier(2, [2000]));
    expect([run.stateRows, run.emitted.map(({ port }) => port)]).toEqual([0, ['update', 'seldom']]);
  });
});
