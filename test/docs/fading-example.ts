import { type RowOf, schema, state, type Stream, t } from 'weir';

export const Click = schema({ user: t.string, ad: t.string, at: t.timestamp });
const Repeated = schema({ user: t.string, ad: t.string, times: t.number });

/** Who clicks on an advertisement again within ten minutes of the clicks, how often. */
export const repeated = (clicks: Stream<RowOf<typeof Click>>) =>
  clicks
    .withWatermark('at', '1 minute')
    .keyBy('user')
    .process({
      state: { seen: state.map(t.string, t.number, { ttl: '10 minutes', time: 'event' }) },
      emits: Repeated,
      onRow({ user, ad }, { state: { seen }, emit }) {
        const times = (seen.get(ad) ?? 0) + 1;
        seen.set(ad, times);
        if (times > 1) emit({ user, ad, times });
      },
    })
    .named('repeated');
