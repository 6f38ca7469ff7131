import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anySchema, BatchBuilder, batchOf, batchSchema, type DataType } from '../../src/batch/index.ts';
import { expectSame, filled } from './arbitraries.ts';

const one = (type: DataType, nullable = false) => batchSchema([{ name: 'c', type, nullable }]);
const refused = (message: string) => expect.objectContaining({ code: 'E_VALUE', message: expect.stringContaining(message) });

describe('a batch builder', () => {
  test('gives back every row that it was given (B5)', () => {
    fc.assert(
      fc.property(filled, ({ schema, rows }) => {
        const batch = batchOf(schema, rows);
        expectSame(
          Array.from({ length: batch.length }, (_, i) => batch.row(i)),
          zeroed(schema.kind, rows, batch.schema),
        );
      }),
      { numRuns: 150 },
    );
  });

  test('never changes a batch that it has built (B2, B6)', () => {
    const builder = new BatchBuilder(
      batchSchema([
        { name: 'n', type: { kind: 'float64' }, nullable: true },
        { name: 'i', type: { kind: 'int64' }, nullable: true },
        { name: 'b', type: { kind: 'bytes' }, nullable: true },
        { name: 's', type: { kind: 'string' }, nullable: true },
      ]),
    );
    builder.append({ n: 1, i: 1, b: Uint8Array.of(1), s: 'one' });
    const first = builder.build();
    for (let i = 0; i < 100; i++) builder.append({});
    expect(first.row(0)).toEqual({ n: 1, i: 1, b: Uint8Array.of(1), s: 'one' });
    expect(builder.build().row(99)).toEqual({ n: null, i: null, b: null, s: null });
    expect(builder.length).toBe(0);
  });

  test('uses its memory again without touching batches of any size (B2, B6)', () => {
    const fields = (['float64', 'int64', 'bool', 'string', 'bytes'] as const).map((kind) => ({
      name: kind,
      type: { kind },
      nullable: true,
    }));
    const builder = new BatchBuilder(batchSchema(fields));
    const rowFor = (i: number) =>
      i % 5 === 0
        ? { float64: null, int64: null, bool: null, string: null, bytes: null }
        : { float64: i, int64: -i, bool: i % 2 === 0, string: `${i}`, bytes: Uint8Array.of(i, i + 1) };
    const sizes = [1, 200, 3, 64, 128, 0, 40, 1000, 2];
    const built = sizes.map((size, start) => {
      for (let i = 0; i < size; i++) builder.append(rowFor(start + i));
      return builder.build();
    });
    built.forEach((batch, start) => {
      expect(batch.length).toBe(sizes[start]);
      for (let i = 0; i < batch.length; i++) expectSame(batch.row(i), rowFor(start + i));
    });
  });

  test('keeps bytes that the caller changes afterwards, and gives out copies (B6)', () => {
    const bytes = Uint8Array.of(1, 2);
    const batch = batchOf(one({ kind: 'bytes' }), [{ c: bytes }]);
    bytes[0] = 9;
    (batch.value('c', 0) as Uint8Array)[1] = 9;
    expect(batch.value('c', 0)).toEqual(Uint8Array.of(1, 2));
  });

  test('leaves out a row that throws as a whole, nested columns and nulls included (B7)', () => {
    const schema = batchSchema([
      { name: 'a', type: { kind: 'string' }, nullable: true },
      { name: 'l', type: { kind: 'list', of: { type: { kind: 'float64' }, nullable: true } }, nullable: true },
      {
        name: 's',
        type: {
          kind: 'struct',
          fields: [
            { name: 'x', type: { kind: 'any' }, nullable: true },
            { name: 'y', type: { kind: 'bool' }, nullable: false },
          ],
        },
        nullable: true,
      },
      { name: 'z', type: { kind: 'int64' }, nullable: false },
    ]);
    const builder = new BatchBuilder(schema);
    const good = [
      { a: 'x', l: [1, null], s: { x: [1], y: true }, z: 1 },
      { a: null, l: null, s: null, z: 2 },
    ];
    builder.append(good[0]!);
    const size = builder.byteSize;
    for (const bad of [
      { a: null, l: null, s: null },
      { a: 'y', l: [null, 'no'], z: 1 },
      { l: [null], s: { x: 5 }, z: 1 },
    ]) {
      expect(() => builder.append(bad)).toThrowError(expect.objectContaining({ code: 'E_VALUE' }));
      expect(builder.length).toBe(1);
    }
    expect(builder.byteSize).toBe(size);
    builder.append(good[1]!);
    const batch = builder.build();
    expect([batch.row(0), batch.row(1)]).toEqual(good);
  });

  test('takes a missing or undefined property as null, an inherited one as missing, and ignores others', () => {
    const schema = batchSchema(['a', 'toString', 'constructor'].map((name) => ({ name, type: { kind: 'any' }, nullable: true })));
    const batch = batchOf(schema, [
      { a: undefined, other: 1 },
      { toString: 'mine', constructor: 2 },
    ]);
    expect([batch.row(0), batch.row(1)]).toEqual([
      { a: null, toString: null, constructor: null },
      { a: null, toString: 'mine', constructor: 2 },
    ]);
  });

  test('refuses what a column cannot hold, and says where and what', () => {
    const cases: readonly [DataType, unknown, string][] = [
      [{ kind: 'float64' }, '1', 'column "c": expected a float64, found the string "1"'],
      [{ kind: 'float64' }, null, 'column "c": expected float64, found null'],
      [{ kind: 'float64' }, 1n, 'found the bigint 1n'],
      [{ kind: 'int64' }, 1.5, 'column "c": expected an integer within 2^53, found the number 1.5'],
      [{ kind: 'int64' }, 2 ** 53, 'found the number 9007199254740992'],
      [{ kind: 'int64' }, 2n ** 63n, 'found the bigint 9223372036854775808n'],
      [{ kind: 'timestamp' }, 0.5, 'expected a timestamp in whole milliseconds, found the number 0.5'],
      [{ kind: 'timestamp' }, Number.NaN, 'found the number NaN'],
      [{ kind: 'timestamp' }, new Date(0), 'found an object of class Date'],
      [{ kind: 'bool' }, 0, 'expected a bool, found the number 0'],
      [{ kind: 'string' }, undefined, 'expected a string, found undefined'],
      [{ kind: 'string' }, 'x'.repeat(99), ''],
      [{ kind: 'string', values: ['a', 'b'] }, 'c', 'the string "c" is none of its values: "a", "b"'],
      [{ kind: 'bytes' }, [1], 'expected a Uint8Array, found an array of 1'],
      [
        { kind: 'list', of: { type: { kind: 'bool' }, nullable: false } },
        [true, null],
        'column "c", an element: expected a bool, found null',
      ],
      [{ kind: 'list', of: { type: { kind: 'bool' }, nullable: false } }, { length: 0 }, 'expected an array, found an object'],
      [
        { kind: 'struct', fields: [{ name: 'x', type: { kind: 'bool' }, nullable: false }] },
        {},
        'column "c", field "x": expected a bool, found undefined',
      ],
      [{ kind: 'struct', fields: [] }, [], 'expected an object, found an array of 0'],
      [{ kind: 'any' }, null, 'expected a value, found null'],
    ];
    for (const [type, value, message] of cases) {
      if (message === '') expect(batchOf(one(type), [{ c: value }]).length).toBe(1);
      else expect(() => batchOf(one(type), [{ c: value }])).toThrowError(refused(message));
    }
  });

  test('refuses rows that are no objects', () => {
    for (const schema of [anySchema, one({ kind: 'any' }, true)]) {
      expect(() => batchOf(schema, [null as never])).toThrowError(refused('a row: expected an object, found null'));
    }
  });

  test('takes bigints into int64 columns and reads them as numbers', () => {
    const batch = batchOf(one({ kind: 'int64' }), [{ c: 5n }, { c: -(2n ** 53n) + 1n }]);
    expect([batch.value('c', 0), batch.value('c', 1)]).toEqual([5, -(2 ** 53) + 1]);
  });

  test('tells its size as it grows', () => {
    const builder = new BatchBuilder(anySchema);
    for (let i = 0; i < 100; i++) builder.append({ text: 'x'.repeat(100) });
    expect(builder.byteSize).toBeGreaterThan(100 * 100);
    expect(builder.build().byteSize).toBeGreaterThan(100 * 100);
    expect(builder.byteSize).toBe(0);
  });
});

/** Columns of integers have one zero; elsewhere rows come back as they are. */
function zeroed(kind: string, rows: readonly object[], schema: ReturnType<typeof batchSchema>): readonly object[] {
  if (kind === 'any' || schema.kind === 'any') return rows;
  return rows.map((row) =>
    Object.fromEntries(
      schema.fields.map((field) => [field.name, withoutNegativeZero(field.type, (row as Record<string, unknown>)[field.name])]),
    ),
  );
}
function withoutNegativeZero(type: DataType, value: unknown): unknown {
  if (value === null) return null;
  if (type.kind === 'int64' || type.kind === 'timestamp') return (value as number) + 0;
  if (type.kind === 'list') return (value as unknown[]).map((element) => withoutNegativeZero(type.of.type, element));
  if (type.kind === 'struct')
    return Object.fromEntries(
      type.fields.map((field) => [field.name, withoutNegativeZero(field.type, (value as Record<string, unknown>)[field.name])]),
    );
  return value;
}
