/** Spark's group state, in its words. */
import { flatMapGroupsWithState, mapGroupsWithState, schema, type Stream, t, timestamp } from 'weir';
import type { Definitions } from '../run.ts';
import type { Texts } from './timed.ts';

export const groups: Definitions = {
  'spark/flatmapgroups-count-lazy': ({ input }) =>
    (input as Texts).keyBy('value').process(
      flatMapGroupsWithState({
        state: t.number,
        emits: schema({ key: t.string, count: t.string }),
        fn(key, rows, group) {
          const count = (group.getOption() ?? 0) + rows.length;
          if (count === 3) group.remove();
          else group.update(count);
          return count === 3 ? [] : [{ key, count: String(count) }];
        },
      }),
    ),
  'spark/flatmapgroups-then-count': ({ input }) =>
    (input as Texts)
      .keyBy('value')
      .process(
        mapGroupsWithState({
          state: t.number,
          emits: schema({ key: t.string, count: t.number }),
          fn(key, rows, group) {
            const count = (group.getOption() ?? 0) + rows.length;
            if (count === 3) group.remove();
            else group.update(count);
            return { key, count: count === 3 ? -1 : count };
          },
        }),
      )
      .groupBy('key')
      .count(),
  'spark/flatmapgroups-event-timeout': ({ input }) =>
    (input as Stream<{ key: string; eventTime: number }>)
      .map(({ key, eventTime }) => ({ key, at: timestamp(eventTime * 1000) }), schema({ key: t.string, at: t.timestamp }))
      .withWatermark('at', '10 seconds')
      .keyBy('key')
      .process(
        flatMapGroupsWithState({
          state: t.timestamp,
          emits: schema({ key: t.string, maxEventTime: t.number }),
          timeout: 'event-time',
          fn(key, rows, group) {
            if (group.hasTimedOut) {
              group.remove();
              return [{ key, maxEventTime: -1 }];
            }
            const before = group.getOption();
            const latest = Math.max(before ?? -Infinity, ...rows.map(({ at }) => at));
            group.update(timestamp(latest));
            group.setTimeoutTimestamp(latest + 5000);
            return [{ key, maxEventTime: latest / 1000 }];
          },
        }),
      ),
};
