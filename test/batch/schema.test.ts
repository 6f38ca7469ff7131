import { describe, expect, test } from 'vitest';
import { anySchema, batchSchema, columnIndex, type SchemaField, schemaId } from '../../src/batch/index.ts';

const field = (name: string): SchemaField => ({ name, type: { kind: 'float64' }, nullable: false });

describe('a schema', () => {
  test('refuses two columns of one name (B1)', () => {
    expect(() => batchSchema([field('a'), field('a')])).toThrowError(
      expect.objectContaining({ code: 'E_SCHEMA', message: expect.stringContaining('"a"') }),
    );
  });

  test('refuses a column called __proto__, in structs and lists as well (B1)', () => {
    const fields = [field('__proto__')];
    expect(() => batchSchema(fields)).toThrowError(expect.objectContaining({ code: 'E_SCHEMA' }));
    const of = { type: { kind: 'struct', fields } as const, nullable: true };
    expect(() => batchSchema([{ name: 's', type: { kind: 'list', of }, nullable: true }])).toThrowError(/column "s"/);
  });

  test('finds a column by its name', () => {
    const schema = batchSchema([field('a'), field('b')]);
    expect([columnIndex(schema, 'b'), columnIndex(schema, 'c'), columnIndex(anySchema, 'b')]).toEqual([1, -1, -1]);
  });
});

describe('the id of a schema', () => {
  test('names every field, its type and whether it may be null', () => {
    const schema = batchSchema([
      { name: 'a', type: { kind: 'string' }, nullable: true },
      { name: 'l', type: { kind: 'list', of: { type: { kind: 'int64' }, nullable: true } }, nullable: false },
      { name: 's', type: { kind: 'struct', fields: [field('x')] }, nullable: true },
    ]);
    expect(schemaId(schema)).toBe('{"a":string?,"l":list<int64?>,"s":{"x":float64}?}');
    expect(schemaId(anySchema)).toBe('any');
  });

  test('does not depend on what changes no byte: a watermark, the values of an enum', () => {
    const plain = batchSchema([
      { name: 't', type: { kind: 'timestamp' }, nullable: false },
      { name: 's', type: { kind: 'string' }, nullable: false },
    ]);
    const marked = batchSchema([
      { name: 't', type: { kind: 'timestamp', eventTime: true }, nullable: false },
      { name: 's', type: { kind: 'string', values: ['a'] }, nullable: false },
    ]);
    expect(schemaId(marked)).toBe(schemaId(plain));
  });
});
