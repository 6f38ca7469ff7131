import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { callSite, callSiteIn } from '../../src/api/call-site.ts';

const ours = fileURLToPath(new URL('../../src/api/graph-stream.ts', import.meta.url));
const here = process.cwd();

describe('a call site', () => {
  test('is the line of the first frame that is not ours', () => {
    expect(callSite()).toMatch(/^test\/api\/call-site\.test\.ts:\d+$/);
  });

  test.each([
    [`    at GraphStream.map (${ours}:1:2)\n    at Object.<anonymous> (${here}/jobs/a.ts:12:3)`, 'jobs/a.ts:12'],
    [`    at file://${ours}:1:2\n    at file://${here}/my%20job.ts:7:1`, 'my job.ts:7'],
    [`    at async file://${here}/job.ts:7:1`, 'job.ts:7'],
    ['    at new Thing (/elsewhere/(odd)/job.ts:3:1)', '/elsewhere/(odd)/job.ts:3'],
    [
      '    at Module._compile (node:internal/modules/cjs/loader:1554:14)\n    at make (/elsewhere/job.js:3:1)',
      '/elsewhere/job.js:3',
    ],
    ['    at Array.map (<anonymous>)\n    at /elsewhere/job.js:3:1', '/elsewhere/job.js:3'],
    [`    at GraphStream.map (${ours}:1:2)`, ''],
    ['', ''],
  ])('of %j is %j', (frames, site) => {
    expect(callSiteIn(`Error\n${frames}`)).toBe(site);
  });
});
