import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anySchema, type Batch, batchOf, decodeBatch, encodeBatch } from '../../src/batch/index.ts';
import { formatDefinition, jsonText, linesOf } from '../../src/connectors/formats/index.ts';
import { JsonRows } from '../../src/connectors/formats/json-rows.ts';
import { json } from '../../src/index.ts';
import { filled } from '../batch/arbitraries.ts';

const names = fc.constantFrom('a', 'b', 'c', 'toJSON', 'ä', 'with "quotes"', '0', '10');
const values = fc.oneof(
  fc.integer({ min: -200_000, max: 200_000 }),
  fc.double(),
  fc.constantFrom(-0, NaN, Infinity, 2 ** 31, -(2 ** 31), 1e21, 1e-7, 99_999, 100_000, -99_999),
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('\ud800', '"', '\\', '\u007f', '\u2028', 'x'.repeat(64), `${'x'.repeat(64)}ä`, 'x'.repeat(70_000)),
  fc.boolean(),
  fc.constantFrom(null, undefined),
  fc.date({ noInvalidDate: true }),
  fc.uint8Array(),
  fc.array(fc.integer()),
  fc.record({ start: fc.integer(), end: fc.string() }),
);
const row = fc.oneof(
  { weight: 3, arbitrary: fc.dictionary(names, values) },
  { weight: 1, arbitrary: fc.dictionary(names, values, { noNullPrototype: true }) },
);

/** The lines of a batch, by row; null for those that are refused. */
function written(batch: Batch, rows = new JsonRows()): (string | null)[] {
  const { bytes, starts, ends } = rows.write(batch);
  const text = Buffer.from(bytes);
  let end = 0;
  const lines = Array.from(starts, (start, i) => {
    expect(start).toBe(end); // LW2
    const isRefused = start === ends[i];
    if (!isRefused) expect(text[ends[i]!]).toBe(10);
    end = isRefused ? start : ends[i]! + 1;
    return isRefused ? null : text.toString('utf8', start, ends[i]);
  });
  expect(end).toBe(text.length);
  return lines;
}

function expected(batch: Batch): (string | null)[] {
  return Array.from({ length: batch.length }, (_, i) => {
    try {
      return jsonText(batch.row(i));
    } catch {
      return null; // it is refused
    }
  });
}

describe('rows as lines of JSON', () => {
  test('are those of jsonText, of rows without a schema (LW1)', () => {
    const rows = new JsonRows();
    fc.assert(
      fc.property(fc.array(row), (objects) => {
        const batch = batchOf(anySchema, objects);
        expect(written(batch, rows)).toEqual(expected(batch));
      }),
      { numRuns: 2000 },
    );
  });

  test('are those of jsonText, of columns of any schema, built here or sent, whole or selected (LW1)', () => {
    const rows = new JsonRows();
    fc.assert(
      fc.property(filled, fc.infiniteStream(fc.boolean()), ({ schema, rows: objects }, keep) => {
        const built = batchOf(schema, objects);
        const some = Int32Array.from(objects.keys()).filter(() => keep.next().value);
        for (const batch of [built, decodeBatch(encodeBatch(built)), built.select(some)])
          expect(written(batch, rows)).toEqual(expected(batch));
      }),
      { numRuns: 1000 },
    );
  });

  test('have nothing of a row that is refused, which the rows around it do not see (LW2)', () => {
    const batch = batchOf(anySchema, [{ a: 1 }, { a: 2, b: 3n }, { a: 2, b: { c: () => 1 } }, { a: 4 }]);
    expect(written(batch)).toEqual(['{"a":1}', null, null, '{"a":4}']);
    expect(() => linesOf(batch, formatDefinition(json() as never, 'test'))).toThrow(/bigint, found at b; the row is/);
  });

  test('have nothing that every object inherits', () => {
    const inherited = Object.prototype as { planted?: number };
    Object.defineProperty(inherited, 'planted', { value: 1, enumerable: true, configurable: true });
    let bytes: Uint8Array;
    try {
      ({ bytes } = new JsonRows().write(batchOf(anySchema, [{ a: 1 }])));
    } finally {
      delete inherited.planted;
    }
    expect(Buffer.from(bytes).toString()).toBe('{"a":1}\n');
  });

  test('that were taken do not change with what comes after', () => {
    const rows = new JsonRows();
    const first = rows.write(batchOf(anySchema, [{ a: 'first' }]));
    rows.write(batchOf(anySchema, [{ a: 'other' }]));
    expect(Buffer.from(first.bytes).toString()).toBe('{"a":"first"}\n');
  });
});
