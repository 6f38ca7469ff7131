/** A job that is deployed again with other state: what it may change, and what becomes of what was there. */
import { describe, expect, test } from 'vitest';
import { asSink, type Output } from '../../src/api/index.ts';
import { from, schema, state, type StateSpec, type Stream, t } from '../../src/index.ts';
import type { MemoryDisk } from '../../src/state/index.ts';
import { CommittedRows } from '../../src/testing/committed-rows.ts';
import { testSource } from '../../src/testing/index.ts';
import { StreamRun } from '../../src/testing/stream-run.ts';

const Seen = schema({ id: t.string, n: t.number });
const Said = schema({ id: t.string, what: t.string });
type Row = { readonly id: string; readonly n: number };
type Handles = Record<string, any>;

interface Version {
  readonly state: StateSpec;
  readonly onRow: (row: Row, state: Handles) => unknown;
}

/** Versions of a job, one after the other on one disk, each killed after its rows; what each row says. */
async function lived(...versions: readonly (Version & { readonly rows: readonly Row[]; readonly afterMs?: number })[]) {
  const source = testSource(Seen);
  let disk: MemoryDisk | undefined;
  let at = 0;
  const said: string[][] = [];
  for (const [i, { state: declared, onRow, rows, afterMs = 0 }] of versions.entries()) {
    const stream = (from(source) as Stream<Row>)
      .keyBy('id')
      .process({
        state: declared,
        emits: Said,
        onRow: (row, ctx) => ctx.emit({ id: row.id, what: JSON.stringify(onRow(row, ctx.state) ?? null) }),
      })
      .named('kept');
    const committed = new CommittedRows();
    const output = (stream as unknown as { to(sink: unknown): Output }).to(asSink(committed.definition));
    await using run = new StreamRun({ output, rows: committed, parallelism: 1 + (i % 3) });
    run.clock.advance((at += afterMs));
    if (disk !== undefined) run.putDisk(disk);
    await run.start();
    await run.drain();
    source.push(...rows);
    const drained = (await run.drain()) as { readonly id: string; readonly what: string }[];
    said.push(drained.toSorted((a, b) => (a.id < b.id ? -1 : 1)).map(({ what }) => what));
    // Once more, from what it wrote itself.
    await run.crash(1 + ((i + 1) % 3));
    await run.checkpoint();
    disk = run.copyOfDisk();
  }
  return said;
}
const row = (id: string, n = 0): Row => ({ id, n });
const get = (name: string) => (_: Row, states: Handles) => states[name].get() ?? null;

const counted: Version = {
  state: { total: state.value(t.struct({ n: t.number })) },
  onRow: ({ n }, { total }) => total.set({ n: (total.get()?.n ?? 0) + n }),
};
const first = { ...counted, rows: [row('a', 1), row('b', 2), row('a', 3)] };

