// Why windows are open, said from a status alone.
import { describe, expect, test } from 'vitest';
import { whyOf } from '../../src/cluster/index.ts';
import { status, subtask } from '../service/fake-job.ts';

const hour = 3_600_000;
const windows = {
  operator: 'per-hour',
  kind: 'windows' as const,
  rowsLate: 0,
  watermark: hour * 0.9,
  nextWindowEnd: hour,
  latenessMs: 0,
  sources: [{ source: 'in', delayMs: 60_000, idleAfterMs: 30_000 }],
};
const split = (name: string, state: 'active' | 'idle' | 'ended', watermark: number | null) => ({
  split: name,
  state,
  records: 1,
  watermark,
});
const of = (...splits: ReturnType<typeof split>[]) => [subtask({ operators: ['in', 'watermark'], splits })];
const says = (fields: Parameters<typeof status>[0]): readonly string[] => whyOf(status(fields)).operators[0]!.says;

describe('a window that is open', () => {
  test('is held back by the active splits that are not as far, those furthest behind first, until a row of its end and the delay', () => {
    const subtasks = of(
      split('b', 'active', hour * 0.9),
      split('a', 'active', null),
      split('c', 'idle', 0),
      split('d', 'active', hour),
      split('e', 'ended', 0),
    );
    const [why] = whyOf(status({ windows: [windows], subtasks })).operators;
    expect(why!.heldBackBy).toEqual([
      { source: 'in', split: 'a', watermark: null, rowAt: hour + 60_000, idleAfterMs: 30_000 },
      { source: 'in', split: 'b', watermark: hour * 0.9, rowAt: hour + 60_000, idleAfterMs: 30_000 },
    ]);
    expect(why!.says).toEqual([
      'the watermark is at 1970-01-01T00:54:00.000Z; the earliest open window ends at 1970-01-01T01:00:00.000Z; 6 minutes are missing',
      'held back by split a of in, which has given no row yet: until it gives a row of 1970-01-01T01:01:00.000Z or later, after 30 seconds of silence, or it ends',
      'held back by split b of in, which is at 1970-01-01T00:54:00.000Z: until it gives a row of 1970-01-01T01:01:00.000Z or later, after 30 seconds of silence, or it ends',
      'idle, and not waited for: c of in',
    ]);
  });

  test('with lateness closes when that is over', () => {
    const why = whyOf(status({ windows: [{ ...windows, latenessMs: hour }], subtasks: of(split('a', 'active', hour)) }))
      .operators[0]!;
    expect([why.closesAt, why.heldBackBy.map(({ rowAt }) => rowAt)]).toEqual([2 * hour, [2 * hour + 60_000]]);
    expect(why.says[0]).toMatch(/takes late rows until the watermark is at 1970-01-01T02:00/);
  });

  test('waits for nobody where all are idle, where rows are on their way, and where nothing is known', () => {
    expect(says({ windows: [windows], subtasks: of(split('a', 'idle', 0)) }).at(-1)).toMatch(/^every split is idle/);
    expect(says({ windows: [windows], subtasks: of(split('a', 'active', hour)) }).at(-1)).toMatch(/on their way/);
    expect(says({ windows: [windows] }).at(-1)).toMatch(/^nothing is known of the splits/);
  });

  test('is none where nothing is open', () => {
    expect(says({ windows: [{ ...windows, nextWindowEnd: null, watermark: null }] })).toEqual([
      'the watermark is not there yet; no window is open',
    ]);
  });

  test('is none that a watermark closes where something else does, and then only a watermark that is there is told', () => {
    const others = { ...windows, nextWindowEnd: null };
    expect(says({ windows: [{ ...others, kind: 'timers' }] })).toEqual([
      'the watermark is at 1970-01-01T00:54:00.000Z',
      'ask for a key to see its timers',
    ]);
    expect(says({ windows: [{ ...others, kind: 'timers', watermark: null }] })).toEqual(['ask for a key to see its timers']);
    expect(says({ windows: [{ ...others, kind: 'count windows' }] })).toEqual([expect.stringMatching(/^a window closes with/)]);
  });

  test('of many splits names the first few', () => {
    const many = Array.from({ length: 9 }, (_, i) => split(`s${i}`, 'active', i));
    expect(says({ windows: [windows], subtasks: of(...many) }).at(-1)).toBe('and by 4 more splits');
  });
});

describe('a split that is paused', () => {
  const aligned = (name: string, watermark: number | null, paused: boolean, state: 'active' | 'idle' = 'active') => ({
    ...split(name, state, watermark),
    alignment: { group: 'g', maxDriftMs: 60_000, paused },
  });
  const said = (...splits: ReturnType<typeof split>[]): readonly string[] =>
    whyOf(status({ subtasks: of(...splits) })).paused.map(({ says }) => says);

  test('waits for the active one of its group that is furthest behind', () => {
    const behind = [aligned('b', 60_000, false), aligned('c', 0, false, 'idle'), split('d', 'active', 0)];
    expect(said(aligned('a', hour, true), ...behind)).toEqual([
      "split a of in, at 1970-01-01T01:00:00.000Z, is not read: it is more than 1 minute ahead in the group 'g' of split b of in, which is at 1970-01-01T00:01:00.000Z",
    ]);
    expect(said(aligned('a', hour, true), aligned('b', null, false))[0]).toMatch(/of split b of in, which has given no row yet$/);
  });

  test('waits for nobody once those have come up, and is none if it may be read', () => {
    expect(said(aligned('a', hour, true), aligned('b', hour, false))[0]).toMatch(/, whose others come up now$/);
    expect(said(aligned('a', hour, false), aligned('b', 0, false))).toEqual([]);
  });
});

test('an operator that has no windows is refused with those that have', () => {
  expect(() => whyOf(status({ windows: [windows] }), 'sink')).toThrow(
    expect.objectContaining({ code: 'E_USAGE', hint: expect.stringMatching(/there are per-hour/) }),
  );
  expect(
    whyOf(status({ windows: [windows, { ...windows, operator: 'other' }] }), 'other').operators.map(({ operator }) => operator),
  ).toEqual(['other']);
});
