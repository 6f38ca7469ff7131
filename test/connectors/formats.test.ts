import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { schema, t } from '../../src/api/index.ts';
import { anySchema, batchOf, packValue } from '../../src/batch/index.ts';
import { bytes, csv, json, msgpack, text } from '../../src/connectors/index.ts';
import { formatDefinition, type FormatDefinition, jsonText, lineFormat, linesOf } from '../../src/connectors/formats/index.ts';

const of = (format: unknown): FormatDefinition => formatDefinition(format as never, 'test');
const encoded = (format: unknown, row: object): string => Buffer.from(of(format).encode(row)).toString();
const decoded = (format: unknown, record: string): object => of(format).decode(Buffer.from(record));
const refusal = (code: string, message: RegExp): object =>
  expect.objectContaining({ code, message: expect.stringMatching(message) as string });

describe('json', () => {
  test('writes what JSON.stringify writes, for what JSON can hold', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false } as object), (value) => {
        const row = { value };
        expect(jsonText(row)).toBe(JSON.stringify(row));
      }),
      { numRuns: 200 },
    );
  });

  test('keeps the order of the row; numbers that JSON has not are null; what is undefined is left out', () => {
    const row = {
      window: { start: 0, end: 60_000 },
      b: Number.NaN,
      a: [Number.POSITIVE_INFINITY, undefined, null, -0],
      gone: undefined,
    };
    expect(encoded(json(), row)).toBe('{"window":{"start":0,"end":60000},"b":null,"a":[null,null,null,0]}');
  });

  test('writes a Date as ISO 8601 and bytes as base64, and calls no toJSON', () => {
    expect(encoded(json(), { at: new Date(0), raw: new Uint8Array([1, 2, 255]), toJSON: 'data' })).toBe(
      '{"at":"1970-01-01T00:00:00.000Z","raw":"AQL/","toJSON":"data"}',
    );
  });

  test.each([
    ['a bigint', { n: { deep: [1n] } }, /bigint, found at n\.deep\.0/],
    ['a function', { f: () => 1 }, /function, found at f/],
    ['a Map', { m: new Map() }, /a Map, found at m/],
    [
      'an object of no known class',
      { o: Object.create(Object.create(Object.create(null) as object) as object) as object },
      /class, found at o/,
    ],
    ['an invalid Date', { d: new Date(Number.NaN) }, /invalid Date/],
  ])('refuses %s', (_what, row, message) => {
    expect(() => encoded(json(), row)).toThrow(refusal('E_VALUE', message));
  });

  test('refuses what holds itself', () => {
    const row: Record<string, unknown> = {};
    row['self'] = row;
    expect(() => encoded(json(), row)).toThrow(refusal('E_VALUE', /nested/));
  });

  test('reads columns by the schema, and says of each field why it does not fit', () => {
    const format = json(schema({ n: t.int, at: t.timestamp, raw: t.bytes.nullable() }));
    expect(decoded(format, '{"at":"1970-01-01","n":1,"other":2,"raw":"AQI="}')).toEqual({
      n: 1,
      at: 0,
      raw: new Uint8Array([1, 2]),
    });
    expect(() => decoded(format, '{"n":"x","at":1.5}')).toThrow(
      refusal('E_RECORD', /n: expected a whole number.*at: expected a time/),
    );
  });

  test.each([
    ['[1]', /an array/],
    ['null', /null/],
    ['3', /3/],
    ['{', /not JSON/],
    ['', /not JSON/],
  ])('without a schema refuses %s', (record, message) => {
    expect(() => decoded(json(), record)).toThrow(refusal('E_RECORD', message));
  });

  test('refuses bytes that are not UTF-8 rather than change them', () => {
    expect(() => of(json()).decode(new Uint8Array([0x22, 0xff, 0x22]))).toThrow(refusal('E_RECORD', /UTF-8/));
    expect(() => of(text()).decode(new Uint8Array([0xc3]))).toThrow(refusal('E_RECORD', /UTF-8/));
  });
});

