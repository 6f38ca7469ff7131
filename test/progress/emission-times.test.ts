import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { epoch } from '../../src/core/index.ts';
import { type Barrier, emissionsDue, type EmissionTimes, emittedBy, isDue } from '../../src/progress/index.ts';

const barrier = (time: number, due: readonly number[]): Barrier => ({ epoch: epoch(1), time, due });

describe('emissions that are due', () => {
  test('the first at once, the next no sooner than `every` later, all at the last barrier', () => {
    expect(emissionsDue([100, 500], {}, 7, false)).toEqual([100, 500]);
    expect(emissionsDue([100, 500], { 100: 1000, 500: 1000 }, 1099, false)).toEqual([]);
    expect(emissionsDue([100, 500], { 100: 1000, 500: 1000 }, 1100, false)).toEqual([100]);
    expect(emissionsDue([100, 500], { 100: 1000, 500: 1000 }, 1001, true)).toEqual([100, 500]);
  });

  test('a result without `every` is due at every barrier', () => {
    expect(isDue(0, barrier(1, []))).toBe(true);
    expect(isDue(5, barrier(1, []))).toBe(false);
    expect(isDue(5, barrier(1, [5]))).toBe(true);
  });

  test('what was due at an aborted epoch is due at the next; between two that completed lies `every`', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ step: fc.integer({ min: 0, max: 90 }), completes: fc.boolean() }), { maxLength: 60 }),
        fc.integer({ min: 1, max: 200 }),
        (epochs, every) => {
          let emitted: EmissionTimes = {};
          let time = 0;
          let owed = false;
          let last = -Infinity;
          for (const { step, completes } of epochs) {
            time += step;
            const due = emissionsDue([every], emitted, time, false);
            if (owed) expect(due).toEqual([every]);
            owed = due.length > 0 && !completes;
            if (due.length > 0) expect(time - last).toBeGreaterThanOrEqual(every);
            if (!completes) continue;
            emitted = emittedBy(emitted, barrier(time, due));
            if (due.length > 0) last = time;
          }
        },
      ),
    );
  });
});
