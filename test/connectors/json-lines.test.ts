import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JsonLines } from '../../src/connectors/formats/json-lines.ts';
import { jsonText } from '../../src/connectors/formats/index.ts';

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

/** The lines that a writer gives for these rows, without those that it refuses. */
function written(rows: readonly object[], write: (row: object) => void): void {
  for (const each of rows) {
    try {
      write(each);
    } catch {
      // it is refused
    }
  }
}

describe('rows as lines of JSON', () => {
  test('are those of jsonText, each with its end (LW1)', () => {
    const lines = new JsonLines();
    fc.assert(
      fc.property(fc.array(row), (rows) => {
        let expected = '';
        written(rows, (each) => {
          expected += `${jsonText(each)}\n`;
        });
        lines.begin();
        written(rows, (each) => lines.add(each));
        expect(Buffer.from(lines.take()).equals(Buffer.from(expected))).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  test('have nothing of a row that is refused, which the rows around it do not see (LW2)', () => {
    const lines = new JsonLines();
    lines.begin();
    lines.add({ a: 1 });
    expect(() => lines.add({ a: 2, b: 3n })).toThrow(/bigint/);
    expect(() => lines.add({ a: 2, b: { c: () => 1 } })).toThrow(/function/);
    lines.add({ a: 4 });
    expect(Buffer.from(lines.take()).toString()).toBe('{"a":1}\n{"a":4}\n');
  });

  test('have nothing that every object inherits', () => {
    const lines = new JsonLines();
    const inherited = Object.prototype as { planted?: number };
    Object.defineProperty(inherited, 'planted', { value: 1, enumerable: true, configurable: true });
    try {
      lines.begin();
      lines.add({ a: 1 });
    } finally {
      delete inherited.planted;
    }
    expect(Buffer.from(lines.take()).toString()).toBe('{"a":1}\n');
  });

  test('that were taken do not change with what comes after', () => {
    const lines = new JsonLines();
    lines.begin();
    lines.add({ a: 'first' });
    const first = lines.take();
    lines.begin();
    lines.add({ a: 'other' });
    expect(Buffer.from(first).toString()).toBe('{"a":"first"}\n');
  });
});
