// The pipeline of the example in one process, on a clock that stands still.
import { expect, test } from 'vitest';
import { averages, Reading } from '../../examples/device-averages.ts';
import { from, timestamp } from '../../src/index.ts';
import { testRun, testSource } from '../../src/testing/index.ts';

test('device-averages gives each window once the watermark has passed it, also after a crash', async () => {
  const readings = testSource(Reading);
  await using run = await testRun(averages(from(readings)));
  readings.push(
    { deviceId: 'a', temperature: 20, humidity: 40, timestamp: '2026-01-01T00:01:00Z' },
    { deviceId: 'a', temperature: 22, timestamp: '2026-01-01T00:04:59Z' }, // humidity may be missing
  );
  expect(await run.drain()).toEqual([]);
  await run.checkpoint();
  await run.crash();

  readings.push({ deviceId: 'b', temperature: 1, humidity: 1, timestamp: '2026-01-01T00:15:00Z' });
  const window = { start: timestamp('2026-01-01T00:00Z'), end: timestamp('2026-01-01T00:05Z') };
  expect(await run.drain()).toEqual([{ window, deviceId: 'a', avgTemperature: 21, avgHumidity: 40 }]);

  readings.push({ deviceId: 'a', temperature: 99, timestamp: '2026-01-01T00:02:00Z' });
  expect([await run.drain(), run.late]).toEqual([[], 1]);
});
