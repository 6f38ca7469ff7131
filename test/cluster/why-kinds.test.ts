// What of a key is open in operators whose windows no watermark closes, and in those that have none.
import { describe, expect, test } from 'vitest';
import { count, countWindow, sum, window } from '../../src/api/index.ts';
import { whyRun } from './why-run.ts';

describe('a key of count windows', () => {
  test('says how many rows its windows have, of how many; also after a rescale', async () => {
    const { run, push, open } = await whyRun((rows) =>
      rows.groupBy(countWindow(4, { slide: 2 }), 'id').agg({ n: count(), sum: sum('n') }),
    );
    await using _ = run;
    for (const n of [1, 2, 3, 4, 5]) await push('a', n, n);
    await push('b', 7, 1);
    const ofA = [
      'window of rows 2 to 5, 3 of 4 rows; so far {"n":3,"sum":12}',
      'window of rows 4 to 7, 1 of 4 rows; so far {"n":1,"sum":5}',
    ];
    const a = await open('a');
    expect([a.kind, a.says.slice(0, 2)]).toEqual(['count windows', ofA]);
    expect(a.open[0]).toEqual({
      what: 'window of rows 2 to 5',
      start: null,
      end: null,
      closesAt: null,
      rows: 3,
      ofRows: 4,
      soFar: [{ n: 3, sum: 12 }],
    });
    await run.checkpoint();
    await run.crash(2);
    await run.settle();
    expect((await open('a')).says.slice(0, 2)).toEqual(ofA);
    await push('a', 6, 6);
    expect((await open('a')).says[0]).toBe('window of rows 4 to 7, 2 of 4 rows; so far {"n":2,"sum":11}');
    expect((await open('b')).says[0]).toBe('window of rows 0 to 3, 1 of 4 rows; so far {"n":1,"sum":7}');
    expect((await open('nobody')).says.at(-1)).toMatch(/^no window of it has some of its rows/);
  });

  test('of whose windows none has rows says so', async () => {
    const { run, push, open } = await whyRun((rows) => rows.groupBy(countWindow(2), 'id').agg({ n: count() }));
    await using _ = run;
    for (const n of [1, 2]) await push('a', n, n);
    expect((await open('a')).open).toEqual([]);
  });
});

describe('an operator that is asked', () => {
  test('says how many rows were late there, rather than in the job', async () => {
    const { run, push } = await whyRun((rows) =>
      rows
        .groupBy(window('at', '10 minutes'), 'id')
        .agg({ n: count() })
        .named('tens')
        .groupBy(window('window', '1 hour'), 'id')
        .agg({ windows: count() })
        .named('hours'),
    );
    await using _ = run;
    for (const minutes of [5, 25, 4, 3]) await push('a', 1, minutes);
    const why = await run.why();
    expect([why.rowsLate, why.operators.map(({ operator, rowsLate }) => [operator, rowsLate])]).toEqual([
      2,
      [
        ['tens', 2],
        ['hours', 0],
      ],
    ]);
    await run.checkpoint();
    await run.crash();
    expect((await run.why('tens')).operators[0]!.rowsLate).toBe(0);
    expect((await run.why('tens')).rowsLate).toBe(2);
    await push('a', 1, 3);
    expect((await run.why('tens')).operators[0]!.rowsLate).toBe(1);
  });

  test('is not one that only passes rows on', async () => {
    const { run } = await whyRun((rows) => rows.groupBy(countWindow(2), 'id').agg({ n: count() }).named('pairs'));
    await using _ = run;
    const [source] = run.status.subtasks[0]!.operators;
    await expect(run.why(source, 'a')).rejects.toMatchObject({
      code: 'E_USAGE',
      message: expect.stringMatching(/holds nothing of a key open/),
      hint: expect.stringMatching(/there are pairs \(count windows\)/),
    });
  });
});
