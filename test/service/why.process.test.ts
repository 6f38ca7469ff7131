// weir why: of a job of one process over HTTP, and of one whose workers are elsewhere over NATS.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { natsServerBinary, withServer } from '../nats/server.ts';
import { bin, Folder, Program } from './weir-process.ts';

const nats = withServer();
const started: Program[] = [];
afterEach(async () => {
  for (const { child } of started) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  await Promise.all(started.splice(0).map(({ ended }) => ended));
});
function weir(folder: Folder, ...words: string[]): Program {
  const environment = { NATS_SERVER_BIN: natsServerBinary(), WEIR_LOG_LEVEL: 'info', NATS_URL: nats.server.url };
  const program = new Program(process.execPath, [bin, ...words], folder.path, { environment });
  started.push(program);
  return program;
}

const job = `
import { countWindow, from, json, type Params, pipeline, schema, t, window } from 'weir';
import { file } from 'weir/connectors';
const Row = schema({ key: t.string, at: t.timestamp });
export default (params: Params) => {
  const rows = from(file.source({ path: 'in', format: json(Row), watch: true }));
  const counts = rows.withWatermark('at', '1 minute', { idleAfter: '1 hour' }).groupBy(window('at', '10 minutes'), 'key').count().named('per-ten');
  const pairs = rows.groupBy(countWindow(2), 'key').count().named('pairs');
  const outputs = [counts.to(file.sink({ path: 'out.jsonl' })), pairs.to(file.sink({ path: 'pairs.jsonl' }))];
  return pipeline({ name: params.string('name'), outputs });
};
`;
function folderWithRows(): Folder {
  const folder = new Folder({ 'job.ts': job });
  mkdirSync(join(folder.path, 'in'));
  const rows = [0, 5, 12].map((minute) => JSON.stringify({ key: 'k', at: minute * 60_000 }));
  writeFileSync(join(folder.path, 'in/a.jsonl'), `${rows.join('\n')}\n`);
  return folder;
}
/** Asked again until the workers have said how far they are. */
async function saysOf(folder: Folder, ...words: string[]): Promise<string> {
  for (;;) {
    const { code, stdout, stderr } = await weir(folder, 'why', ...words).ended;
    expect([code, stderr]).toEqual([0, '']);
    if (/held back by/.test(stdout)) return stdout;
  }
}
const firstLine = (name: string): string => `${name} is running; rows late so far: 0`;
const expected = (name: string): string =>
  [
    firstLine(name),
    'per-ten:',
    '  the watermark is at 1970-01-01T00:11:00.000Z; the earliest open window ends at 1970-01-01T00:20:00.000Z; 9 minutes are missing',
    '  held back by split in of source~ID, which is at 1970-01-01T00:11:00.000Z: until it gives a row of 1970-01-01T00:21:00.000Z or later, after 1 hour of silence, or it ends',
    'pairs:',
    '  a window closes with its last row: ask for a key to see how many it has',
    '',
  ].join('\n');
/** Of the operator that a key is asked of unless one is named. */
const expectedOfWindows = (name: string): string => expected(name).replace(/pairs:\n.*\n/, '');
const expectedOfKey = (name: string): string =>
  expectedOfWindows(name).replace(
    'per-ten:\n',
    'per-ten:\n  the key "k" is with subtask 0, on worker-ID\n  window from 1970-01-01T00:10:00.000Z to 1970-01-01T00:20:00.000Z; so far {"count":1}\n',
  );
const expectedOfPairs = (name: string): string =>
  [
    firstLine(name),
    'pairs:',
    '  the key "k" is with subtask 0, on worker-ID',
    '  window of rows 2 to 3, 1 of 2 rows; so far {"count":1}',
    '',
  ].join('\n');
const withoutId = (text: string): string =>
  text.replace(/of \S+, which/, 'of source~ID, which').replace(/subtask \d+, on \S+/, 'subtask 0, on worker-ID');

