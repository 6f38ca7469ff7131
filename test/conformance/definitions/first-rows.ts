/** First rows: of each value, and of all. */
import { count, schema, type Stream, sum, t, timestamp, window } from 'weir';
import type { Definitions } from '../run.ts';
import { type Numbers, seconds, type Texts, timed } from './timed.ts';

type Pairs = Stream<{ readonly _1: string; readonly _2: number }>;

export const firstRows: Definitions = {
  'spark/dedup-all-columns': ({ input }) => (input as Texts).dropDuplicates('*', { within: 'forever' }),
  'spark/dedup-multiple': ({ input }) =>
    (input as Pairs).dropDuplicates('*', { within: 'forever' }).dropDuplicates(['_1'], { within: 'forever' }),
  'spark/dedup-sum-complete': ({ input }) =>
    (input as Pairs)
      .dropDuplicates(['_1', '_2'], { within: 'forever' })
      .groupBy((c) => ({ str: c._1 }))
      .agg({ sum: sum('_2') }),
  'spark/dedup-window-append': ({ input }) =>
    timed(input!, '10 seconds')
      .dropDuplicates('*')
      .groupBy(window('at', '5 seconds'))
      .count()
      .map((row) => ({ window_start_sec: seconds(row.window.start), count: row.count })),
  'spark/dedup-metric-dropped-watermark': ({ input }) =>
    timed(input!, '10 seconds')
      .dropDuplicates(['value', 'at'])
      .map(({ at }) => ({ event_time_sec: seconds(at) })),
  'spark/dedup-watermark-not-key': ({ input }) =>
    (input as Stream<{ readonly id: number; readonly time: number }>)
      .map(({ id, time }) => ({ id, time: timestamp(time * 1000) }), schema({ id: t.int, time: t.timestamp }))
      .withWatermark('time', '1 second')
      .dropDuplicates(['id'], { within: 'forever' })
      .map(({ id, time }) => ({ id, time_sec: seconds(time) })),
  'spark/dedup-within-watermark-drop-eventtime': ({ input }) =>
    (input as Stream<{ readonly _1: number; readonly _2: number }>)
      .map(({ _1, _2 }) => ({ _1: timestamp(_1 * 1000), _2 }), schema({ _1: t.timestamp, _2: t.int }))
      .withWatermark('_1', '10 seconds')
      .dropDuplicates(['_2'], { within: '10 seconds' })
      .select('_2'),
  'spark/chain-window-dedup-no-eventtime': ({ input }) =>
    timed(input!, '0 seconds')
      .groupBy(window('at', '5 seconds'))
      .agg({ count: count() })
      .select((c) => ({ count: c.count, end: c.window.end }))
      .dropDuplicates(['count', 'end'], { within: 'forever' })
      .map((row) => ({ window_end_sec: seconds(row.end), count: row.count })),
  'spark/limit-0': ({ input }) => (input as Numbers).limit(0),
  'spark/limit-filter': ({ input }) => (input as Numbers).where((c) => c.value.mod(2).eq(1)).limit(4),
  'spark/limit-multi-b': ({ input }) => (input as Numbers).limit(4).limit(100).limit(3),
  // Which row is the first of all is known only where all come by one way.
  'spark/limit-after-dedup': ({ input }) =>
    (input as Numbers).dropDuplicates(['value'], { within: 'forever' }).parallelism(1).limit(1),
};
