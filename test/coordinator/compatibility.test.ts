import { describe, expect, test } from 'vitest';
import { keyHashVersion } from '../../src/batch/index.ts';
import { checkCompatible, statesOf } from '../../src/coordinator/index.ts';
import { type Logger, silentLogger } from '../../src/core/index.ts';
import { planJob } from '../../src/plan/index.ts';
import { job, map, sink, source, watermark, windowed } from '../plan/nodes.ts';
import { manifest } from './manifests.ts';

const plan = (sizeMs = 1000) =>
  planJob(
    job([
      sink(
        windowed(watermark(map(source('in', { name: 'in' })), { name: 'times' }), ['k'], { name: 'count', sizeMs }),
        'append',
        { name: 'result' },
      ),
    ]),
  );
const states = statesOf(plan());
const check = (was: Readonly<Record<string, string>>, is = plan(), logger: Logger = silentLogger): void =>
  checkCompatible(manifest(3, [], { states: was }), is, logger);

describe('a checkpoint fits a job', () => {
  test('whose stateful operators mean the same as before', () => {
    expect(Object.keys(states)).toEqual(['in', 'times', 'count', 'result']);
    expect(() => check(states)).not.toThrow();
  });

  test('that has new stateful operators: they begin empty, and the log says so', () => {
    const { times, ...fewer } = states;
    const said: unknown[] = [];
    check(fewer, plan(), { ...silentLogger, warn: (fields, message) => said.push([fields, message]) });
    expect(said).toEqual([[{ operator: 'times' }, 'this operator is new: it begins without state']]);
    expect(times).toBe('latest ts');
  });
});

describe('a checkpoint is refused', () => {
  test('with every difference as was and is, and what can be done', () => {
    expect(() => check({ ...states, old: 'reduced rows by k' }, plan(2000))).toThrow(
      expect.objectContaining({
        code: 'E_STATE_INCOMPATIBLE',
        exitCode: 4,
        message: [
          "checkpoint 3 of job 'test' does not fit the job as it is now:",
          '  count: was "window 1 second over ts; keys k; n = count()", is "window 2 seconds over ts; keys k; n = count()"',
          '  old: was "reduced rows by k", is gone',
        ].join('\n'),
        hint: expect.stringContaining('--fresh'),
      }),
    );
  });

  test('when keys would be looked for in the wrong place', () => {
    expect(() =>
      checkCompatible(manifest(3, [], { keyGroups: 64, keyHashVersion: keyHashVersion + 1 }), plan(), silentLogger),
    ).toThrow(/key groups: was 64, is 128\n {2}key hash: was version 2, is 1/);
  });
});
