/** Joins of two streams, and what may follow one. */
import { schema, type Stream, sum, t, timestamp, when, window } from 'weir';
import type { Definitions } from '../run.ts';
import { type Numbers, seconds, timed } from './timed.ts';

type Input = Stream<any>;
type Side = 'left' | 'right';

const LeftKeyed = schema({ leftKey: t.int, leftTime: t.timestamp });
const RightKeyed = schema({ rightKey: t.int, rightTime: t.timestamp });
const leftKeyed = (input: Input) =>
  input.map(({ leftKey, leftTime }) => ({ leftKey, leftTime: timestamp(leftTime * 1000) }), LeftKeyed);
const rightKeyed = (input: Input) =>
  input.map(({ rightKey, rightTime }) => ({ rightKey, rightTime: timestamp(rightTime * 1000) }), RightKeyed);

/** Columns `key`, the value and the 10 s window, by the names that they have on this side. */
const LeftValue = schema({ leftKey: t.int, leftTime: t.timestamp, leftValue: t.int });
const RightValue = schema({ rightKey: t.int, rightTime: t.timestamp, rightValue: t.int });
const leftValues = (numbers: Input) =>
  (numbers as Numbers).map(
    ({ value }) => ({ leftKey: value, leftTime: timestamp(value * 1000), leftValue: value * 2 }),
    LeftValue,
  );
const rightValues = (numbers: Input) =>
  (numbers as Numbers).map(
    ({ value }) => ({ rightKey: value, rightTime: timestamp(value * 1000), rightValue: value * 3 }),
    RightValue,
  );
const leftWindows = (numbers: Input) =>
  leftValues(numbers)
    .withWatermark('leftTime', '10 seconds')
    .select((c) => ({ leftKey: c.leftKey, leftWindow: window(c.leftTime, '10 seconds'), leftValue: c.leftValue }));
const rightWindows = (numbers: Input) =>
  rightValues(numbers)
    .withWatermark('rightTime', '10 seconds')
    .select((c) => ({ rightKey: c.rightKey, rightWindow: window(c.rightTime, '10 seconds'), rightValue: c.rightValue }));
const sameWindow = { leftKey: 'rightKey', leftWindow: 'rightWindow' } as const;
const text = (value: number | null): string | null => (value === null ? null : String(value));
const endOf = (of: { readonly end: number } | null): number | null => (of === null ? null : seconds(of.end));

/** Rows of the right side that have no partner whatever comes: their key is none. */
const exclusive = (numbers: Input) =>
  rightWindows(numbers).withColumns((c) => ({ matchKey: when(c.rightValue.gt(7), c.rightKey).otherwise(null) }));
const sameExclusive = { leftKey: 'matchKey', leftWindow: 'rightWindow' } as const;

const Id = { left: schema({ leftId: t.int, leftTime: t.timestamp }), right: schema({ rightId: t.int, rightTime: t.timestamp }) };
const ids = (input: Input) => ({
  left: input
    .map(({ value, ts }) => ({ leftId: value, leftTime: timestamp(ts * 1000) }), Id.left)
    .withWatermark('leftTime', '5 seconds'),
  right: input
    .filter(({ value }) => value % 2 === 0)
    .map(({ value, ts }) => ({ rightId: value, rightTime: timestamp(ts * 1000) }), Id.right)
    .withWatermark('rightTime', '5 seconds'),
});

const nullSafeSide = (input: Input, side: Side) => {
  const factor = side === 'left' ? 2 : 3;
  const rows = schema({ key1: t.int.nullable(), key2: t.int, at: t.timestamp, value: t.int });
  return input
    .map(
      (row: { readonly _1: number | null; readonly _2: number }) => ({
        key1: row._1,
        key2: row._2,
        at: timestamp(row._2 * 1000),
        value: row._2 * factor,
      }),
      rows,
    )
    .withWatermark('at', '10 seconds')
    .withColumns((c) => ({ window: window(c.at, '10 seconds') }));
};
const nullSafeWindows: Definitions[string] = ({ left, right }) =>
  nullSafeSide(left!, 'left')
    .select((c) => ({ leftKey1: c.key1, leftKey2: c.key2, leftWindow: c.window, leftValue: c.value }))
    .join(
      nullSafeSide(right!, 'right').select((c) => ({
        rightKey1: c.key1,
        rightKey2: c.key2,
        rightWindow: c.window,
        rightValue: c.value,
      })),
      { on: { leftKey1: 'rightKey1', leftKey2: 'rightKey2', leftWindow: 'rightWindow' }, how: 'left', nullSafe: true },
    )
    .map(({ leftWindow, ...row }) => ({ ...row, window_end_sec: seconds(leftWindow.end) }));

