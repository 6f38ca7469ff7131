import { describe, expect, test } from 'vitest';
import { AlignedGroups, AlignedSplits } from '../../src/progress/index.ts';

const none = Number.NEGATIVE_INFINITY;

describe('the splits of one subtask', () => {
  test('are read within the drift of the least of their group; before anything is known, only those of which nothing has come', () => {
    const splits = new AlignedSplits(100);
    expect([splits.mayRead(none), splits.mayRead(0)]).toEqual([true, false]);
    splits.hear(50);
    expect([splits.mayRead(none), splits.mayRead(150), splits.mayRead(151)]).toEqual([true, true, false]);
    splits.hear(Number.POSITIVE_INFINITY);
    expect(splits.mayRead(1e15)).toBe(true);
  });

  test('AL3: say where they are for each quarter of the drift, and at once when one comes, goes or falls back', () => {
    const splits = new AlignedSplits(100);
    const words = [none, 10, 34, 35, 59, 60, 50, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 61, none].map((least) =>
      splits.say(least),
    );
    expect(words).toEqual([undefined, 10, undefined, 35, undefined, 60, 50, Number.POSITIVE_INFINITY, undefined, 61, none]);
  });
});

describe('a group', () => {
  const groups = (): AlignedGroups =>
    new AlignedGroups(
      new Map([
        ['0/0', 'a'],
        ['1/0', 'a'],
        ['2/0', 'b'],
      ]),
    );

  test('AL1: has the least of its subtasks, none of which counts before it has said something, and tells it when it changes', () => {
    const all = groups();
    expect(all.hear('0/0', 5)).toBeUndefined();
    expect(all.hear('2/0', 7)).toEqual({ group: 'b', least: 7 });
    expect(all.hear('1/0', 9)).toEqual({ group: 'a', least: 5 });
    expect(all.hear('1/0', 10)).toBeUndefined();
    expect(all.hear('0/0', 12)).toEqual({ group: 'a', least: 10 });
    expect(all.hear('1/0', 3)).toEqual({ group: 'a', least: 3 });
  });

  test('AL2: does not wait for one of which nobody has to wait', () => {
    const all = groups();
    all.hear('0/0', Number.POSITIVE_INFINITY);
    expect(all.hear('1/0', 4)).toEqual({ group: 'a', least: 4 });
    expect(all.hear('1/0', Number.POSITIVE_INFINITY)).toEqual({ group: 'a', least: Number.POSITIVE_INFINITY });
  });

  test('does not know subtasks that have nothing to read', () => {
    expect(groups().hear('0/1', 3)).toBeUndefined();
  });
});

test('AL1: whatever each of them has said so far, the one that is furthest behind may be read', () => {
  // Every order in which two of different speed come on, with what is known at most one word old.
  const drift = 100;
  for (let seed = 0; seed < 200; seed++) {
    const [mine, other] = [new AlignedSplits(drift), new AlignedSplits(drift)];
    const group = new AlignedGroups(
      new Map([
        ['m', 'g'],
        ['o', 'g'],
      ]),
    );
    let [a, b] = [none, none];
    const say = (splits: AlignedSplits, who: string, at: number): void => {
      const word = splits.say(at);
      const news = word === undefined ? undefined : group.hear(who, word);
      if (news !== undefined) for (const each of [mine, other]) each.hear(news.least);
    };
    for (let step = 0; step < 60; step++) {
      expect((a <= b ? mine : other).mayRead(Math.min(a, b)), `seed ${seed}, step ${step}`).toBe(true);
      const takesMine = ((seed * 31 + step * 17) % 7) % 2 === 0;
      if (takesMine && mine.mayRead(a)) a = Math.max(a, 0) + ((seed + step) % 23);
      if (!takesMine && other.mayRead(b)) b = Math.max(b, 0) + ((seed * step) % 41);
      say(mine, 'm', a);
      say(other, 'o', b);
      if (a > none && b > none) expect(Math.abs(a - b)).toBeLessThanOrEqual(drift + 41);
    }
  }
});
