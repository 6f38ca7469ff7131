import { type RowOf, schema, type Stream, t, type WatermarkStrategy, window } from 'weir';

export const Reading = schema({ device: t.string, at: t.timestamp });
const hour = 3_600_000;

const wholeHours: WatermarkStrategy<number> = {
  create: () => 0,
  advance: (latest, at) => Math.max(latest, Math.floor(at / hour)),
  watermark: (latest) => (latest - 1) * hour,
};

export const perHour = (readings: Stream<RowOf<typeof Reading>>) =>
  readings.withWatermark('at', { strategy: wholeHours }).groupBy(window('at', '1 hour'), 'device').count();
