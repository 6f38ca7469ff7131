import { from, schema, t, window } from 'weir';
import { testRun, testSource } from 'weir/testing';

export const Reading = schema({ device: t.string, at: t.timestamp });

/** Of each hour how many readings there were, as this mode says it. */
export async function hourly(mode: 'append' | 'update' | 'complete', ...times: number[]): Promise<number[][]> {
  const readings = testSource(Reading);
  const perHour = from(readings)
    .withWatermark('at', '10 minutes')
    .groupBy(window('at', '1 hour'), 'device')
    .count()
    .filter(({ window }) => window.start === 0);
  await using run = await testRun(perHour, { mode });
  const written: number[][] = [];
  for (const at of times) {
    readings.push({ device: 'd', at });
    written.push((await run.drain()).map(({ count }) => count));
  }
  return written;
}
