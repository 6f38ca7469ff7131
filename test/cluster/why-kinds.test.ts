// What of a key is open in operators whose windows no watermark closes, and in those that have none.
import { describe, expect, test } from 'vitest';
import { aggregate, count, countWindow, globalWindow, schema, sum, t, window, windowTrigger } from '../../src/api/index.ts';
import { at, minute, whyRun } from './why-run.ts';

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

describe('a key of global windows', () => {
  test('says what its trigger waits for, how many of its rows have come, and its timers; also after a rescale', async () => {
    const { run, push, open } = await whyRun((rows) =>
      rows
        .groupBy(
          globalWindow({
            trigger: { rows: 3, eventTime: { of: 'at', after: '10 minutes' }, processingTime: '1 hour', atEnd: true },
          }),
          'id',
        )
        .agg({ n: count(), sum: sum('n') }),
    );
    await using _ = run;
    await push('a', 1, 4);
    await push('a', 2, 5);
    await push('b', 2, 5);
    const { kind, says, open: ofA } = await open('a');
    const hourLater = new Date(run.clock.now() + 60 * minute).toISOString();
    expect(kind).toBe('global windows');
    const trigger = 'its trigger: after 3 rows or 10 minutes after at or after 1 hour on the clock or at the end';
    expect(says.slice(0, 5)).toEqual([
      `wait for a timer until ${at(14)}`,
      `wait for a timer until ${hourLater} by the clock`,
      `window, 2 of 3 rows; so far {"n":2,"sum":3}; waits for ${trigger}`,
      'wait for the end of the input',
      `the watermark is at ${at(4)}; its first timer is due at ${at(14)}; 10 minutes are missing`,
    ]);
    expect(ofA.map(({ closesAt, byClock }) => [closesAt, byClock])).toEqual([
      [14 * minute, undefined],
      [null, true],
      [null, undefined],
      [null, undefined],
    ]);
    await run.checkpoint();
    await run.crash(2);
    await run.settle();
    expect((await open('a')).says.slice(0, 4)).toEqual(says.slice(0, 4));
    await push('a', 3, 6);
    expect((await open('a')).says.at(-1)).toMatch(/^its window holds nothing/);
    expect((await open('b')).says[2]).toMatch(/^window, 1 of 3 rows/);
  });

  test('with a trigger of its own says as much', async () => {
    const paid = windowTrigger({ onRow: ({ n }: { n: number }) => (n < 0 ? 'emit-and-purge' : 'continue') });
    const { run, push, open } = await whyRun((rows) =>
      rows.groupBy(globalWindow({ trigger: paid(['n']) }), 'id').agg({ sum: sum('n') }),
    );
    await using _ = run;
    await push('a', 7, 4);
    expect((await open('a')).open).toEqual([
      {
        what: 'window',
        start: null,
        end: null,
        closesAt: null,
        waitsFor: 'its trigger: by a function',
        soFar: [{ sum: 7 }],
      },
    ]);
  });
});

describe('a key of process()', () => {
  test('says its timers by time, those of the watermark before those of the clock; also after a rescale', async () => {
    const { run, push, open } = await whyRun((rows) =>
      rows
        .keyBy((row) => [row.id, 1])
        .process({
          emits: schema({ n: t.number }),
          onRow({ n, at: time }, { now, setTimer, setProcessingTimer }) {
            for (const after of [n, 2 * n, 3 * n]) setTimer(time + after * minute);
            setProcessingTimer(now + n * minute);
          },
          onTimer: () => undefined,
          onProcessingTimer: () => undefined,
        })
        .named('timed'),
    );
    await using _ = run;
    await push('a', 3, 4);
    const says = async (): Promise<readonly string[]> => (await open('["a",1]')).says;
    await push('b', 1, 9);
    const byClock = new Date(run.clock.now() + 3 * minute).toISOString();
    const expected = [
      `wait for a timer until ${at(10)}`,
      `wait for a timer until ${at(13)}`,
      `wait for a timer until ${byClock} by the clock`,
      `the watermark is at ${at(8)}; its first timer is due at ${at(10)}; 2 minutes are missing`,
    ];
    expect((await says()).slice(0, 4)).toEqual(expected);
    await run.checkpoint();
    await run.crash(2);
    await run.settle();
    expect((await says()).slice(0, 3)).toEqual(expected.slice(0, 3));
    await push('b', 1, 30);
    expect(await says()).toEqual([expected[2], `the watermark is at ${at(29)}`]);
    expect((await open('["c",1]', 'timed')).says.at(-1)).toBe('no timer of it is set');
  });
});

