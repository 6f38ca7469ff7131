import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hashKey, keyOf, keyOfOne, keyValues } from '../../src/batch/index.ts';
import { anyBytes, anyDouble, anyString, expectSame } from './arbitraries.ts';

const part: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  part: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<unknown>(null, undefined, true, false, 0, -0, 1, 'a', '', new Uint8Array(0), '\u0001', [], [[]]),
    anyString,
    anyDouble,
    anyBytes,
    fc.record({ start: anyDouble, end: anyDouble }, { noNullPrototype: true }),
    fc.array(tie('part'), { maxLength: 3 }),
  ),
})).part;
/** What a key does not tell apart. */
const canonical = (value: unknown): unknown => {
  if (value === undefined) return null;
  if (typeof value === 'number') return value + 0;
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value === 'object' && value !== null && 'start' in value)
    return { start: canonical(value.start), end: canonical((value as unknown as { end: unknown }).end) };
  return value;
};

describe('a key', () => {
  test('gives its values back (K3), and is the same for the same values (K1)', () => {
    fc.assert(
      fc.property(fc.array(part, { maxLength: 4 }), (values) => {
        const key = keyOf(values);
        expectSame(keyValues(key), values.map(canonical));
        expect(keyOf(keyValues(key))).toBe(key);
      }),
      { numRuns: 300 },
    );
  });

  test('differs where the values differ (K2)', () => {
    fc.assert(
      fc.property(fc.array(part, { maxLength: 3 }), fc.array(part, { maxLength: 3 }), (a, b) => {
        expect(keyOf(a) === keyOf(b)).toBe(isDeepStrictEqual(a.map(canonical), b.map(canonical)));
      }),
      { numRuns: 400 },
    );
  });

  test('differs for every pair of values that are easily confused (K2)', () => {
    const values = [
      null,
      false,
      true,
      0,
      1,
      '0',
      '',
      'null',
      [],
      [null],
      [[]],
      [0],
      ['0'],
      new Uint8Array(0),
      Uint8Array.of(0),
      { start: 0, end: 0 },
      [0, 0],
      'é',
      'e\u0301',
      '\ud83d\ude00',
      '\ud83d',
      '\ude00',
      '\ufffd',
      Number.NaN,
      'NaN',
    ];
    const keys = values.map(keyOfOne);
    expect(new Set(keys).size).toBe(values.length);
    expect(keyOf(['a', 'b'])).not.toBe(keyOf(['ab']));
    expect(keyOf(['a', ''])).not.toBe(keyOf(['', 'a']));
    expect(keyOf([[1], 2])).not.toBe(keyOf([[1, 2]]));
  });

  test('does not tell -0 from 0, one NaN from another, undefined from null, or the order of a window (K1)', () => {
    const otherNaN = new Float64Array(new BigUint64Array([0xfff8000000000001n]).buffer)[0];
    expect(keyOfOne(-0)).toBe(keyOfOne(0));
    expect(keyOfOne(otherNaN)).toBe(keyOfOne(Number.NaN));
    expect(keyOf([undefined])).toBe(keyOf([null]));
    expect(keyOfOne({ end: 2, start: 1 })).toBe(keyOfOne({ start: 1, end: 2 }));
    expect(keyOfOne(Buffer.from([1]))).toBe(keyOfOne(Uint8Array.of(1)));
  });

  test('is a string of bytes', () => {
    fc.assert(
      fc.property(fc.array(part, { maxLength: 3 }), (values) => !/[^\p{ASCII}\x80-\xff]/u.test(keyOf(values))),
      { numRuns: 100 },
    );
  });

  test('holds text as UTF-8', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(
          Buffer.from(keyOfOne(text), 'latin1')
            .subarray(-Buffer.byteLength(text) || Number.MAX_SAFE_INTEGER)
            .toString(),
        ).toBe(text);
      }),
      { numRuns: 100 },
    );
  });

  test('refuses values that cannot be a key, and says which can', () => {
    const loop: unknown[] = [];
    loop.push(loop);
    for (const value of [
      {},
      { start: 1 },
      { start: 1, end: 2, more: 3 },
      { start: '1', end: 2 },
      new Date(0),
      5n,
      () => 1,
      Symbol('x'),
      new Map(),
      [{}],
      loop,
    ]) {
      expect(() => keyOf(['a', value])).toThrowError(
        expect.objectContaining({
          code: 'E_VALUE',
          message: expect.stringContaining('cannot be a key'),
          hint: expect.stringContaining('string, number, boolean'),
        }),
      );
    }
  });

  test('is E_STATE_DAMAGED if it was cut, or is none', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.nat(255).map((code) => String.fromCharCode(code)), maxLength: 30 }), (text) => {
        try {
          keyValues(text);
        } catch (error) {
          expect(error).toEqual(expect.objectContaining({ code: 'E_STATE_DAMAGED' }));
        }
      }),
      { numRuns: 300 },
    );
    const key = keyOf(['text', 1, { start: 1, end: 2 }, [Uint8Array.of(1)]]);
    expect(() => keyValues(key.slice(0, -1))).toThrowError(expect.objectContaining({ code: 'E_STATE_DAMAGED' }));
    for (const value of [1.5, { start: 1, end: 2 }])
      expect(() => keyValues(keyOf([value]).slice(0, -1))).toThrowError(expect.objectContaining({ code: 'E_STATE_DAMAGED' }));
  });

  test('is frozen with its hash: state is found by it', () => {
    const frozen: readonly (readonly [readonly unknown[], string, number])[] = [
      [[], '', 0],
      [[null], '00', 1364076727],
      [[false], '01', 3831157163],
      [[true], '02', 1814548639],
      [[0], '030000000000000000', 705384482],
      [[1], '033ff0000000000000', 1541543620],
      [[-1.5], '03bff8000000000000', 3294888396],
      [[Number.NaN], '037ff8000000000000', 85337973],
      [[Number.NEGATIVE_INFINITY], '03fff0000000000000', 3214171036],
      [[''], '0400', 899251846],
      [['user-1'], '0406757365722d31', 4012607974],
      [['é😀'], '0406c3a9f09f9880', 2601049083],
      [['\ud800'], '0403eda080', 884951915],
      [
        ['x'.repeat(200)],
        '04c8017878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878',
        2372014721,
      ],
      [[Uint8Array.of(0, 255)], '050200ff', 231201570],
      [[{ start: 0, end: 3_600_000 }], '060000000000000000414b774000000000', 1684555762],
      [[[1, 'a', [null]]], '0703033ff0000000000000040161070100', 1788819685],
      [
        ['user-1', { start: 1_700_000_000_000, end: 1_700_000_060_000 }],
        '0406757365722d31064278bcfe568000004278bcfe65260000',
        269984062,
      ],
      [[1, 2], '033ff0000000000000034000000000000000', 209161994],
    ];
    for (const [values, hex, hash] of frozen) {
      const key = keyOf(values);
      expect([Buffer.from(key, 'latin1').toString('hex'), hashKey(key)]).toEqual([hex, hash]);
    }
  });
});
