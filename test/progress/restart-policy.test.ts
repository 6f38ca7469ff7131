import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Retry } from '../../src/core/index.ts';
import { backoffMaxMs, decideRestart, type RestartOptions } from '../../src/progress/index.ts';

const options: RestartOptions = { attempts: 3, withinMs: 60_000, backoffMs: 1000 };
const decide = (times: readonly number[], inVain: number, retry: Retry, jitter = 0, now = 100_000): unknown =>
  decideRestart(options, { times, inVain }, now, retry, jitter);
const after = (delayMs: number): unknown => ({ kind: 'restart', delayMs });

describe('the restart policy', () => {
  test('R1: an error that says never is not retried', () => {
    expect(decide([], 0, 'never')).toEqual({ kind: 'fail', reason: 'never' });
  });

  test.each([
    ['the first loss of a subtask restores at once', [], 0, 'restore', 0, after(0)],
    ['the first trouble outside is given time', [], 0, 'backoff', 0.999999, after(1000)],
    ['the second in vain doubles it, for both', [99_000], 1, 'restore', 0.999999, after(2000)],
    ['after a checkpoint it is the first again', [98_000, 99_000], 0, 'restore', 0.999999, after(0)],
    ['jitter takes away up to half', [99_000], 1, 'backoff', 0, after(1000)],
    ['failures out of the window do not count against it', [1, 2, 40_000], 0, 'restore', 0, after(0)],
    ['too many within the window are enough', [50_000, 60_000, 99_000], 0, 'backoff', 0, { kind: 'fail', reason: 'attempts' }],
  ] as const)('%s', (_, failures, inVain, retry, jitter, decision) => {
    expect(decide(failures, inVain, retry, jitter)).toEqual(decision);
  });

  test('a policy of no attempts never restarts', () => {
    expect(decideRestart({ ...options, attempts: 0 }, { times: [], inVain: 0 }, 0, 'restore', 0)).toEqual({
      kind: 'fail',
      reason: 'attempts',
    });
  });

  test('R2: never more than the allowed restarts within the window, and no delay above the bound', () => {
    const policies = fc.record({
      attempts: fc.integer({ min: 1, max: 20 }),
      withinMs: fc.integer({ min: 1, max: 100_000 }),
      backoffMs: fc.integer({ min: 1, max: 10_000 }),
    });
    const gaps = fc.array(
      fc.record({
        gap: fc.nat(20_000),
        retry: fc.constantFrom<Retry>('backoff', 'restore'),
        inVain: fc.nat(70),
        jitter: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(policies, gaps, (policy, gaps) => {
        const failures: number[] = [];
        const restarts: number[] = [];
        let now = 0;
        for (const { gap, retry, inVain, jitter } of gaps) {
          now += gap;
          const decision = decideRestart(policy, { times: failures, inVain }, now, retry, jitter);
          failures.push(now);
          if (decision.kind === 'fail') break;
          restarts.push(now);
          expect(decision.delayMs).toBeGreaterThanOrEqual(0);
          expect(decision.delayMs).toBeLessThanOrEqual(backoffMaxMs);
          expect(restarts.filter((at) => at > now - policy.withinMs).length).toBeLessThanOrEqual(policy.attempts);
        }
      }),
      { numRuns: 200 },
    );
  });
});
