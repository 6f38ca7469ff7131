import { afterEach, describe, expect, test, vi } from 'vitest';
import { dialDelay } from '../../../src/runtime/nats/dial-delay.ts';

afterEach(() => void vi.useRealTimers());

describe('the delay before a server is dialed again', () => {
  test('is between one and two waits, however the clock runs on', () => {
    vi.useFakeTimers();
    const delay = dialDelay(250);
    for (let i = 0; i < 20; i++) {
      vi.advanceTimersByTime(1000);
      const ms = delay();
      expect(ms).toBeGreaterThanOrEqual(250);
      expect(ms).toBeLessThan(500);
    }
  });

  // Found by a simulated life whose coordinators dialed nobody for the hour by which their clocks were set back.
  test('is none once after the clock was set back', () => {
    vi.useFakeTimers();
    const delay = dialDelay(250);
    delay();
    vi.setSystemTime(Date.now() - 3_600_000);
    expect(delay()).toBe(Number.NEGATIVE_INFINITY);
    expect(delay()).toBeGreaterThanOrEqual(250);
    vi.setSystemTime(Date.now() + 3_600_000);
    expect(delay()).toBeGreaterThanOrEqual(250);
  });
});
