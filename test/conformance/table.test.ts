import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { count, schema, sessionWindow, state, type Stream, sum, t, type Timestamp, window } from 'weir';
import { casesIn } from './case.ts';
import { type CaseResult, conformance, type Definitions } from './run.ts';

const folders: string[] = [];
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));

/** The folder of the case in a root that these files are in too. */
function written(made: object, files: Readonly<Record<string, string>> = {}): string {
  const root = mkdtempSync(join(tmpdir(), 'weir-tables-'));
  folders.push(root);
  for (const [name, text] of Object.entries({ 'cases/made.json': JSON.stringify({ kind: 'table', ...made }), ...files })) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return join(root, 'cases');
}

async function outcomeOf(
  made: object,
  define: Definitions[string],
  files?: Readonly<Record<string, string>>,
): Promise<CaseResult> {
  const { results } = await conformance(written({ id: 'made/one', ...made }, files), { one: define! });
  return results[0]!;
}

interface Visit {
  readonly user: string;
  readonly pages: number;
  readonly at: Timestamp;
}
const at = (second: number): string => new Date(second * 1000).toISOString();
const visit = (second: number, user: string, pages: number) => ({ user, pages, at: at(second) });
const visits = [visit(1, 'a', 3), visit(3, 'b', 1), visit(2, 'a', 4), visit(14, 'a', 5), visit(31, 'b', 2), visit(4, 'b', 9)];
const linesOf = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
const inputs = [{ name: 'visits', rows: visits, schema: 'user, pages; at is a time' }];
const timed = (input: Stream<any>) => (input as Stream<Visit>).withWatermark('at', '2 seconds');
const passed = { result: 'passed', reason: '', runs: { plain: 'passed', killed: 'passed', parallel3: 'passed' } };

const perTenSeconds: Definitions[string] = ({ visits: input }) =>
  timed(input!)
    .groupBy(window('at', '10 seconds'))
    .agg({ pages: sum('pages') })
    .select((c) => ({ begin: c.window.start, pages: c.pages }));
const windows = [
  { begin: at(0), pages: 8 },
  { begin: at(10), pages: 5 },
  { begin: at(30), pages: 2 },
];

test('a table is what came of all rows, whose watermark rises as they come, and windows close at the end', async () => {
  expect(await outcomeOf({ inputs, expected: { columns: ['begin', 'pages'], rows: windows } }, perTenSeconds)).toMatchObject(
    passed,
  );
  const others = [{ begin: at(0), pages: 17 }, ...windows.slice(1)];
  const { reason } = await outcomeOf({ inputs, expected: { columns: ['begin', 'pages'], rows: others } }, perTenSeconds);
  expect(reason).toBe('plain: missing [0,17]; not expected [0,8]');
});

test('rows may be in files beside any folder above, and a result may be known by its hash', async () => {
  const hash = (rows: readonly object[]): string => createHash('sha256').update(linesOf(rows)).digest('hex');
  const files = { 'data/visits.jsonl': linesOf(visits), 'data/windows.jsonl': linesOf(windows) };
  const named = [{ name: 'visits', file: 'data/visits.jsonl' }];
  const columns = ['begin', 'pages'];
  expect(
    await outcomeOf({ inputs: named, expected: { columns, file: 'data/windows.jsonl' } }, perTenSeconds, files),
  ).toMatchObject(passed);
  const known = { columns, rowCount: 3, file: null };
  const hashed = (sha256OfSortedLines: string) => ({ inputs: named, expected: { ...known, sha256OfSortedLines } });
  expect(await outcomeOf(hashed(hash(windows)), perTenSeconds, files)).toMatchObject(passed);
  const other = await outcomeOf(hashed(hash(windows.slice(1))), perTenSeconds, files);
  expect(other.reason).toContain(`the rows have the SHA-256 ${hash(windows)}, and should have`);
  const more = { inputs: named, expected: { ...known, rowCount: 4, sha256OfSortedLines: hash(windows) } };
  expect((await outcomeOf(more, perTenSeconds, files)).reason).toContain('the table has 3 rows, and should have 4');
});

test('each row counts as often as it was written', async () => {
  const define: Definitions[string] = ({ visits: input }) => (input as Stream<Visit>).select('user');
  const users = visits.map(({ user }) => ({ user }));
  const made = (rows: readonly object[]) => ({ inputs, expected: { columns: ['user'], rows } });
  expect(await outcomeOf(made(users.toReversed()), define)).toMatchObject(passed);
  expect((await outcomeOf(made(users.slice(1)), define)).reason).toBe('plain: not expected ["a"]');
});

