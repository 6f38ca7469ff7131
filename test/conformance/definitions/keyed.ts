/** State and timers per key. */
import { schema, state, type Stream, t, timestamp } from 'weir';
import type { Definitions } from '../run.ts';
import type { Texts } from './timed.ts';

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
  'spark/tws-count': ({ input }) => countToThree(input as Texts),
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
