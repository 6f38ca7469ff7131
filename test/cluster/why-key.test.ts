// What is open of one key: whoever has it is asked.
import { describe, expect, test } from 'vitest';
import { count, sessionWindow, sum, window } from '../../src/api/index.ts';
import { keyValuesOf } from '../../src/cluster/key-text.ts';
import { batchSchema } from '../../src/batch/index.ts';
import type { KeyColumns } from '../../src/plan/index.ts';
import { at, minute, whyRun } from './why-run.ts';

describe('a key as it is typed', () => {
  const node = (...keys: readonly ('string' | 'float64' | 'timestamp' | 'any')[]): KeyColumns => {
    const fields = keys.map((kind, i) => ({ name: `k${i}`, type: { kind } as never, nullable: true }));
    return { keys: fields.map(({ name }) => name), schema: batchSchema(fields) };
  };
  test.each<[string, KeyColumns, readonly unknown[]]>([
    ['lamp', node('string'), ['lamp']],
    ['"lamp"', node('string'), ['lamp']],
    ['["lamp"]', node('string'), ['lamp']],
    ['5', node('string'), ['5']],
    ['5', node('float64'), [5]],
    ['null', node('float64'), [null]],
    ['1970-01-01T00:00:01Z', node('timestamp'), [1000]],
    ['7', node('timestamp'), [7]],
    ['lamp', node('any'), ['lamp']],
    ['true', node('any'), [true]],
    ['["a", 2, "1970-01-01T00:00:01Z"]', node('string', 'float64', 'timestamp'), ['a', 2, 1000]],
    ['[]', node(), []],
  ])('%s', (text, of, values) => {
    expect(keyValuesOf(text, of)).toEqual(values);
  });

  test.each<[string, KeyColumns, RegExp]>([
    ['a', node('string', 'string'), /is not one of this operator: a JSON array of k0, k1/],
    ['["a"]', node('string', 'string'), /a JSON array of k0, k1/],
    ['a', node(), /it has none: \[\]/],
    ['noon', node('timestamp'), /"noon" is no time/],
  ])('%s is refused', (text, of, words) => {
    expect(() => keyValuesOf(text, of)).toThrow(
      expect.objectContaining({ code: 'E_USAGE', message: expect.stringMatching(words) }),
    );
  });
});

describe('why a key is open', () => {
  test('says which of its windows are, what they have come to, and what closes them; also after a rescale', async () => {
    const { run, push } = await whyRun((rows) =>
      rows
        .groupBy(window('at', '20 minutes', { slide: '10 minutes' }), 'id')
        .agg({ n: count(), sum: sum('n') })
        .named('sums'),
    );
    await using _ = run;
    for (const [id, n, minutes] of [
      ['a', 1, 4],
      ['a', 2, 12],
      ['b', 3, 13],
    ] as const)
      await push(id, n, minutes);
    const says = async (key: string): Promise<readonly string[]> => (await run.why('sums', key)).operators[0]!.says;
    const ofA = [
      `window from ${at(0)} to ${at(20)}; so far {"n":2,"sum":3}`,
      `window from ${at(10)} to ${at(30)}; so far {"n":1,"sum":2}`,
      `the watermark is at ${at(12)}; the earliest open window ends at ${at(20)}; 8 minutes are missing`,
      expect.stringMatching(/^held back by split 0 of source~\w+, which is at .*: until it gives a row of 1970-01-01T00:21/),
    ];
    expect((await says('a')).slice(1)).toEqual(ofA);
    const before = (await run.why('sums', 'a')).operators[0]!.key!;
    expect(before).toMatchObject({
      values: ['a'],
      worker: 'worker-0',
      open: [{ closesAt: 20 * minute }, { closesAt: 30 * minute }],
    });
    expect((await says('nobody')).slice(0, 2)).toEqual([
      expect.stringMatching(/^the key "nobody" is with subtask \d, on worker-0: nothing of it is open$/),
      `the watermark is at ${at(12)}; no window is open`,
    ]);
    await run.checkpoint();
    await run.crash(2);
    await run.settle();
    await push('b', 1, 14);
    await run.checkpoint(); // until then it may be combined with others on its way
    expect((await says('a')).slice(1, 3)).toEqual(ofA.slice(0, 2));
    expect((await says('b'))[1]).toBe(`window from ${at(0)} to ${at(20)}; so far {"n":2,"sum":4}`);
  });

  test('of sessions says since when each is open', async () => {
    const { run, push } = await whyRun((rows) => rows.groupBy(sessionWindow('at', '5 minutes'), 'id').agg({ n: count() }));
    await using _ = run;
    await push('a', 1, 4);
    await push('a', 1, 6);
    // The only operator with windows need not be named.
    const { key, nextWindowEnd } = (await run.why(undefined, 'a')).operators[0]!;
    expect([nextWindowEnd, key!.open]).toEqual([
      11 * minute,
      [{ what: 'session', start: 4 * minute, end: 11 * minute, closesAt: 11 * minute, soFar: [{ n: 2 }] }],
    ]);
  });

  test('is asked of an operator that has windows, and only of one', async () => {
    const { run } = await whyRun((rows) => rows.groupBy(window('at', '1 minute'), 'id').count().named('counts'));
    await using _ = run;
    await expect(run.why('other', 'a')).rejects.toMatchObject({
      code: 'E_USAGE',
      hint: expect.stringMatching(/there are counts \(windows\)/),
    });
    const { run: none } = await whyRun((rows) => rows as never);
    await using _none = none;
    await expect(none.why(undefined, 'a')).rejects.toMatchObject({
      code: 'E_USAGE',
      message: expect.stringMatching(/none that holds anything/),
    });
  });
});
