import { describe, expect, test } from 'vitest';
import { builderOf } from '../../src/batch/index.ts';
import { compile, interpret } from '../../src/batch/row-shape.ts';

const names = ['b', 'a', '10', '2', 'constructor', 'with "quotes"', 'line\u2028end', 'toString'];
const rows: readonly object[] = [
  { b: 1, a: 2, 10: 3, 2: 4, constructor: 5, 'with "quotes"': 6, 'line\u2028end': 7, toString: 8, more: 9 },
  { a: null },
];

describe('rows of one shape', () => {
  test('are the same where no code may be made', () => {
    const [compiled, interpreted] = [compile, interpret].map((shapeOf) => {
      const shape = shapeOf(names);
      const builders = names.map(() => builderOf({ type: { kind: 'float64' }, nullable: true }, 'a column'));
      for (const row of rows) shape.appender(builders)(row);
      const make = shape.maker(builders.map((builder) => builder.build()));
      return rows.map((_, row) => make(row));
    });
    expect(interpreted).toStrictEqual(compiled);
    expect(interpreted!.map((row) => JSON.stringify(row))).toEqual(compiled!.map((row) => JSON.stringify(row)));
    expect(interpreted![0]).toMatchObject({ b: 1, constructor: 5, 'line\u2028end': 7 });
    expect(Object.values(interpreted![1]!)).toEqual(names.map(() => null)); // nothing that every object inherits
  });
});