const nullSafe: Definitions[string] = ({ left, right }) => {
  const keys = (input: Input, factor: number) =>
    input.map(
      ({ value }: { readonly value: number | null }) => ({ key: value, value: value === null ? null : value * factor }),
      schema({ key: t.int.nullable(), value: t.int.nullable() }),
    );
  return keys(left!, 2)
    .select((c) => ({ leftKey: c.key, leftValue: c.value }))
    .join(
      keys(right!, 3).select((c) => ({ rightKey: c.key, rightValue: c.value })),
      { on: { leftKey: 'rightKey' }, nullSafe: true },
    );
};

const range =
  (how: 'left' | 'right'): Definitions[string] =>
  ({ left, right }) =>
    leftKeyed(left!)
      .withWatermark('leftTime', '10 seconds')
      .join(rightKeyed(right!).withWatermark('rightTime', '10 seconds'), {
        on: { leftKey: 'rightKey' },
        how,
        within: ['-5 seconds', '5 seconds'],
      })
      .map(({ leftTime, rightTime, ...row }) => ({ ...row, leftTime: inSeconds(leftTime), rightTime: inSeconds(rightTime) }));
const inSeconds = (ms: number | null): number | null => (ms === null ? null : seconds(ms));

export const joins: Definitions = {
  'spark/inner-window-watermark': ({ left, right }) =>
    leftWindows(left!)
      .join(
        rightValues(right!).select((c) => ({
          rightKey: c.rightKey,
          rightWindow: window(c.rightTime, '10 seconds'),
          rightValue: c.rightValue,
        })),
        { on: sameWindow },
      )
      .map(({ leftKey, leftWindow, leftValue, rightValue }) => ({
        key: leftKey,
        window_end_sec: seconds(leftWindow.end),
        leftValue,
        rightValue,
      })),
  'spark/inner-range-two-sides': ({ left, right }) =>
    leftKeyed(left!)
      .withWatermark('leftTime', '20 seconds')
      .join(rightKeyed(right!).withWatermark('rightTime', '30 seconds'), {
        on: { leftKey: 'rightKey' },
        within: ['-5 seconds', '10 seconds'],
      })
      .map(({ leftKey, leftTime, rightTime }) => ({ leftKey, leftTime: seconds(leftTime), rightTime: seconds(rightTime) })),
  'spark/inner-three-streams': ({ input1, input2, input3 }) => {
    const keyed = (input: Input, factor: number) =>
      (input as Numbers).map(({ value }) => ({ key: value, value: value * factor }), schema({ key: t.int, value: t.int }));
    return keyed(input1!, 2)
      .select((c) => ({ leftKey: c.key, leftValue: c.value }))
      .join(
        keyed(input2!, 3).select((c) => ({ middleKey: c.key, middleValue: c.value })),
        { on: { leftKey: 'middleKey' } },
      )
      .join(
        keyed(input3!, 5).select((c) => ({ rightKey: c.key, rightValue: c.value })),
        { on: { middleKey: 'rightKey' } },
      );
  },
  'spark/inner-nullsafe-both-nullable': nullSafe,
  'spark/inner-nullsafe-right-nullable': nullSafe,
  'spark/left-outer-nullsafe-both-nullable': nullSafeWindows,
  'spark/left-outer-nullsafe-right-nullable': nullSafeWindows,
  'spark/left-outer-range': range('left'),
  'spark/right-outer-range': range('right'),
  'spark/left-outer-windowed': ({ left, right }) =>
    leftWindows(left!)
      .join(rightWindows(right!), { on: sameWindow, how: 'left' })
      .map(({ leftKey, leftWindow, leftValue, rightValue }) => ({
        key: leftKey,
        window_end_sec: endOf(leftWindow),
        leftValue,
        rightValue,
      })),
  'spark/right-outer-windowed': ({ left, right }) =>
    leftWindows(left!)
      .join(rightWindows(right!), { on: sameWindow, how: 'right' })
      .map(({ rightKey, rightWindow, leftValue, rightValue }) => ({
        key: rightKey,
        window_end_sec: endOf(rightWindow),
        leftValue,
        rightValue,
      })),
  'spark/left-outer-early-exclusion-right': ({ left, right }) =>
    leftWindows(left!)
      .join(exclusive(right!), { on: sameExclusive, how: 'left' })
      .map(({ leftKey, leftWindow, leftValue, rightValue }) => ({
        left_key: leftKey,
        window_end_sec: endOf(leftWindow),
        leftValue,
        'rightValue(string)': text(rightValue),
      })),
  'spark/right-outer-early-exclusion-right': ({ left, right }) =>
    leftWindows(left!)
      .join(exclusive(right!), { on: sameExclusive, how: 'right' })
      .map(({ rightKey, rightWindow, leftValue, rightValue }) => ({
        right_key: rightKey,
        window_end_sec: endOf(rightWindow),
        leftValue,
        'rightValue(string)': text(rightValue),
      })),
  'spark/full-outer-early-exclusion-right': ({ left, right }) =>
    leftWindows(left!)
      .join(exclusive(right!), { on: sameExclusive, how: 'full' })
      .map((row) => ({
        left_key: row.leftKey,
        left_window_end_sec: endOf(row.leftWindow),
        leftValue: row.leftValue,
        right_key: row.rightKey,
        right_window_end_sec: endOf(row.rightWindow),
        'rightValue(string)': text(row.rightValue),
      })),
  'spark/left-semi-early-exclusion-right': ({ left, right }) =>
    leftWindows(left!)
      .join(exclusive(right!), { on: sameExclusive, how: 'semi' })
      .map(({ leftKey, leftWindow, leftValue }) => ({ key: leftKey, window_end_sec: endOf(leftWindow), leftValue })),
  'spark/full-outer-self': ({ input }) =>
    ids(input!)
      .left.join(ids(input!).right, { on: { leftId: 'rightId' }, how: 'full', within: ['0 seconds', '5 seconds'] })
      .map((row) => ({ ...row, leftTime: inSeconds(row.leftTime), rightTime: inSeconds(row.rightTime) })),
  'spark/left-semi-self': ({ input }) =>
    ids(input!)
      .left.join(ids(input!).right, { on: { leftId: 'rightId' }, how: 'semi', within: ['0 seconds', '5 seconds'] })
      .map((row) => ({ ...row, leftTime: seconds(row.leftTime) })),
  'spark/left-outer-between-late-and-eviction': ({ left, right }) => {
    const keyed = (input: Input) =>
      input
        .map(
          ({ key, eventTime }) => ({ key, eventTime: timestamp(eventTime * 1000) }),
          schema({ key: t.string, eventTime: t.timestamp }),
        )
        .withWatermark('eventTime', '0 seconds');
    return keyed(left!)
      .join(keyed(right!), { on: ['key', 'eventTime'], how: 'left' })
      .map(({ key, eventTime }) => ({ key, eventTime_sec: seconds(eventTime) }));
  },
  'spark/left-outer-interval-regression': ({ left, right }) =>
    (left! as Stream<{ eventTime: ReturnType<typeof timestamp>; id: string; comment: string }>)
      .withWatermark('eventTime', '2 minutes')
      .select((c) => ({ 'l.eventTime': c.eventTime, 'l.id': c.id, 'l.comment': c.comment }))
      .join(
        (right! as Stream<{ eventTime: ReturnType<typeof timestamp>; id: string; name: string }>)
          .withWatermark('eventTime', '4 minutes')
          .select((c) => ({ 'r.eventTime': c.eventTime, 'r.id': c.id, 'r.name': c.name })),
        { on: { 'l.id': 'r.id' }, how: 'left', within: ['-30 seconds', '30 seconds'] },
      ),
  'spark/chain-interval-left-outer-join-window': ({ input1, input2 }) =>
    (input1! as Stream<{ id1: string; timestamp1: ReturnType<typeof timestamp> }>)
      .withWatermark('timestamp1', '0 seconds')
      .join(
        (input2! as Stream<{ id2: string; timestamp2: ReturnType<typeof timestamp> }>).withWatermark('timestamp2', '0 seconds'),
        {
          on: { id1: 'id2' },
          how: 'left',
          within: ['-1 hours', '1 hour'],
        },
      )
      .groupBy(window('timestamp1', '10 minutes'))
      .count()
      .map(({ window: of, count }) => ({ window_start: of.start, window_end: of.end, cnt: count })),
  'spark/union-distinct-join-multi-eventtime': ({ input1, input2 }) => {
    const at = (seconds: number) => timestamp(seconds * 1000);
    return input1!
      .map(({ id1, ts1 }) => ({ id1, ts1: at(ts1) }), schema({ id1: t.string, ts1: t.timestamp }))
      .withWatermark('ts1', '1 minute')
      .join(
        input2!
          .map(({ id2, ts2 }) => ({ id2, ts2: at(ts2) }), schema({ id2: t.string, ts2: t.timestamp }))
          .withWatermark('ts2', '2 minutes'),
        { on: { id1: 'id2' }, within: ['-10 seconds', '-10 seconds'] },
      )
      .dropDuplicates(['id1', 'ts1', 'ts2'])
      .map(({ id1, ts1, ts2 }) => ({ id1, ts1: seconds(ts1), ts2: seconds(ts2) }));
  },
  'spark/chain-join-window': ({ input1, input2 }) =>
    timed(input1!, '0 seconds')
      .select((c) => ({ at: c.at }))
      .join(
        timed(input2!, '0 seconds').select((c) => ({ at: c.at })),
        { on: 'at' },
      )
      .groupBy(window('at', '5 seconds'))
      .count()
      .map((row) => ({ window_start_sec: seconds(row.window.start), count: row.count })),
  'spark/chain-windowed-sums-join': ({ input1, input2 }) =>
    timed(input1!, '5 seconds')
      .groupBy(window('at', '10 seconds'))
      .agg({ sum1: sum('value') })
      .join(
        timed(input2!, '5 seconds')
          .groupBy(window('at', '10 seconds'))
          .agg({ sum2: sum('value') }),
        { on: 'window' },
      )
      .map((row) => ({ window_end_sec: seconds(row.window.end), sum1: row.sum1, sum2: row.sum2 })),
};
