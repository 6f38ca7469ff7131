/** `now()`: the time of the epoch, in the checkpoint. */
import { describe, expect, test } from 'vitest';
import { count, from, now, schema, t, timestamp } from '../../src/index.ts';
import { testRun, testSource } from '../../src/testing/index.ts';

const begun = 946_684_800_000;
const Seen = schema({ id: t.string, at: t.timestamp });
const after = (seconds: number) => timestamp(begun + seconds * 1000);

describe('now()', () => {
  test('is the time of the barrier before, in every stage; a replay after a crash sees it again', async () => {
    const source = testSource(Seen);
    const stream = from(source)
      .withColumns(() => ({ read: now() }))
      .keyBy('id')
      .process({ emits: schema({ id: t.string, read: t.timestamp }), onRow: ({ id, read }, { emit }) => emit({ id, read }) })
      .select((c) => ({ id: c.id, read: c.read, written: now() }));
    await using run = await testRun(stream, { parallelism: 2 });
    const drained = async (): Promise<string[]> =>
      (await run.drain()).map(({ id, read, written }) => `${id} ${(read - begun) / 1000} ${(written - begun) / 1000}`).sort();
    const push = (...ids: string[]): void => source.push(...ids.map((id) => ({ id, at: 0 })));

    push('a', 'b');
    await run.advance('5 seconds');
    expect(await drained()).toEqual(['a 0 0', 'b 0 0']);
    await run.advance('5 seconds');
    push('c', 'd', 'e');
    await run.advance('5 seconds');
    await run.crash();
    await run.advance('5 seconds');
    expect(await drained()).toEqual(['c 5 5', 'd 5 5', 'e 5 5']);
    push('f');
    expect(await drained()).toEqual(['f 20 20']);
  });

  test('as a condition on rows keeps those of the last hour, and is not asked before its time', async () => {
    const source = testSource(Seen);
    const stream = from(source).where((c) => c.at.gte(now().sub('1 hour')));
    await using run = await testRun(stream);
    await run.advance('2 hours');
    await run.checkpoint();
    source.push({ id: 'old', at: after(3599) }, { id: 'just', at: after(3600) }, { id: 'new', at: after(9000) });
    expect((await run.drain()).map(({ id }) => id)).toEqual(['just', 'new']);
  });

  test('as a condition on a result leaves out what is old when it is written, and forgets nothing', async () => {
    const source = testSource(Seen);
    const stream = from(source)
      .groupBy('id', 'at')
      .agg({ n: count() })
      .where((c) => c.at.gte(now().sub('10 seconds')))
      .select('id', 'n');
    await using run = await testRun(stream, { mode: 'complete' });
    source.push({ id: 'a', at: after(0) }, { id: 'b', at: after(15) });
    expect(await run.drain()).toHaveLength(2);
    await run.advance('20 seconds');
    await run.checkpoint();
    await run.drain();
    source.push({ id: 'a', at: after(0) }, { id: 'b', at: after(15) });
    expect(await run.drain()).toEqual([{ id: 'b', n: 2 }]);
  });

  test('is refused where the rows have no schema', () => {
    const untyped = from([{ x: 1 }]);
    expect(() => untyped.withColumns(() => ({ at: now() }))).toThrow(/withColumns\(\) at .*: now\(\) is for rows with a schema/);
  });
});
