import { describe, expect, test } from 'vitest';
import { runTrigger, type Trigger, triggerOf } from '../../src/core/index.ts';

describe('a trigger', () => {
  test('is continuous unless said, and reads as on the command line', () => {
    expect(runTrigger(undefined)).toEqual({ kind: 'continuous' });
    expect(['continuous', 'available-now', 'once', 'every 5 seconds', ' every  90 ms '].map(triggerOf)).toEqual([
      { kind: 'continuous' },
      { kind: 'drain', oneEpoch: false },
      { kind: 'drain', oneEpoch: true },
      { kind: 'every', everyMs: 5000 },
      { kind: 'every', everyMs: 90 },
    ]);
    expect(runTrigger({ every: '2 minutes' })).toEqual(triggerOf('every 2 minutes'));
  });

  test('that there is not is refused with those that there are', () => {
    const refused = expect.objectContaining({
      code: 'E_USAGE',
      hint: expect.stringMatching(/available-now.*once.*every/) as string,
    });
    for (const word of ['availableNow', 'every', '', 'every5 seconds']) expect(() => triggerOf(word)).toThrow(refused);
    for (const value of [{ every: 5 }, null, {}]) expect(() => runTrigger(value as unknown as Trigger)).toThrow(refused);
    expect(() => triggerOf('every 0 seconds')).toThrow(/not longer than nothing/);
    expect(() => triggerOf('every soon')).toThrow(expect.objectContaining({ code: 'E_PLAN' }));
  });
});
