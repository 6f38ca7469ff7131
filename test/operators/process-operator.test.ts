import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { processOperator } from '../../src/operators/index.ts';
import type { ProcessNode } from '../../src/plan/index.ts';
import { openMemoryStores } from '../../src/state/index.ts';
import { type FedItem, OperatorRun } from '../../src/testing/operator-run.ts';
import { verifyOperator } from '../../src/testing/verify-operator.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { field, number, processNode, rowsItem, schemaOf, text, time, watermark } from './operator-fixture.ts';

/** What a process function is given, without its types. */
interface Context {
  readonly key: string;
  readonly state: Record<
    string,
    {
      get(key?: unknown): unknown;
      set(a: unknown, b?: unknown): void;
      clear(): void;
      has(key: unknown): boolean;
      delete(key: unknown): boolean;
      size: number;
    } & Iterable<readonly [unknown, unknown]>
  >;
  readonly watermark: number;
  emit(row: object): void;
  setTimer(at: number): void;
  deleteTimer(at: number): void;
}
interface Row {
  key: string;
  at: number;
  value: number;
}
type Parts = Partial<ProcessNode> & Pick<ProcessNode, 'schema'>;
const said = schemaOf(field('key', text), field('what', text), field('at', time));
const node = (
  onRow: (row: Row, context: Context) => void,
  onTimer?: (at: number, context: Context) => void,
  more: Partial<ProcessNode> = {},
): ProcessNode =>
  processNode({ schema: said, onRow, ...(onTimer === undefined ? {} : { onTimer }), ...more } as Parts &
    Pick<ProcessNode, 'onRow'>);
const subject = (each: ProcessNode) => () => ({ make: () => processOperator(each) });
const value = { kind: 'value' as const, value: field('n', number) };

describe('keyed processing', () => {
  const counting = node(
    (row, { key, state, emit }) => {
      const n = ((state['n']!.get() as number | undefined) ?? 0) + 1;
      state['n']!.set(n);
      emit({ key, what: `row ${n}`, at: row.at });
      if (n === 3) state['n']!.clear();
    },
    undefined,
    { state: { n: value } },
  );

  test('keeps a value per key', async () => {
    const rows = ['a', 'b', 'a', 'a', 'a', 'b'].map((key, at) => ({ key, at, value: 0 }));
    const whats = ['row 1', 'row 1', 'row 2', 'row 3', 'row 1', 'row 2'];
    await verifyOperator({
      subject: subject(counting),
      barriersEverywhere: true,
      input: [rowsItem(rows)],
      output: { main: rows.map(({ key, at }, i) => ({ key, what: whats[i], at })) },
    });
  });

  test('keeps a map per key, in the order in which its entries were made', async () => {
    const mapped = node(
      (row, { key, state, emit }) => {
        const map = state['m']!;
        if (row.value < 0) map.delete(String(-row.value));
        else
          map.set(String(row.value), {
            times: [...((map.get(String(row.value)) as { times: number[] } | undefined)?.times ?? []), row.at],
          });
        emit({ key, what: `${map.size} ${JSON.stringify([...map])} ${map.has('1')}`, at: row.at });
      },
      undefined,
      { state: { m: { kind: 'map', key: field('k', text), value: field('v', { kind: 'any' }) } } },
    );
    const rows = [
      [1, 10],
      [2, 11],
      [1, 12],
      [-1, 13],
      [-2, 14],
    ].map(([n, at]) => ({ key: 'a', at: at!, value: n! }));
    const whats = [
      '1 [["1",{"times":[10]}]] true',
      '2 [["1",{"times":[10]}],["2",{"times":[11]}]] true',
      '2 [["1",{"times":[10,12]}],["2",{"times":[11]}]] true',
      '1 [["2",{"times":[11]}]] false',
      '0 [] false',
    ];
    await verifyOperator({
      subject: subject(mapped),
      barriersEverywhere: true,
      input: [rowsItem(rows)],
      output: { main: rows.map(({ at }, i) => ({ key: 'a', what: whats[i], at })) },
    });
  });

  test('U3: what a user holds is not what is stored, and a value that does not fit is refused where it is set', async () => {
    const kept: { list: number[] } = { list: [] };
    const holding = node(
      (row, { key, state, emit }) => {
        const found = state['list']!.get() as { list: number[] } | undefined;
        emit({ key, what: JSON.stringify(found ?? null), at: row.at });
        found?.list.push(99);
        kept.list = [row.value];
        state['list']!.set(kept);
        kept.list.push(100);
        let refused = '';
        try {
          state['n']!.set('five');
        } catch (error) {
          refused = (error as { code: string }).code;
        }
        emit({ key, what: refused, at: row.at });
      },
      undefined,
      { state: { list: { kind: 'value', value: field('list', { kind: 'any' }) }, n: value } },
    );
    const input = [
      rowsItem([
        { key: 'a', at: 1, value: 1 },
        { key: 'a', at: 2, value: 2 },
      ]),
    ];
    const result = await verifyOperator({ subject: subject(holding), barriersEverywhere: true, input });
    expect(result.rows.map(({ row }) => (row as { what: string }).what)).toEqual(['null', 'E_VALUE', '{"list":[1]}', 'E_VALUE']);
  });

  test('emitted rows that do not fit fail the call', async () => {
    const run = new OperatorRun({
      make: () => processOperator(node((_row, { emit }) => emit({ key: 1 }))),
      blobs: openMemoryStores().blobs,
      clock: new VirtualClock(),
    });
    await expect(run.feed(rowsItem([{ key: 'a', at: 1, value: 1 }]))).rejects.toMatchObject({
      code: 'E_CLOSURE',
      operator: 'op',
    });
  });
});

