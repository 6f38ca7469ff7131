// `weir chaos` as a user runs it: a job and its check, TypeScript both.
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { natsServerBinary } from '../nats/server.ts';
import { bin, Folder, Program, root } from '../service/weir-process.ts';

const chaos = (...words: string[]): Program =>
  new Program(process.execPath, [bin, 'chaos', ...words], root, {
    environment: { NATS_SERVER_BIN: natsServerBinary(), TMPDIR: left.path },
  });
/** Where the logs of what goes wrong are left. */
const left = new Folder();
afterAll(() => left[Symbol.dispose]());
const example = ['examples/device-averages.ts', '--check', 'examples/check-device-averages.ts'];

beforeEach(({ skip }) => {
  const { skipped } = inject('natsServer');
  if (skipped !== undefined) skip(skipped);
});

describe('weir chaos', { timeout: 120_000 }, () => {
  test('kills and cuts off the processes of the example, and finds every average once', async () => {
    const words = ['--minutes', '0.2', '--seed', '1', '--checkpoint-interval', '250', '--nemesis', 'kill,partition', '--json'];
    const { code, stdout, stderr } = await chaos(...example, ...words).ended;
    const result = JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as Record<string, number> & { faults: object };
    expect({ ...result, stderr }).toMatchObject({
      workloads: ['device-averages'],
      lost: 0,
      duplicated: 0,
      reordered: 0,
      zombieWrites: 0,
    });
    expect(result['rows']).toBeGreaterThan(100);
    expect(Object.keys(result.faults).length).toBeGreaterThanOrEqual(3);
    expect(result['restores']).toBeGreaterThanOrEqual(1);
    expect(code).toBe(0);
  });

  test('says what is wrong with the output, where the logs are, and ends with 1', async () => {
    using folder = new Folder({
      'check.ts': `export { setup, workload } from ${JSON.stringify(new URL('../../examples/check-device-averages.ts', import.meta.url).href)};
        export default () => ({ lost: 0, duplicated: 2, reordered: 1 });`,
    });
    const words = ['--check', join(folder.path, 'check.ts'), '--minutes', '0.02', '--nemesis', 'kill-standby'];
    const { code, stderr } = await chaos('examples/device-averages.ts', ...words).ended;
    expect(stderr).toContain('lost 0, duplicated 2, reordered 1');
    expect(stderr).toMatch(/what the processes said is in \S+weir-chaos-/);
    expect(code).toBe(1);
  });

  test('E_CLOSURE: an error of the check file is one, and nothing is said of the job', async () => {
    using folder = new Folder({
      'check.ts': `export { setup } from ${JSON.stringify(new URL('../../examples/check-device-averages.ts', import.meta.url).href)};
        export const workload = async () => { throw new Error('no sensors today'); };
        export default () => ({ lost: 0, duplicated: 0, reordered: 0 });`,
    });
    const { code, stderr } = await chaos(example[0]!, '--check', join(folder.path, 'check.ts'), '--nemesis', 'kill').ended;
    expect(stderr).toContain('E_CLOSURE workload of the check file threw: no sensors today');
    expect(code).toBe(1);
  });

  test('a job that gives up ends the run, with its last words', async () => {
    using folder = new Folder({ 'check.mjs': 'export default () => ({ lost: 0, duplicated: 0, reordered: 0 });' });
    const { code, stderr } = await chaos(example[0]!, '--check', join(folder.path, 'check.mjs'), '--nemesis', 'kill').ended;
    expect(stderr).toMatch(/coordinator-\d ended with \d:[\s\S]*stream SENSOR_DATA/);
    expect(code).toBe(1);
  });

  test.each([
    [['--nemesis', 'kil'], 2, "there is no nemesis 'kil'\n  did you mean kill?"],
    [['--minutes', 'x'], 2, 'It is a number from 0.01 to 10000.'],
  ])('E_USAGE: refuses %j', async (words, exit, said) => {
    const { code, stderr } = await chaos(...example, ...words).ended;
    expect(stderr).toContain(said);
    expect(code).toBe(exit);
  });

  test('E_MODULE: refuses a check that is none', async () => {
    using folder = new Folder({ 'check.mjs': 'export const workload = 3; export default () => ({});', 'none.mjs': '' });
    const none = await chaos('examples/device-averages.ts', '--check', join(folder.path, 'none.mjs')).ended;
    expect(none.stderr).toContain('exports as its default nothing, not a check');
    const wrong = await chaos('examples/device-averages.ts', '--check', join(folder.path, 'check.mjs')).ended;
    expect(wrong.stderr).toContain("exports 'workload' as a number, not as a function");
    expect([none.code, wrong.code]).toEqual([2, 2]);
  });
});
