/**
 * Reads ISO 8601 times: `2024-05-01`, `2024-05-01T12:30`, `2024-05-01T12:30:15.250Z`, `…+02:00`; a blank may stand for the T.
 *
 * Without an offset a time is UTC, whatever the zone of the machine (`Date.parse` would take the machine's). Fractions
 * beyond the millisecond are cut. A scanner instead of a regular expression, because it runs for every row.
 */
import { timestampMax, utcMs } from './calendar.ts';
import { digitsAt, digitsIn } from './digits.ts';

const plus = 43;
const minus = 45;
const dot = 46;
const comma = 44;
const colon = 58;

/** Milliseconds since 1970, or NaN if the text is no such time. */
export function isoMs(text: string): number {
  const sign = text.charCodeAt(0);
  const expanded = sign === plus || sign === minus;
  const at = expanded ? 7 : 4;
  const year = expanded ? digitsAt(text, 1, 6) * (sign === minus ? -1 : 1) : digitsAt(text, 0, 4);
  if ((expanded ? digitsAt(text, 1, 6) : year) < 0 || Object.is(year, -0)) return Number.NaN;
  if (text.charCodeAt(at) !== minus || text.charCodeAt(at + 3) !== minus) return Number.NaN;
  const month = digitsAt(text, at + 1, 2);
  const day = digitsAt(text, at + 4, 2);
  return timeOfDay(text, at + 6, year, month, day);
}

function timeOfDay(text: string, from: number, year: number, month: number, day: number): number {
  if (text.length === from) return utcMs(year, month, day, 0, 0, 0, 0);
  const separator = text[from];
  if (separator !== 'T' && separator !== ' ' && separator !== 't') return Number.NaN;
  const hour = digitsAt(text, from + 1, 2);
  const minute = digitsAt(text, from + 4, 2);
  if (text.charCodeAt(from + 3) !== colon || hour < 0 || minute < 0) return Number.NaN;
  let at = from + 6;
  let second = 0;
  let ms = 0;
  if (text.charCodeAt(at) === colon) {
    second = digitsAt(text, at + 1, 2);
    if (second < 0) return Number.NaN;
    at += 3;
    const mark = text.charCodeAt(at);
    if (mark === dot || mark === comma) {
      const end = endOfDigits(text, at + 1);
      if (end === at + 1) return Number.NaN;
      ms = thousandths(text, at + 1, Math.min(end, at + 4));
      at = end;
    }
  }
  const shifted = utcMs(year, month, day, hour, minute, second, ms) - offsetMs(text, at);
  return Math.abs(shifted) > timestampMax ? Number.NaN : shifted;
}

/**
 * The same of the bytes of a text in ASCII, in its commonest form alone, `2024-05-01T12:30:15Z` with or without thousandths; NaN for all
 * others.
 */
export function isoMsOf(bytes: Uint8Array, from: number, to: number): number {
  const length = to - from;
  const hasThousandths = length === 24;
  if ((length !== 20 && !hasThousandths) || bytes[to - 1] !== 90 || bytes[from + 16] !== colon) return Number.NaN;
  if (hasThousandths && bytes[from + 19] !== dot) return Number.NaN;
  const second = digitsIn(bytes, from + 17, 2);
  const ms = hasThousandths ? digitsIn(bytes, from + 20, 3) : 0;
  if (second < 0 || second > 59 || ms < 0) return Number.NaN;
  return (isLastMinute(bytes, from) ? lastMinuteMs : minuteMs(bytes, from)) + second * 1000 + ms;
}

/** The minute that was read last, as text and as what it is: mostly the next time lies in it as well. */
const lastMinute = new Uint8Array('2024-05-01T12:30'.length);
let lastMinuteMs = Number.NaN;

function isLastMinute(bytes: Uint8Array, from: number): boolean {
  for (let i = lastMinute.length - 1; i >= 0; i--) if (bytes[from + i] !== lastMinute[i]) return false;
  return true;
}

function minuteMs(bytes: Uint8Array, from: number): number {
  const marks = bytes[from + 4] === minus && bytes[from + 7] === minus && bytes[from + 10] === 84;
  if (!marks || bytes[from + 13] !== colon) return Number.NaN;
  const year = digitsIn(bytes, from, 4);
  const hour = digitsIn(bytes, from + 11, 2);
  const minute = digitsIn(bytes, from + 14, 2);
  if (year < 0 || hour < 0 || minute < 0) return Number.NaN;
  const ms = utcMs(year, digitsIn(bytes, from + 5, 2), digitsIn(bytes, from + 8, 2), hour, minute, 0, 0);
  for (let i = 0; i < lastMinute.length; i++) lastMinute[i] = bytes[from + i]!;
  lastMinuteMs = ms;
  return ms;
}

function endOfDigits(text: string, from: number): number {
  let at = from;
  while (digitsAt(text, at, 1) >= 0) at++;
  return at;
}

/** The digits in [from, to) behind a decimal point, at most three, as thousandths. */
function thousandths(text: string, from: number, to: number): number {
  const digits = to - from;
  return digitsAt(text, from, digits) * (digits === 3 ? 1 : digits === 2 ? 10 : 100);
}

/** What the text from `at` on says of the offset: nothing, `Z`, `+02:00`, `+0200` or `+02`. */
function offsetMs(text: string, at: number): number {
  const left = text.length - at;
  if (left === 0) return 0;
  const sign = text.charCodeAt(at);
  if (left === 1) return text[at] === 'Z' || text[at] === 'z' ? 0 : Number.NaN;
  if (sign !== plus && sign !== minus) return Number.NaN;
  const withColon = left === 6 && text.charCodeAt(at + 3) === colon;
  if (!withColon && left !== 5 && left !== 3) return Number.NaN;
  const hours = digitsAt(text, at + 1, 2);
  const minutes = left === 3 ? 0 : digitsAt(text, at + (withColon ? 4 : 3), 2);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return Number.NaN;
  return (sign === minus ? -1 : 1) * (hours * 3_600_000 + minutes * 60_000);
}
