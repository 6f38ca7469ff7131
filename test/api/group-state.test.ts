/** Spark's words for keyed state, over `process()`. */
import { describe, expect, test } from 'vitest';
import { flatMapGroupsWithState, from, mapGroupsWithState, schema, t, updateStateByKey } from '../../src/index.ts';
import { testRun, testSource } from '../../src/testing/index.ts';

const Seen = schema({ id: t.string, at: t.timestamp });
const Said = schema({ id: t.string, n: t.number, what: t.string });
const seen = (id: string, at = 0) => ({ id, at });

describe('mapGroupsWithState', () => {
  test('gives one row for each call: per row, and when the clock has gone on without one', async () => {
    const source = testSource(Seen);
    const counted = from(source)
      .keyBy('id')
      .process(
        mapGroupsWithState({
          state: t.number,
          emits: Said,
          timeout: 'processing-time',
          fn(key, rows, group) {
            const n = (group.getOption() ?? 0) + rows.length;
            if (group.hasTimedOut) group.remove();
            else {
              group.update(n);
              group.setTimeoutDuration('1 hour');
              group.setTimeoutDuration('1 minute');
            }
            return { id: key, n, what: group.hasTimedOut ? 'out' : `${group.exists} ${group.get()}` };
          },
        }),
      );
    await using run = await testRun(counted);
    source.push(seen('a'), seen('a'), seen('b'));
    expect(await run.drain()).toEqual([
      { id: 'a', n: 1, what: 'true 1' },
      { id: 'a', n: 2, what: 'true 2' },
      { id: 'b', n: 1, what: 'true 1' },
    ]);
    await run.advance('40 seconds');
    source.push(seen('a'));
    await run.drain();
    await run.crash();
    await run.advance('20 seconds');
    expect(await run.drain()).toEqual([{ id: 'b', n: 1, what: 'out' }]);
    await run.advance('40 seconds');
    source.push(seen('a'));
    expect(await run.drain()).toEqual([
      { id: 'a', n: 3, what: 'out' },
      { id: 'a', n: 1, what: 'true 1' },
    ]);
  });
});

describe('flatMapGroupsWithState', () => {
  test('gives any number of rows, also when the watermark has passed what was set; a call takes back the timeout before', async () => {
    const source = testSource(Seen);
    const said = from(source)
      .withWatermark('at', '0 ms')
      .keyBy('id')
      .process(
        flatMapGroupsWithState({
          state: t.number,
          emits: Said,
          timeout: 'event-time',
          *fn(key, rows, group) {
            if (group.hasTimedOut) yield { id: key, n: group.get(), what: 'out' };
            for (const { at } of rows) {
              group.update(at);
              if (at < 50) group.setTimeoutTimestamp(at + 10);
            }
          },
        }),
      );
    await using run = await testRun(said);
    source.push(seen('a', 1), seen('b', 1), seen('a', 5), seen('c', 12));
    expect(await run.drain()).toEqual([{ id: 'b', n: 1, what: 'out' }]);
    source.push(seen('a', 13), seen('a', 60), seen('d', 100));
    expect(await run.drain()).toEqual([{ id: 'c', n: 12, what: 'out' }]);
  });

  test('begins with a state of its own, once, also when that was removed', async () => {
    const source = testSource(Seen);
    const counted = from(source)
      .keyBy('id')
      .process(
        flatMapGroupsWithState({
          state: t.number,
          emits: Said,
          initialState: (key) => (key === 'a' ? 10 : undefined),
          fn(key, rows, group) {
            const n = (group.getOption() ?? 0) + rows.length;
            if (n === 12) group.remove();
            else group.update(n);
            return [{ id: key, n, what: '' }];
          },
        }),
      );
    await using run = await testRun(counted);
    source.push(seen('a'), seen('b'), seen('a'));
    await run.drain();
    await run.crash();
    source.push(seen('a'), seen('b'));
    expect((await run.drain()).map(({ id, n }) => `${id}${n}`)).toEqual(['a1', 'b2']);
  });

  test('refuses a timeout that it was not given, and state that is not there', async () => {
    const failing = async (fn: Parameters<typeof flatMapGroupsWithState<string, object, number, object>>[0]['fn']) => {
      const source = testSource(Seen);
      const definition = flatMapGroupsWithState<string, { id: string }, number, object>({ state: t.number, emits: Said, fn });
      await using run = await testRun(from(source).keyBy('id').process(definition));
      source.push(seen('a'));
      await run.drain();
    };
    await expect(failing((_key, _rows, group) => [{ n: group.get() }])).rejects.toThrow('the group has no state');
    await expect(failing((_key, _rows, group) => (group.setTimeoutDuration('1 s' as never), []))).rejects.toThrow(
      "setTimeoutDuration() is for groups with `timeout: 'processing-time'`, and this one has 'none'",
    );
    await expect(failing((_key, _rows, group) => (group.setTimeoutTimestamp(1), []))).rejects.toThrow(
      "setTimeoutTimestamp() is for groups with `timeout: 'event-time'`, and this one has 'none'",
    );
  });
});

describe('updateStateByKey', () => {
  test('gives the state after each row, and none once the key is forgotten', async () => {
    const source = testSource(Seen);
    const totals = from(source)
      .keyBy('id')
      .process(
        updateStateByKey({
          key: t.string,
          state: t.number,
          update(rows, total = 0) {
            const next = total + rows.length;
            return next === 3 ? undefined : next;
          },
        }),
      );
    await using run = await testRun(totals);
    source.push(seen('a'), seen('a'), seen('b'), seen('a'), seen('a'));
    expect(await run.drain()).toEqual([
      { key: 'a', state: 1 },
      { key: 'a', state: 2 },
      { key: 'b', state: 1 },
      { key: 'a', state: 1 },
    ]);
  });
});
