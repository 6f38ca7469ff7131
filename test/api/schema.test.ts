import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type AnySchema, rowSchema, schema, t, timestamp } from '../../src/api/index.ts';

const Reading = schema({
  deviceId: t.string,
  temperature: t.number.nullable(),
  count: t.int,
  ok: t.boolean,
  at: t.timestamp,
  local: t.timestampOf('yyyy/MM/dd HH:mm'),
  status: t.oneOf('ok', 'bad'),
  tags: t.list(t.string),
  place: t.struct({ lat: t.number, name: t.string.nullable() }),
  raw: t.any<unknown>(),
});
const fed = {
  deviceId: 'a',
  temperature: 21.5,
  count: 3,
  ok: true,
  at: '2024-05-01T12:00',
  local: '2024/05/01 12:00',
  status: 'ok',
  tags: ['x'],
  place: { lat: 1 },
  raw: { anything: [1] },
};
const read = { ...fed, at: Date.UTC(2024, 4, 1, 12), local: Date.UTC(2024, 4, 1, 12), place: { lat: 1, name: null } };
const messageOf = (value: unknown, of: AnySchema = Reading): string => {
  try {
    rowSchema(of).parse(value);
    return 'it fits';
  } catch (error) {
    expect(error).toMatchObject({ code: 'E_RECORD' });
    return (error as Error).message.replace('the record does not fit its schema: ', '');
  }
};

describe('a schema', () => {
  test('reads values from outside into what operators see', () => {
    expect(rowSchema(Reading).parse(fed)).toEqual(read);
  });

  test('gives typed columns, in the order in which they were declared', () => {
    expect(rowSchema(Reading).schema).toEqual({
      kind: 'columns',
      fields: [
        { name: 'deviceId', type: { kind: 'string' }, nullable: false },
        { name: 'temperature', type: { kind: 'float64' }, nullable: true },
        { name: 'count', type: { kind: 'int64' }, nullable: false },
        { name: 'ok', type: { kind: 'bool' }, nullable: false },
        { name: 'at', type: { kind: 'timestamp' }, nullable: false },
        { name: 'local', type: { kind: 'timestamp' }, nullable: false },
        { name: 'status', type: { kind: 'string', values: ['ok', 'bad'] }, nullable: false },
        { name: 'tags', type: { kind: 'list', of: { type: { kind: 'string' }, nullable: false } }, nullable: false },
        {
          name: 'place',
          nullable: false,
          type: {
            kind: 'struct',
            fields: [
              { name: 'lat', type: { kind: 'float64' }, nullable: false },
              { name: 'name', type: { kind: 'string' }, nullable: true },
            ],
          },
        },
        { name: 'raw', type: { kind: 'any' }, nullable: true },
      ],
    });
  });

  test('is a Standard Schema: values or issues with paths', () => {
    const standard = Reading['~standard'];
    expect(standard).toMatchObject({ version: 1, vendor: 'weir' });
    expect(standard.validate(fed)).toEqual({ value: read });
    expect(standard.validate({ ...fed, tags: ['x', 3], place: { lat: 'x' } })).toEqual({
      issues: [
        { path: ['tags', 1], message: 'expected a string, got 3' },
        { path: ['place', 'lat'], message: "expected a number, got 'x'" },
      ],
    });
  });

  test('leaves out properties that it does not name, and never touches its input', () => {
    const input = Object.freeze({ ...fed, more: 1 });
    expect(rowSchema(Reading).parse(input)).not.toHaveProperty('more');
  });

  test('gives every row the same shape, whatever the order of the input', () => {
    const turned = Object.fromEntries(Object.entries(fed).reverse());
    expect(Object.keys(rowSchema(Reading).parse(turned))).toEqual(Object.keys(fed));
  });

  test.each([
    [{ deviceId: undefined }, 'deviceId: is missing'],
    [{ deviceId: null }, 'deviceId: is null'],
    [{ deviceId: 3, count: 1.5 }, 'deviceId: expected a string, got 3; count: expected a whole number within ±2^53, got 1.5'],
    [{ count: 2 ** 53 }, 'count: expected a whole number within ±2^53, got 9007199254740992'],
    [{ ok: 'yes' }, "ok: expected true or false, got 'yes'"],
    [{ at: 'yesterday' }, "at: expected a time (whole milliseconds, a Date or ISO 8601 text), got 'yesterday'"],
    [{ at: 1.5 }, 'at: expected a time (whole milliseconds, a Date or ISO 8601 text), got 1.5'],
    [{ at: new Date(Number.NaN) }, 'at: expected a time (whole milliseconds, a Date or ISO 8601 text), got a Date'],
    [{ local: '2024-05-01 12:00' }, "local: expected a time like 'yyyy/MM/dd HH:mm', got '2024-05-01 12:00'"],
    [{ status: 'broken' }, "status: expected one of 'ok', 'bad', got 'broken'"],
    [{ tags: 'x' }, "tags: expected an array, got 'x'"],
    [{ tags: ['x', null] }, 'tags[1]: is null'],
    [{ place: { lat: null } }, 'place.lat: is null'],
    [{ place: [] }, 'place: expected an object, got an array'],
  ])('says what does not fit in %j', (wrong, message) => {
    expect(messageOf({ ...fed, ...wrong })).toBe(message);
  });

  test.each([
    ['a text', "'a text'"],
    [[fed], 'an array'],
    [3, '3'],
  ])('takes no row that is %j', (value, got) => {
    expect(messageOf(value)).toBe(`expected an object, got ${got}`);
  });

  test('reads own properties only', () => {
    const Names = schema({ constructor: t.string, valueOf: t.any().nullable() });
    expect(messageOf(JSON.parse('{}'), Names)).toBe('constructor: is missing');
    expect(rowSchema(Names).parse(JSON.parse('{"constructor":"x"}'))).toEqual({ constructor: 'x', valueOf: null });
    const Ids = schema({ id: t.number.nullable() });
    const smuggled = JSON.parse('{"__proto__":{"id":1}}');
    expect(rowSchema(Ids).parse(smuggled)).toEqual({ id: null });
    expect(rowSchema(Ids).parse(Object.create({ id: 1 }) as object)).toEqual({ id: null });
    expect(({} as { id?: number }).id).toBeUndefined();
  });

  test('B1: no field can be called __proto__, and there must be one', () => {
    const named = JSON.parse('{"__proto__":0}') as Record<string, never>;
    Object.defineProperty(named, '__proto__', { value: t.string, enumerable: true });
    expect(() => schema(named)).toThrow(expect.objectContaining({ code: 'E_SCHEMA' }));
    expect(() => schema({})).toThrow(expect.objectContaining({ code: 'E_SCHEMA', message: 'schema() has no fields' }));
    expect(() => schema({ a: z.string() as never })).toThrow(
      expect.objectContaining({ code: 'E_SCHEMA', message: "'a' is not a field" }),
    );
  });

  test('a nullable field takes null and missing as null, and checks the rest', () => {
    const Maybe = schema({ at: t.timestamp.nullable() });
    expect(rowSchema(Maybe).parse({})).toEqual({ at: null });
    expect(rowSchema(Maybe).parse({ at: null })).toEqual({ at: null });
    expect(messageOf({ at: 'x' }, Maybe)).toContain('at: expected a time');
  });

  test('t.eventTime is a timestamp that says it is under a watermark', () => {
    expect(rowSchema(schema({ at: t.eventTime })).schema).toEqual({
      kind: 'columns',
      fields: [{ name: 'at', type: { kind: 'timestamp', eventTime: true }, nullable: false }],
    });
  });
});