describe('a key of dropDuplicates()', () => {
  test('says until which watermark it is remembered, after its first row; also after a rescale', async () => {
    const { run, push, open } = await whyRun((rows) => rows.dropDuplicates(['id'], { within: '10 minutes' }).named('once'));
    await using _ = run;
    await push('a', 1, 4);
    await push('a', 1, 5);
    const { kind, says, open: ofA } = await open('a');
    const expected = [
      `remembered until ${at(14)}`,
      `the watermark is at ${at(4)}; it is forgotten at ${at(14)}; 10 minutes are missing`,
    ];
    expect([kind, says.slice(0, 2)]).toEqual(['duplicates', expected]);
    expect(ofA).toEqual([{ what: 'remembered', start: null, end: 14 * minute, closesAt: 14 * minute, soFar: [] }]);
    await run.checkpoint();
    await run.crash(2);
    await run.settle();
    expect((await open('a')).says[0]).toEqual(expected[0]);
    // Forgotten, though what it was remembered with is still there.
    await push('b', 1, 15.5);
    expect((await open('a')).says.at(-1)).toMatch(/^it is not remembered/);
    expect((await open('b')).says[0]).toBe(`remembered until ${at(25.5)}`);
  });

  test('with the time among its columns is remembered until the watermark has come so far: then it is late', async () => {
    const { run, push, open } = await whyRun((rows) => rows.dropDuplicates(['id', 'at']).named('once'));
    await using _ = run;
    await push('a', 1, 4);
    const key = JSON.stringify(['a', at(4)]);
    const { open: ofA } = await open(key);
    expect(ofA).toMatchObject([{ what: 'remembered', closesAt: 4 * minute }]);
    await push('a', 1, 4.9);
    expect((await open(key)).open).toEqual(ofA);
    await push('a', 1, 5);
    expect((await open(key)).open).toEqual([]);
  });

  test('by the clock, or for ever, says so', async () => {
    for (const [options, expected] of [
      [{ within: '1 hour' }, /^remembered until .* by the clock$/],
      [{ within: 'forever' }, /^remembered for ever$/],
    ] as const) {
      const { run, push, open } = await whyRun((rows) =>
        rows.map((row) => ({ id: row.id, n: row.n }), schema({ id: t.string, n: t.number })).dropDuplicates(['id'], options),
      );
      await using _ = run;
      await push('a', 1, 4);
      expect((await open('a')).says[0]).toMatch(expected);
      await run.advance(60 * minute);
      expect((await open('a')).open.length).toBe(options.within === 'forever' ? 1 : 0);
    }
  });
});

