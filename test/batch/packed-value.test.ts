import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { packValue, unpackValue } from '../../src/batch/index.ts';
import { expectSame, packable } from './arbitraries.ts';

const again = (value: unknown): unknown => unpackValue(packValue(value));
const refused = (message: string) => expect.objectContaining({ code: 'E_VALUE', message: expect.stringContaining(message) });

describe('a packed value', () => {
  test('is the same value once unpacked, over the whole domain', () => {
    fc.assert(
      fc.property(packable, (value) => expectSame(again(value), value)),
      { numRuns: 300 },
    );
  });

  test('changes only in the ways that are written down', () => {
    expect(again(-0)).toBe(0);
    expect(again('a\ud800b')).toBe('a\ufffd\ufffd\ufffdb');
    expect(again('\ud800'.padStart(99))).toBe('\ufffd'.padStart(99));
    expect(again(JSON.parse('{"__proto__":{"polluted":1}}'))).toEqual({ __proto_: { polluted: 1 } });
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(again(Object.assign(new Array(3), { 0: 1, 2: 2 }))).toStrictEqual([1, undefined, 2]);
    expect(again(Object.assign(Object.create(null), { a: 1 }))).toStrictEqual({ a: 1 });
    expect(again({ [Symbol('s')]: 1, a: 1 })).toStrictEqual({ a: 1 });
    expect(again(Buffer.from('x'))).toStrictEqual(Uint8Array.of(120));
  });

  test('calls no toJSON', () => {
    const value = { toJSON: 'text', a: 1 };
    expect(again(value)).toStrictEqual(value);
  });

  test('shares no memory with its bytes, nor these with others', () => {
    const bytes = packValue({ b: Uint8Array.of(1, 2, 3) });
    expect(bytes.byteLength).toBe(bytes.buffer.byteLength);
    for (const source of [bytes, Buffer.from(bytes)]) {
      const { b } = unpackValue(source) as { b: Uint8Array };
      source.fill(0);
      expect(b).toStrictEqual(Uint8Array.of(1, 2, 3));
      expect(Object.getPrototypeOf(b)).toBe(Uint8Array.prototype);
      bytes.set(packValue({ b: Uint8Array.of(1, 2, 3) }));
    }
  });

  test('refuses what would come back as something else', () => {
    class Point {
      x = 1;
    }
    const cycle: unknown[] = [];
    cycle.push(cycle);
    const cases: readonly [unknown, string][] = [
      [new Map(), 'class Map'],
      [new Set(), 'class Set'],
      [new Point(), 'class Point'],
      [{ deep: [new Point()] }, 'class Point'],
      [new Float64Array(1), 'class Float64Array'],
      [new Error('x'), 'class Error'],
      [/x/, 'class RegExp'],
      [Object(1), 'class Number'],
      [() => 1, 'a function'],
      [{ f() {} }, 'a function'],
      [Symbol('s'), 'a symbol'],
      [Promise.resolve(), 'class Promise'],
      [2n ** 64n, 'bigint beyond 64 bits'],
      [-(2n ** 63n) - 1n, 'bigint beyond 64 bits'],
      [new Date(Number.NaN), 'an invalid Date'],
      [cycle, 'nested more than 200 deep'],
    ];
    for (const [value, message] of cases) expect(() => packValue(value)).toThrowError(refused(message));
  });

  test('is E_STATE_DAMAGED if its bytes were cut or are no value', () => {
    const bytes = packValue({ a: [1, 'two', { three: 3 }] });
    for (let length = 0; length < bytes.length; length++) {
      expect(() => unpackValue(bytes.subarray(0, length))).toThrowError(expect.objectContaining({ code: 'E_STATE_DAMAGED' }));
    }
    expect(() => unpackValue(new Uint8Array([...bytes, 1]))).toThrowError(expect.objectContaining({ code: 'E_STATE_DAMAGED' }));
    expect(() => unpackValue(new Uint8Array(100_000).fill(0x91))).toThrowError(
      expect.objectContaining({ code: 'E_STATE_DAMAGED' }),
    );
  });

  test('is frozen: these bytes are in checkpoints', () => {
    const value = { n: 1.5, i: -3, s: 'é', b: Uint8Array.of(1), l: [true, null, undefined], d: new Date(1000), g: 5n };
    const hex = Buffer.from(packValue(value)).toString('hex');
    expect(hex).toBe(
      'de0007a16ecb3ff8000000000000a169fda173a2c3a9a162c40101a16c93c3c0d40000a164d6ff00000001a167d30000000000000005',
    );
    expect(unpackValue(Buffer.from(hex, 'hex'))).toStrictEqual(value);
  });
});
