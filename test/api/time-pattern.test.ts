import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { timePattern as compiled } from '../../src/api/time-pattern.ts';

/** Both readers of a pattern, which agree. */
function timePattern(...pattern: Parameters<typeof compiled>): (text: string) => number {
  const { text, bytes } = compiled(...pattern);
  return (time) => {
    const around = Buffer.from(`"${time}"`);
    expect(bytes(around, 1, around.length - 1)).toBe(text(time));
    return text(time);
  };
}

const pad = (value: number, length = 2): string => String(value).padStart(length, '0');
const fields = fc.tuple(
  fc.integer({ min: 1000, max: 9999 }),
  fc.nat(11),
  fc.integer({ min: 1, max: 28 }),
  fc.nat(23),
  fc.nat(59),
  fc.nat(59),
  fc.nat(999),
);

describe('a time pattern', () => {
  test('reads as UTC what Date.UTC gives for the same fields', () => {
    const minutes = timePattern('yyyy/MM/dd HH:mm');
    const all = timePattern("dd.MM.yyyy 'at' HH-mm-ss,SSS");
    fc.assert(
      fc.property(fields, ([y, mo, d, h, mi, s, ms]) => {
        expect(minutes(`${y}/${pad(mo + 1)}/${pad(d)} ${pad(h)}:${pad(mi)}`)).toBe(Date.UTC(y, mo, d, h, mi));
        expect(all(`${pad(d)}.${pad(mo + 1)}.${y} at ${pad(h)}-${pad(mi)}-${pad(s)},${pad(ms, 3)}`)).toBe(
          Date.UTC(y, mo, d, h, mi, s, ms),
        );
      }),
      { numRuns: 200 },
    );
  });

  test.each([
    '2024/05/01',
    '2024/05/01 12:00 ',
    '2024-05-01 12:00',
    '2024/02/30 00:00',
    '2024/05/01 24:00',
    '2024/05/0a 12:00',
    '',
  ])('refuses %j', (text) => {
    expect(timePattern('yyyy/MM/dd HH:mm')(text)).toBeNaN();
  });

  test('takes what a pattern does not name as the least', () => {
    expect(timePattern('yyyy')('2024')).toBe(Date.UTC(2024, 0, 1));
    expect(timePattern('yyyyMMdd')('20240229')).toBe(Date.UTC(2024, 1, 29));
  });

  test('reads quoted letters as they are, and two quotes as one', () => {
    expect(timePattern("yyyy-MM-dd'T'HH:mm''")("2024-05-01T12:30'")).toBe(Date.UTC(2024, 4, 1, 12, 30));
  });

  test('reads the local time of a named zone', () => {
    const berlin = timePattern('yyyy-MM-dd HH:mm', 'Europe/Berlin');
    expect(berlin('2024-01-15 12:00')).toBe(Date.UTC(2024, 0, 15, 11));
    expect(berlin('2024-07-15 12:00')).toBe(Date.UTC(2024, 6, 15, 10));
    expect(timePattern('yyyy-MM-dd HH:mm', 'Asia/Kolkata')('2024-07-15 05:30')).toBe(Date.UTC(2024, 6, 15));
  });

  test('takes the first of two equal local times, and moves on by the gap where clocks skip', () => {
    const berlin = timePattern('yyyy-MM-dd HH:mm', 'Europe/Berlin');
    expect(berlin('2024-10-27 02:30')).toBe(Date.UTC(2024, 9, 27, 0, 30));
    expect(berlin('2024-10-27 03:00')).toBe(Date.UTC(2024, 9, 27, 2));
    expect(berlin('2024-03-31 02:30')).toBe(Date.UTC(2024, 2, 31, 1, 30));
    expect(berlin('2024-03-31 01:59')).toBe(Date.UTC(2024, 2, 31, 0, 59));
  });

  test('agrees with Intl in every zone, across a year', () => {
    const zone = fc.constantFrom(
      'America/New_York',
      'Australia/Lord_Howe',
      'Asia/Kathmandu',
      'Pacific/Auckland',
      'America/Sao_Paulo',
      'UTC',
    );
    fc.assert(
      fc.property(zone, fc.integer({ min: 0, max: 366 * 24 * 4 }), (timeZone, quarter) => {
        const at = Date.UTC(2024, 0, 1) + quarter * 15 * 60_000;
        const text = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' }).format(at);
        const back = timePattern('yyyy-MM-dd HH:mm:ss', timeZone)(text);
        // The second of two equal local times reads as the first.
        expect([0, 1_800_000, 3_600_000]).toContain(at - back);
      }),
      { numRuns: 200 },
    );
  });

  test.each([
    ['yyyy-MM-dd hh:mm', 'hh'],
    ['MM/dd', 'no year'],
    ['yyyy yyyy', 'twice'],
    ['yyyyMMddTHHmm', "'T'"],
    ['YYYY-MM-dd', 'YYYY'],
  ])('%j is refused', (pattern, why) => {
    expect(() => timePattern(pattern)).toThrow(
      expect.objectContaining({ code: 'E_SCHEMA', message: expect.stringContaining(why) }),
    );
  });

  test('a zone that nobody knows is refused', () => {
    expect(() => timePattern('yyyy', 'Europe/Berlinn')).toThrow(
      expect.objectContaining({ code: 'E_SCHEMA', message: "there is no time zone 'Europe/Berlinn'" }),
    );
  });
});
