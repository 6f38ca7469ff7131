import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { json, schema, t } from '../../src/index.ts';
import { BatchBuilder } from '../../src/batch/index.ts';
import { formatDefinition } from '../../src/connectors/formats/index.ts';

const Reading = schema({
  id: t.string,
  kind: t.oneOf('a', 'b'),
  value: t.number,
  count: t.int.nullable(),
  at: t.timestamp,
  day: t.timestampOf('yyyy/MM/dd HH:mm').nullable(),
  ok: t.boolean,
});
const format = formatDefinition(json(Reading) as never, 'test');
const learned = '{"id":"x","kind":"a","value":1,"count":2,"at":"2024-05-01T12:30:15Z","day":"2024/05/01 12:30","ok":true}';

/** What the line is to a reader that has seen another one: the row that it takes, if it takes it. */
function scanned(line: string | Uint8Array, seen: string = learned): object | undefined {
  const scanner = format.scanner!()!;
  scanner.learn(Buffer.from(seen));
  const rows = new BatchBuilder(format.schema);
  const bytes = Buffer.concat([Buffer.from(line), Buffer.from('\n{"id":')]);
  const next = scanner.read(bytes, 0, rows);
  expect(rows.length).toBe(next < 0 ? 0 : 1); // FS2
  const whole = new BatchBuilder(format.schema);
  const isRow = scanner.readWhole(Buffer.from(line), whole);
  expect([isRow, whole.length]).toEqual(next < 0 ? [false, 0] : [true, 1]);
  if (next < 0) return undefined;
  expect(next).toBe(bytes.length - 6);
  expect(whole.build().row(0)).toStrictEqual(rows.build().row(0));
  scanner.readWhole(Buffer.from(line), rows);
  return rows.build().row(0);
}

function decoded(line: string | Uint8Array): object | undefined {
  const rows = new BatchBuilder(format.schema);
  try {
    rows.append(format.decode(Buffer.from(line)));
    return rows.build().row(0);
  } catch {
    return undefined;
  }
}

const numberText = fc.oneof(
  fc.double({ noDefaultInfinity: true, noNaN: true }).map((value) => JSON.stringify(value)),
  fc.tuple(fc.integer(), fc.nat(9_999_999)).map(([whole, part]) => `${whole}.${part}`),
  fc.integer().map(String),
  fc.constantFrom(
    '-0',
    '0',
    '1e3',
    '1E400',
    '-1e-400',
    '0.1',
    '123456789012345678',
    '9007199254740993',
    '00',
    '1.',
    '.5',
    '-',
    '+1',
    '0x1',
  ),
  fc.constantFrom('0.30000000000000004', '1.7976931348623157', '123456789.123456789', '4.35', '999999999999999', '0.000001'),
);
const text = fc.oneof(
  fc.string().map((value) => JSON.stringify(value)),
  fc.string({ unit: 'binary' }).map((value) => JSON.stringify(value)),
  fc.constantFrom('"a"', '"b"', '"é"', '"\\u0041"', '"a\\n"', '"\u007f"', '""', `"${'x'.repeat(100)}"`),
);
const times = fc.oneof(
  fc.date({ noInvalidDate: true }).map((date) => JSON.stringify(date.toISOString())),
  fc.constantFrom(
    '"2024-05-01T12:30:15Z"',
    '"2024-05-01"',
    '"2024-05-01 12:30"',
    '"2024-02-30T00:00:00Z"',
    '"2024-05-01T12:30:15+02:00"',
  ),
  fc.constantFrom('"2024/05/01 12:30"', '"2024/13/01 12:30"', '"2024/05/01 12:3"', '0', '-0', '8640000000000001', '1.5'),
);
const anything = fc.oneof(
  numberText,
  text,
  times,
  fc.constantFrom('true', 'false', 'null', 'tru', 'nul', '[]', '{}', '{"a":"}"}', ''),
);
const blank = fc.oneof(
  { weight: 60, arbitrary: fc.constantFrom(...Array.from({ length: 20 }, () => ''), ' ', ' ', ' ', '  ') },
  { weight: 1, arbitrary: fc.constant('\t') },
);
const names = ['id', 'kind', 'value', 'count', 'at', 'day', 'ok'];
const plainText = fc.string().map((value) => `"${value.replaceAll(/["\\]/g, '')}"`);
const isoText = fc
  .date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) })
  .map((date) => JSON.stringify(date.toISOString()));
const likely = [
  plainText,
  fc.constantFrom('"a"', '"b"'),
  fc.oneof(
    fc.tuple(fc.integer(), fc.nat(9_999_999)).map(([whole, part]) => `${whole}.${part}`),
    fc.constantFrom('-0', '0.30000000000000004', '4.35', '123456789.123456789', '123456789012345678'),
  ),
  fc.oneof(fc.integer().map(String), fc.constant('null')),
  fc.oneof(isoText, fc.integer().map(String)),
  fc.constantFrom('"2024/05/01 12:30"', '"1999/12/31 23:59"', 'null'),
  fc.constantFrom('true', 'false'),
];
const unlikely = [text, fc.constant('"c"'), numberText, numberText, times, times, anything];