describe('weir why', { timeout: 120_000 }, () => {
  test('asks a process that serves HTTP', async () => {
    using folder = folderWithRows();
    const running = weir(folder, 'run', 'job.ts', '--transport', 'memory', '--http', '0', '--', 'name=embedded');
    const [, url] = (await running.says(/status at (http:\S+?)\/v1\/jobs/))!;
    expect(withoutId(await saysOf(folder, 'embedded', '--http', url!))).toBe(expected('embedded'));
    const asked = await fetch(`${url}/v1/jobs/embedded/why?operator=per-ten`);
    expect(await asked.json()).toMatchObject({
      job: 'embedded',
      operators: [{ operator: 'per-ten', nextWindowEnd: 1_200_000, closesAt: 1_200_000 }],
    });
    const unknown = await fetch(`${url}/v1/jobs/embedded/why?operator=per-five`);
    expect([unknown.status, await unknown.json()]).toEqual([
      400,
      expect.objectContaining({ code: 'E_USAGE', hint: expect.stringMatching(/per-ten/) }),
    ]);
    expect((await fetch(`${url}/v1/jobs/other/why`)).status).toBe(404);
    const ofKey = await weir(folder, 'why', 'embedded', '--http', url!, '--operator', 'per-ten', '--key', 'k').ended;
    expect([ofKey.code, ofKey.stderr, withoutId(ofKey.stdout)]).toEqual([0, '', expectedOfKey('embedded')]);
    const overHttp = await (
      await fetch(`${url}/v1/jobs/embedded/why?operator=per-ten&key=${encodeURIComponent('["k"]')}`)
    ).json();
    expect(overHttp).toMatchObject({
      operators: [{ key: { values: ['k'], open: [{ start: 600_000, soFar: [{ count: 1 }] }] } }],
    });
    const pairs = await weir(folder, 'why', 'embedded', '--http', url!, '--operator', 'pairs', '--key', 'k').ended;
    expect([pairs.code, pairs.stderr, withoutId(pairs.stdout)]).toEqual([0, '', expectedOfPairs('embedded')]);
    const pairsOverHttp = await (await fetch(`${url}/v1/jobs/embedded/why?operator=pairs&key=k`)).json();
    expect(pairsOverHttp).toMatchObject({
      operators: [{ kind: 'count windows', rowsLate: 0, key: { open: [{ rows: 1, ofRows: 2, end: null, closesAt: null }] } }],
    });
    const wrong = await fetch(`${url}/v1/jobs/embedded/why?operator=per-five&key=k`);
    expect([wrong.status, await wrong.json()]).toEqual([400, expect.objectContaining({ code: 'E_USAGE' })]);
  });

  test('asks a coordinator over NATS whose worker is another process', async () => {
    using folder = folderWithRows();
    const running = weir(folder, 'run', 'job.ts', '--transport', nats.server.url, '--workers', '1', '--', 'name=elsewhere');
    await running.says(/epoch [1-9]/);
    expect(withoutId(await saysOf(folder, 'elsewhere'))).toBe(expected('elsewhere'));
    const { code, stderr } = await weir(folder, 'why', 'elsewhere', '--operator', 'none').ended;
    expect([code, stderr]).toEqual([2, expect.stringMatching(/E_USAGE.*no operator 'none'/)]);
    const ofKey = await weir(folder, 'why', 'elsewhere', '--key', '"k"').ended;
    expect([ofKey.code, ofKey.stderr, withoutId(ofKey.stdout)]).toEqual([0, '', expectedOfKey('elsewhere')]);
    const pairs = await weir(folder, 'why', 'elsewhere', '--operator', 'pairs', '--key', 'k').ended;
    expect([pairs.code, pairs.stderr, withoutId(pairs.stdout)]).toEqual([0, '', expectedOfPairs('elsewhere')]);
    expect((await weir(folder, 'why', 'elsewhere', '--key', 'j').ended).stdout).toMatch(/"j" is with .*: nothing of it is open/);
    const wrong = await weir(folder, 'why', 'elsewhere', '--operator', 'none', '--key', 'k').ended;
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringMatching(/E_USAGE.*no operator 'none'/)]);
    const json = JSON.parse((await weir(folder, 'why', 'elsewhere', '--json').ended).stdout) as object;
    expect(json).toMatchObject({
      job: 'elsewhere',
      operators: [{ operator: 'per-ten', heldBackBy: [{ split: 'in' }] }, { operator: 'pairs' }],
    });
  });
});
