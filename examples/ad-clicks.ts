// Which advertisements are clicked within the hour, and which are not: a join of two streams, and of what comes of it with a table.
import { count, from, type Params, pipeline, type RowOf, schema, type Stream, t, table, timestamp, window } from 'weir';
import { file, generator } from 'weir/connectors';

export const Shown = schema({ adId: t.string, campaign: t.string, shownAt: t.timestamp });
export const Click = schema({ adId: t.string, user: t.string, clickedAt: t.timestamp });
const Campaign = schema({ campaign: t.string, owner: t.string });

export const answered = (shown: Stream<RowOf<typeof Shown>>, clicks: Stream<RowOf<typeof Click>>) =>
  shown.withWatermark('shownAt', '2 minutes').join(clicks.withWatermark('clickedAt', '5 minutes'), {
    on: 'adId',
    how: 'left',
    within: ['0 minutes', '1 hour'],
  });

const owners: RowOf<typeof Campaign>[] = ['spring', 'summer', 'autumn'].map((campaign, i) => ({ campaign, owner: `owner-${i}` }));

/** How often the advertisements of each owner were clicked, or not, hour by hour. */
export const perOwner = (joined: ReturnType<typeof answered>) =>
  joined
    .join(table(from(owners).map((row) => row, Campaign)), { on: 'campaign' })
    .groupBy(window('shownAt', '1 hour'), 'owner')
    .agg((c) => ({ clicked: count().where(c.user.isNull().not()), ignored: count().where(c.user.isNull()) }));

const minute = 60_000;
const campaigns = ['spring', 'summer', 'autumn'] as const;

// An advertisement every half minute; every third is clicked, each a little later than the one before, and from number 903 on after more than an hour.
export default (params: Params) => {
  const rows = params.number('rows', 2000);
  const shown = from(
    generator.source({
      rowsPerSecond: 5000,
      rows,
      row: (i) => ({ adId: `ad-${i}`, campaign: campaigns[i % 3]!, shownAt: timestamp((i * minute) / 2) }),
    }),
  ).map((row) => row, Shown);
  const clicks = from(
    generator.source({
      rowsPerSecond: 5000,
      rows: Math.floor(rows / 3),
      row: (i) => ({
        adId: `ad-${i * 3}`,
        user: `user-${i % 11}`,
        clickedAt: timestamp((i * 3 * minute) / 2 + (i * minute) / 5),
      }),
    }),
  ).map((row) => row, Click);
  const joined = answered(shown, clicks);
  return pipeline({
    name: 'ad-clicks',
    outputs: [
      joined
        .where((c) => c.user.isNull())
        .select('adId', 'campaign', 'shownAt')
        .to(file.sink({ path: 'ignored.jsonl' })),
      perOwner(joined).to(file.sink({ path: 'per-owner.jsonl' })),
    ],
  });
};
