import { describe, expect, test } from 'vitest';
import { checkpointMachine, jobMachine } from '../../src/coordinator/index.ts';
import { beginning, walkMachine } from '../walk-machine.ts';

describe('the machine of a job', () => {
  test('begins by loading', () => {
    expect(beginning(jobMachine)).toBe('loading');
  });

  test('answers every event in every state as the table says', () => {
    const events = {
      LOADED: { type: 'LOADED' },
      DEPLOYED: { type: 'DEPLOYED' },
      RECOMMITTED: { type: 'RECOMMITTED', finished: false },
      RECOMMITTED_FINISHED: { type: 'RECOMMITTED', finished: true },
      FAILED: { type: 'FAILED' },
      TORN_DOWN: { type: 'TORN_DOWN' },
      RESTART: { type: 'RESTART' },
      GIVE_UP: { type: 'GIVE_UP' },
      BACKOFF_OVER: { type: 'BACKOFF_OVER' },
      STOP: { type: 'STOP' },
      CLOSED_EPOCH: { type: 'CLOSED_EPOCH' },
    };
    walkMachine(jobMachine, events, {
      loading: { LOADED: 'deploying deploy', GIVE_UP: 'failed fail', STOP: 'done done' },
      deploying: { DEPLOYED: 'recommitting recommit', FAILED: 'tearingDown teardown', STOP: 'closing close' },
      recommitting: {
        RECOMMITTED: 'running run',
        RECOMMITTED_FINISHED: 'closing close',
        FAILED: 'tearingDown teardown',
        STOP: 'closing close',
      },
      running: { FAILED: 'tearingDown teardown', STOP: 'running closeEpoch', CLOSED_EPOCH: 'closing close' },
      tearingDown: { TORN_DOWN: 'tearingDown decide', RESTART: 'backingOff backOff', GIVE_UP: 'failed fail' },
      backingOff: { BACKOFF_OVER: 'deploying deploy', STOP: 'done done' },
      closing: { TORN_DOWN: 'done done' },
      done: {},
      failed: {},
    });
  });
});

describe('the machine of checkpoints', () => {
  test('begins idle', () => {
    expect(beginning(checkpointMachine)).toBe('idle');
  });

  test('answers every event in every state as the table says', () => {
    const events = Object.fromEntries(
      ['OPEN', 'ALL_ACKED', 'ABORT', 'PUBLISHED', 'COMMITTED', 'RESET'].map((type) => [type, { type }]),
    );
    walkMachine(checkpointMachine, events, {
      idle: { OPEN: 'aligning trigger' },
      aligning: { ALL_ACKED: 'publishing publish', ABORT: 'idle abort settled', RESET: 'idle' },
      publishing: { PUBLISHED: 'committing commit', RESET: 'idle' },
      committing: { COMMITTED: 'idle settled', RESET: 'idle' },
    });
  });
});
