import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WeirError } from '../../src/core/index.ts';
import { controlApi } from '../../src/service/control-api.ts';
import { type HttpServer, startHttp } from '../../src/service/http.ts';
import { jobsOverHttp } from '../../src/service/jobs-over-http.ts';
import { report, status } from './fake-job.ts';
import type { Stopped } from '../../src/runtime/index.ts';
import { OperatedFake } from './operated-fake.ts';

const build = { version: '1.2.3', node: '20.19.0' };
const optionsOf = (job: OperatedFake) => ({
  jobs: () => [job.status()],
  find: (name: string) => (name === job.name ? job : undefined),
  build,
  now: () => 0,
});
const json = { 'content-type': 'application/json', host: 'localhost:8081' };
let job: OperatedFake;
let folder = '';
beforeEach(() => {
  job = new OperatedFake({ report: report({ epoch: 7 }) });
  folder = mkdtempSync(join(tmpdir(), 'weir-test-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Asked {
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly method?: string;
}
const ask = async (path: string, { headers = json, body = '', method = 'POST' }: Asked = {}): Promise<[number, unknown]> => {
  const answer = await controlApi(optionsOf(job)).request(path, { method, headers, body: method === 'POST' ? body : null });
  return [answer.status, await answer.json()];
};

describe('over HTTP a job', () => {
  test('is stopped, with a savepoint or without', async () => {
    expect(await ask('/v1/jobs/delays/stop')).toEqual([200, { state: 'stopped', epoch: 7, savepoint: null }]);
    expect(await ask('/v1/jobs/delays/stop', { body: '{"savepoint":"/srv/s"}' })).toEqual([
      200,
      { state: 'stopped', epoch: 7, savepoint: '/srv/s' },
    ]);
    expect(job.asked).toEqual(['stop', 'stop /srv/s']);
  });

  test('gives a savepoint, with its epoch and absolute path', async () => {
    const directory = join(folder, 'saved');
    const body = JSON.stringify({ directory });
    expect(await ask('/v1/jobs/delays/savepoint', { body })).toEqual([200, { epoch: 7, directory }]);
    expect(readdirSync(folder)).toEqual(['saved']);
    expect(await ask('/v1/jobs/delays/savepoint', { body })).toMatchObject([400, { code: 'E_USAGE' }]);
  });

  test('says what is wrong with a request', async () => {
    expect(await ask('/v1/jobs/other/stop')).toMatchObject([404, { error: "no job 'other' runs here" }]);
    expect(await ask('/v1/jobs/delays/savepoint')).toMatchObject([
      400,
      { code: 'E_USAGE', error: expect.stringContaining('`directory`') },
    ]);
    expect(await ask('/v1/jobs/delays/stop', { body: 'stop' })).toMatchObject([400, { error: 'the body is no JSON' }]);
    expect(await ask('/v1/jobs/delays/stop', { body: '[]' })).toMatchObject([400, { error: 'the body is no JSON object' }]);
    expect(await ask('/v1/jobs/delays/stop', { body: `{"more":"${'x'.repeat(20_000)}"}` })).toMatchObject([413, {}]);
    expect(await ask('/v1/jobs/delays/stop', { method: 'GET' })).toMatchObject([404, {}]);
    job.stopping = () => Promise.reject(new WeirError('E_STORE', 'the disk is full'));
    expect(await ask('/v1/jobs/delays/stop')).toMatchObject([500, { code: 'E_STORE', error: 'the disk is full' }]);
    expect(job.asked).toEqual(['stop']);
  });

  test.each([
    ['a form, or text', { host: json.host, 'content-type': 'text/plain' }, 415],
    ['what says nothing of its content', { host: json.host }, 415],
    ['JSON by another name', { ...json, 'content-type': 'text/plain; application/json' }, 415],
    ['another origin', { ...json, origin: 'https://example.com' }, 403],
    ['another port of this machine', { ...json, origin: 'http://localhost:3000' }, 403],
    ['a page that hides where it comes from', { ...json, origin: 'null' }, 403],
    ['another site, by the word of its browser', { ...json, 'sec-fetch-site': 'cross-site' }, 403],
    ['a name that leads to this machine', { ...json, host: 'evil.example:8081' }, 403],
  ])('SV4: is not stopped by %s', async (_, headers, code) => {
    expect(await ask('/v1/jobs/delays/stop', { headers })).toMatchObject([code, {}]);
    expect(
      await ask('/v1/jobs/delays/savepoint', { headers, body: JSON.stringify({ directory: join(folder, 's') }) }),
    ).toMatchObject([code, {}]);
    expect([job.asked, readdirSync(folder)]).toEqual([[], []]);
  });

  test('SV4: allows no other origin to ask whether it may', async () => {
    const answer = await controlApi(optionsOf(job)).request('/v1/jobs/delays/stop', {
      method: 'OPTIONS',
      headers: { host: json.host, origin: 'https://example.com', 'access-control-request-method': 'POST' },
    });
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  });

  test('is stopped by its own page, and by a client that names the charset', async () => {
    const headers = { host: json.host, origin: 'http://localhost:8081', 'content-type': 'application/json; charset=utf-8' };
    expect(await ask('/v1/jobs/delays/stop', { headers })).toMatchObject([200, {}]);
  });
});

describe('an operator who asks over HTTP', () => {
  let server: HttpServer;
  beforeEach(async () => {
    server = await startHttp(0, optionsOf(job));
  });
  afterEach(() => server.close());

  test('sees all jobs, and each', async () => {
    const jobs = jobsOverHttp(server.url, 5000);
    const whole = JSON.parse(JSON.stringify(status({ report: report({ epoch: 7 }) })));
    expect(await jobs.all()).toEqual([{ at: expect.any(Number), status: whole }]);
    expect((await jobs.status('delays')).status).toEqual(whole);
  });

  test('is told which job was meant', async () => {
    const error = {
      code: 'E_USAGE',
      message: `no job 'delay' runs at ${server.url}`,
      hint: 'did you mean delays? there is delays',
    };
    await expect(jobsOverHttp(server.url, 5000).stop('delay')).rejects.toMatchObject(error);
  });

  test('hears that a job has stopped, although its process ends with it', async () => {
    let stop = (): void => {};
    const stopping = new Promise<Stopped>((resolve) => (stop = () => resolve({ state: 'stopped', epoch: 9, savepoint: '/s' })));
    job.stopping = () => stopping;
    const stopped = jobsOverHttp(server.url, 5000).stop('delays', '/s');
    await expect.poll(() => job.asked).toEqual(['stop /s']);
    const closed = server.close();
    stop();
    expect(await stopped).toEqual({ state: 'stopped', epoch: 9, savepoint: '/s' });
    await closed;
  });

  test('hears errors as they are, of a job and of the way to it', async () => {
    job.stopping = () => Promise.reject(new WeirError('E_STATE_DAMAGED', 'oh', { hint: 'so' }));
    await expect(jobsOverHttp(server.url, 5000).stop('delays')).rejects.toMatchObject({
      code: 'E_STATE_DAMAGED',
      message: 'oh',
      hint: 'so',
    });
    await server.close();
    await expect(jobsOverHttp(server.url, 5000).all()).rejects.toMatchObject({ code: 'E_BROKER', exitCode: 3 });
    expect(() => jobsOverHttp('http://example.com:80', 5000)).toThrow(/a job serves http:\/\/127.0.0.1:PORT/);
    expect(() => jobsOverHttp('8080', 5000)).toThrow(/a job serves/);
  });
});
