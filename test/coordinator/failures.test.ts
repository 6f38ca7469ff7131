import { describe, expect, test } from 'vitest';
import { Failures } from '../../src/coordinator/failures.ts';
import { seededRandom, WeirError } from '../../src/core/index.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

const restart = { attempts: 3, withinMs: 60_000, backoffMs: 100 };
const outage = (): WeirError => new WeirError('E_BROKER', 'NATS does not answer');

describe('failures', () => {
  test('of a broker that is away are waited for, once the job has a checkpoint, however many they are', () => {
    const clock = new VirtualClock();
    const failures = new Failures(restart, clock, seededRandom(1));
    for (let n = 0; n < 100; n++) {
      failures.add(outage(), false);
      const decision = failures.decide(true);
      if (decision.kind !== 'restart') throw decision.error;
      expect(decision.delayMs).toBeLessThanOrEqual(5000);
      clock.advance(decision.delayMs);
    }
    failures.add(new WeirError('E_STORE', 'a disk'), true);
    expect(failures.decide(true).kind).toBe('restart'); // the outage has used no attempt
  });

  test('of a broker are counted like others in a job that has never run, and what is for ever is not tried again', () => {
    const failures = new Failures(restart, new VirtualClock(), seededRandom(1));
    const decisions = Array.from({ length: 4 }, () => {
      failures.add(outage(), false);
      return failures.decide(false).kind;
    });
    expect(decisions).toEqual(['restart', 'restart', 'restart', 'fail']);
    failures.add(new WeirError('E_BROKER', 'forbidden', { retry: 'never' }), false);
    expect(failures.decide(true).kind).toBe('fail');
  });
});
