import { get } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import type { JobStatus } from '../../src/cluster/status.ts';
import { controlApi } from '../../src/service/control-api.ts';
import { type HttpServer, startHttp } from '../../src/service/http.ts';
import { prometheusText } from '../../src/service/prometheus-text.ts';
import { report, status, subtask } from './fake-job.ts';

const build = { version: '1.2.3', node: '20.19.0' };
const api = (...jobs: JobStatus[]) => controlApi({ jobs: () => jobs, build, now: () => 20_000 });
const ask = (path: string, jobs: JobStatus[] = [], host = 'localhost:8081') => api(...jobs).request(path, { headers: { host } });

describe('the control API', () => {
  test('is healthy as long as it answers', async () => {
    const answer = await ask('/healthz');
    expect([answer.status, await answer.json()]).toEqual([200, { status: 'ok', checks: { process: 'ok' } }]);
  });

  test.each([
    ['starting', 503],
    ['restoring', 503],
    ['running', 200],
    ['throttled', 200],
    ['restarting', 503],
    ['stopping', 503],
    ['finished', 503],
    ['failed', 503],
  ] as const)('is ready while the job takes rows: %s is %i', async (state, code) => {
    const answer = await ask('/readyz', [status({ state })]);
    expect([answer.status, await answer.json()]).toEqual([
      code,
      { status: code === 200 ? 'ok' : 'not ready', checks: { 'job delays': state } },
    ]);
  });

  test('is not ready without a job', async () => {
    expect((await ask('/readyz')).status).toBe(503);
  });

  test('lists the jobs, and shows one whole', async () => {
    const job = status({ subtasks: [subtask({ watermark: 5 })] });
    expect(await (await ask('/v1/jobs', [job])).json()).toEqual({
      jobs: [{ job: 'delays', state: 'running', generation: 1, parallelism: 1, report: report() }],
    });
    expect(await (await ask('/v1/jobs/delays', [job])).json()).toEqual(job);
    const unknown = await ask('/v1/jobs/dleays', [job]);
    expect([unknown.status, await unknown.json()]).toEqual([404, { error: "no job 'dleays' runs here" }]);
  });

  test('answers JSON where there is nothing', async () => {
    const answer = await ask('/nowhere');
    expect([answer.status, await answer.json()]).toEqual([404, { error: 'nothing is at /nowhere' }]);
  });

  test.each(['evil.example', 'evil.example:8081', 'localhost.evil.example', '127.0.0.1.evil.example:80', ''])(
    'SV1: refuses the host %j',
    async (host) => {
      expect((await ask('/v1/jobs', [status()], host)).status).toBe(403);
    },
  );

  test.each(['localhost', '127.0.0.1:1', '[::1]:8081'])('SV1: takes the host %s, and allows no other origin', async (host) => {
    const answer = await ask('/v1/jobs', [status()], host);
    expect(answer.status).toBe(200);
    expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  });
});

describe('metrics', () => {
  test('have the names, units and labels that Prometheus wants', async () => {
    const job = status({
      subtasks: [
        subtask({
          rowsIn: 10,
          rowsOut: 8,
          late: 2,
          deadLetters: 1,
          duplicates: 7,
          watermark: 5_000,
          busy: 0.25,
          backpressured: 0.5,
          stateRows: 7,
        }),
        subtask({ stage: 'per "day"', subtask: 1 }),
      ],
      checkpoints: [
        { epoch: 3, state: 'in progress', triggered: 19_000, durationMs: null, bytes: 0 },
        { epoch: 2, state: 'completed', triggered: 18_000, durationMs: 500, bytes: 4096 },
      ],
      totals: { rowsIn: 0, rowsOut: 0, rowsLate: 0, deadLetters: 0, duplicates: 0, checkpoints: 2, restores: 0 },
      report: report({ restarts: 3 }),
    });
    const answer = await ask('/metrics', [job]);
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const lines = (await answer.text()).split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        '# HELP weir_records_in_total Rows that the subtask took.',
        '# TYPE weir_records_in_total counter',
        'weir_records_in_total{job="delays",operator="source",subtask="0"} 10',
        'weir_records_in_total{job="delays",operator="per \\"day\\"",subtask="1"} 0',
        'weir_records_out_total{job="delays",operator="source",subtask="0"} 8',
        'weir_late_records_total{job="delays",operator="source",subtask="0"} 2',
        'weir_dead_letters_total{job="delays",operator="source",subtask="0"} 1',
        'weir_duplicates_total{job="delays",operator="source",subtask="0"} 7',
        'weir_busy_ratio{job="delays",operator="source",subtask="0"} 0.25',
        'weir_backpressured_ratio{job="delays",operator="source",subtask="0"} 0.5',
        'weir_watermark_lag_seconds{job="delays",operator="source",subtask="0"} 15',
        'weir_checkpoint_duration_seconds{job="delays"} 0.5',
        'weir_checkpoint_size_bytes{job="delays"} 4096',
        'weir_last_checkpoint_timestamp_seconds{job="delays"} 18.5',
        'weir_restarts_total{job="delays"} 3',
        'weir_build_info{version="1.2.3",node="20.19.0"} 1',
      ]),
    );
    expect(lines.filter((line) => line.startsWith('weir_watermark_lag_seconds')).length).toBe(1);
  });

  test('escape labels and help, and write what is not finite as Prometheus does', () => {
    const samples = [NaN, Infinity, -Infinity].map((value) => ({ labels: {}, value }));
    expect(
      prometheusText([
        { name: 'a', type: 'gauge', help: 'x\\y\nz', samples },
        { name: 'none', type: 'gauge', help: '', samples: [] },
      ]),
    ).toBe('# HELP a x\\\\y\\nz\n# TYPE a gauge\na NaN\na +Inf\na -Inf\n');
    expect(
      prometheusText([{ name: 'a', type: 'gauge', help: '', samples: [{ labels: { l: 'a"b\\c\nd' }, value: 1 }] }]),
    ).toContain('a{l="a\\"b\\\\c\\nd"} 1');
  });
});

describe('the HTTP server', () => {
  let server: HttpServer | undefined;
  afterEach(() => server?.close());

  test('listens on 127.0.0.1, on a free port for 0, and refuses a port that is taken', async () => {
    const options = { jobs: () => [status()], build, now: () => 0 };
    server = await startHttp(0, options);
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const { url } = server;
    const code = await new Promise<number | undefined>((resolve, reject) =>
      get(`${url}/readyz`, (answer) => resolve(answer.resume().statusCode)).on('error', reject),
    );
    expect(code).toBe(200);
    const taken = startHttp(Number(new URL(url).port), options);
    await expect(taken).rejects.toMatchObject({ code: 'E_USAGE' });
  });
});
