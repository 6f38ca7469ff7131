import { describe, expect, test } from 'vitest';
import {
  type Batch,
  batchOf,
  batchSchema,
  builderOf,
  type DataType,
  decodeBatch,
  encodeBatch,
  Int64Column,
} from '../../src/batch/index.ts';
import { ColumnarBatch } from '../../src/batch/columnar-batch.ts';

const of = (type: DataType, values: readonly unknown[]): Batch =>
  batchOf(
    batchSchema([{ name: 'c', type, nullable: true }]),
    values.map((c) => ({ c })),
  );
const valuesOf = (batch: Batch): unknown[] => Array.from({ length: batch.length }, (_, i) => batch.value('c', i));

describe('a column', () => {
  test('says which rows are null, built here or decoded, whole or taken', () => {
    const samples: readonly (readonly [DataType, unknown])[] = [
      [{ kind: 'float64' }, 1],
      [{ kind: 'int64' }, 1],
      [{ kind: 'timestamp' }, -1],
      [{ kind: 'bool' }, false],
      [{ kind: 'string' }, ''],
      [{ kind: 'bytes' }, new Uint8Array(0)],
      [{ kind: 'list', of: { type: { kind: 'bool' }, nullable: true } }, [null]],
      [{ kind: 'struct', fields: [{ name: 'x', type: { kind: 'float64' }, nullable: false }] }, { x: 1 }],
      [{ kind: 'any' }, 0],
    ];
    for (const [type, value] of samples) {
      const built = of(type, [null, value, null, value]);
      for (const batch of [
        built,
        decodeBatch(encodeBatch(built)),
        decodeBatch(encodeBatch(built.select(Int32Array.of(0, 1, 2, 3)))),
      ]) {
        expect([0, 1, 2, 3].map((row) => batch.columns[0]!.isNull(row))).toEqual([true, false, true, false]);
        expect(valuesOf(batch)).toEqual([null, value, null, value]);
      }
    }
  });

  test('grows past every first allocation', () => {
    const values = Array.from({ length: 3000 }, (_, i) => (i % 3 === 0 ? null : i));
    expect(valuesOf(of({ kind: 'float64' }, values))).toEqual(values);
    expect(valuesOf(of({ kind: 'int64' }, values))).toEqual(values);
    const bytes = values.map((value) => (value === null ? null : new Uint8Array(5).fill(value)));
    expect(valuesOf(of({ kind: 'bytes' }, bytes))).toEqual(bytes);
    const bools = values.map((value) => (value === null ? null : value % 2 === 0));
    expect(valuesOf(of({ kind: 'bool' }, bools))).toEqual(bools);
  });

  test('costs about what it holds', () => {
    const holds = (type: DataType, values: readonly unknown[]): number => of(type, values).columns[0]!.byteSize;
    const many = Array.from({ length: 1000 }, (_, i) => i);
    expect(holds({ kind: 'float64' }, many)).toBe(8000);
    expect(
      holds(
        { kind: 'string' },
        many.map(() => 'x'.repeat(96)),
      ),
    ).toBe(100_000);
    expect(
      holds(
        { kind: 'any' },
        many.map((a) => ({ a, text: 'x'.repeat(90) })),
      ),
    ).toBeGreaterThan(90_000);
  });

  test('is null inside a null struct, even where its field may not be', () => {
    const type: DataType = {
      kind: 'struct',
      fields: [
        {
          name: 'x',
          type: { kind: 'struct', fields: [{ name: 'y', type: { kind: 'int64' }, nullable: false }] },
          nullable: false,
        },
      ],
    };
    const batch = of(type, [null, { x: { y: 1 } }]);
    expect(valuesOf(decodeBatch(encodeBatch(batch)))).toEqual([null, { x: { y: 1 } }]);
  });
});

describe('a string column', () => {
  test.each([
    ['ASCII', ['a', '', null, 'long '.repeat(50)]],
    ['UTF-8', ['é', '', null, '😀', 'plain']],
    ['lone surrogates', ['\ud83d', '\ude00', null, 'a\ud800b', 'é']],
  ])('carries %s without loss, and passes it on as bytes', (_, values) => {
    const once = decodeBatch(encodeBatch(of({ kind: 'string' }, values)));
    expect(valuesOf(once)).toEqual(values);
    expect(valuesOf(decodeBatch(encodeBatch(once.select(Int32Array.of(1, 3)))))).toEqual([values[1], values[3]]);
    expect(encodeBatch(once)).toEqual(encodeBatch(of({ kind: 'string' }, values)));
  });
});

describe('an int64 column', () => {
  test('throws E_VALUE for an integer that no number can hold, rather than give another', () => {
    const column = new Int64Column(BigInt64Array.of(1n, -(2n ** 53n) + 1n, 2n ** 53n, -(2n ** 63n)), null);
    expect([column.get(0), column.get(1)]).toEqual([1, -(2 ** 53) + 1]);
    for (const row of [2, 3]) expect(() => column.get(row)).toThrowError(expect.objectContaining({ code: 'E_VALUE' }));
  });
});

describe('a column built on its own', () => {
  test('joins columns of another batch in a new one', () => {
    const batch = of({ kind: 'float64' }, [1, 2]);
    const builder = builderOf({ type: { kind: 'string' }, nullable: false }, 'column "d"');
    for (let i = 0; i < batch.length; i++) builder.append(`#${String(batch.value('c', i))}`);
    const schema = batchSchema([
      { name: 'c', type: { kind: 'float64' }, nullable: true },
      { name: 'd', type: { kind: 'string' }, nullable: false },
    ]);
    const wider = new ColumnarBatch(schema, [...batch.columns, builder.build()], batch.length, batch.system);
    expect(wider.row(1)).toEqual({ c: 2, d: '#2' });
  });
});
