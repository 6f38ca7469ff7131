import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Folder, Program, reportOf, root } from '../service/weir-process.ts';

/** `npm start` with state and output in the folder, and an environment that must not matter. */
function npmStart(folder: Folder, params: string[], group = false): Program {
  const own = ['--state-dir', join(folder.path, 'state'), '--checkpoint-interval', '100'];
  const words = ['start', '--', ...own, ...params, `output=${join(folder.path, 'out')}`];
  return new Program('npm', words, root, {
    group,
    environment: { NATS_URL: 'nats://nowhere.invalid:4222', WEIR_LOG_LEVEL: 'error' },
  });
}

describe('npm start', () => {
  test('runs the main job to its end: parameters and flags in any order, the report last', async () => {
    using folder = new Folder();
    const end = await npmStart(folder, ['rate=0', '--parallelism', '2']).ended;
    expect(end.code).toBe(0);
    expect(end.stdout).toMatch(/^flight-delays starts anew, parallelism 2$/m);
    expect(reportOf(end)).toMatchObject({ job: 'flight-delays', position: 0, rowsIn: 20_000, rowsLate: 26 });
  });

  test('takes parameters behind -- too', async () => {
    using folder = new Folder();
    const end = await npmStart(folder, ['--', 'rate=0', 'ratte=1']).ended;
    expect(end.code).toBe(2);
    expect(end.stderr).toMatch(/unknown parameter 'ratte'\n {2}did you mean 'rate'\?/);
  });

  test('says how a parameter is written when a word is none', async () => {
    using folder = new Folder();
    const end = await npmStart(folder, ['rate']).ended;
    expect(end.code).toBe(2);
    expect(end.stderr).toMatch(/'rate' is not a parameter: write key=value/);
  });

  test('is gone at once when npm is killed', async () => {
    using folder = new Folder();
    const run = npmStart(folder, ['rate=1000']);
    await run.says(/epoch [1-9]/);
    run.child.kill('SIGKILL');
    const { stdout } = await run.ended; // all who hold its stdout have ended
    expect(stdout).not.toMatch(/stopped at checkpoint/);
    const next = npmStart(folder, ['rate=0']);
    await next.says(/goes on from checkpoint [1-9]/);
    expect(reportOf(await next.ended)).toMatchObject({ restoredFrom: expect.any(Number) });
  });

  test('stops with a final checkpoint when npm gets a SIGTERM, of which it dies itself', async () => {
    using folder = new Folder();
    const run = npmStart(folder, ['rate=1000']);
    await run.says(/epoch [1-9]/);
    run.child.kill('SIGTERM');
    const { stdout } = await run.ended; // all who hold its stdout have ended
    expect(stdout).toMatch(/^flight-delays stopped at checkpoint [1-9]/m);
  });

  test('does not run on when npm was killed before node was there', async () => {
    using folder = new Folder();
    const own = `node scripts/start.mjs --state-dir ${folder.path}/state output=${folder.path}/out rate=1000`;
    const run = new Program('sh', ['-c', `(sleep 0.2; ${own}) & sleep 0.05`], root, {
      environment: { npm_lifecycle_event: 'start', WEIR_LOG_LEVEL: 'error' },
    });
    expect((await run.ended).stdout).toBe('');
  });

  test('stops on one Ctrl-C, which reaches npm and the job, and which npm passes on once more', async () => {
    using folder = new Folder();
    const run = npmStart(folder, ['rate=1000'], true);
    await run.says(/epoch [1-9]/);
    process.kill(-run.child.pid!, 'SIGINT');
    const end = await run.ended;
    expect(end.stdout).toMatch(/^flight-delays stopped at checkpoint [1-9]/m);
    expect(reportOf(end)).toMatchObject({ job: 'flight-delays' });
  });

  test.each(['SIGINT', 'SIGTERM'] as const)('takes the installation with it when it gets a %s', async (signal) => {
    using folder = new Folder({
      'npm-cli.js': 'process.on("SIGINT", () => {}); console.error("installing here"); setInterval(() => {}, 1000);',
      'package-lock.json': '{}',
    });
    folder.copy('scripts', 'scripts');
    const run = new Program(process.execPath, ['scripts/start.mjs'], folder.path, {
      environment: { npm_execpath: join(folder.path, 'npm-cli.js') },
    });
    await run.says(/installing here/);
    run.child.kill(signal);
    expect((await run.ended).signal).toBe(signal); // all who hold its stderr have ended
  });
});