describe('timers', () => {
  /** Says when a key has been silent for 10 ms. */
  const silence = node(
    (row, { key, state, emit, setTimer, deleteTimer, watermark: now }) => {
      const before = state['n']!.get() as number | undefined;
      if (before !== undefined) deleteTimer(before + 10);
      emit({ key, what: `at watermark ${now}`, at: row.at });
      state['n']!.set(row.at);
      setTimer(row.at + 10);
      setTimer(row.at + 10);
    },
    (at, { key, state, emit }) => {
      emit({ key, what: 'silent', at });
      state['n']!.clear();
    },
    { state: { n: value } },
  );

  test('T6: before a row, the timers of its key fire that its stamp has passed, however rows are batched', async () => {
    await verifyOperator({
      subject: subject(silence),
      barriersEverywhere: true,
      input: [
        rowsItem([
          { key: 'a', at: 1 },
          { key: 'b', at: 2, stamp: 1 },
          { key: 'a', at: 5, stamp: 2 },
          { key: 'a', at: 30, stamp: 15 },
        ]),
        watermark(20),
        watermark(Infinity),
      ],
      output: {
        main: [
          { key: 'a', what: 'at watermark -Infinity', at: 1 },
          { key: 'b', what: 'at watermark 1', at: 2 },
          { key: 'a', what: 'at watermark 2', at: 5 },
          { key: 'a', what: 'silent', at: 15 },
          { key: 'a', what: 'at watermark 15', at: 30 },
          { key: 'b', what: 'silent', at: 12 },
          { key: 'a', what: 'silent', at: 40 },
        ],
      },
    });
  });

  test('U2 U1: timers fire by time, then by the age of their key, once each, before and after a restore', async () => {
    const setting = node(
      (row, { setTimer }) => {
        setTimer(row.value);
        setTimer(row.value);
      },
      (at, { key, emit, setTimer }) => {
        emit({ key, what: 'timer', at });
        if (at === 20) setTimer(25);
      },
    );
    const rows = [
      ['c', 20],
      ['a', 20],
      ['b', 10],
      ['a', 30],
      ['c', 10],
    ].map(([key, at]) => ({ key: key as string, at: 0, value: at as number }));
    await verifyOperator({
      subject: subject(setting),
      barriersEverywhere: true,
      input: [rowsItem(rows), watermark(15), watermark(Infinity)],
      output: {
        main: [
          ['c', 10],
          ['b', 10],
          ['c', 20],
          ['a', 20],
          ['a', 25],
          ['c', 25],
          ['a', 30],
        ].map(([key, at]) => ({ key, what: 'timer', at })),
      },
    });
  });

  test('timers that set others without end leave room for everything else', async () => {
    const endless = node(
      (row, { setTimer }) => setTimer(row.at),
      (at, { setTimer }) => setTimer(at + 1),
    );
    const run = new OperatorRun({
      make: () => processOperator(endless),
      blobs: openMemoryStores().blobs,
      clock: new VirtualClock(),
    });
    await run.feed(rowsItem([{ key: 'a', at: 0, value: 0 }]));
    const out = { emit: () => {}, watermark: () => {}, idle: () => {} };
    for (let step = 0; step < 3; step++) expect(run.operator.onWatermark!(Number.POSITIVE_INFINITY, out)).toBe('more');
  });

  test('a timer needs a time', async () => {
    const run = new OperatorRun({
      make: () =>
        processOperator(
          node(
            (_row, { setTimer }) => setTimer(Number.NaN),
            () => undefined,
          ),
        ),
      blobs: openMemoryStores().blobs,
      clock: new VirtualClock(),
    });
    await expect(run.feed(rowsItem([{ key: 'a', at: 1, value: 1 }]))).rejects.toThrow(
      'a timer needs a time in milliseconds, got NaN',
    );
  });

  test('silence is that of an engine which takes one record at a time', async () => {
    const rows = fc.array(
      fc.record({
        key: fc.constantFrom('a', 'b', 'c'),
        step: fc.integer({ min: 0, max: 15 }),
        back: fc.integer({ min: 0, max: 3 }),
      }),
      { maxLength: 15 },
    );
    await fc.assert(
      fc.asyncProperty(rows, fc.integer({ min: 1, max: 5 }), async (list, size) => {
        let max = 0;
        const stamped = list.map(({ key, step, back }) => {
          const stamp = max - 3;
          max += step;
          return { key, at: max - back, stamp };
        });
        const items = Array.from({ length: Math.ceil(stamped.length / size) }, (_, i): FedItem[] => {
          const next = stamped[(i + 1) * size];
          return [
            rowsItem(stamped.slice(i * size, (i + 1) * size), i * size),
            ...(next === undefined ? [] : [watermark(next.stamp)]),
          ];
        }).flat();
        await verifyOperator({
          subject: subject(silence),
          barriersEverywhere: true,
          anyOrder: true,
          input: [...items, watermark(Infinity)],
          output: { main: recordAtATime(stamped) },
        });
      }),
      { numRuns: 25 },
    );
  });
});

/** The same job by hand: at each row the clock is the row's stamp, and everything due fires first. */
function recordAtATime(rows: readonly { key: string; at: number; stamp: number }[]): object[] {
  const out: object[] = [];
  const lastSeen = new Map<string, number>();
  const due = new Map<string, Set<number>>();
  const fire = (now: number): void => {
    for (const [key, times] of due) {
      for (const at of [...times].sort((a, b) => a - b)) {
        if (at > now) continue;
        times.delete(at);
        out.push({ key, what: 'silent', at });
        lastSeen.delete(key);
      }
    }
  };
  let now = -Infinity;
  rows.forEach(({ key, at, stamp }, i) => {
    now = i === 0 ? -Infinity : Math.max(now, stamp);
    const seen = i === 0 ? stamp : now;
    fire(seen);
    const times = due.get(key) ?? new Set();
    due.set(key, times);
    const before = lastSeen.get(key);
    if (before !== undefined) times.delete(before + 10);
    out.push({ key, what: `at watermark ${seen}`, at });
    lastSeen.set(key, at);
    times.add(at + 10);
  });
  fire(Infinity);
  return out;
}
