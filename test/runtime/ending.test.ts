import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { logicalJob } from '../../src/api/index.ts';
import { file, generator } from '../../src/connectors/index.ts';
import { from, pipeline, schema, t } from '../../src/index.ts';
import { type OperatedJob, startJob } from '../../src/runtime/index.ts';
import { silentLogger } from '../../src/core/index.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'weir-test-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));
const at = (name: string): string => join(root, name);

const rows = 400;
const numbers = () => {
  const source = generator.source({ rowsPerSecond: 1000, rows, row: (n) => ({ n }) });
  const out = from(source).map((row) => row, schema({ n: t.number }));
  return logicalJob(
    pipeline({ name: 'numbers', checkpointEvery: '20 ms', outputs: [out.to(file.sink({ path: at('out.jsonl') }))] }),
  );
};
const run = (stateDir: string, fromSavepoint?: string): Promise<OperatedJob> =>
  startJob(numbers(), {
    stateDir: at(stateDir),
    logger: silentLogger,
    ...(fromSavepoint === undefined ? {} : { fromSavepoint }),
  });
const written = async (): Promise<number[]> =>
  (await readFile(at('out.jsonl'), 'utf8').catch(() => ''))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { n: number }).n);
const some = (job: OperatedJob): Promise<void> => expect.poll(() => job.status().report.epoch).toBeGreaterThan(1);

describe('a stop with a savepoint', () => {
  test('keeps the very last checkpoint: another state goes on behind the last row that was written', async () => {
    const job = await run('one');
    await some(job);
    const stopped = await job.stopForAll(at('saved'));
    const { epoch } = await job.finished;
    expect(stopped).toEqual({ state: 'stopped', epoch, savepoint: at('saved') });
    const before = await written();
    expect(before.length).toBeGreaterThan(0);
    expect(before.length).toBeLessThan(rows);
    const next = await run('two', at('saved'));
    expect((await next.finished).restoredFrom).toBe(epoch);
    expect(await written()).toEqual(Array.from({ length: rows }, (_, n) => n));
  });

  test('SP3: stops nothing where it cannot be begun, and may be asked for again elsewhere', async () => {
    await mkdir(at('full'));
    await writeFile(at('full/mine'), '');
    const job = await run('one');
    await some(job);
    await expect(job.stopForAll(at('full'))).rejects.toMatchObject({
      code: 'E_USAGE',
      message: expect.stringContaining('is not empty'),
    });
    const { epoch } = job.status().report;
    await expect.poll(() => job.status().report.epoch).toBeGreaterThan(epoch);
    const [one, same] = await Promise.all([
      job.stopForAll(at('saved')),
      job.stopForAll(at('saved')),
      expect(job.stopForAll(at('other'))).rejects.toMatchObject({
        code: 'E_USAGE',
        message: expect.stringContaining('stopped already'),
      }),
    ]);
    expect(one).toEqual(same);
  });

  test('of a job that has come to its end says so', async () => {
    const job = await run('one');
    await job.finished;
    expect(await job.stopForAll()).toMatchObject({ state: 'finished', savepoint: null });
    const late = await run('one');
    await late.finished;
    await expect(late.stopForAll(at('saved'))).rejects.toMatchObject({
      code: 'E_USAGE',
      message: expect.stringContaining('ended by itself'),
    });
    expect(await readdir(root)).not.toContain('saved');
  });
});
