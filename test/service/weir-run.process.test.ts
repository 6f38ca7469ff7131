import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { bin, Folder, reportOf } from './weir-process.ts';

const endless = `
import { from, pipeline } from 'weir';
import { file, generator } from 'weir/connectors';
const numbers = generator.source({ rowsPerSecond: 2000, row: (index) => ({ n: index }) });
export default pipeline({ name: 'endless', outputs: [from(numbers).to(file.sink({ path: 'out/numbers.jsonl' }))] });
`;
const bounded = `
import { from, pipeline, type JobStatus, type Params } from 'weir';
import { file } from 'weir/connectors';
export default pipeline({ name: 'bounded', outputs: [from([{ n: 1 }, { n: 2 }, { n: 3 }]).to(file.sink({ path: 'out/n.jsonl' }))] });
export function finished({ totals }: JobStatus, params: Params) { console.log('counted ' + totals.rowsIn + ' ' + params.string('x', 'y')); }
`;
const throwing = `
import { from, pipeline } from 'weir';
import { file } from 'weir/connectors';
interface Row { n: number }
function half(row: Row): Row {
  if (row.n === 2) throw new Error('two is odd');
  return { n: row.n / 2 };
}
export default pipeline({
  name: 'throwing',
  restart: { attempts: 0 },
  outputs: [from([{ n: 1 }, { n: 2 }]).map(half).named('halve').to(file.sink({ path: 'out/n.jsonl' }))],
});
`;
const paced = `
import { from, pipeline } from 'weir';
import { file, generator } from 'weir/connectors';
const numbers = generator.source({ rowsPerSecond: 2000, rows: 3000, row: (index) => ({ n: index }) });
export default pipeline({ name: 'paced', outputs: [from(numbers).to(file.sink({ path: 'out/n.jsonl' }))] });
`;
const printing = `
import { from, pipeline } from 'weir';
import { generator, stdout } from 'weir/connectors';
const numbers = generator.source({ rowsPerSecond: 100, row: (index) => ({ n: index }) });
export default pipeline({ name: 'printing', outputs: [from(numbers).to(stdout.sink())] });
`;
const typeless = '{ "name": "somewhere" }';

const linesOf = (folder: Folder, path: string): string[] => readFileSync(join(folder.path, path), 'utf8').trimEnd().split('\n');
const numbersIn = (folder: Folder): number[] =>
  linesOf(folder, 'out/numbers.jsonl').map((line) => (JSON.parse(line) as { n: number }).n);

