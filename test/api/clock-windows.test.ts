import { describe, expect, test } from 'vitest';
import { count, from, schema, t, window } from '../../src/index.ts';
import { testRun, testSource } from '../../src/testing/index.ts';

const Click = schema({ user: t.string });
const sourceOf = () => testSource(Click);
const perTen = (clicks: ReturnType<typeof sourceOf>) =>
  from(clicks)
    .withProcessingTime('seen')
    .groupBy(window('seen', '10 seconds'), 'user')
    .agg({ clicks: count() })
    .select((c) => ({ start: c.window.start, user: c.user, clicks: c.clicks }));

describe('windows in processing time', () => {
  test('hold what was read in them, and close by the clock alone, through a crash', async () => {
    const clicks = sourceOf();
    await using run = await testRun(perTen(clicks), { parallelism: 2 });
    clicks.push({ user: 'a' }, { user: 'b' }, { user: 'a' });
    expect(await run.drain()).toEqual([]);
    await run.advance('9 seconds');
    expect(await run.drain()).toEqual([]);
    clicks.push({ user: 'a' });
    expect(await run.drain()).toEqual([]);
    await run.crash();
    await run.advance('1 second');
    const written = await run.drain();
    const [{ start } = { start: 0 }] = written;
    expect(written.toSorted((a, b) => (a.user < b.user ? -1 : 1))).toEqual([
      { start, user: 'a', clicks: 3 },
      { start, user: 'b', clicks: 1 },
    ]);
    clicks.push({ user: 'b' });
    expect(await run.drain()).toEqual([]);
    await run.advance('25 seconds');
    expect(await run.drain()).toEqual([{ start: start + 10_000, user: 'b', clicks: 1 }]);
    expect(run.late).toBe(0);
  });

  test('close as well when the input ends', async () => {
    const clicks = sourceOf();
    await using run = await testRun(perTen(clicks));
    clicks.push({ user: 'a' });
    clicks.end();
    expect((await run.drain()).map(({ user, clicks: n }) => [user, n])).toEqual([['a', 1]]);
  });
});
