import { describe, expect, test } from 'vitest';
import { seededRandom, silentLogger, sleep } from '../../src/core/index.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

describe('sleep', () => {
  test('lasts as long as was asked', async () => {
    const clock = new VirtualClock();
    let over = false;
    const slept = sleep(clock, 100).then(() => {
      over = true;
    });
    clock.advance(99);
    await Promise.resolve();
    expect(over).toBe(false);
    clock.advance(1);
    await slept;
    expect(over).toBe(true);
  });

  test('ends with the reason of its signal, and leaves no timer', async () => {
    const clock = new VirtualClock();
    const abort = new AbortController();
    const slept = sleep(clock, 100, abort.signal);
    abort.abort(new Error('closed'));
    await expect(slept).rejects.toThrow('closed');
    clock.advance(100);
    expect(clock.due).toBe(false);
    await expect(sleep(clock, 1, abort.signal)).rejects.toThrow('closed');
  });

  test('forgets its signal once it is over', async () => {
    const clock = new VirtualClock();
    const abort = new AbortController();
    const slept = sleep(clock, 1, abort.signal);
    clock.advance(1);
    await slept;
    expect(() => abort.abort()).not.toThrow();
  });
});

describe('seeded randomness', () => {
  test('is one sequence per seed, in [0, 1)', () => {
    const draw = (seed: number): number[] => {
      const random = seededRandom(seed);
      return Array.from({ length: 200 }, () => random.next());
    };
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
    expect(draw(1).every((value) => value >= 0 && value < 1)).toBe(true);
    expect(draw(1).slice(0, 3)).toEqual([0.6270739405881613, 0.002735721180215478, 0.5274470399599522]);
  });

  test('makes ids of 32 hexadecimal digits', () => {
    const random = seededRandom(3);
    const ids = new Set(Array.from({ length: 100 }, () => random.id()));
    expect(ids.size).toBe(100);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/);
  });
});

test('the silent logger says nothing', () => {
  expect([
    silentLogger.debug({}, 'x'),
    silentLogger.info({}, 'x'),
    silentLogger.warn({}, 'x'),
    silentLogger.error({}, 'x'),
  ]).toEqual([undefined, undefined, undefined, undefined]);
});