/** Lines that are nearly as the one that was seen. */
const line = fc
  .tuple(
    fc.tuple(
      ...likely.map((value, i) =>
        fc.oneof({ weight: 30, arbitrary: value }, { weight: 2, arbitrary: unlikely[i]! }, { weight: 1, arbitrary: anything }),
      ),
    ),
    fc.array(blank, { minLength: 40, maxLength: 40 }),
    fc.oneof(
      { weight: 8, arbitrary: fc.constant(names) },
      { weight: 1, arbitrary: fc.shuffledSubarray([...names, 'id', 'constructor', '__proto__']) },
    ),
  )
  .map(([texts, blanks, keys]) => {
    const pairs = keys.map(
      (key, i) =>
        `${blanks[4 * i]}"${key}"${blanks[4 * i + 1] === '  ' ? ' ' : ''}:${blanks[4 * i + 2]}${texts[i % texts.length]}${blanks[4 * i + 3]}`,
    );
    return `{${pairs.join(',')}}`;
  });

describe('the scanner of JSON lines', () => {
  test('FS1, FS2: what it takes is what JSON.parse gives, and what that refuses it never takes', () => {
    let taken = 0;
    fc.assert(
      fc.property(
        line,
        fc.oneof({ weight: 4, arbitrary: fc.constant(learned) }, { weight: 1, arbitrary: line }),
        (text, seen) => {
          const row = scanned(text, decoded(seen) === undefined ? learned : seen);
          if (row === undefined) return;
          taken++;
          expect(row).toStrictEqual(decoded(text)); // -0 is not 0
        },
      ),
      { numRuns: 3000, seed: 1 },
    );
    expect(taken).toBeGreaterThan(300);
  });

  test('FS1: so it is with bytes that were changed, and with lines that were cut', () => {
    const mutated = fc.tuple(fc.nat(learned.length - 1), fc.nat(255), fc.nat(learned.length));
    fc.assert(
      fc.property(mutated, ([at, byte, length]) => {
        const bytes = Buffer.from(learned);
        bytes[at] = byte;
        for (const some of [bytes, bytes.subarray(0, length)]) {
          if (some.includes(10)) continue;
          const row = scanned(some);
          if (row !== undefined) expect(row).toStrictEqual(decoded(some));
        }
      }),
      { numRuns: 3000, seed: 1 },
    );
  });

  test('takes lines as they are usually written, of any known shape', () => {
    const loose = learned
      .replaceAll(':', ': ')
      .replaceAll(',', ', ')
      .replace('2024-05-01T12: 30: 15Z', '2024-05-01T12:30:15.250Z');
    const lines = [
      [learned, learned],
      [loose.replace('12: 30', '12:30'), learned],
      [learned.replace('"ok":true', '"ok":false').replace('2,', 'null,'), learned],
      [
        '{"more":"é\\n","ok":true,"at":0,"id":"","kind":"b","value":-0}',
        '{"more":1,"ok":true,"at":1,"id":"y","kind":"a","value":2.5}',
      ],
    ] as const;
    const [first, second, third] = lines.map(([text, seen]) => scanned(text, seen));
    expect(first).toStrictEqual(decoded(learned));
    expect(second).toStrictEqual(decoded(lines[1][0]));
    expect(third).toStrictEqual(decoded(lines[2][0]));
    const shape = '{"more":1,"ok":true,"at":1,"id":"y","kind":"a","value":2.5}';
    expect(scanned('{"more":"e","ok":true,"at":-0,"id":"","kind":"b","value":-0}', shape)).toStrictEqual({
      id: '',
      kind: 'b',
      value: -0,
      count: null,
      at: 0,
      day: null,
      ok: true,
    });
  });

  test('learns anew when lines look otherwise from some place on', () => {
    const scanner = format.scanner!()!;
    const rows = new BatchBuilder(format.schema);
    const other = Buffer.from('{"ok":true,"at":1,"id":"y","kind":"a","value":2.5}\n');
    scanner.learn(Buffer.from(learned));
    let left = 0;
    while (scanner.read(other, 0, rows) < 0) {
      left++;
      scanner.learn(other.subarray(0, -1));
    }
    expect(left).toBeLessThan(100);
    expect(rows.length).toBe(1);
  });

  test('FS1: a time whose pattern holds what JSON escapes is left', () => {
    const Quoted = formatDefinition(json(schema({ day: t.timestampOf('yyyy"MM"dd') })) as never, 'test');
    const scanner = Quoted.scanner!()!;
    scanner.learn(Buffer.from('{"day":"x"}'));
    const rows = new BatchBuilder(Quoted.schema);
    expect(scanner.read(Buffer.from('{"day":"2024"05"01"}\n'), 0, rows)).toBe(-1); // no JSON
    expect(scanner.read(Buffer.from('{"day":"2024\\"05\\"01"}\n'), 0, rows)).toBe(-1);
    expect(Quoted.decode(Buffer.from('{"day":"2024\\"05\\"01"}'))).toEqual({ day: Date.UTC(2024, 4, 1) });
  });

  test('is not there for columns that hold more than one value', () => {
    expect(formatDefinition(json(schema({ all: t.list(t.string) })) as never, 'test').scanner!()).toBeNull();
    expect(formatDefinition(json(), 'test').scanner!()).toBeNull();
  });
});