describe('weir run', () => {
  test('runs a lone .ts file to its end, calls finished, and says so the second time', async () => {
    using folder = new Folder({ 'job.ts': bounded, 'package.json': typeless });
    const first = await folder.weir('run', 'job.ts', '--checkpoint-interval', '50').ended;
    expect(first.stderr).not.toMatch(/weir: E_/);
    expect(first.code).toBe(0);
    expect(readFileSync(join(folder.path, 'out/n.jsonl'), 'utf8')).toBe('{"n":1}\n{"n":2}\n{"n":3}\n');
    expect(first.stdout).toMatch(/^bounded starts anew[\s\S]*^counted 3 y$/m);
    expect(Object.keys(reportOf(first))).toEqual([
      'job',
      'epoch',
      'restoredFrom',
      'position',
      'rowsIn',
      'rowsOut',
      'rowsLate',
      'deadLetters',
      'restarts',
    ]);
    expect(reportOf(first)).toMatchObject({
      job: 'bounded',
      restoredFrom: null,
      position: 0,
      rowsIn: 3,
      rowsOut: 3,
      rowsLate: 0,
    });

    const again = await folder.weir('run', 'job.ts').ended;
    expect(again.code).toBe(0);
    expect(again.stdout).toMatch(/^bounded has finished before/);
    expect(reportOf(again)).toMatchObject({ position: 3, rowsIn: 0 });

    const anew = await folder.weir('run', 'job.ts', '--fresh').ended;
    expect(anew.code).toBe(0);
    expect(reportOf(anew)).toMatchObject({ restoredFrom: null, position: 0, rowsIn: 3 });
  });

  test('stops on SIGTERM with a final checkpoint, and goes on from it', async () => {
    using folder = new Folder({ 'job.ts': endless, 'package.json': typeless });
    const run = folder.weir('run', 'job.ts', '--checkpoint-interval', '100');
    await run.says(/epoch [2-9]\d* \| running/);
    run.child.kill('SIGTERM');
    const stopped = await run.ended;
    expect([stopped.code, stopped.signal]).toEqual([0, null]);
    const { rowsIn, epoch } = reportOf(stopped) as { rowsIn: number; epoch: number };
    expect(numbersIn(folder)).toEqual(Array.from({ length: rowsIn }, (_, n) => n));

    const next = folder.weir('run', 'job.ts', '--checkpoint-interval', '100');
    await next.says(new RegExp(`^endless goes on from checkpoint ${epoch} \\(epoch ${epoch}, position ${rowsIn}\\)`, 'm'));
    await next.says(/rows\/s/);
    next.child.kill('SIGINT');
    const end = await next.ended;
    const report = reportOf(end) as { position: number; rowsIn: number };
    expect([end.code, report.position]).toEqual([0, rowsIn]);
    expect(numbersIn(folder)).toEqual(Array.from({ length: rowsIn + report.rowsIn }, (_, n) => n));
  });

  test('refuses a job that runs already with exit code 5, naming pid and directory', async () => {
    using folder = new Folder({ 'job.ts': endless });
    const run = folder.weir('run', 'job.ts');
    await run.says(/starts anew/);
    const second = await folder.weir('run', 'job.ts').ended;
    expect(second.code).toBe(5);
    expect(second.stderr).toMatch(new RegExp(`^weir: E_RUNNING .*${run.child.pid}`, 'm'));
    expect(second.stderr).toMatch(/\.weir\/endless/);
    run.child.kill('SIGKILL');
    await run.ended;
  });

  test('names operator, file and line of a closure that threw, and the record', async () => {
    using folder = new Folder({ 'job.ts': throwing, 'package.json': typeless });
    const { code, stderr } = await folder.weir('run', 'job.ts', '--log-level', 'silent').ended;
    expect(stderr).toMatch(/^weir: E_/m);
    expect(stderr).toMatch(/halve/);
    expect(stderr).toMatch(/two is odd/);
    expect(stderr).toMatch(/job\.ts:6:/);
    expect(stderr).toMatch(/#1\b/);
    expect(code).toBe(1);
  });

  test('serves health, metrics and status while it runs', async () => {
    using folder = new Folder({ 'job.ts': endless });
    const run = folder.weir('run', 'job.ts', '--http', '0', '--checkpoint-interval', '100');
    const [, url] = await run.says(/status at (http:\/\/127\.0\.0\.1:\d+)\/v1\/jobs\/endless/);
    await run.says(/epoch [1-9]\d* \| running/);
    const get = async (path: string) => (await fetch(`${url}${path}`)).text();
    expect(await get('/readyz')).toBe('{"status":"ok","checks":{"job endless":"running"}}');
    expect(await get('/metrics')).toMatch(/^weir_records_in_total\{job="endless",operator="[^"]+",subtask="0"\} [1-9]/m);
    expect(JSON.parse(await get('/v1/jobs/endless'))).toMatchObject({ job: 'endless', state: 'running' });
    run.child.kill('SIGTERM');
    expect((await run.ended).code).toBe(0);
  });

  test('goes on when whoever watched it is gone', async () => {
    using folder = new Folder({ 'job.ts': paced, 'package.json': typeless });
    const run = folder.weir('run', 'job.ts', '--log-level', 'debug');
    await run.says(/paced starts anew/);
    run.child.stdout!.destroy();
    run.child.stderr!.destroy();
    expect((await run.ended).code).toBe(0);
    expect(linesOf(folder, 'out/n.jsonl')).toHaveLength(3000);
  });

  test.skipIf(!existsSync('/dev/full'))('goes on when the disk of its log is full', () => {
    using folder = new Folder({ 'job.ts': paced, 'package.json': typeless });
    const fullDisk = openSync('/dev/full', 'w');
    const end = spawnSync(process.execPath, [bin, 'run', 'job.ts', '--log-level', 'debug'], {
      cwd: folder.path,
      stdio: ['ignore', fullDisk, fullDisk],
    });
    closeSync(fullDisk);
    expect([end.status, end.signal]).toEqual([0, null]);
    expect(linesOf(folder, 'out/n.jsonl')).toHaveLength(3000);
  });

  test('fails when nobody reads results on stdout, and prints them to the next reader', async () => {
    using folder = new Folder({ 'job.ts': printing, 'package.json': typeless });
    const run = folder.weir('run', 'job.ts', '--checkpoint-interval', '100', '--log-level', 'silent');
    await run.says(/^epoch 1, /m);
    run.child.stdout!.destroy();
    const { code, stderr } = await run.ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/weir: E_SINK .*nobody reads stdout any more/);
    const next = folder.weir('run', 'job.ts', '--checkpoint-interval', '100');
    await next.says(/^printing goes on from checkpoint [1-9]/m);
    next.child.kill('SIGKILL');
    await next.ended;
  });
});
