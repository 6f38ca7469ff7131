/** Any schema, and any row that fits it: the values on which encodings differ are frequent. */
import { deepStrictEqual } from 'node:assert/strict';
import fc from 'fast-check';
import type { BatchSchema, DataType, FieldType, SchemaField } from '../../src/batch/index.ts';

export const anyString: fc.Arbitrary<string> = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom('', '\u0000', 'é', '😀', '\ud800', 'a\udc00b', '\udc00\ud800', 'constructor', 'x'.repeat(200), 'ü'.repeat(70)),
);
export const anyDouble: fc.Arbitrary<number> = fc.oneof(
  fc.double(),
  fc.constantFrom(-0, 0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 5e-324, Number.MAX_VALUE),
);
export const anyInteger: fc.Arbitrary<number> = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer(),
  fc.constantFrom(0, -1, 63, 64, -64, 127, 128, 2 ** 28, 2 ** 31, -(2 ** 31), 2 ** 32, -(2 ** 32), 2 ** 53 - 1, -(2 ** 53) + 1),
);
export const anyBytes: fc.Arbitrary<Uint8Array> = fc.uint8Array({ maxLength: 20 }).map((bytes) => new Uint8Array(bytes));

/** The domain of packed values, without what changes on the way. */
export const packable: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom<unknown>(
      null,
      undefined,
      true,
      false,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      2 ** 53,
      -(2 ** 31) - 1,
    ),
    fc.integer(),
    fc.double({ noNaN: true }).map((value) => value + 0),
    fc.string({ unit: 'grapheme', maxLength: 40 }),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
    fc.date({ noInvalidDate: true }),
    anyBytes,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(
      fc.string({ unit: 'grapheme', maxLength: 8 }).filter((name) => name !== '__proto__'),
      tie('value'),
      { maxKeys: 4, noNullPrototype: true },
    ),
  ),
})).value;

/** `record` makes objects without a prototype otherwise. */
const plain = { noNullPrototype: true } as const;
const name = fc
  .oneof(fc.constantFrom('a', 'toString', 'constructor', 'two words', '"', '\\', '1', 'é'), fc.string({ maxLength: 6 }))
  .filter((text) => text !== '__proto__');

const { type: anyTypeOf } = fc.letrec<{ type: DataType; field: FieldType; fields: SchemaField[] }>((tie) => ({
  type: fc.oneof(
    { maxDepth: 2, depthSize: 'small' },
    fc.constantFrom<DataType>(
      { kind: 'float64' },
      { kind: 'int64' },
      { kind: 'timestamp' },
      { kind: 'timestamp', eventTime: true },
      { kind: 'bool' },
      { kind: 'string' },
      { kind: 'string', values: ['red', 'grün', ''] },
      { kind: 'bytes' },
      { kind: 'any' },
    ),
    tie('field').map((of): DataType => ({ kind: 'list', of })),
    tie('fields').map((fields): DataType => ({ kind: 'struct', fields })),
  ),
  field: fc.record({ type: tie('type'), nullable: fc.boolean() }, plain),
  fields: fc.uniqueArray(fc.record({ name, type: tie('type'), nullable: fc.boolean() }, plain), {
    maxLength: 4,
    selector: (field) => field.name,
  }),
}));

export const anyField: fc.Arbitrary<FieldType> = fc.record({ type: anyTypeOf, nullable: fc.boolean() }, plain);
export const columnsSchema: fc.Arbitrary<{ kind: 'columns'; fields: readonly SchemaField[] }> = fc
  .uniqueArray(fc.record({ name, type: anyTypeOf, nullable: fc.boolean() }, plain), {
    minLength: 1,
    maxLength: 5,
    selector: (field) => field.name,
  })
  .map((fields) => ({ kind: 'columns', fields }));

export function valueOf({ type, nullable }: FieldType): fc.Arbitrary<unknown> {
  const value = valueOfType(type);
  return nullable ? fc.oneof({ weight: 3, arbitrary: value }, { weight: 1, arbitrary: fc.constant(null) }) : value;
}

function valueOfType(type: DataType): fc.Arbitrary<unknown> {
  switch (type.kind) {
    case 'float64':
      return anyDouble;
    case 'int64':
    case 'timestamp':
      return anyInteger;
    case 'bool':
      return fc.boolean();
    case 'string':
      return type.values === undefined ? anyString : fc.constantFrom(...type.values);
    case 'bytes':
      return anyBytes;
    case 'list':
      return fc.array(valueOf(type.of), { maxLength: 4 });
    case 'struct':
      return rowOf(type.fields);
    case 'any':
      return packable.filter((value) => value !== null && value !== undefined);
  }
}

export function rowOf(fields: readonly SchemaField[]): fc.Arbitrary<object> {
  return fc.tuple(...fields.map(valueOf)).map((values) => Object.fromEntries(fields.map((field, i) => [field.name, values[i]])));
}

export interface Filled {
  readonly schema: BatchSchema;
  readonly rows: readonly object[];
}
/** A schema with rows of it: of columns, or schemaless. */
export const filled: fc.Arbitrary<Filled> = fc.oneof(
  {
    weight: 4,
    arbitrary: columnsSchema.chain((schema) =>
      fc.record({ schema: fc.constant<BatchSchema>(schema), rows: fc.array(rowOf(schema.fields), { maxLength: 20 }) }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      schema: fc.constant<BatchSchema>({ kind: 'any' }),
      rows: fc.array(fc.dictionary(name, packable, { maxKeys: 4, noNullPrototype: true }), { maxLength: 20 }),
    }),
  },
);

/** Ascending indices of some of `length` rows. */
export function someOf(length: number): fc.Arbitrary<Int32Array> {
  return fc.subarray(Array.from({ length }, (_, i) => i)).map((rows) => Int32Array.from(rows));
}

/** Same types, same bits (but for those of a NaN), same prototypes: also for objects that own a property `constructor`, which `expect` misreads. */
export function expectSame(actual: unknown, expected: unknown): void {
  deepStrictEqual(actual, expected);
}
