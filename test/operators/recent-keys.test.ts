import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anySchema, type Batch, batchOf, keyOf, keyValues, type SchemaField } from '../../src/batch/index.ts';
import { groupedKeys, keyExtractor, KnownKeys } from '../../src/operators/key.ts';

const number = { kind: 'float64' } as const;
const bound = (name: string): SchemaField => ({ name, type: number, nullable: false });
const fields: readonly SchemaField[] = [
  { name: 'window', type: { kind: 'struct', fields: [bound('start'), bound('end')] }, nullable: true },
  { name: 'n', type: number, nullable: true },
  { name: 'text', type: { kind: 'string' }, nullable: true },
];
const few = fc.constantFrom(0, -0, 1, 10, Number.NaN, Infinity);
const row = fc.record({
  window: fc.option(fc.record({ start: few, end: few })),
  n: fc.option(fc.oneof(few, fc.double())),
  text: fc.option(fc.constantFrom('', 'a', 'é', '\ud800')),
});
const columns = fc.subarray(['window', 'n', 'text'], { minLength: 1 });
/** Any function of a key that tells keys apart. */
const groupOf = (key: string): number => key.length * 1000 + (key.charCodeAt(key.length - 1) || 0);

function holds(batches: readonly Batch[], names: readonly string[]): void {
  const grouped = groupedKeys({ columns: names }, groupOf);
  const extracted = keyExtractor({ columns: names });
  for (const batch of batches) {
    const [groupedAt, extractedAt] = [grouped(batch), extracted(batch)];
    for (let i = 0; i < batch.length; i++) {
      const key = keyOf(names.map((name) => batch.value(name, i)));
      expect([groupedAt(i), extractedAt(i)]).toEqual([{ key, group: groupOf(key) }, key]);
    }
  }
}

describe('keys of rows', () => {
  test('are those of their values, of one column or several, with and without a schema', () => {
    fc.assert(
      fc.property(fc.array(fc.array(row, { maxLength: 10 }), { maxLength: 4 }), columns, (batches, names) => {
        holds(
          batches.map((rows) => batchOf({ kind: 'columns', fields }, rows)),
          names,
        );
        holds(
          batches.map((rows) => batchOf(anySchema, rows)),
          names,
        );
      }),
    );
  });

  test('are so where hardly any comes again, and where they come again after that', () => {
    const rows = Array.from({ length: 1 << 16 }, (_, n) => ({ n, text: n < 1000 ? 'first' : 'then', window: null }));
    const batch = batchOf({ kind: 'columns', fields }, [...rows, ...rows.slice(0, 1000)]);
    const grouped = groupedKeys({ columns: ['n', 'text'] }, groupOf)(batch);
    const wrong = Array.from({ length: batch.length }, (_, i) => i).filter((i) => {
      const expected = keyOf([batch.value('n', i), batch.value('text', i)]);
      const { key, group } = grouped(i); // once: asked again, each would have come lately
      return key !== expected || group !== groupOf(expected);
    });
    expect(wrong).toEqual([]);
  });

  test('give back their values, numbers too, which are not looked for among those that came lately', () => {
    const known = new KnownKeys();
    fc.assert(
      fc.property(
        fc.array(fc.oneof(few, fc.double(), fc.string(), fc.constant(null)), { minLength: 1, maxLength: 3 }),
        (values) => {
          const key = keyOf(values);
          expect(known.valuesOf(key)).toEqual(keyValues(key));
          expect(keyOf(known.valuesOf(key))).toBe(key);
        },
      ),
    );
  });
});
