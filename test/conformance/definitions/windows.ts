/** Windows of event time. */
import { count, sum, window } from 'weir';
import type { Definitions } from '../run.ts';
import { atSeconds, type Numbers, seconds, timed } from './timed.ts';

const perFiveSeconds = (numbers: ReturnType<typeof timed>) =>
  numbers
    .groupBy(window('at', '5 seconds'))
    .count()
    .map((row) => ({ window_start_sec: seconds(row.window.start), count: row.count }));

export const windows: Definitions = {
  'spark/window-append-mode': ({ input }) => perFiveSeconds(timed(input!, '10 seconds')),
  'spark/window-recovery': ({ input }) => perFiveSeconds(timed(input!, '10 seconds')),
  'spark/window-count-append-trigger-once': ({ input }) => perFiveSeconds(timed(input!, '10 seconds')),
  'spark/window-count-complete-no-watermark': ({ input }) =>
    atSeconds(input as Numbers)
      .groupBy(window('at', '5 seconds'))
      .count()
      .map((row) => ({ window_start_sec: seconds(row.window.start), count: row.count })),
  'spark/group-by-raw-timestamp': ({ input }) =>
    timed(input!, '10 seconds')
      .groupBy('at')
      .count()
      .map((row) => ({ event_time_sec: seconds(row.at), count: row.count })),
  'spark/chain-agg-agg-agg': ({ input }) =>
    timed(input!, '0 seconds')
      .groupBy(window('at', '5 seconds'))
      .count()
      .groupBy(window('window', '10 seconds'))
      .agg({ sum: sum('count') })
      .groupBy(window('window', '20 seconds'))
      .agg({ count: count(), sum: sum('sum') })
      .map((row) => ({
        window_start_sec: seconds(row.window.start),
        window_end_sec: seconds(row.window.end),
        count: row.count,
        sum: row.sum,
      })),
  'spark/multi-watermark-policy-min': ({ input1, input2 }) =>
    timed(input1!, '10 seconds')
      .union(timed(input2!, '15 seconds'))
      .map(({ at }) => ({ event_time_sec: seconds(at) })),
  'spark/watermark-two-streams': ({ first, second }) =>
    timed(first!, '10 seconds')
      .union(timed(second!, '5 seconds'))
      .groupBy()
      .agg({ sum: sum('value') }),
};
