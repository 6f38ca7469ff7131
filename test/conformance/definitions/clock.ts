/** State that is forgotten with time, and timers on the clock. */
import { call, now, schema, state, type Stream, t, timestamp } from 'weir';
import type { Definitions } from '../run.ts';
import type { Numbers, Texts } from './timed.ts';

interface Action {
  readonly key: string;
  readonly action: string;
  readonly value: number;
}
const minute = 60_000;
const Answered = schema({ key: t.string, value: t.int, isTTLValue: t.boolean, ttlMs: t.int });
/** The value, with when it is over. */
const Kept = t.struct({ value: t.int, until: t.timestamp });

/** One value a key, for a minute from when it was put. */
const forAMinute: Definitions[string] = ({ input }) =>
  (input as Stream<Action>).keyBy('key').process({
    state: { kept: state.value(Kept, { ttl: '1 minute' }) },
    emits: Answered,
    onRow({ action, value }, { key, now, state: { kept }, emit }) {
      const found = kept.get();
      if (action === 'put') kept.set({ value, until: timestamp(now + minute) });
      else if (action === 'clear') kept.clear();
      else if (found === undefined) return;
      else if (action === 'get_ttl_value_from_state') emit({ key, value: found.value, isTTLValue: true, ttlMs: found.until });
      else if (action === 'get_values_in_ttl_state') emit({ key, value: -1, isTTLValue: true, ttlMs: found.until });
      else emit({ key, value: found.value, isTTLValue: false, ttlMs: -1 });
    },
  });

const Counted = schema({ key: t.string, count: t.string });

/** Counts to three; the first row of some keys sets a timer, with which the count begins anew. */
const countFor5Seconds = (texts: Texts) =>
  texts.keyBy('value').process({
    state: { count: state.value(t.number) },
    emits: Counted,
    onRow(_, { key, now, state: { count }, emit, setProcessingTimer }) {
      const before = count.get() ?? 0;
      if (before === 0 && (key === 'a' || key === 'c')) setProcessingTimer(now + 5000);
      if (before === 2) return count.clear();
      count.set(before + 1);
      emit({ key, count: String(before + 1) });
    },
    onProcessingTimer(_, { key, state: { count }, emit }) {
      count.clear();
      emit({ key, count: '-1' });
    },
  });

/** Says how many rows there were 5, 10 and 15 seconds after the first. */
const countThreeTimes = (texts: Texts) =>
  texts.keyBy('value').process({
    state: { count: state.value(t.number) },
    emits: Counted,
    onRow(_, { now, state: { count }, setProcessingTimer }) {
      const before = count.get() ?? 0;
      if (before === 0) for (const seconds of [5, 10, 15]) setProcessingTimer(now + seconds * 1000);
      count.set(before + 1);
    },
    onProcessingTimer(_, { key, state: { count }, emit, processingTimers }) {
      emit({ key, count: String(count.get() ?? 0) });
      if (processingTimers().length === 0) count.clear();
    },
  });

const moment = (seconds: number) => timestamp(seconds * 1000);

export const byTheClock: Definitions = {
  'spark/count-prune-by-current-time': ({ input }) =>
    (input as Numbers)
      .groupBy('value')
      .count()
      .where((c) => call(moment, c.value).as(t.timestamp).gte(now().sub('10 seconds'))),
  'spark/ttl-update': forAMinute,
  'spark/ttl-clear': forAMinute,
  'spark/ttl-expiry': forAMinute,
  'spark/tws-processing-timer': ({ input }) => countFor5Seconds(input as Texts),
  'spark/tws-multiple-timers': ({ input }) => countThreeTimes(input as Texts),
};
