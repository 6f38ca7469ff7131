// What happens to rows that break a promise, and to functions that throw.
import { describe, expect, test } from 'vitest';
import { processOperator } from '../../src/operators/index.ts';
import type { ProcessNode } from '../../src/plan/index.ts';
import { openMemoryStores } from '../../src/state/index.ts';
import { OperatorRun } from '../../src/testing/operator-run.ts';
import { verifyOperator } from '../../src/testing/verify-operator.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { eventTime, field, number, processNode, rowsItem, schemaOf, text, time, watermark } from './operator-fixture.ts';

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

describe('rows that promise an event time', () => {
  test('go to the late rows, counted, where they lie behind the watermark', async () => {
    const schema = schemaOf(field('key', text), field('at', eventTime));
    const result = await verifyOperator({
      subject: subject(node((row, { key, emit }) => emit({ key, at: row.value }), undefined, { schema })),
      barriersEverywhere: true,
      input: [
        rowsItem([
          { key: 'a', at: 1, value: 9, stamp: 10 },
          { key: 'a', at: 2, value: 10, stamp: 10 },
        ]),
      ],
      output: { main: [{ key: 'a', at: 10 }], late: [{ key: 'a', at: 9 }] },
    });
    expect(result.late).toBe(1);
  });

  test('are those of a timer in time from the time of the timer on, however far the watermark goes at once', async () => {
    const schema = schemaOf(field('key', text), field('at', eventTime));
    const onTimer = (at: number, { key, emit }: Context): void => [at - 1, at, at + 5].forEach((each) => emit({ key, at: each }));
    const result = await verifyOperator({
      subject: subject(node((row, { setTimer }) => setTimer(row.value), onTimer, { schema })),
      barriersEverywhere: true,
      input: [
        rowsItem([
          { key: 'a', at: 1, value: 30, stamp: 10 },
          { key: 'b', at: 2, value: 20, stamp: 10 },
          { key: 'a', at: 2, value: 99, stamp: 35 },
        ]),
        watermark(50),
        watermark(Infinity),
      ],
      output: {
        main: [30, 35]
          .map((at) => ({ key: 'a', at }))
          .concat([20, 25].map((at) => ({ key: 'b', at })))
          .concat([99, 104].map((at) => ({ key: 'a', at }))),
        late: [
          { key: 'a', at: 29 },
          { key: 'b', at: 19 },
          { key: 'a', at: 98 },
        ],
      },
    });
    expect(result.late).toBe(3);
  });
});

test('rows that are late are left out and counted where that is asked for, behind the timers that are due by then', async () => {
  const each = node(
    ({ at }, { key, emit, setTimer }) => {
      emit({ key, what: 'row', at });
      setTimer(at + 5);
    },
    (at, { key, emit }) => emit({ key, what: 'timer', at }),
    { lateBy: ['at'] },
  );
  const result = await verifyOperator({
    subject: subject(each),
    barriersEverywhere: true,
    input: [
      rowsItem([
        { key: 'a', at: 11, value: 0, stamp: 10 },
        { key: 'a', at: 9, value: 0, stamp: 10 },
        { key: 'a', at: 12, value: 0, stamp: 16 },
      ]),
      watermark(20),
    ],
    output: {
      main: [
        { key: 'a', what: 'row', at: 11 },
        { key: 'a', what: 'timer', at: 16 },
      ],
    },
  });
  expect(result.late).toBe(2);
});

describe('a function that throws', () => {
  const picky = node(
    (row, { key, state, emit, setTimer }) => {
      const n = ((state['n']!.get() as number | undefined) ?? 0) + row.value;
      state['n']!.set(n);
      state['m']!.set('last', row.value);
      setTimer(100 + row.value);
      emit({ key, what: `sum ${n}`, at: row.at });
      if (row.value === 5) throw new Error('five');
    },
    (at, { key, emit }) => {
      emit({ key, what: 'timer', at });
      if (at === 102) throw new Error('timer');
    },
    { state: { n: value, m: { kind: 'map', key: field('k', text), value: field('v', number) } } },
  );
  const input = [rowsItem([1, 5, 2].map((n, at) => ({ key: 'a', at, value: n }))), watermark(Infinity)];

  test('U4: fails the generation, naming operator, line, record and key', async () => {
    const run = new OperatorRun({
      make: () => processOperator(picky),
      blobs: openMemoryStores().blobs,
      clock: new VirtualClock(),
    });
    const failure = await run.feed(input[0]!).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 'E_CLOSURE',
      operator: 'op',
      retry: 'restore',
      message: expect.stringMatching(/^operator op \(.*process-faults\.test\.ts:\d+\), record s#1, key "a": five$/),
    });
  });

  test('U4: guarded, its row is set aside and everything it did is undone', async () => {
    const result = await verifyOperator({
      subject: subject(picky),
      guarded: true,
      barriersEverywhere: true,
      input,
      output: {
        main: [
          { key: 'a', what: 'sum 1', at: 0 },
          { key: 'a', what: 'sum 3', at: 2 },
          { key: 'a', what: 'timer', at: 101 },
        ],
      },
    });
    expect(result.dead.map(({ position, text: row }) => [position, row])).toEqual([
      ['s#1', '{"key":"a","at":1,"value":5}'],
      ['', '{"key":"\\"a\\"","timer":102}'],
    ]);
  });

  test('a row without a key is set aside, guarded or not', async () => {
    const keyed = node((row, { key, emit }) => emit({ key, what: 'row', at: row.at }), undefined, {
      key: {
        fn: ((row: Row) => {
          if (row.value === 0) throw new Error('no key');
          return row.value === 1 ? Symbol('s') : row.key;
        }) as never,
        site: 'job.ts:9',
      },
    });
    const result = await verifyOperator({
      subject: subject(keyed),
      input: [rowsItem([0, 1, 2].map((n) => ({ key: 'a', at: n, value: n })))],
      output: { main: [{ key: 'a', what: 'row', at: 2 }] },
    });
    expect(result.dead.map(({ position }) => position)).toEqual(['s#0', 's#1']);
  });
});