describe('csv', () => {
  const Row = schema({
    text: t.string,
    maybe: t.string.nullable(),
    n: t.number,
    int: t.int.nullable(),
    flag: t.boolean,
    at: t.timestamp,
    raw: t.bytes,
    list: t.list(t.string),
    pair: t.struct({ a: t.number, b: t.string.nullable() }),
  });
  const oneLine = fc.string({ unit: 'grapheme' }).filter((value) => !/[\r\n]/.test(value));
  const row = fc.record({
    text: oneLine,
    maybe: fc.option(oneLine),
    n: fc.oneof(
      fc.double({ noNaN: true }).map((n) => n + 0),
      fc.constant(Number.NaN),
    ),
    int: fc.option(fc.maxSafeInteger()),
    flag: fc.boolean(),
    at: fc.integer({ min: -8_640_000_000, max: 8_640_000_000 }),
    raw: fc.uint8Array({ maxLength: 8 }).map((raw) => new Uint8Array(raw)),
    list: fc.array(fc.string()),
    pair: fc.record({ a: fc.integer(), b: fc.option(fc.string()) }),
  });

  test.each([',', ';', '\t', '|'])('reads what it writes, separated by %j', (separator) => {
    const format = csv(Row, { separator });
    fc.assert(
      fc.property(row, (value) => {
        expect(decoded(format, encoded(format, value))).toEqual(value.n === 0 ? { ...value, n: 0 } : value);
      }),
      { numRuns: 60 },
    );
  });

  test('tells nothing from an empty text', () => {
    const Two = schema({ a: t.string.nullable(), b: t.string.nullable() });
    expect(encoded(csv(Two), { a: null, b: '' })).toBe(',""');
    expect(decoded(csv(Two), ',""')).toEqual({ a: null, b: '' });
    expect(decoded(csv(schema({ a: t.string, b: t.number.nullable() })), ',')).toEqual({ a: '', b: null });
  });

  test('reads times in the form of their column, and milliseconds', () => {
    const Times = schema({ iso: t.timestamp, day: t.timestampOf('yyyyMMdd') });
    expect(decoded(csv(Times), '1970-01-01T00:00:01Z,19700102')).toEqual({ iso: 1000, day: 86_400_000 });
    expect(decoded(csv(schema({ at: t.timestamp })), '1714564800000')).toEqual({ at: 1_714_564_800_000 });
  });

  test.each([
    ['1,2', /2 cells, not 1/],
    ['"1', /does not end/],
    ['"1"2', /after a closing quote/],
    ['x', /n: expected a number/],
    [' ', /n: expected a number/],
    ['', /n: is null/],
  ])('refuses %j', (record, message) => {
    expect(() => decoded(csv(schema({ n: t.number })), record)).toThrow(refusal('E_RECORD', message));
  });

  test('finds columns by the names of the header', () => {
    const format = of(csv(schema({ a: t.number, gone: t.string.nullable() }), { header: true }));
    const decode = format.header!.decoder(Buffer.from('x,"a"'));
    expect(decode(Buffer.from('left,3'))).toEqual({ a: 3, gone: null });
    expect(Buffer.from(format.header!.bytes).toString()).toBe('a,gone');
    expect(() => of(csv(schema({ b: t.number }), { header: true })).header!.decoder(Buffer.from('x,a'))).toThrow(
      refusal('E_RECORD', /no column 'b', only x, a/),
    );
  });

  test('needs columns, and a separator of one character', () => {
    const foreign = { '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) } } as const;
    expect(() => csv(foreign as never)).toThrow(refusal('E_SCHEMA', /columns/));
    expect(() => csv(schema({ a: t.string }), { separator: '::' })).toThrow(refusal('E_PLAN', /separator/));
  });
});

describe('msgpack, text and bytes', () => {
  test('msgpack reads what it writes, and refuses other bytes', () => {
    const format = msgpack(schema({ n: t.int, raw: t.bytes }));
    const value = { n: 7, raw: new Uint8Array([10]) };
    expect(of(format).decode(of(format).encode(value))).toEqual(value);
    expect(() => of(format).decode(new Uint8Array([0x81]))).toThrow(refusal('E_RECORD', /msgpack/));
  });

  test('msgpack records have no lines, so line by line nobody takes them', () => {
    expect(() => lineFormat(msgpack(schema({ n: t.int })) as never, 'file.sink()')).toThrow(
      refusal('E_PLAN', /file\.sink\(\): records in msgpack/),
    );
    expect(() => lineFormat({} as never, 'file.sink()')).toThrow(refusal('E_PLAN', /not a format/));
  });

  test('text and bytes write their one column', () => {
    expect(encoded(text(), { value: 'ü' })).toBe('ü');
    expect(encoded(bytes(), { value: Buffer.from('x') })).toBe('x');
    expect(() => encoded(text(), { other: 1 })).toThrow(refusal('E_VALUE', /value: string/));
    expect(() => encoded(bytes(), { value: 'x' })).toThrow(refusal('E_VALUE', /Uint8Array/));
  });

  test('a row that would be two lines is refused, and JSON never is', () => {
    const broken = batchOf(anySchema, [{ value: 'a\nb' }]);
    expect(() => linesOf(broken, of(text()))).toThrow(refusal('E_VALUE', /line break/));
    expect(linesOf(broken, of(json())).toString()).toBe('{"value":"a\\nb"}\n');
  });
});

test('a row that a format cannot hold is named by its record and by what it holds', () => {
  const batch = batchOf(anySchema, [{ value: { n: 1 } }, { value: { n: 2n } }], { origin: { split: 'in.jsonl', first: 40 } });
  expect(() => linesOf(batch, formatDefinition(json(), 'test'))).toThrow(
    expect.objectContaining({
      code: 'E_VALUE',
      message: expect.stringMatching(/bigint.*; the row from in\.jsonl#41 is .*n: 2n/s),
    }),
  );
});

test.each([
  ['json', json(), [{ value: 1n }, { value: 1 }, { value: 2n }, { value: 2 }], '{"value":1}\n{"value":2}\n'],
  ['text', text(), [{ value: 'a\nb' }, { value: 'c' }, { value: 5n }], 'c\n'],
])('rows that a format cannot hold are left out where somebody is told of them: %s', (_, format, rows, lines) => {
  const told: number[] = [];
  const batch = batchOf(anySchema, rows);
  const written = linesOf(batch, of(format), (_batch, i, fault) => {
    expect(fault).toMatchObject({ code: 'E_VALUE', message: expect.stringContaining('the row is {') });
    told.push(i);
  });
  expect(Buffer.from(written).toString()).toBe(lines);
  expect(told).toEqual([0, 2]);
});

describe('what nests more than 150 deep is refused as a record, since nothing could keep it:', () => {
  const lists = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
  const objects = (levels: number): string => '{"a":'.repeat(levels) + 'null' + '}'.repeat(levels);
  const Anything = schema({ v: t.any<unknown>() });
  const pairs: readonly [string, (inner: string) => object][] = [
    ['json', (inner) => decoded(json(), `{"v":${inner}}`)],
    ['json with a schema', (inner) => decoded(json(Anything), `{"v":${inner}}`)],
    ['msgpack', (inner) => of(msgpack(Anything)).decode(packValue({ v: JSON.parse(inner) as unknown }))],
    ['csv', (inner) => decoded(csv(schema({ v: t.list(t.any()) })), `"[${inner.replaceAll('"', '""')}]"`)],
  ];
  test.each(pairs)('%s', (_name, read) => {
    for (const [inner, levels] of [lists, objects].flatMap((made) => [148, 149, 150].map((n) => [made(n), n + 1] as const))) {
      if (levels <= 150) expect(packValue([[read(inner)]])).toBeInstanceOf(Uint8Array);
      else expect(() => read(inner)).toThrow(refusal('E_RECORD', /150 deep/));
    }
  });
});
