import { describe, expect, test } from 'vitest';
import { from, schema, state, t } from '../../src/index.ts';
import { testRun, testSource } from '../../src/testing/index.ts';

const Reading = schema({ device: t.string, value: t.number });
const Said = schema({ device: t.string, most: t.number, mean: t.number, recent: t.number });
const sourceOf = () => testSource(Reading);
/** The greatest, the mean, and the sum of what came within ten seconds of each other. */
const folded = (readings: ReturnType<typeof sourceOf>) =>
  from(readings)
    .keyBy('device')
    .process({
      state: {
        most: state.reducing(t.number, (a, b) => Math.max(a, b)),
        mean: state.aggregating({
          state: t.struct({ sum: t.number, n: t.number }),
          create: () => ({ sum: 0, n: 0 }),
          add: ({ sum, n }, value: number) => {
            return { sum: sum + value, n: n + 1 };
          },
          result: ({ sum, n }) => sum / n,
        }),
        recent: state.reducing(t.number, (a, b) => a + b, { ttl: '10 seconds' }),
      },
      emits: Said,
      onRow({ device, value }, { state: { most, mean, recent }, emit }) {
        if (value < 0) for (const each of [most, mean, recent]) each.clear();
        else for (const each of [most, mean, recent]) each.add(value);
        emit({ device, most: most.get() ?? -1, mean: mean.get() ?? -1, recent: recent.get() ?? -1 });
      },
    })
    .select('most', 'mean', 'recent');

describe('state that folds what is added to it', () => {
  test('is what has come of it, after a crash too, until it is cleared or its time is over', async () => {
    const readings = sourceOf();
    await using run = await testRun(folded(readings));
    const push = async (...values: number[]): Promise<number[][]> => {
      readings.push(...values.map((value) => ({ device: 'd', value })));
      return (await run.drain()).map(({ most, mean, recent }) => [most, mean, recent]);
    };
    expect(await push(4, 8)).toEqual([
      [4, 4, 4],
      [8, 6, 12],
    ]);
    await run.crash();
    expect(await push(3)).toEqual([[8, 5, 15]]);
    await run.advance('11 seconds');
    expect(await push(1)).toEqual([[8, 4, 1]]);
    expect(await push(-1, 5)).toEqual([
      [-1, -1, -1],
      [5, 5, 5],
    ]);
  });

  test('is declared with functions', () => {
    expect(() => state.reducing(t.number, 'max' as never)).toThrow('state.reducing() takes a function, not string');
    expect(() => state.aggregating({ state: t.number, create: () => 0, add: undefined as never, result: (n) => n })).toThrow(
      'state.aggregating() takes a function, not undefined',
    );
  });
});
