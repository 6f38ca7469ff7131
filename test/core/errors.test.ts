import { describe, expect, test } from 'vitest';
import { type ErrorCode, errorCodes, WeirError } from '../../src/core/index.ts';

const codes = Object.keys(errorCodes) as ErrorCode[];

describe('a WeirError', () => {
  test('E1: has a code of the registry, and takes its hint, domain and retry from there', () => {
    for (const code of codes) {
      const error = new WeirError(code, 'said');
      const { hint, domain, retry } = errorCodes[code];
      expect(error).toMatchObject({ name: 'WeirError', code, message: 'said', hint, domain, retry });
    }
  });

  test('E2: ends a process with the code that follows from its own code alone', () => {
    for (const code of codes)
      expect(new WeirError(code, 'x', { retry: 'backoff', hint: 'y' }).exitCode).toBe(errorCodes[code].exit);
  });

  test('ends with 2, 4 or 5 only where the same again would fail again', () => {
    for (const code of codes) if ([2, 4, 5].includes(errorCodes[code].exit)) expect(errorCodes[code].retry).toBe('never');
  });

  test('may know better than the registry what to do', () => {
    const cause = new Error('disk full');
    expect(new WeirError('E_STORE', 'x', { cause, hint: 'free some space', retry: 'never' })).toMatchObject({
      cause,
      hint: 'free some space',
      retry: 'never',
    });
    expect('cause' in new WeirError('E_STORE', 'x')).toBe(false);
  });

  test('is made of whatever was thrown, and stays itself', () => {
    const own = new WeirError('E_SINK', 'x');
    expect(WeirError.from(own, 'E_SOURCE', 'reading')).toBe(own);
    const thrown = new TypeError('not a function');
    expect(WeirError.from(thrown, 'E_CLOSURE', 'map')).toMatchObject({
      code: 'E_CLOSURE',
      message: 'map: not a function',
      cause: thrown,
    });
    expect(WeirError.from('a string', 'E_CLOSURE').message).toBe('a string');
    expect(WeirError.from(Object.create(null), 'E_CLOSURE').message).toBe('object without a text');
    expect(WeirError.from(undefined, 'E_CLOSURE').message).toBe('undefined');
  });
});
