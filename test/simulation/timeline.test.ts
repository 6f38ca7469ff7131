import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/core/index.ts';
import { SimulatedProcess } from '../../src/testing/simulation/simulated-process.ts';
import { Timeline } from '../../src/testing/simulation/timeline.ts';

const never = (): boolean => false;

describe('virtual time', () => {
  test('TL1: what happens does so by its time, and by its order at one time', async () => {
    const timeline = new Timeline();
    const random = seededRandom(3);
    const seen: number[] = [];
    for (let i = 0; i < 1000; i++) {
      const at = Math.floor(random.next() * 50);
      timeline.after(at, 'event', () => seen.push(at * 10_000 + i));
    }
    timeline.after(20, 'cancelled', () => seen.push(-1)).cancel();
    expect(await timeline.until(never, 1000)).toBe(false);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect([seen.length, timeline.happened]).toEqual([1000, 1000]);
    expect(() => timeline.after(-1, 'yesterday', () => undefined)).toThrow('TL1: yesterday lies in the future');
  });

  test('stands still where it is enough, and goes on from there', async () => {
    const timeline = new Timeline();
    let happened = 0;
    for (const at of [10, 20, 30]) timeline.after(at, 'event', () => happened++);
    expect(await timeline.until(() => happened === 2, 100)).toBe(true);
    expect([timeline.now, happened]).toEqual([20, 2]);
    expect(await timeline.until(() => happened === 3, 5)).toBe(false);
    expect(await timeline.until(() => happened === 3, 100)).toBe(true);
    expect(timeline.now).toBe(30);
  });

  test('TL2: has one trace for what happened, and another for what did not', async () => {
    const lived = async (seed: number): Promise<string> => {
      const timeline = new Timeline();
      const random = seededRandom(seed);
      const next = (left: number): void => {
        if (left > 0) timeline.after(random.next() * 10, 'event', () => next(left - 1));
      };
      next(20);
      await timeline.until(never, 1000);
      return timeline.trace;
    };
    expect(await lived(1)).toBe(await lived(1));
    expect(await lived(1)).not.toBe(await lived(2));
  });
});

describe('a simulated process', () => {
  const start = (): { timeline: Timeline; process: SimulatedProcess } => {
    const timeline = new Timeline();
    return { timeline, process: new SimulatedProcess('p', timeline, seededRandom(1)) };
  };

  test('SW1: does nothing once it is dead', async () => {
    const { timeline, process } = start();
    const seen: string[] = [];
    process.onEnd(() => seen.push('dead'));
    process.after(10, 'work', () => seen.push('worked'));
    void process.sleep(10).then(() => seen.push('woke'));
    timeline.after(5, 'fate', () => process.kill());
    await timeline.until(never, 100);
    process.run(() => seen.push('ran'));
    expect([process.alive, seen]).toEqual([false, ['dead']]);
  });

  test('SW2: does what came while it was paused when it wakes, in order, and its clock has gone on', async () => {
    const { timeline, process } = start();
    const seen: string[] = [];
    process.pause(50);
    for (const at of [10, 20]) process.after(at, 'message', () => seen.push(`${at} at ${process.clock.monotonic()}`));
    process.clock.setTimer(30, () => seen.push(`timer at ${process.clock.monotonic()}`));
    await timeline.until(() => timeline.now >= 40, 45);
    expect([process.paused, seen]).toEqual([true, []]);
    await timeline.until(never, 100);
    expect(seen).toEqual(['10 at 50', '20 at 50', 'timer at 50']);
  });

  test('has a wall clock that jumps, and one that does not', () => {
    const { process } = start();
    const before = process.clock.now();
    process.jump(-3_600_000);
    expect([process.clock.now() - before, process.clock.monotonic()]).toEqual([-3_600_000, 0]);
  });
});