describe('a key of a join', () => {
  test('says which rows wait on each side, and until which watermark something can come for them; also after a rescale', async () => {
    const { run, push, note, open } = await whyRun((rows, notes) =>
      rows.join(notes, { on: 'id', how: 'left', within: ['0 minutes', '8 minutes'] }).named('noted'),
    );
    await using _ = run;
    await push('a', 1, 3);
    await push('a', 2, 3);
    await push('a', 3, 7);
    await push('b', 4, 8);
    await note('a', 'x', 8);
    await note('c', 'y', 8);
    // A row of their last millisecond may still come.
    const until = (minutes: number): string => at(minutes + 8).replace('.000Z', '.001Z');
    const saysOf = async (key: string): Promise<readonly string[]> => (await open(key)).says;
    const ofA = [
      `right rows from ${at(8)} to ${at(8).replace('.000Z', '.001Z')}, 1 row: {"text":"x","noted":${8 * minute}}`,
      `left rows that have had one from ${at(3)} to ${until(3)}, 2 rows: {"id":"a","n":1,"at":${3 * minute}}, {"id":"a","n":2,"at":${3 * minute}}`,
      `left rows that have had one from ${at(7)} to ${until(7)}, 1 row: {"id":"a","n":3,"at":${7 * minute}}`,
    ];
    expect((await saysOf('a')).slice(0, 3)).toEqual(ofA);
    const b = await open('b');
    expect([b.kind, b.says[0]]).toEqual([
      'join',
      `left rows without a partner from ${at(8)} to ${until(8)}, 1 row: {"id":"b","n":4,"at":${8 * minute}}`,
    ]);
    expect(b.open).toMatchObject([{ closesAt: 16 * minute + 1, rows: 1 }]);
    expect(b.says[1]).toMatch(/^the watermark is at .*; the first of its rows have had all that can come for them at /);
    expect(b.says.slice(2)).toEqual([
      expect.stringMatching(/^held back by split 0 of source/),
      expect.stringMatching(/^held back by split 0 of source/),
    ]);
    expect((await saysOf('c'))[0]).toMatch(/^right rows from .*, 1 row: \{"text":"y"/);
    await run.checkpoint();
    await run.crash(2);
    await run.settle();
    expect((await saysOf('a')).slice(0, 3)).toEqual(ofA);
    // Kept with one that has gone out by now.
    await push('b', 5, 8.5);
    expect((await open('b')).open).toMatchObject([{ start: 8 * minute, rows: 2 }]);
    await push('x', 0, 17.25);
    await note('x', '', 17.25);
    expect((await open('b')).open).toMatchObject([{ start: 8.5 * minute, rows: 1 }]);
    // Nothing can come for the rows of b any more: they have gone out.
    await push('x', 0, 60);
    await note('x', '', 60);
    expect((await saysOf('b')).at(-1)).toMatch(/^no row of it is kept/);
  });

  test('of equal windows says until their end', async () => {
    const { run, push, note, open } = await whyRun((rows, notes) => {
      const tens = rows.groupBy(window('at', '10 minutes'), 'id').agg({ n: count() });
      const notesOf = notes.groupBy(window('noted', '10 minutes'), 'id').agg({ m: count() });
      return tens.join(notesOf, { on: ['window', 'id'], how: 'full' }).named('both');
    });
    await using _ = run;
    await push('a', 1, 3);
    await note('a', '', 3);
    await push('x', 1, 12);
    // Notes may still come in that window.
    const { open: ofA } = await open(JSON.stringify([{ start: 0, end: 10 * minute }, 'a']), 'both');
    expect(ofA).toEqual([
      {
        what: 'left rows without a partner',
        start: 10 * minute - 1,
        end: 10 * minute,
        closesAt: 10 * minute,
        rows: 1,
        soFar: [{ window: { start: 0, end: 10 * minute }, id: 'a', n: 1 }],
      },
    ]);
  });

  test('of a semi join says which left rows wait: a partner is all that they want', async () => {
    const { run, push, note, open } = await whyRun((rows, notes) =>
      rows.join(notes, { on: 'id', how: 'semi', within: ['-5 minutes', '5 minutes'] }),
    );
    await using _ = run;
    for (const id of ['a', 'b']) await push(id, 1, 3);
    await note('a', '', 3);
    const kept = async (key: string) => (await open(key)).open.map(({ what, rows }) => [what, rows]);
    expect([await kept('a'), await kept('b')]).toEqual([[['right rows', 1]], [['left rows without a partner', 1]]]);
  });

  test('as of a time says which rows wait until it has passed, and which versions hold', async () => {
    const { run, push, note, open } = await whyRun((rows, notes) =>
      rows.asOfJoin(notes, { on: 'id', how: 'left', tolerance: '1 hour' }),
    );
    await using _ = run;
    await note('a', 'x', 2);
    await push('a', 1, 4);
    const { kind, says, open: ofA } = await open('a');
    expect(kind).toBe('join');
    expect(says.slice(0, 2)).toEqual([
      `left rows from ${at(4)} to 1970-01-01T00:04:00.001Z, 1 row: {"id":"a","n":1,"at":${4 * minute}}`,
      `version from ${at(2)} to 1970-01-01T01:02:00.001Z, 1 row: {"text":"x","noted":${2 * minute}}; waits for a later one`,
    ]);
    expect(ofA).toMatchObject([{ closesAt: 4 * minute + 1 }, { closesAt: 62 * minute + 1 }]);
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

  test('does not fail for being asked: what a function throws then is said to who asks', async () => {
    const { run, push } = await whyRun((rows) => {
      const broken = aggregate({
        state: t.number,
        create: () => 0,
        accumulate: (a: number, n: number) => a + n,
        merge: (a, b) => a + b,
        result: (a): number => {
          if (a < 10) throw new Error('too few');
          return a;
        },
      });
      return rows
        .groupBy(window('at', '10 minutes'), 'id')
        .agg({ sum: broken('n') })
        .named('sums');
    });
    await using _ = run;
    await push('a', 1, 5);
    await expect(run.why('sums', 'a')).rejects.toMatchObject({
      code: 'E_CLOSURE',
      message: expect.stringMatching(/sums.*too few/),
    });
    await push('a', 9, 6);
    await push('b', 9, 25);
    expect([run.status.state, run.status.generation]).toEqual(['running', 1]);
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
