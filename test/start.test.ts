import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { foreachBatch, from, pipeline, type Progress, start, sum, timestamp, window } from '../src/index.ts';
import { generator } from '../src/connectors/index.ts';

let stateDir = '';
const temporaryFolder = process.env['TMPDIR'];
beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'weir-test-'));
  process.env['TMPDIR'] = stateDir; // what others leave in the usual one is none of ours
});
afterEach(async () => {
  if (temporaryFolder === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = temporaryFolder;
  await rm(stateDir, { recursive: true, force: true });
});

const minute = 60_000;
const bids = [
  { auction: 'a', price: 1, at: timestamp(0) },
  { auction: 'b', price: 2, at: timestamp(30_000) },
  { auction: 'a', price: 4, at: timestamp(minute + 1) },
  { auction: 'a', price: 8, at: timestamp(59_000) },
];
const perMinute = () =>
  from(bids)
    .withWatermark('at', '1 minute')
    .groupBy(window('at', '1 minute'), 'auction')
    .agg({ total: sum('price') });

async function taken<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const row of rows) all.push(row);
  return all;
}

const temporary = async (): Promise<string[]> => (await readdir(tmpdir())).filter((name) => /^weir-(?!test-)/.test(name));

describe('rows()', () => {
  test('runs a stream to its end and gives its rows, each time anew', async () => {
    const before = await temporary();
    for (let i = 0; i < 2; i++) {
      expect(await taken(perMinute().rows())).toEqual([
        { window: { start: 0, end: minute }, auction: 'a', total: 9 },
        { window: { start: 0, end: minute }, auction: 'b', total: 2 },
        { window: { start: minute, end: 2 * minute }, auction: 'a', total: 4 },
      ]);
    }
    expect((await temporary()).filter((name) => !before.includes(name))).toEqual([]);
  });

  test('takes rows of an iterable that cannot be read twice, and stops where the loop is left', async () => {
    let made = 0;
    async function* ticks(): AsyncGenerator<{ i: number }> {
      for (;;) yield { i: made++ };
    }
    for await (const { i } of from(ticks()).rows()) {
      if (i === 10) break;
    }
    expect(made).toBeGreaterThan(10);
  });

  test('throws what made the job fail', async () => {
    const failing = from([{ x: 1 }]).map(() => {
      throw new Error('no such row');
    });
    const rows = taken(failing.rows());
    await expect(rows).rejects.toMatchObject({ message: expect.stringContaining('no such row') });
  }, 60_000);
});

test('a checkpoint that is asked for at once is taken as soon as the job runs', async () => {
  async function* ticks(): AsyncGenerator<{ i: number }> {
    for (let i = 0; ; i++) yield await new Promise((resolve) => setTimeout(() => resolve({ i }), 5));
  }
  const sink = foreachBatch(async () => {});
  await using job = await start(pipeline({ name: 'at-once', outputs: [from(ticks()).to(sink)] }), { stateDir });
  expect(await job.checkpoint()).toBe(1);
});

/** What a function that stores each epoch with its rows has stored: epochs come again after a restart. */
class Stored<Row extends object> {
  readonly epochs = new Map<number, readonly Row[]>();
  readonly sink = foreachBatch<Row>(async (rows, epoch) => {
    const before = this.epochs.get(epoch);
    if (before !== undefined) expect(rows).toEqual(before);
    this.epochs.set(epoch, rows);
    this.onStored();
  });
  onStored = (): void => {};

  get rows(): Row[] {
    return [...this.epochs.keys()].sort((a, b) => a - b).flatMap((epoch) => this.epochs.get(epoch)!);
  }
}

describe('start()', () => {
  test('runs a pipeline, reports its progress and its end, and knows a finished job again', async () => {
    const stored = new Stored();
    const job = pipeline({ name: 'totals', checkpointEvery: '50 ms', outputs: [perMinute().to(stored.sink)] });
    const running = await start(job, { stateDir });
    const reports: Progress[] = await taken(running.progress());
    expect(await running.finished).toMatchObject({ rowsIn: 4, restarts: 0, restoredFrom: null });
    expect(stored.rows).toHaveLength(3);
    expect(reports.at(-1)).toMatchObject({ rowsIn: 4, epoch: expect.any(Number), checkpointMs: expect.any(Number) });

    const again = await start(job, { stateDir });
    expect(await again.finished).toMatchObject({ rowsIn: 0 });
    expect(stored.rows).toHaveLength(3);
  });

  test('stops by its signal with a final checkpoint, and goes on from there', async () => {
    const count = 2000;
    const stored = new Stored<{ n: number }>();
    const make = () =>
      pipeline({
        name: 'numbers',
        checkpointEvery: '20 ms',
        outputs: [from(generator.source({ rowsPerSecond: 10_000, rows: count, row: (n) => ({ n }) })).to(stored.sink)],
      });
    const ending = new AbortController();
    stored.onStored = () => ending.abort();
    const first = await start(make(), { stateDir, signal: ending.signal });
    const report = await first.finished;
    expect(stored.rows.map(({ n }) => n)).toEqual(Array.from({ length: report.rowsIn }, (_, n) => n));
    expect(report.rowsIn).toBeLessThan(count);

    await using second = await start(make(), { stateDir });
    expect(await second.finished).toMatchObject({ restoredFrom: report.epoch, rowsIn: count - report.rowsIn });
    expect(stored.rows.map(({ n }) => n)).toEqual(Array.from({ length: count }, (_, n) => n));
  });

  test('ends by force a job that does not stop within the time it was given', async () => {
    let begin = (): void => {};
    const begun = new Promise<void>((resolve) => (begin = resolve));
    const stuck = foreachBatch(() => {
      begin();
      return new Promise<void>(() => {});
    });
    const job = pipeline({ name: 'stuck', checkpointEvery: '20 ms', outputs: [from([{ n: 1 }]).to(stuck)] });
    const running = await start(job, { stateDir });
    await begun;
    await expect(running.stop({ within: '50 ms' })).rejects.toMatchObject({ code: 'E_STUCK' });
    await expect(running.finished).rejects.toMatchObject({ code: 'E_STUCK' });
  });

  test('refuses a transport that is not there', async () => {
    const job = pipeline({ name: 'x', outputs: [from([{ x: 1 }]).to(foreachBatch(async () => {}))] });
    await expect(start(job, { stateDir, transport: 'spawn' })).rejects.toMatchObject({ code: 'E_USAGE' });
  });
});
