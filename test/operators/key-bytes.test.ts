import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  anySchema,
  type Batch,
  batchOf,
  decodeBatch,
  encodeBatch,
  hashKey,
  KeyBytes,
  keyOf,
  type SchemaField,
} from '../../src/batch/index.ts';
import { keyBytesOf } from '../../src/operators/key-bytes.ts';

const number = { kind: 'float64' } as const;
const bound = (name: string): SchemaField => ({ name, type: number, nullable: name === 'end' });
const fields: readonly SchemaField[] = [
  { name: 'window', type: { kind: 'struct', fields: [bound('start'), bound('end')] }, nullable: true },
  { name: 'n', type: number, nullable: true },
  { name: 'int', type: { kind: 'int64' }, nullable: true },
  { name: 'flag', type: { kind: 'bool' }, nullable: false },
  { name: 'text', type: { kind: 'string' }, nullable: true },
];
const few = fc.constantFrom(0, -0, 1, 10, Number.NaN, Infinity);
const row = fc.record({
  window: fc.option(fc.record({ start: few, end: few })),
  n: fc.option(fc.oneof(few, fc.double())),
  int: fc.option(fc.maxSafeInteger()),
  flag: fc.boolean(),
  text: fc.option(fc.oneof(fc.string(), fc.constantFrom('', 'é', '\ud800', 'x'.repeat(127), 'y'.repeat(128), 'z'.repeat(400)))),
});
const columns = fc.subarray(['window', 'n', 'int', 'flag', 'text'], { minLength: 1 });

function holds(batch: Batch, names: readonly string[]): void {
  const key = new KeyBytes();
  const write = keyBytesOf(batch, names, key);
  for (let i = 0; i < batch.length; i++) {
    const expected = keyOf(names.map((name) => batch.value(name, i)));
    const hash = write(i);
    expect([key.text(), hash, key.hash]).toEqual([expected, hashKey(expected), hashKey(expected) | 0]);
  }
}

describe('keys as bytes', () => {
  test('K4: are those of keyOf, with and without a schema, from a wire, and of some of the rows', () => {
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 20 }), columns, (rows, names) => {
        const batch = batchOf({ kind: 'columns', fields }, rows);
        const wired = decodeBatch(encodeBatch(batch));
        const odd = Int32Array.from(rows.flatMap((_, i) => (i % 2 === 1 ? [i] : [])));
        for (const of of [batch, wired, batch.select(odd), wired.select(odd), batchOf(anySchema, rows)]) holds(of, names);
      }),
      { numRuns: 300 },
    );
  });

  test('are refused as those of keyOf', () => {
    const batch = batchOf(anySchema, [{ at: new Date(0) }]);
    expect(() => keyBytesOf(batch, ['at'], new KeyBytes())(0)).toThrow(/cannot be a key/);
    const half = batchOf({ kind: 'columns', fields: fields.map((field) => ({ ...field, nullable: true })) }, [
      { window: { start: 1, end: null }, n: null, int: null, flag: null, text: null },
    ]);
    expect(() => keyBytesOf(half, ['window'], new KeyBytes())(0)).toThrow(/cannot be a key/);
  });
});
