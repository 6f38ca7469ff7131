import { describe, expect, test } from 'vitest';
import { isPipeline, logicalJob, pipeline, schema, t } from '../../src/api/index.ts';
import { sinkOf, streamFrom } from './graphs.ts';

const outputs = [streamFrom(schema({ id: t.string })).to(sinkOf())];

describe('a pipeline', () => {
  test('has one subtask per operator, a checkpoint a second and ten restarts in ten minutes unless said', () => {
    expect(logicalJob(pipeline({ name: 'a', outputs }))).toMatchObject({
      name: 'a',
      parallelism: 1,
      checkpointEveryMs: 1000,
      restart: { attempts: 10, withinMs: 600_000, backoffMs: 1000 },
    });
    expect(logicalJob(pipeline({ name: 'a', outputs }))).not.toHaveProperty('deadLetters');
  });

  test('takes all of it from its options', () => {
    const deadLetters = sinkOf('append');
    const job = logicalJob(
      pipeline({
        name: 'a',
        outputs,
        parallelism: 4,
        checkpointEvery: '500 ms',
        deadLetters,
        restart: { attempts: 0, within: '1 hour', backoff: '0 ms' },
      }),
    );
    expect(job).toMatchObject({
      parallelism: 4,
      checkpointEveryMs: 500,
      deadLetters,
      restart: { attempts: 0, withinMs: 3_600_000, backoffMs: 0 },
    });
    expect(job.outputs).toHaveLength(1);
  });

  test('shows its plan', () => {
    expect(pipeline({ name: 'shown', outputs }).plan()).toContain('job shown');
  });

  test('is known as one, whoever asks', () => {
    expect(isPipeline(pipeline({ name: 'a', outputs }))).toBe(true);
    for (const other of [null, undefined, 1, {}, { name: 'a', outputs, plan: () => '' }]) expect(isPipeline(other)).toBe(false);
    expect(() => logicalJob({} as never)).toThrow(expect.objectContaining({ code: 'E_MODULE' }));
  });

  test.each([
    [{ name: 'a b' }, "'a b' cannot be the name of a pipeline"],
    [{ name: '' }, "'' cannot be the name"],
    [{ name: 'x'.repeat(65) }, 'cannot be the name'],
    [{ outputs: [] }, "pipeline 'a' has no outputs"],
    [{ outputs: [streamFrom()] }, 'this is not an output'],
    [{ parallelism: 1.5 }, "pipeline 'a': parallelism is 1.5"],
    [{ restart: { attempts: -1 } }, "pipeline 'a': restart.attempts is -1"],
    [{ restart: { within: '0 ms' } }, 'restart.within'],
    [{ checkpointEvery: '1 sec' }, "pipeline 'a': checkpointEvery: '1 sec' is not a duration"],
    [{ deadLetters: {} }, "pipeline 'a': deadLetters: this is not a sink"],
  ])('refuses %j', (wrong, message) => {
    expect(() => pipeline({ name: 'a', outputs, ...wrong } as never)).toThrow(
      expect.objectContaining({ code: 'E_PLAN', message: expect.stringContaining(message) }),
    );
  });
});
