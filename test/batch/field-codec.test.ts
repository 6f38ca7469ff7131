import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anySchema, batchSchema, ByteReader, ByteWriter, type DataType, fieldCodec, rowCodec } from '../../src/batch/index.ts';
import { anyField, columnsSchema, expectSame, packable, rowOf, valueOf } from './arbitraries.ts';

const written = (write: (out: ByteWriter) => void): ByteReader => {
  const out = new ByteWriter();
  write(out);
  return new ByteReader(out.finish());
};
/** Integers have one zero. */
const normal = (type: DataType, value: unknown): unknown => {
  if (value === null) return null;
  if (type.kind === 'int64' || type.kind === 'timestamp') return (value as number) + 0;
  if (type.kind === 'list') return (value as unknown[]).map((element) => normal(type.of.type, element));
  if (type.kind === 'struct')
    return Object.fromEntries(
      type.fields.map((field) => [field.name, normal(field.type, (value as Record<string, unknown>)[field.name])]),
    );
  return value;
};

describe('a field codec', () => {
  test('reads back every value of every type, -0 and NaN included', () => {
    fc.assert(
      fc.property(
        anyField.chain((field) => fc.tuple(fc.constant(field), fc.array(valueOf(field), { maxLength: 5 }))),
        ([field, values]) => {
          const codec = fieldCodec(field);
          const reader = written((out) => values.forEach((value) => codec.write(out, value)));
          for (const value of values) expectSame(codec.read(reader), normal(field.type, value));
          expect(reader.remaining).toBe(0);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('writes undefined as null', () => {
    const codec = fieldCodec({ type: { kind: 'bool' }, nullable: true });
    expect(codec.read(written((out) => codec.write(out, undefined)))).toBeNull();
  });

  test('refuses a value of another type', () => {
    const cases: readonly [DataType, unknown][] = [
      [{ kind: 'float64' }, '1'],
      [{ kind: 'float64' }, null],
      [{ kind: 'int64' }, 0.5],
      [{ kind: 'timestamp' }, Number.NaN],
      [{ kind: 'bool' }, 1],
      [{ kind: 'string' }, 1],
      [{ kind: 'bytes' }, 'x'],
      [{ kind: 'list', of: { type: { kind: 'bool' }, nullable: false } }, 'x'],
      [{ kind: 'list', of: { type: { kind: 'bool' }, nullable: false } }, [null]],
      [{ kind: 'struct', fields: [] }, null],
      [{ kind: 'any' }, new Map()],
    ];
    for (const [type, value] of cases) {
      expect(() => fieldCodec({ type, nullable: false }).write(new ByteWriter(), value)).toThrowError(
        expect.objectContaining({ code: 'E_VALUE' }),
      );
    }
  });

  test('reads garbage as E_STATE_DAMAGED, or as something', () => {
    fc.assert(
      fc.property(anyField, fc.uint8Array({ maxLength: 30 }), (field, bytes) => {
        try {
          fieldCodec(field).read(new ByteReader(new Uint8Array(bytes)));
        } catch (error) {
          expect(error).toEqual(expect.objectContaining({ code: 'E_STATE_DAMAGED' }));
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('a row codec', () => {
  test('reads back whole rows, in the order of the schema', () => {
    fc.assert(
      fc.property(
        columnsSchema.chain((schema) => fc.tuple(fc.constant(schema), rowOf(schema.fields))),
        ([schema, row]) => {
          const codec = rowCodec(schema);
          expectSame(codec.read(written((out) => codec.write(out, row))), normal({ kind: 'struct', fields: schema.fields }, row));
        },
      ),
      { numRuns: 100 },
    );
  });

  test('keeps schemaless rows as they are', () => {
    const codec = rowCodec(anySchema);
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom('a', 'b'), packable, { noNullPrototype: true }), (row) =>
        expectSame(codec.read(written((out) => codec.write(out, row))), row),
      ),
      { numRuns: 50 },
    );
  });

  test('is compact: a row of state costs little more than its values', () => {
    const schema = batchSchema([
      { name: 'count', type: { kind: 'int64' }, nullable: false },
      { name: 'word', type: { kind: 'string' }, nullable: true },
    ]);
    expect(written((out) => rowCodec(schema).write(out, { count: 5, word: 'abc' })).remaining).toBe(6);
  });
});
