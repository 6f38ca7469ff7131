import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  anySchema,
  type Batch,
  batchOf,
  ColumnarBatch,
  decodeBatch,
  encodeBatch,
  Int64Column,
  type SchemaField,
} from '../../src/batch/index.ts';
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

/** One that makes code of each shape at once, and one that never does. */
const writers = { 'with code': new JsonRows(0), 'without code': new JsonRows(Number.POSITIVE_INFINITY) };
const ofBoth = Object.entries(writers);

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

  test.each(ofBoth)(
    'are those of jsonText, of columns of any schema, built here or sent, whole or selected (LW1): %s',
    (_, rows) => {
      fc.assert(
        fc.property(filled, fc.infiniteStream(fc.boolean()), ({ schema, rows: objects }, keep) => {
          const built = batchOf(schema, objects);
          const some = Int32Array.from(objects.keys()).filter(() => keep.next().value);
          for (const batch of [built, decodeBatch(encodeBatch(built)), built.select(some)])
            expect(written(batch, rows)).toEqual(expected(batch));
        }),
        { numRuns: 500 },
      );
    },
  );

  test.each(ofBoth)('numbers are those of JSON.stringify: decimals, their neighbours, where the form changes: %s', (_, rows) => {
    const bits = new DataView(new ArrayBuffer(8));
    const neighbour = (value: number, steps: number): number => {
      bits.setFloat64(0, value);
      bits.setBigInt64(0, bits.getBigInt64(0) + BigInt(steps));
      return bits.getFloat64(0);
    };
    const places = fc.integer({ min: 0, max: 20 });
    const whole = fc.oneof(fc.maxSafeNat(), fc.nat(), fc.nat(1000), fc.constantFrom(1e9 - 1, 1e9, 1e15 - 1, 1e15, 1));
    const decimal = fc
      .tuple(whole, places, fc.integer({ min: -2, max: 2 }), fc.boolean())
      .map(([digits, scale, steps, isNegative]) => {
        const value = neighbour(digits / Number(`1e${scale}`), steps);
        return isNegative ? -value : value;
      });
    const product = fc.tuple(fc.nat(100_000_000), fc.constantFrom(0.908, 0.1, 1.1, 0.007)).map(([price, rate]) => price * rate);
    const others = fc.constantFrom(1e-6, 9.99e-7, 0.000001234, 999_999_999.5, 1_000_000_000.5, 0.1 + 0.2, 5e-324, 2 ** 53 - 0.5);
    const schema = { kind: 'columns' as const, fields: [{ name: 'n', type: { kind: 'float64' as const }, nullable: false }] };
    fc.assert(
      fc.property(fc.array(fc.oneof(decimal, product, others, fc.double()), { minLength: 1, maxLength: 50 }), (numbers) => {
        const batch = batchOf(
          schema,
          numbers.map((n) => ({ n })),
        );
        expect(written(batch, rows)).toEqual(numbers.map((n) => JSON.stringify({ n })));
      }),
      { numRuns: 2000 },
    );
  });

  test('of columns that code is made for, and of rows that it leaves', () => {
    const of = (name: string, kind: 'int64' | 'float64' | 'bool' | 'string'): SchemaField => ({
      name,
      type: { kind },
      nullable: true,
    });
    const schema = {
      kind: 'columns' as const,
      fields: [of('b', 'bool'), of('7', 'int64'), of('ä"', 'string'), of('n', 'float64')],
    };
    const text = fc.oneof(
      values.filter((value) => typeof value === 'string'),
      fc.constant(`"${'\n'.repeat(20_000)}ä`),
    );
    const row = fc.record({ b: fc.boolean(), 7: fc.maxSafeInteger(), 'ä"': text, n: fc.double() }, { requiredKeys: [] });
    const tooLarge = new Int64Column(BigInt64Array.of(1n, 2n ** 60n, 3n), null);
    for (const rows of [new JsonRows(), ...Object.values(writers)]) {
      fc.assert(
        fc.property(fc.array(row, { maxLength: 40 }), (objects) => {
          const batch = batchOf(schema, objects);
          for (const each of [batch, decodeBatch(encodeBatch(batch))]) expect(written(each, rows)).toEqual(expected(each));
        }),
      );
      const batch = new ColumnarBatch({ kind: 'columns', fields: [of('w', 'int64')] }, [tooLarge], 3, {});
      expect(written(batch, rows)).toEqual(['{"w":1}', null, '{"w":3}']);
    }
  });

  test('stay as they are while the next ones are written', () => {
    const rows = new JsonRows();
    const sizes = [10, 400_000, 10, 2_000_000, 700_000, 10, 600_000];
    const texts = sizes.map((size, i) => `${i}${'x'.repeat(size)}`);
    const all = texts.map((text) => rows.write(batchOf(anySchema, [{ text }])).bytes);
    for (const [i, text] of texts.entries()) expect(Buffer.from(all[i]!).equals(Buffer.from(`{"text":"${text}"}\n`))).toBe(true);
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
