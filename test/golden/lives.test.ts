// Random pipelines over random out-of-order input, in random pieces and turns, crashed at random moments, with faults and
// aborted epochs, restored at other parallelisms: always the answer of the plain computation, exactly.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Drawn, drawn, queryNames, stepNames, traits, troubles } from './drawn.ts';
import { liveOut } from './live-out.ts';

// A short slice with a fixed seed; `npm run test:random -- --runs N --seed S` searches on.
const lives = Number(process.env['WEIR_LIVES'] ?? 120);
const seed = Number(process.env['WEIR_SEED'] ?? 20_010_101);

describe('a random pipeline', () => {
  test('gives the plain answer, whatever happens to it', { timeout: 3_600_000 }, async () => {
    const seen = new Map<string, number>();
    const saw = (what: string, is = true): void => void (is && seen.set(what, (seen.get(what) ?? 0) + 1));
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(drawn, async (any) => {
        // Each query comes once, whatever is drawn.
        const life: Drawn = { ...any, query: queryNames[runs] ?? any.query };
        const { findings, late, life: report } = await liveOut(life);
        for (const { what, actual, expected } of findings) expect([what, actual]).toEqual([what, expected]);
        runs++;
        for (const trait of traits(life)) saw(trait);
        for (const step of life.steps) saw(`step ${step}`);
        saw(`query ${life.query}`);
        saw(`trouble: ${life.trouble}`);
        saw('late rows', late > 0);
        saw('a crash', report.crashes > 0);
        saw('a restart', report.restarts > 0);
        saw('a restore', report.restores > 0);
        saw('an aborted epoch', report.aborted > 0);
        saw('a restore after an aborted epoch', report.restores > 0 && report.aborted > 0);
        saw('a restore at another parallelism', report.restores > 0 && report.parallelisms.size > 1);
      }),
      { numRuns: lives, seed, endOnFailure: false },
    );
    console.log(`${runs} lives: ${[...seen].map(([what, n]) => `${what} ${Math.round((100 * n) / runs)} %`).join(', ')}`);
    const wanted = [
      ...['nulls', '-0', 'NaN', 'doubles', 'surrogates', 'lone surrogates', 'equal timestamps', "rows on a window's end"],
      ...['negative times', 'empty input', 'a single key', 'a crash', 'a restart', 'a restore', 'an aborted epoch'],
      ...['a restore after an aborted epoch', 'a restore at another parallelism'],
      ...queryNames.map((name) => `query ${name}`),
      ...stepNames.map((name) => `step ${name}`),
      ...troubles.map((name) => `trouble: ${name}`),
    ];
    expect(wanted.filter((what) => !seen.has(what))).toEqual([]);
    expect(seen.get('two or more splits')! / runs).toBeGreaterThanOrEqual(0.5);
    expect(seen.get('late rows')! / runs).toBeGreaterThanOrEqual(1 / 3);
  });

  test.each(['offset-after-barrier', 'drop-aborted-dirty'] as const)(
    'is seen to go wrong with %s',
    { timeout: 120_000 },
    async (name) => {
      let isWrong = false;
      for (const life of fc.sample(drawn, { numRuns: 40, seed })) {
        const broken: Drawn = { ...life, crashes: 3, query: 'running', trouble: 'none' };
        const { findings } = await liveOut(broken, { sabotage: { break: name, abortEvery: 2 } });
        isWrong = findings.some(({ actual, expected }) => actual.join('\n') !== expected.join('\n'));
        if (isWrong) break;
      }
      expect(isWrong).toBe(true);
    },
  );
});
