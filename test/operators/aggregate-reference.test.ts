// Windows of every shape over random input, against a plain computation.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { aggregateOperator } from '../../src/operators/index.ts';
import type { Emission, WindowSpec } from '../../src/plan/index.ts';
import { verifyOperator } from '../../src/testing/verify-operator.ts';
import type { TestItem } from '../../src/testing/operator-run.ts';
import {
  aggregateNode,
  type AggregateOptions,
  barrier,
  type EventRow,
  number,
  rowsItem,
  sliding,
  watermark,
} from './operator-fixture.ts';

const append: Emission = { port: 'append', mode: 'append', everyMs: 0 };
const update: Emission = { port: 'update', mode: 'update', everyMs: 0 };
const complete: Emission = { port: 'complete', mode: 'complete', everyMs: 0 };
const subject =
  (options: AggregateOptions, ...emissions: Emission[]) =>
  () => ({ make: () => aggregateOperator(aggregateNode(options), emissions) });

// ── against a plain reference

interface TimedRow extends Required<EventRow> {
  readonly at: number;
}
interface Case {
  readonly window: WindowSpec;
  readonly rows: readonly TimedRow[];
  /** After how many rows the operator's watermark follows the stamps. */
  readonly advanceEvery: number;
}

const cases: fc.Arbitrary<Case> = fc
  .record({
    slide: fc.integer({ min: 1, max: 12 }),
    perWindow: fc.integer({ min: 1, max: 4 }),
    offset: fc.integer({ min: -15, max: 15 }),
    delay: fc.integer({ min: 0, max: 10 }),
    advanceEvery: fc.integer({ min: 1, max: 7 }),
    rows: fc.array(
      fc.record({
        key: fc.constantFrom('a', 'b', 'c'),
        at: fc.integer({ min: -60, max: 60 }),
        value: fc.oneof(fc.integer({ min: -5, max: 5 }), fc.constant(null)),
      }),
      { maxLength: 25 },
    ),
  })
  .map(({ slide, perWindow, offset, delay, advanceEvery, rows }) => {
    let max = -Infinity;
    const stamped = rows.map((each) => {
      const stamp = max - delay;
      max = Math.max(max, each.at);
      return { ...each, stamp };
    });
    return { window: sliding(slide * perWindow, slide, offset), rows: stamped, advanceEvery };
  });

interface Counted {
  readonly window: { readonly start: number; readonly end: number };
  readonly key: string;
  readonly count: number;
  readonly sum: number | null;
  readonly values: readonly number[];
}

/** Every window of every row by trying all. */
function reference({ window, rows }: Case): { results: Counted[]; late: number } {
  const windows = new Map<string, { start: number; end: number; keys: Map<string, { count: number; values: number[] }> }>();
  let late = 0;
  for (const { key, at, value, stamp } of rows) {
    let counted = false;
    for (let n = -200; n < 200; n++) {
      const start = window.offsetMs + n * window.slideMs;
      const end = start + window.sizeMs;
      if (at < start || at >= end || end <= stamp) continue;
      counted = true;
      const found = windows.get(String(start)) ?? { start, end, keys: new Map() };
      windows.set(String(start), found);
      const cell = found.keys.get(key) ?? { count: 0, values: [] };
      found.keys.set(key, cell);
      cell.count++;
      if (value !== null) cell.values.push(value);
    }
    if (!counted) late++;
  }
  const results = [...windows.values()]
    .sort((a, b) => a.end - b.end)
    .flatMap(({ start, end, keys }) =>
      [...keys].map(([key, { count, values }]) => ({
        window: { start, end },
        key,
        count,
        sum: values.length === 0 ? null : values.reduce((a, b) => a + b, 0),
        values,
      })),
    );
  return { results, late };
}

function input({ rows, advanceEvery }: Case): TestItem[] {
  const items: TestItem[] = [];
  for (let i = 0; i < rows.length; i += advanceEvery) {
    items.push(rowsItem(rows.slice(i, i + advanceEvery), i));
    const next = rows[i + advanceEvery];
    // The in-band watermark after a batch is the stamp of the next row.
    if (next !== undefined && next.stamp > -Infinity) items.push(watermark(next.stamp));
  }
  return [...items, watermark(Infinity)];
}

const aggregates: AggregateOptions['aggregates'] = {
  count: { fn: 'count' },
  sum: { fn: 'sum', column: 'value' },
  values: { fn: 'collect', column: 'value', type: { kind: 'list', of: { type: number, nullable: false } } },
};

describe('against a plain reference', () => {
  test('F1 F3 F4: every window counts exactly the rows whose stamp had not closed it, for every batching, restore and pace of the watermark', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async (each) => {
        const { results, late } = reference(each);
        const result = await verifyOperator({
          subject: subject({ window: each.window, aggregates }, append),
          input: input(each),
          barriersEverywhere: true,
          output: { append: results, ...lateRows(each) },
        });
        expect(result.late).toBe(late);
      }),
      { numRuns: 40 },
    );
  });

  test('update and complete end with the same results as append', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async (each) => {
        const items = input(each).flatMap((item) => [item, barrier()]);
        const result = await verifyOperator({
          subject: subject({ window: each.window, aggregates }, append, update, complete),
          input: items,
        });
        const { results } = reference(each);
        const latest = new Map<string, object>();
        for (const { port, row: given } of result.rows)
          if (port === 'update') latest.set(JSON.stringify([(given as Counted).window, (given as Counted).key]), given);
        const complete_ = result.rows.filter(({ port }) => port === 'complete').map(({ row: given }) => given);
        expect(result.rows.filter(({ port }) => port === 'append').map(({ row: given }) => given)).toEqual(results);
        expect([...latest.values()]).toHaveLength(results.length);
        expect(new Set([...latest.values()].map((given) => JSON.stringify(given)))).toEqual(
          new Set(results.map((given) => JSON.stringify(given))),
        );
        expect(complete_.slice(complete_.length - results.length)).toEqual(results);
      }),
      { numRuns: 25 },
    );
  });
});

function lateRows({ window, rows }: Case): { late?: object[] } {
  const late = rows.filter(({ at, stamp }) => {
    const lastEnd = window.offsetMs + Math.floor((at - window.offsetMs) / window.slideMs) * window.slideMs + window.sizeMs;
    return lastEnd <= stamp;
  });
  return late.length === 0 ? {} : { late: late.map(({ key, at, value }) => ({ key, at, value })) };
}
