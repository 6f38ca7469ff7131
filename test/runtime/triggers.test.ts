// Runs that end with what is there, in this process: files that come between them, windows that stay open, the batch they add up to.
import { appendFileSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  count,
  from,
  json,
  pipeline,
  type RunOptions,
  schema,
  start,
  sum,
  t,
  table,
  timestamp,
  window,
} from '../../src/index.ts';
import { file, generator } from '../../src/connectors/index.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-triggers-'));
  await mkdir(join(folder, 'in'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const Reading = schema({ device: t.string, n: t.number, at: t.timestamp });
const minute = 60_000;
/** One row each ten seconds from a minute on, by two devices. */
const lines = (fromMinute: number, minutes: number): string =>
  Array.from({ length: minutes * 6 }, (_, i) => {
    const at = fromMinute * minute + i * 10_000;
    return `${JSON.stringify({ device: `d${i % 2}`, n: i, at: new Date(at).toISOString() })}\n`;
  }).join('');
function put(name: string, text: string): void {
  writeFileSync(join(folder, `.${name}`), text);
  renameSync(join(folder, `.${name}`), join(folder, 'in', name));
}

interface Out {
  readonly window: { readonly start: string };
  readonly device: string;
  readonly rows: number;
}
const written = (name = 'out'): string[] =>
  readFileSync(join(folder, `${name}.jsonl`), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Out)
    .map(({ window, device, rows }) => `${new Date(window.start).toISOString().slice(11, 16)} ${device} ${rows}`)
    .sort();

interface Setting {
  readonly watch?: boolean;
  readonly name?: string;
  readonly parallelism?: number;
}
function perMinute({ watch = true, name = 'out', parallelism = 1 }: Setting = {}) {
  const readings = from(file.source({ path: join(folder, watch ? 'in' : 'in/*.jsonl'), format: json(Reading), watch }));
  const counts = readings
    .withWatermark('at', '30 seconds')
    .groupBy(window('at', '1 minute'), 'device')
    .agg({ rows: count(), sum: sum('n') });
  return pipeline({ name, parallelism, outputs: [counts.to(file.sink({ path: join(folder, `${name}.jsonl`) }))] });
}
async function run(setting: Setting = {}, trigger: RunOptions['trigger'] = 'available-now') {
  const job = await start(perMinute(setting), { stateDir: join(folder, 'state'), ...(trigger === undefined ? {} : { trigger }) });
  return job.finished;
}
const minutes = (...which: number[]): string[] => which.flatMap((m) => [`00:0${m} d0 3`, `00:0${m} d1 3`]);

describe.each(['available-now', 'once'] as const)('a run with the trigger %s', (trigger) => {
  test('reads the files that are there, and ends; what is open stays open until the next run has read more', async () => {
    put('a.jsonl', lines(0, 3));
    expect(await run({}, trigger)).toMatchObject({ rowsIn: 18, restoredFrom: null });
    // The last row is of 02:50, so the watermark is at 02:20: two minutes are over.
    expect(written()).toEqual(minutes(0, 1));
    put('b.jsonl', lines(3, 2));
    put('c.jsonl', lines(5, 2));
    expect(await run({}, trigger)).toMatchObject({ rowsIn: 24, restoredFrom: expect.any(Number) as number });
    expect(written()).toEqual(minutes(0, 1, 2, 3, 4, 5));
    expect(await run({}, trigger)).toMatchObject({ rowsIn: 0, rowsOut: 0 });
    expect(written()).toEqual(minutes(0, 1, 2, 3, 4, 5));
  });

  test('of files that each are a split has the watermark of the one that is behind, of those that brought something', async () => {
    const setting = { watch: false };
    put('a.jsonl', lines(0, 2));
    put('b.jsonl', lines(2, 2));
    await run(setting, trigger);
    expect(written()).toEqual(minutes(0)); // a.jsonl is at 01:20
    put('c.jsonl', lines(4, 2));
    await run(setting, trigger);
    expect(written()).toEqual(minutes(0, 1, 2, 3, 4)); // a and b had nothing new
  });

  test('leaves out files that are gone, and reads what one has grown by', async () => {
    const setting = { watch: false };
    put('a.jsonl', lines(0, 2));
    put('b.jsonl', lines(0, 1));
    await run(setting, trigger);
    rmSync(join(folder, 'in/a.jsonl'));
    appendFileSync(join(folder, 'in/b.jsonl'), lines(2, 2));
    expect(await run(setting, trigger)).toMatchObject({ rowsIn: 12 });
    expect(written()).toEqual([...['00:00 d0 6', '00:00 d1 6'], ...minutes(1, 2)].sort());
  });
});

test('several runs add up to what one batch gives, at another parallelism too', async () => {
  const texts = [lines(0, 2), lines(2, 1), lines(3, 3)];
  for (const [i, text] of texts.entries()) {
    put(`f${i}.jsonl`, text);
    await run({ parallelism: 1 + (i % 2) * 2 });
  }
  // The end of a bounded source closes what is open: here the same rows, told by one list.
  const rows = texts.flatMap((text) =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { device: string; n: number; at: string }),
  );
  const typed = rows.map((row) => ({ ...row, at: timestamp(row.at) }));
  const counts = from(typed)
    .withWatermark('at', '30 seconds')
    .groupBy(window('at', '1 minute'), 'device')
    .agg({ rows: count(), sum: sum('n') });
  const batch = pipeline({ name: 'batch', outputs: [counts.to(file.sink({ path: join(folder, 'batch.jsonl') }))] });
  await (await start(batch, { stateDir: join(folder, 'state') })).finished;
  expect(written('batch')).toEqual(minutes(0, 1, 2, 3, 4, 5));
  expect(written()).toEqual(written('batch').slice(0, -2));
});

test('a continuous run goes on from one that has ended so', async () => {
  put('a.jsonl', lines(0, 3));
  await run();
  put('b.jsonl', lines(3, 3));
  const job = await start(perMinute(), { stateDir: join(folder, 'state') });
  for await (const { rowsIn } of job.progress()) if (rowsIn === 18) break;
  await job.stop();
  expect(written()).toEqual(minutes(0, 1, 2, 3, 4));
});

describe('with a trigger', () => {
  const endless = generator.source({ rowsPerSecond: 0, row: (n) => ({ n }) });
  const job = (source: Parameters<typeof from>[0]) =>
    pipeline({ name: 'small', outputs: [from(source).to(file.sink({ path: join(folder, 'small.jsonl') }))] });
  const options = () => ({ stateDir: join(folder, 'state') });

  test('a source without end is refused, and named', async () => {
    const refused = start(job(endless), { ...options(), trigger: 'available-now' });
    await expect(refused).rejects.toMatchObject({ code: 'E_PLAN', message: expect.stringMatching(/generator cannot be read/) });
  });

  test('a word that is none is refused', async () => {
    const refused = start(job(endless), { ...options(), trigger: 'now' as 'once' });
    await expect(refused).rejects.toMatchObject({ code: 'E_USAGE', message: expect.stringMatching(/"now" is no trigger/) });
  });

  test('lists and iterables are read to their end, once', async () => {
    function* three() {
      yield* [{ n: 1 }, { n: 2 }, { n: 3 }];
    }
    const report = async () => (await start(job(three()), { ...options(), trigger: 'available-now' })).finished;
    expect([(await report()).rowsIn, (await report()).rowsIn]).toEqual([3, 0]);
  });

  test('every interval there is an epoch, and results come with it', async () => {
    const running = await start(job([{ n: 1 }, { n: 2 }]), { ...options(), trigger: { every: '1 hour' } });
    expect(await running.finished).toMatchObject({ epoch: 1, rowsIn: 2 }); // the end does not wait for the interval
  });
});

test.each([1, 3])(
  'a table, also one of a join, is whole with what there is, in each run, at parallelism %s',
  async (parallelism) => {
    const Device = schema({ device: t.string, room: t.string });
    const path = join(folder, 'rooms.jsonl');
    const out = join(folder, 'joined.jsonl');
    const joined = () => {
      const readings = from(file.source({ path: join(folder, 'in/*.jsonl'), format: json(Reading) })).withWatermark(
        'at',
        '30 seconds',
      );
      const rooms = table(
        from(file.source({ path, format: json(Device) }))
          .rebalance()
          .map((row) => row, Device)
          .join(table([{ room: 'hall', floor: 2 }]), { on: 'room' }),
      );
      const rows = readings.join(rooms, { on: 'device', how: 'left' }).select('n', 'floor');
      return pipeline({ name: 'joined', parallelism, outputs: [rows.to(file.sink({ path: out }))] });
    };
    const next = async (): Promise<string[]> => {
      const job = await start(joined(), { stateDir: join(folder, 'state'), trigger: 'available-now' });
      await job.finished;
      return readFileSync(out, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { n: number; floor: number | null })
        .map(({ n, floor }) => `${n} ${floor}`)
        .sort();
    };
    writeFileSync(path, `${JSON.stringify({ device: 'd0', room: 'hall' })}\n`);
    put('a.jsonl', lines(0, 1));
    const first = ['0 2', '1 null', '2 2', '3 null', '4 2', '5 null'];
    expect(await next()).toEqual(first);
    put('b.jsonl', lines(1, 1));
    expect(await next()).toEqual([...first, ...first].sort());
  },
);
