import { describe, expect, test } from 'vitest';
import { subtaskMachine, supervisorMachine } from '../../src/actors/index.ts';
import { beginning, walkMachine } from '../walk-machine.ts';

const plain = (...types: string[]): Record<string, { type: string }> => Object.fromEntries(types.map((type) => [type, { type }]));

describe('the machine of a subtask', () => {
  test('begins by restoring', () => {
    expect(beginning(subtaskMachine)).toBe('restoring restore');
  });

  test('answers every event in every state as the table says', () => {
    walkMachine(subtaskMachine, plain('RESTORED', 'START', 'FAIL', 'CLOSE', 'CLOSED'), {
      restoring: { RESTORED: 'ready restored', FAIL: 'failed halt', CLOSE: 'closing close' },
      ready: { START: 'running run', FAIL: 'failed halt', CLOSE: 'closing close' },
      running: { FAIL: 'failed halt', CLOSE: 'closing close' },
      failed: { CLOSE: 'closing close' },
      closing: { CLOSED: 'closed closed' },
      closed: {},
    });
  });
});

describe('the machine of a supervisor', () => {
  test('begins idle', () => {
    expect(beginning(supervisorMachine)).toBe('idle');
  });

  test('X2: answers every event in every state as the table says: a generation is deployed from idle only', () => {
    walkMachine(supervisorMachine, plain('DEPLOY', 'ALL_READY', 'START', 'TEARDOWN', 'ALL_CLOSED'), {
      idle: { DEPLOY: 'deploying deploy', TEARDOWN: 'idle tornDown' },
      deploying: { ALL_READY: 'ready deployed', TEARDOWN: 'tearingDown teardown' },
      ready: { START: 'running start', TEARDOWN: 'tearingDown teardown' },
      running: { TEARDOWN: 'tearingDown teardown' },
      tearingDown: { ALL_CLOSED: 'idle tornDown' },
    });
  });
});
