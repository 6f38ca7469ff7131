import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isoMs } from '../../src/api/iso-time.ts';

const anyTime = fc.date({ min: new Date(-8.64e15), max: new Date(8.64e15), noInvalidDate: true });
const year = fc.integer({ min: 1000, max: 9999 });
const pad = (value: number, length = 2): string => String(value).padStart(length, '0');

describe('an ISO 8601 time', () => {
  test('is the moment that Date.UTC gives for the same fields, whatever the zone of the machine', () => {
    const fields = fc.tuple(year, fc.nat(11), fc.integer({ min: 1, max: 28 }), fc.nat(23), fc.nat(59), fc.nat(59), fc.nat(999));
    fc.assert(
      fc.property(fields, ([y, mo, d, h, mi, s, ms]) => {
        const date = `${y}-${pad(mo + 1)}-${pad(d)}`;
        expect(isoMs(date)).toBe(Date.UTC(y, mo, d));
        expect(isoMs(`${date}T${pad(h)}:${pad(mi)}`)).toBe(Date.UTC(y, mo, d, h, mi));
        expect(isoMs(`${date} ${pad(h)}:${pad(mi)}:${pad(s)}`)).toBe(Date.UTC(y, mo, d, h, mi, s));
        expect(isoMs(`${date}T${pad(h)}:${pad(mi)}:${pad(s)}.${pad(ms, 3)}`)).toBe(Date.UTC(y, mo, d, h, mi, s, ms));
      }),
      { numRuns: 300 },
    );
  });

  test('reads back everything that Date writes, expanded years included', () => {
    fc.assert(
      fc.property(anyTime, (date) => {
        expect(isoMs(date.toISOString())).toBe(date.getTime());
      }),
      { numRuns: 300 },
    );
  });

  test('is shifted by its offset, with or without minutes and colon', () => {
    const offset = fc.tuple(fc.constantFrom('+', '-'), fc.nat(23), fc.nat(59));
    fc.assert(
      fc.property(anyTime, offset, (date, [sign, hours, minutes]) => {
        const local = date.toISOString().slice(0, -1);
        const expected = date.getTime() - (sign === '-' ? -1 : 1) * (hours * 60 + minutes) * 60_000;
        fc.pre(Math.abs(expected) <= 8.64e15);
        expect(isoMs(`${local}${sign}${pad(hours)}:${pad(minutes)}`)).toBe(expected);
        expect(isoMs(`${local}${sign}${pad(hours)}${pad(minutes)}`)).toBe(expected);
      }),
      { numRuns: 200 },
    );
    expect(isoMs('2024-05-01T12:00+02')).toBe(Date.UTC(2024, 4, 1, 10));
    expect(isoMs('2024-05-01t12:00z')).toBe(Date.UTC(2024, 4, 1, 12));
  });

  test('cuts what is finer than a millisecond, and takes one or two digits as they are meant', () => {
    expect(isoMs('2024-05-01T00:00:00.1239')).toBe(Date.UTC(2024, 4, 1, 0, 0, 0, 123));
    expect(isoMs('2024-05-01T00:00:00.5')).toBe(Date.UTC(2024, 4, 1, 0, 0, 0, 500));
    expect(isoMs('2024-05-01T00:00:00,25Z')).toBe(Date.UTC(2024, 4, 1, 0, 0, 0, 250));
  });

  test('knows the years that Date.UTC mistakes', () => {
    expect(isoMs('0001-01-01')).toBe(new Date('0001-01-01T00:00:00Z').getTime());
    expect(isoMs('0000-03-01')).toBe(new Date('0000-03-01T00:00:00Z').getTime());
  });

  test.each([
    '',
    '2024',
    '2024-05',
    '2024-5-1',
    '2024-13-01',
    '2024-00-10',
    '2024-02-30',
    '2023-02-29',
    '1900-02-29',
    '2024-04-31',
    '24-05-01',
    '2024-05-01T',
    '2024-05-01T12',
    '2024-05-01T24:00',
    '2024-05-01T12:60',
    '2024-05-01T12:00:60',
    '2024-05-01T12:00:',
    '2024-05-01T12:00:00.',
    '2024-05-01T12:00x',
    '2024-05-01T12:00+2',
    '2024-05-01T12:00+25:00',
    '2024-05-01T12:00+02:60',
    '2024-05-01T12:00+02:0',
    '2024-05-01 12:00 Z',
    '-000000-01-01',
    '+275761-01-01',
    '2024-05-01Z',
    ' 2024-05-01',
    '２０２４-05-01',
    'May 1, 2024',
    '1714564800000',
  ])('is none in %j', (text) => {
    expect(isoMs(text)).toBeNaN();
  });

  test('never gives a moment for a text that Date.parse does not know', () => {
    const piece = fc.constantFrom('2024', '-', '05', '01', 'T', ':', '12', '.', '9', 'Z', '+', ' ', '30', '0');
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 14 }).map((parts) => parts.join('')),
        (text) => {
          if (!Number.isNaN(isoMs(text))) expect(Date.parse(text)).not.toBeNaN();
        },
      ),
      { numRuns: 2000 },
    );
  });
});