test('of an updating result the last row of each key counts, whatever the keys are called in the end', async () => {
  const users = [
    { user: 'a', visits: 3 },
    { user: 'b', visits: 3 },
  ];
  const made = { inputs, emission: 'updating', expected: { columns: ['user', 'visits'], rows: users } };
  const perUser = (input: Stream<any>) => (input as Stream<Visit>).groupBy('user').agg({ visits: count() });
  expect(await outcomeOf(made, ({ visits: input }) => perUser(input!))).toMatchObject(passed);
  const complete: Definitions[string] = ({ visits: input }) => ({ stream: perUser(input!), mode: 'complete' });
  expect(await outcomeOf(made, complete)).toMatchObject(passed);

  const byHand: Definitions[string] = ({ visits: input }) =>
    (input as Stream<Visit>).keyBy('user').process({
      state: { visits: state.value(t.int) },
      emits: schema({ user: t.string, visits: t.int }),
      onRow({ user }, { state: { visits: n }, emit }) {
        n.set((n.get() ?? 0) + 1);
        emit({ user, visits: n.get()! });
      },
    });
  expect(await outcomeOf(made, byHand)).toMatchObject(passed);
  const all: Definitions[string] = ({ visits: input }) => (input as Stream<Visit>).groupBy().agg({ visits: count() });
  expect(await outcomeOf({ ...made, expected: { columns: ['visits'], rows: [{ visits: 6 }] } }, all)).toMatchObject(passed);

  const renamed = { ...made, expected: { columns: ['who', 'visits'], rows: users.map((row) => ({ who: row.user, visits: 3 })) } };
  const called: Definitions[string] = ({ visits: input }) => perUser(input!).select((c) => ({ who: c.user, visits: c.visits }));
  expect(await outcomeOf(renamed, called)).toMatchObject(passed);
  const alike = { ...made, expected: { columns: ['visits'], rows: [{ visits: 3 }, { visits: 3 }] } };
  const numbers: Definitions[string] = (all) => called!(all) as Stream<object, 'running'>;
  expect((await outcomeOf(alike, numbers)).reason).toContain('which rows replace each other is not known');
  const said: Definitions[string] = (all) => ({ stream: numbers(all) as Stream<object, 'running'>, key: ['who'] });
  expect(await outcomeOf(alike, said)).toMatchObject(passed);
  expect(await outcomeOf({ ...alike, expected: { ...alike.expected, key: ['who'] } }, numbers)).toMatchObject(passed);
});

test('rows that are taken back are not in the table', async () => {
  const sessions: Definitions[string] = ({ visits: input }) =>
    timed(input!)
      .groupBy(sessionWindow('at', '5 seconds'), 'user')
      .agg({ pages: sum('pages') });
  const of = (user: string, start: number, end: number, pages: number) => ({
    ...{ window: { start: start * 1000, end: end * 1000 }, user, pages },
  });
  // The last visit makes one session of two that have gone out.
  const rows = [visit(1, 'a', 3), visit(20, 'b', 7), visit(26, 'b', 7), visit(22, 'b', 1)];
  const table = [of('a', 1, 6, 3), of('b', 20, 31, 15)];
  const made = { inputs: [{ name: 'visits', rows }], emission: 'updating' };
  expect(await outcomeOf({ ...made, expected: { columns: ['window', 'user', 'pages'], rows: table } }, sessions)).toMatchObject(
    passed,
  );
});

test('what is not kept in state differs when it is killed', async () => {
  const inMemory: Definitions[string] = ({ visits: input }) => {
    let n = 0;
    return (input as Stream<Visit>).map(() => ({ n: ++n }));
  };
  const expected = { columns: ['n'], rows: visits.map((_, i) => ({ n: i + 1 })) };
  const { runs } = await outcomeOf({ inputs, expected }, inMemory);
  expect(runs).toEqual({ plain: 'passed', killed: 'failed', parallel3: 'passed' });
});

test('columns are typed as they are said to be, or as their values are, and may be missing', async () => {
  const rows = [
    { n: 1, x: 1.5, tags: ['a'] },
    { n: 2, x: 2, is: true },
    { n: null, x: 3 },
  ];
  const define: Definitions[string] = ({ visits: input }) => input!;
  const expected = { columns: ['n', 'x', 'tags', 'is'], rows: rows.map((row) => ({ tags: null, is: null, ...row })) };
  expect(await outcomeOf({ inputs: [{ name: 'visits', rows }], expected }, define)).toMatchObject(passed);
  const types = [
    { name: 'n', type: 'INT' },
    { name: 'x', type: 'INT' },
  ];
  const said = await outcomeOf({ inputs: [{ name: 'visits', rows: [{ n: 1, x: 1.5 }], schema: types }], expected }, define);
  expect(said.reason).toContain('1.5');
});

test('a case that makes no sense is refused, and one without a definition is failed', async () => {
  const expected = { columns: ['user'], rows: [] };
  const refused = (made: object): (() => unknown) => {
    const folder = written(made);
    return () => casesIn(folder);
  };
  expect(refused({ inputs })).toThrow('a table needs');
  expect(refused({ inputs, expected: { columns: ['user'] } })).toThrow('expects nothing');
  expect(refused({ inputs, expected, comparison: 'ordered' })).toThrow("compared as a multiset, and not as 'ordered'");
  expect(refused({ inputs, expected, emission: 'now and then' })).toThrow("the emission 'now and then' is not known");
  const nowhere = await outcomeOf({ inputs: [{ name: 'visits', file: 'no/where.jsonl' }], expected }, perTenSeconds);
  expect(nowhere).toMatchObject({ result: 'failed' });
  expect(nowhere.reason).toContain('there is no no/where.jsonl');
  const { failed } = await conformance(written({ inputs, expected }), {});
  expect(failed).toBe(1);
});
