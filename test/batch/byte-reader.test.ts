import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteReader, ByteWriter } from '../../src/batch/index.ts';
import { anyBytes, anyDouble, anyInteger, anyString, expectSame, packable } from './arbitraries.ts';

type Kind = 'u8' | 'u32' | 'varint' | 'int' | 'f64' | 'string' | 'bytes' | 'value';
const piece: fc.Arbitrary<readonly [Kind, unknown]> = fc.oneof(
  fc.tuple(fc.constant<Kind>('u8'), fc.nat(255)),
  fc.tuple(fc.constant<Kind>('u32'), fc.nat(0xffffffff)),
  fc.tuple(
    fc.constant<Kind>('varint'),
    anyInteger.map((n) => Math.abs(n)),
  ),
  fc.tuple(
    fc.constant<Kind>('int'),
    anyInteger.map((n) => n + 0),
  ),
  fc.tuple(fc.constant<Kind>('f64'), anyDouble),
  fc.tuple(fc.constant<Kind>('string'), anyString),
  fc.tuple(fc.constant<Kind>('bytes'), anyBytes),
  fc.tuple(fc.constant<Kind>('value'), packable),
);
const write = (out: ByteWriter, pieces: readonly (readonly [Kind, unknown])[]): Uint8Array => {
  for (const [kind, value] of pieces) (out[kind] as (value: unknown) => void)(value);
  return out.finish();
};
const damaged = expect.objectContaining({ code: 'E_STATE_DAMAGED' });

describe('a byte reader', () => {
  test('reads what a writer wrote, in the same order', () => {
    fc.assert(
      fc.property(fc.array(piece), fc.nat(9), (pieces, shift) => {
        const bytes = write(new ByteWriter(), pieces);
        const within = new Uint8Array(bytes.length + shift + 1);
        within.set(bytes, shift);
        const reader = new ByteReader(within, shift, shift + bytes.length);
        for (const [kind, value] of pieces) expectSame(reader[kind](), value);
        expect(reader.remaining).toBe(0);
        expect(() => reader.u8()).toThrowError(damaged);
      }),
      { numRuns: 200 },
    );
  });

  test('says E_STATE_DAMAGED where the bytes were cut', () => {
    for (const [kind, value] of [
      ['u32', 1],
      ['varint', 2 ** 40],
      ['int', -(2 ** 40)],
      ['f64', 1],
      ['string', 'text'],
      ['string', 'é\ud800'],
      ['bytes', Uint8Array.of(1, 2)],
      ['value', { a: 1 }],
    ] as const) {
      const bytes = write(new ByteWriter(), [[kind, value]]);
      for (let end = 0; end < bytes.length; end++) expect(() => new ByteReader(bytes, 0, end)[kind]()).toThrowError(damaged);
    }
  });

  test('never fails otherwise, whatever the bytes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 40 }),
        fc.constantFrom<Kind>('varint', 'int', 'string', 'bytes', 'value'),
        (bytes, kind) => {
          try {
            new ByteReader(new Uint8Array(bytes))[kind]();
          } catch (error) {
            expect(error).toEqual(damaged);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test('gives bytes of its own', () => {
    const bytes = write(new ByteWriter(), [['bytes', Uint8Array.of(1, 2)]]);
    const read = new ByteReader(bytes).bytes();
    bytes.fill(0);
    expect(read).toStrictEqual(Uint8Array.of(1, 2));
  });
});

describe('a byte writer', () => {
  test('starts again after reset, without touching what it gave out', () => {
    const out = new ByteWriter();
    out.string('first');
    const first = out.finish();
    out.reset();
    expect(out.length).toBe(0);
    out.string('other');
    expect(new ByteReader(first).string()).toBe('first');
  });

  test('refuses to write a number as an integer that is none (B8)', () => {
    const out = new ByteWriter();
    for (const value of [-1, 0.5, 2 ** 53, Number.NaN]) expect(() => out.varint(value)).toThrowError(/B8/);
    for (const value of [0.5, 2 ** 53, Number.POSITIVE_INFINITY]) expect(() => out.int(value)).toThrowError(/B8/);
  });

  test('is frozen: these bytes are in checkpoints', () => {
    const bytes = write(new ByteWriter(), [
      ['u8', 1],
      ['u32', 2],
      ['varint', 300],
      ['varint', 2 ** 40],
      ['int', -1],
      ['int', 1_700_000_000_000],
      ['f64', -0],
      ['string', 'aé'],
      ['string', '\ud800'],
      ['bytes', Uint8Array.of(7)],
    ]);
    expect(Buffer.from(bytes).toString('hex')).toBe('0102000000ac028080808080204180a0abfef96200000000000000800661c3a90500d80107');
  });
});
