// Visits to a shop: clicks of a user with at most half an hour between two of them, or with as much as the page is worth.
import {
  count,
  from,
  type Params,
  pipeline,
  type RowOf,
  schema,
  sessionWindow,
  type Stream,
  sum,
  t,
  timestamp,
  when,
} from 'weir';
import { file, generator } from 'weir/connectors';

export const Click = schema({ user: t.string, page: t.string, spent: t.number, at: t.timestamp });
type Clicks = Stream<RowOf<typeof Click>>;

export const visits = (clicks: Clicks) =>
  clicks
    .withWatermark('at', '10 minutes')
    .groupBy(sessionWindow('at', '30 minutes'), 'user')
    .agg({ clicks: count(), spent: sum('spent') });

/** Who reads the manual may take his time. */
export const patientVisits = (clicks: Clicks) =>
  clicks
    .withWatermark('at', '10 minutes')
    .groupBy((c) => ({
      visit: sessionWindow(c.at, when(c.page.eq('manual'), 2 * 3_600_000).otherwise(30 * 60_000)),
      user: c.user,
    }))
    .agg({ clicks: count() });

const pages = ['home', 'cart', 'manual', 'home'] as const;
const minute = 60_000;

// A click every 20 seconds by one of seven users, an hour of nothing after each 210; every fortieth comes 50 minutes late.
const clicks = (rows: number) =>
  generator.source({
    rowsPerSecond: 5000,
    rows,
    row: (i) => ({
      user: `user-${i % 7}`,
      page: pages[i % 4]!,
      spent: i % 4 === 1 ? i % 50 : 0,
      at: timestamp(i * 20_000 + Math.floor(i / 210) * 60 * minute - (i % 40 === 39 ? 50 * minute : 0)),
    }),
  });

export default (params: Params) => {
  const perUser = visits(from(clicks(params.number('rows', 20_000))).map((row) => row, Click));
  return pipeline({
    name: 'visits',
    outputs: [perUser.to(file.sink({ path: 'visits.jsonl' })), perUser.late().to(file.sink({ path: 'late-clicks.jsonl' }))],
  });
};
