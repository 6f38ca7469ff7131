// The user's own tests of a stream: rows by hand, a clock that stands still, and a crash because that is one line.
import { describe, expect, test } from 'vitest';
import { avg, count, from, schema, t, timestamp, window } from '../../src/index.ts';
import { testRun, testSource } from '../../src/testing/index.ts';

const Reading = schema({ deviceId: t.string, temperature: t.number, humidity: t.number.nullable(), at: t.timestamp });
const minutes = (start: number): { start: number; end: number } => ({
  start: timestamp(start * 60_000),
  end: timestamp((start + 5) * 60_000),
});

const averages = (
  source: Parameters<
    typeof from<{ deviceId: string; temperature: number; humidity: number | null; at: ReturnType<typeof timestamp> }>
  >[0],
) =>
  from(source)
    .withWatermark('at', '10 minutes')
    .groupBy(window('at', '5 minutes'), 'deviceId')
    .agg({ temperature: avg('temperature'), humidity: avg('humidity') });

describe('testRun', () => {
  test('gives each window once its watermark has passed, also after a crash', async () => {
    const readings = testSource(Reading);
    await using run = await testRun(averages(readings));
    readings.push(
      { deviceId: 'a', temperature: 20, humidity: 40, at: '2026-01-01T00:01:00Z' },
      { deviceId: 'a', temperature: 22, at: '2026-01-01T00:04:59Z' },
    );
    expect(await run.drain()).toEqual([]);
    await run.checkpoint();
    await run.crash();

    readings.push({ deviceId: 'b', temperature: 1, humidity: 1, at: '2026-01-01T00:15:00Z' });
    const start = Date.UTC(2026, 0, 1) / 60_000;
    expect(await run.drain()).toEqual([{ window: minutes(start), deviceId: 'a', temperature: 21, humidity: 40 }]);

    readings.push({ deviceId: 'a', temperature: 99, at: '2026-01-01T00:02:00Z' });
    expect(await run.drain()).toEqual([]);
    expect(run.late).toBe(1);
  });

  test('TS1: a crash without a checkpoint reads the pushed rows again', async () => {
    const readings = testSource(Reading);
    await using run = await testRun(averages(readings));
    readings.push({ deviceId: 'a', temperature: 1, at: 0 }, { deviceId: 'a', temperature: 3, at: 1 });
    await run.crash();
    readings.end();
    expect((await run.drain()).map((row) => row.temperature)).toEqual([2]);
  });

  test('may crash at once after it was started, and again', async () => {
    const readings = testSource(Reading);
    await using run = await testRun(from(readings));
    readings.push({ deviceId: 'a', temperature: 1, humidity: null, at: 0 });
    await run.crash();
    await run.crash();
    expect((await run.drain()).map((row) => row.temperature)).toEqual([1]);
  });

  test('TR1: no row is given twice, though the last epoch is published again after a crash', async () => {
    const rows = testSource(schema({ n: t.number }));
    await using run = await testRun(from(rows).filter((row) => row.n > 1));
    rows.push({ n: 1 }, { n: 2 });
    expect(await run.drain()).toEqual([{ n: 2 }]);
    await run.crash();
    rows.push({ n: 3 });
    expect(await run.drain()).toEqual([{ n: 3 }]);
    expect(await run.drain()).toEqual([]);
  });

  test('raises the watermark by hand, and takes no row behind it', async () => {
    const readings = testSource(Reading);
    await using run = await testRun(averages(readings));
    readings.push({ deviceId: 'a', temperature: 1, at: 0 });
    readings.watermark(5 * 60_000);
    expect(await run.drain()).toHaveLength(1);
    readings.push({ deviceId: 'a', temperature: 1, at: 299_999 }, { deviceId: 'a', temperature: 1, at: 300_000 });
    readings.end();
    expect(await run.drain()).toHaveLength(1);
    expect(run.late).toBe(1);
  });

  test('writes what has changed in mode update, and everything in mode complete', async () => {
    const words = schema({ word: t.string });
    const [updated, complete] = [testSource(words), testSource(words)];
    await using update = await testRun(from(updated).groupBy('word').count(), { mode: 'update' });
    await using whole = await testRun(from(complete).groupBy('word').agg({ n: count() }), { mode: 'complete', parallelism: 3 });
    updated.push({ word: 'a' }, { word: 'b' }, { word: 'a' });
    expect(await update.drain()).toEqual([
      { word: 'a', count: 2 },
      { word: 'b', count: 1 },
    ]);
    await update.crash();
    updated.push({ word: 'b' });
    expect(await update.drain()).toEqual([{ word: 'b', count: 2 }]);
    complete.push({ word: 'a' }, { word: 'b' }, { word: 'a' });
    await whole.drain();
    complete.push({ word: 'c' });
    expect((await whole.drain()).sort((x, y) => (x.word < y.word ? -1 : 1))).toEqual([
      { word: 'a', n: 2 },
      { word: 'b', n: 1 },
      { word: 'c', n: 1 },
    ]);
  });

  test('fails with what the job failed with', async () => {
    const rows = testSource(schema({ n: t.number }));
    await using run = await testRun(
      from(rows).map((row) => {
        if (row.n === 2) throw new Error('no twos');
        return row;
      }),
    );
    rows.push({ n: 1 }, { n: 2 });
    const drained = run.drain();
    drained.catch(() => undefined); // looked at below
    await expect(drained).rejects.toMatchObject({ message: expect.stringMatching(/no twos/) });
  });
});
