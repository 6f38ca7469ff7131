// The row verbs: map-operator.ts, filter-operator.ts, flat-map-operator.ts.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anySchema } from '../../src/batch/index.ts';
import { WeirError } from '../../src/core/index.ts';
import { createOperator, rowOperator } from '../../src/operators/index.ts';
import type { RowNode } from '../../src/plan/index.ts';
import { OperatorRun } from '../../src/testing/operator-run.ts';
import { verifyOperator } from '../../src/testing/verify-operator.ts';
import { openMemoryStores } from '../../src/state/index.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { anyBatch, eventBatch, events, field, number, rowNode, rowsItem, schemaOf, sourceNode } from './operator-fixture.ts';

const sums = schemaOf(field('n', number));
const subject = (node: RowNode) => () => ({ make: () => rowOperator(node) });
const values = (...list: number[]) => rowsItem(list.map((value, i) => ({ key: 'k', at: i, value, stamp: i * 10 })));
const runOf = (node: RowNode, deadLetters: boolean) =>
  new OperatorRun({ make: () => rowOperator(node), blobs: openMemoryStores().blobs, clock: new VirtualClock(), deadLetters });

describe('map', () => {
  const double = rowNode('map', (row: { value: number }) => ({ n: row.value * 2 }), sums);

  test('makes one row of each, which keeps its stamp', async () => {
    const result = await verifyOperator({
      subject: subject(double),
      input: [values(1, 2, 3)],
      stamps: true,
      barriersEverywhere: true,
      output: { main: [{ n: 2 }, { n: 4 }, { n: 6 }] },
    });
    expect(result.rows.map(({ stamp }) => stamp)).toEqual([0, 10, 20]);
  });

  test('gives the function fresh plain objects', async () => {
    const seen: object[] = [];
    await verifyOperator({
      subject: subject(rowNode('map', (row: { value: number }) => (seen.push(row), (row.value = 7), { n: 1 }), sums)),
      input: [values(1, 2)],
    });
    expect(new Set(seen).size).toBe(seen.length);
  });

  test('a row that the function throws on is set aside within the step, with operator, line and record; the others go on', async () => {
    const node = rowNode('map', (row: { value: number | null }) => ({ n: row.value!.toFixed().length }), sums);
    const result = await verifyOperator({
      subject: subject(node),
      input: [
        rowsItem(
          [
            { key: 'a', at: 1, value: 5 },
            { key: 'b', at: 2, value: null },
            { key: 'c', at: 3, value: 55 },
          ],
          10,
        ),
      ],
      output: { main: [{ n: 1 }, { n: 2 }] },
    });
    expect(result.dead).toHaveLength(1);
    expect(result.dead[0]).toMatchObject({ position: 's#11', text: '{"key":"b","at":2,"value":null}' });
    expect(result.dead[0]!.error).toMatch(
      /^operator op \(.*row-operator\.test\.ts:\d+\), record s#11: Cannot read properties of null/,
    );
  });

  test('a result that does not fit its schema is set aside, in the words of E_VALUE', async () => {
    const node = rowNode(
      'map',
      (row: { value: number }) => (row.value === 2 ? { n: 'two' } : row.value === 3 ? 3 : { n: 1 }),
      sums,
    );
    const result = await verifyOperator({ subject: subject(node), input: [values(1, 2, 3)], output: { main: [{ n: 1 }] } });
    expect(result.dead.map(({ error }) => error)).toEqual([
      expect.stringMatching(/^operator op \(job\.ts:3\), record s#1: column "n": expected .*float64, found the string "two"$/),
      'operator op (job.ts:3), record s#2: a map gave a number instead of a row',
    ]);
  });

  test('without dead letters, the row fails the job: E_CLOSURE for a throw, E_VALUE for a misfit, with the operator in it', async () => {
    const failure = async (fn: (row: never) => unknown) =>
      runOf(rowNode('map', fn, sums), false)
        .feed(values(1))
        .then(
          () => null,
          (error: unknown) => error,
        );
    expect(
      await failure(() => {
        throw new RangeError('no');
      }),
    ).toMatchObject({ code: 'E_CLOSURE', operator: 'op', cause: expect.any(RangeError) });
    expect(await failure(() => ({ n: 'x' }))).toMatchObject({ code: 'E_VALUE', operator: 'op' });
    expect(await failure(async () => ({ n: 1 }))).toMatchObject({ code: 'E_VALUE', hint: expect.stringContaining('not async') });
  });

  test("a validator sees each result; its issues are the row's, what it gives is the row", async () => {
    const validate = (value: unknown): unknown => {
      if ((value as { n: number }).n > 5) throw new WeirError('E_VALUE', 'n is too large');
      return { n: (value as { n: number }).n + 100 };
    };
    const result = await verifyOperator({
      subject: subject(rowNode('map', (row: { value: number }) => ({ n: row.value }), sums, { validate })),
      input: [values(1, 9)],
      output: { main: [{ n: 101 }] },
    });
    expect(result.dead[0]!.error).toContain('n is too large');
  });

  test('rows without a schema are kept as they are', async () => {
    const node = rowNode('map', (row: { deep: { x: number } }) => ({ deep: [row.deep.x] }), anySchema, {
      input: sourceNode(anySchema),
    });
    await verifyOperator({
      subject: subject(node),
      input: [{ kind: 'rows', batch: anyBatch([{ deep: { x: 1 } }]) }],
      output: { main: [{ deep: [1] }] },
    });
  });
});

describe('filter', () => {
  test('keeps rows as a selection over the same columns, with stamps and positions', async () => {
    const node = rowNode('filter', (row: { value: number }) => row.value % 2 === 1, events);
    const result = await verifyOperator({ subject: subject(node), input: [values(1, 2, 3)], stamps: true });
    expect(result.rows.map(({ row, stamp }) => [(row as { value: number }).value, stamp])).toEqual([
      [1, 0],
      [3, 20],
    ]);
    const batch = eventBatch(
      [
        { key: 'a', at: 1, value: 1 },
        { key: 'a', at: 1, value: 2 },
        { key: 'a', at: 1, value: 3 },
      ],
      7,
    );
    const out: { columns: unknown; position: string }[] = [];
    rowOperator(node).process(
      batch,
      { emit: (kept) => out.push({ columns: kept.columns, position: kept.position(1) }), watermark() {}, idle() {} },
      () => -Infinity,
    );
    expect(out).toEqual([{ columns: batch.columns, position: 's#9' }]);
  });

  test('a row that the predicate throws on is set aside; a promise is no answer', async () => {
    const result = await verifyOperator({
      subject: subject(
        rowNode(
          'filter',
          (row: { value: number }) => {
            if (row.value === 1) throw new Error('one');
            return row.value === 2 ? Promise.resolve(false) : true;
          },
          events,
        ),
      ),
      input: [values(1, 2, 3)],
      output: { main: [{ key: 'k', at: 2, value: 3 }] },
    });
    expect(result.dead.map(({ position }) => position)).toEqual(['s#0', 's#1']);
    expect(result.dead[1]!.error).toContain('object instead of true or false');
  });
});

describe('flatMap', () => {
  const times = (fn: (n: number) => unknown) => rowNode('flatMap', (row: { value: number }) => fn(row.value), sums);
  const upTo = function* (n: number): Generator<object> {
    for (let i = 0; i < n; i++) yield { n: i };
  };

  test('makes any number of rows of each, each with the position of its record', async () => {
    await verifyOperator({
      subject: subject(times(upTo)),
      input: [values(2, 0, 1)],
      stamps: true,
      barriersEverywhere: true,
      output: { main: [{ n: 0 }, { n: 1 }, { n: 0 }] },
    });
    const positions: string[] = [];
    rowOperator(times(upTo)).process(
      eventBatch(
        [
          { key: 'a', at: 1, value: 2 },
          { key: 'a', at: 1, value: 1 },
        ],
        5,
      ),
      {
        emit: (batch) => {
          for (let i = 0; i < batch.length; i++) positions.push(batch.position(i));
        },
        watermark() {},
        idle() {},
      },
      () => -Infinity,
    );
    expect(positions).toEqual(['s#5', 's#5', 's#6']);
  });

  test("stops inside a row's iterable, and goes on where it stopped", () => {
    const operator = rowOperator(times(upTo));
    const sizes: number[] = [];
    const out = { emit: (batch: { length: number }) => sizes.push(batch.length), watermark() {}, idle() {} };
    const batch = eventBatch([
      { key: 'a', at: 1, value: 10_000 },
      { key: 'a', at: 1, value: 3 },
    ]);
    const steps: string[] = [];
    do steps.push(operator.process(batch, out, () => -Infinity));
    while (steps.at(-1) !== 'done');
    expect(steps).toEqual(['more', 'more', 'done']);
    expect(sizes).toEqual([4096, 4096, 1811]);
  });

  test('D1: a row whose iterable throws, or gives something that is no row, leaves nothing behind', async () => {
    const failing = function* (n: number): Generator<unknown> {
      yield { n };
      if (n === 2) throw new Error('midway');
      if (n === 3) yield { n: 'three' };
      if (n === 4) yield 4;
    };
    const result = await verifyOperator({
      subject: subject(times((n) => (n === 5 ? 5 : failing(n)))),
      input: [values(1, 2, 3, 4, 5, 6)],
      output: { main: [{ n: 1 }, { n: 6 }] },
    });
    expect(result.dead.map(({ position }) => position)).toEqual(['s#1', 's#2', 's#3', 's#4']);
  });

  test('gives what flatMap of arrays gives, whatever the batching', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 12 }), async (list) => {
        await verifyOperator({
          subject: subject(times(upTo)),
          input: [values(...list)],
          output: { main: list.flatMap((n) => [...upTo(n)]) },
        });
      }),
      { numRuns: 20 },
    );
  });
});

describe('operators that only route', () => {
  test('a source, union or rebalance passes on what it is given', async () => {
    const union = { kind: 'union' as const, site: '', schema: events, inputs: [sourceNode()] };
    await verifyOperator({
      subject: () => ({ make: () => createOperator(union, { id: 'u' }) }),
      input: [values(1)],
      output: { main: [{ key: 'k', at: 0, value: 1 }] },
    });
  });
});