describe('a job that is deployed again', () => {
  test('may add fields that are nullable, anywhere in a struct, let values become null, and add states', async () => {
    const inner = t.struct({ x: t.number });
    const wider = t.struct({ y: t.string.nullable(), x: t.number.nullable() });
    const before: Version = {
      state: {
        one: state.value(t.struct({ n: t.number, in: inner })),
        map: state.map(t.string, inner),
        list: state.list(inner),
      },
      onRow: ({ n }, { one, map, list }) => {
        one.set({ n, in: { x: n } });
        map.set('k', { x: n });
        list.push({ x: n });
      },
    };
    const after: Version = {
      state: {
        one: state.value(t.struct({ more: t.list(t.number).nullable(), n: t.number, in: wider }).nullable()),
        map: state.map(t.string, wider),
        list: state.list(wider),
        added: state.value(t.number),
      },
      onRow: (_, { one, map, list, added }) => [one.get(), [...map], [...list], added.get() ?? 'none'],
    };
    const [, second, third] = await lived(
      { ...before, rows: [row('a', 1), row('b', 5), row('a', 2)] },
      { ...after, rows: [row('a')] },
      { ...after, rows: [row('a'), row('b')] },
    );
    const wide = (x: number) => ({ y: null, x });
    const a = JSON.stringify([{ more: null, n: 2, in: wide(2) }, [['k', wide(2)]], [wide(1), wide(2)], 'none']);
    const b = JSON.stringify([{ more: null, n: 5, in: wide(5) }, [['k', wide(5)]], [wide(5)], 'none']);
    expect([second, third]).toEqual([[a], [a, b]]);
  });

  test('takes over by `migrate` what is another field, once, and goes on without it when all is written anew', async () => {
    const averaged = t.struct({ sum: t.number, times: t.number });
    const onRow = ({ n }: Row, { total }: Handles) => {
      const before = total.get() ?? { sum: 0, times: 0 };
      total.set({ sum: before.sum + n, times: before.times + 1 });
      return total.get();
    };
    const by = ({ n }: { n: number }) => ({ sum: n, times: 100 });
    const said = await lived(
      first,
      {
        state: { total: state.value(averaged, { migrate: { from: t.struct({ n: t.number }), by } }) },
        onRow,
        rows: [row('a', 6)],
      },
      { state: { total: state.value(averaged) }, onRow, rows: [row('a', 1), row('b', 1), row('c', 1)] },
    );
    expect(said.slice(1).map((each) => each.map((text) => JSON.parse(text)))).toEqual([
      [{ sum: 10, times: 101 }],
      [
        { sum: 11, times: 102 },
        { sum: 3, times: 101 },
        { sum: 1, times: 1 },
      ],
    ]);
  });

  test('may give values a lifetime, which begins then, and take it away', async () => {
    const keeping = (ttl?: '1 second'): Version => ({
      state: { n: state.value(t.number, ttl === undefined ? {} : { ttl }) },
      onRow: ({ n }, { n: kept }) => {
        const before = kept.get() ?? null;
        if (n > 0) kept.set(n);
        return before;
      },
    });
    const said = await lived(
      { ...keeping(), rows: [row('a', 1), row('b', 2)] },
      { ...keeping('1 second'), rows: [row('a', 3), row('b')], afterMs: 5000 },
      { ...keeping('1 second'), rows: [row('b')], afterMs: 999 },
      { ...keeping(), rows: [row('a'), row('b')], afterMs: 1 },
    );
    expect(said).toEqual([['null', 'null'], ['1', '2'], ['2'], ['3', '2']]);
  });

  test.each<[string, StateSpec, string]>([
    ['another type', { total: state.value(t.string) }, `was "{ n: float64 }", is "string"`],
    [
      'a field that may not be null',
      { total: state.value(t.struct({ n: t.number, m: t.number })) },
      'is "{ n: float64, m: float64 }"',
    ],
    ['a field that is gone', { total: state.value(t.struct({ m: t.number.nullable() })) }, 'is "{ m: float64 or null }"'],
    ['another kind', { total: state.list(t.struct({ n: t.number })) }, 'is "items of { n: float64 }"'],
    ['another name', { sum: state.value(t.struct({ n: t.number })) }, `state 'total': was "{ n: float64 }", is gone`],
    [
      'a function for what was not there',
      { total: state.value(t.number, { migrate: { from: t.string, by: Number } }) },
      `was "{ n: float64 }", is "float64"`,
    ],
  ])('is refused with both said: %s', async (_, declared, words) => {
    const name = Object.keys(declared)[0]!;
    const error = await lived(first, { state: declared, onRow: get(name), rows: [row('a')] }).then(String, (e: unknown) => e);
    expect(error).toMatchObject({ code: 'E_STATE_INCOMPATIBLE' });
    expect((error as Error).message).toContain(words);
  });

  test('fails, with the value, where `migrate` gives what the field cannot hold', async () => {
    const migrate = { from: t.struct({ n: t.number }), by: ({ n }: { n: number }) => (n > 2 ? (null as never) : n) };
    const declared = { total: state.value(t.number, { migrate }) };
    const error = await lived(first, { state: declared, onRow: get('total'), rows: [] }).then(String, (e: unknown) => e);
    expect(error).toMatchObject({ code: 'E_STATE_INCOMPATIBLE' });
    expect((error as Error).message).toContain(`state 'total': what was {"n":4} could not be taken over`);
  });
});
