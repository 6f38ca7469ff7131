import { type RowOf, schema, type Stream, t } from 'weir';

export const Shown = schema({ adId: t.string, shownAt: t.timestamp });
export const Clicked = schema({ adId: t.string, clickedAt: t.timestamp });

export const answered = (shown: Stream<RowOf<typeof Shown>>, clicked: Stream<RowOf<typeof Clicked>>) =>
  shown
    .withWatermark('shownAt', '1 minute', { align: { maxDrift: '15 minutes' } })
    .join(clicked.withWatermark('clickedAt', '1 minute', { align: { maxDrift: '15 minutes' } }), {
      on: 'adId',
      within: ['0 minutes', '1 hour'],
    });
