/** State and timers per key, and what is made of them: first rows, limits. */
import { type AnySchema, type AnyStream, schema, state, type Stream, t, timestamp } from 'weir';
import type { KeyValue } from 'weir';
import type { Definitions } from '../run.ts';
import type { Numbers, Texts } from './timed.ts';

/** The first row of each key. */
export function firstOf<R extends object, Out extends R>(
  rows: AnyStream<R>,
  keyOf: (row: R) => KeyValue,
  emits: AnySchema<any, Out>,
): Stream<Out> {
  return (rows as Stream<R>).keyBy(keyOf).process({
    state: { seen: state.value(t.boolean) },
    emits,
    onRow(row, { state: { seen }, emit }) {
      if (seen.get() === true) return;
      seen.set(true);
      emit(row as Out);
    },
  });
}

const Value = schema({ value: t.int });

/** The first `n` rows of all. */
const limited = (rows: Stream<{ readonly value: number }>, n: number) =>
  rows
    .keyBy(() => null)
    .process({
      state: { left: state.value(t.number) },
      emits: Value,
      onRow({ value }, { state: { left }, emit }) {
        const more = left.get() ?? n;
        if (more === 0) return;
        left.set(more - 1);
        emit({ value });
      },
    });

const Counted = schema({ key: t.string, count: t.string });

/** Counts each key's rows; at three it begins anew and says nothing. */
const countToThree = (texts: Texts) =>
  texts.keyBy('value').process({
    state: { count: state.value(t.number) },
    emits: Counted,
    onRow(_, { key, state: { count }, emit }) {
      const n = (count.get() ?? 0) + 1;
      if (n === 3) count.clear();
      else {
        count.set(n);
        emit({ key, count: String(n) });
      }
    },
  });

export const keyed: Definitions = {
  'spark/dedup-all-columns': ({ input }) => firstOf(input as Texts, ({ value }) => value, schema({ value: t.string })),
  'spark/dedup-multiple': ({ input }) => {
    const Pair = schema({ _1: t.string, _2: t.int });
    const distinct = firstOf(input as Stream<{ _1: string; _2: number }>, ({ _1, _2 }) => [_1, _2], Pair);
    return firstOf(distinct, ({ _1 }) => _1, Pair);
  },
  'spark/limit-0': ({ input }) => limited(input as Numbers, 0),
  // Which row is the first of all is known only where all come by one way.
  'spark/limit-after-dedup': ({ input }) => limited(firstOf(input as Numbers, ({ value }) => value, Value).parallelism(1), 1),
  'spark/limit-filter': ({ input }) =>
    limited(
      (input as Numbers).where((c) => c.value.mod(2).eq(1)),
      4,
    ),
  'spark/limit-multi-b': ({ input }) => limited(limited(limited(input as Numbers, 4), 100), 3),
  'spark/tws-count': ({ input }) => countToThree(input as Texts),
  'spark/dedup-within-watermark-drop-eventtime': ({ input }) =>
    (input as Stream<{ _1: number; _2: number }>)
      .map(({ _1, _2 }) => ({ _1: timestamp(_1 * 1000), _2 }), schema({ _1: t.timestamp, _2: t.int }))
      .withWatermark('_1', '10 seconds')
      .keyBy('_2')
      .process({
        state: { seen: state.value(t.boolean) },
        emits: schema({ _2: t.int }),
        onRow({ _1, _2 }, ctx) {
          if (ctx.state.seen.get() === true) return;
          ctx.state.seen.set(true);
          ctx.setTimer(_1 + 10_000);
          ctx.emit({ _2 });
        },
        onTimer: (_, ctx) => ctx.state.seen.clear(),
      }),
  'spark/tws-chain-tws': ({ input }) => {
    const First = schema({ key: t.string, at: t.eventTime, count: t.number });
    return (input as Stream<{ key: string; eventTime: ReturnType<typeof timestamp>; event: string }>)
      .withWatermark('eventTime', '1 minute')
      .keyBy('key')
      .process({ emits: First, onRow: ({ key, eventTime }, { emit }) => emit({ key, at: eventTime, count: 1 }) })
      .keyBy('key')
      .process({ emits: schema({ count: t.number }), onRow: (_, { emit }) => emit({ count: 1 }) });
  },
};