describe('a timestamp', () => {
  test('is the same from a number, a Date and text', () => {
    fc.assert(
      fc.property(fc.date({ noInvalidDate: true }), (date) => {
        const ms = date.getTime();
        expect(timestamp(date)).toBe(ms);
        expect(timestamp(ms)).toBe(ms);
        expect(timestamp(date.toISOString())).toBe(ms);
      }),
      { numRuns: 100 },
    );
  });

  test('is never -0', () => {
    expect(Object.is(timestamp(-0), 0)).toBe(true);
    expect(Object.is(timestamp('1970-01-01'), 0)).toBe(true);
  });

  test.each(['soon', 0.5, Number.NaN, Number.POSITIVE_INFINITY, 8.64e15 + 1, new Date(Number.NaN)])(
    'is none from %j',
    (value) => {
      expect(() => timestamp(value)).toThrow(expect.objectContaining({ code: 'E_VALUE' }));
    },
  );
});

describe("another library's schema", () => {
  const Bid = z.object({ price: z.number(), at: z.string().transform((text) => Date.parse(text)) });

  test('validates rows that are kept whole', () => {
    const { schema: columns, parse } = rowSchema(Bid);
    expect(columns).toEqual({ kind: 'any' });
    expect(parse({ price: 1, at: '2024-05-01T00:00:00Z' })).toEqual({ price: 1, at: Date.UTC(2024, 4, 1) });
  });

  test('says what does not fit, with the path', () => {
    expect(() => rowSchema(Bid).parse({ price: 'x', at: '' })).toThrow(
      expect.objectContaining({ code: 'E_RECORD', message: expect.stringContaining('price: ') }),
    );
  });

  test('must give an object', () => {
    expect(() => rowSchema(z.string()).parse('x')).toThrow(
      expect.objectContaining({ code: 'E_RECORD', message: expect.stringContaining("gave 'x'") }),
    );
  });

  test('is refused if it validates asynchronously', () => {
    const slow = z.object({}).refine(async () => true);
    expect(() => rowSchema(slow).parse({})).toThrow(
      expect.objectContaining({ code: 'E_SCHEMA', message: expect.stringContaining('asynchronously') }),
    );
  });

  test('must be a schema', () => {
    expect(() => rowSchema({} as never)).toThrow(expect.objectContaining({ code: 'E_SCHEMA' }));
  });
});
