/**
 * Times in a shape of one's own, as in `yyyy/MM/dd HH:mm`.
 *
 * A pattern is made of `yyyy MM dd HH mm ss SSS`, each at most once and with exactly as many digits, and of anything else,
 * which must stand in the text as it is; letters that are meant literally go between quotes: `yyyy-MM-dd'T'HH:mm`.
 */
import { canCompile } from '../core/index.ts';
import { utcMs } from './calendar.ts';
import { digitsAt, digitsIn } from './digits.ts';
import { refusedPattern, type TimeStep as Step, timeSteps } from './time-steps.ts';
import { zoneShift } from './time-zone.ts';

/**
 * @throws WeirError `E_SCHEMA` for a pattern with unknown letters, without a year, or a zone that is not known
 */
export function timePattern(pattern: string, zone?: string): TimePattern {
  const where = `t.timestampOf('${pattern}')`;
  const steps = timeSteps(pattern, where);
  if (!steps.some(({ part }) => part === 0)) throw refusedPattern(where, 'it has no year');
  const length = steps.reduce((sum, { text }) => sum + text.length, 0);
  const shift = zone === undefined || zone === 'UTC' ? undefined : zoneShift(zone);
  const inZone = (local: number): number => (shift === undefined || Number.isNaN(local) ? local : shift(local));
  const ofBytes = bytesReader(steps);
  return {
    text: (text) => (text.length === length ? inZone(readSteps(steps, text)) : Number.NaN),
    plain: steps.every(({ text }) => isPlain.test(text)),
    bytes: (bytes, from, to) => (to - from === length ? inZone(ofBytes(bytes, from)) : Number.NaN),
  };
}

/** Readers of such times: milliseconds since 1970, or NaN if it has another shape or names no moment. */
export interface TimePattern {
  readonly text: (text: string) => number;
  /** Each byte of such texts is a character that JSON writes as it is. */
  readonly plain: boolean;
  /** Of the bytes of a text in ASCII. */
  readonly bytes: (bytes: Uint8Array, from: number, to: number) => number;
}

const isPlain = /^[ !#-[\]-~]*$/;

/** Remembers the last date: rows of one day come together. */
function bytesReader(steps: readonly Step[]): (bytes: Uint8Array, from: number) => number {
  const dates = steps.findLastIndex(({ part }) => part >= 0 && part <= 2) + 1;
  const date = steps.slice(0, dates);
  const known = new Uint8Array(date.reduce((sum, { text }) => sum + text.length, 0));
  const { length } = known;
  const clock = (canCompile() ? compiledClock : interpretedClock)(steps.slice(dates), length);
  let knownMs = Number.NaN;
  return (bytes, from) => {
    let i = 0;
    while (i < length && bytes[from + i] === known[i]) i++;
    if (i < length || Number.isNaN(knownMs)) {
      for (let at = 0; at < length; at++) known[at] = bytes[from + at]!;
      knownMs = readBytes(date, bytes, from);
    }
    // Between midnight and midnight all days are alike: here there is neither zone nor leap second.
    const ms = clock(bytes, from);
    return ms < 0 ? Number.NaN : knownMs + ms;
  };
}

/** By part: how many milliseconds one is, and how many there are at most. */
const clockUnits = [0, 0, 0, 3_600_000, 60_000, 1000, 1];
const clockMax = [0, 0, 0, 23, 59, 59, 999];

/** Milliseconds since midnight; -1 where there is no such time. */
type ClockReader = (bytes: Uint8Array, from: number) => number;

/** Reads what stands `before` bytes behind the begin. */
function compiledClock(steps: readonly Step[], before: number): ClockReader {
  const lines: string[] = [];
  let at = before;
  for (const { part, text } of steps) {
    const places = Array.from(text, (_, i) => `bytes[from + ${at + i}]`);
    if (part < 0) {
      lines.push(...places.map((place, i) => `if (${place} !== ${text.charCodeAt(i)}) return -1;`));
    } else {
      lines.push('value = 0;');
      for (const place of places)
        lines.push(`digit = ${place} - 48; if (!(digit >= 0 && digit <= 9)) return -1; value = value * 10 + digit;`);
      lines.push(`if (value > ${clockMax[part]!}) return -1; ms += value * ${clockUnits[part]!};`);
    }
    at += text.length;
  }
  // oxlint-disable-next-line typescript/no-implied-eval -- of the pattern only numbers go into the code.
  return new Function('bytes', 'from', `let ms = 0, value = 0, digit = 0; ${lines.join(' ')} return ms;`) as ClockReader;
}

/** The same where no code may be made. */
function interpretedClock(steps: readonly Step[], before: number): ClockReader {
  return (bytes, from) => {
    let ms = 0;
    let at = from + before;
    for (const { part, text } of steps) {
      const value = part < 0 ? 0 : digitsIn(bytes, at, text.length);
      if (part < 0 ? !isText(text, bytes, at) : value < 0 || value > clockMax[part]!) return -1;
      if (part >= 0) ms += value * clockUnits[part]!;
      at += text.length;
    }
    return ms;
  };
}

function isText(text: string, bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}

function readBytes(steps: readonly Step[], bytes: Uint8Array, from: number): number {
  const time = [0, 1, 1, 0, 0, 0, 0];
  let at = from;
  for (const { part, text } of steps) {
    const { length } = text;
    if (part < 0) {
      if (!isText(text, bytes, at)) return Number.NaN;
    } else {
      const value = digitsIn(bytes, at, length);
      if (value < 0) return Number.NaN;
      time[part] = value;
    }
    at += length;
  }
  return utcMs(time[0]!, time[1]!, time[2]!, time[3]!, time[4]!, time[5]!, time[6]!);
}

function readSteps(steps: readonly Step[], text: string): number {
  const time = [0, 1, 1, 0, 0, 0, 0];
  let at = 0;
  for (const step of steps) {
    const { length } = step.text;
    if (step.part < 0) {
      if (!text.startsWith(step.text, at)) return Number.NaN;
    } else {
      const value = digitsAt(text, at, length);
      if (value < 0) return Number.NaN;
      time[step.part] = value;
    }
    at += length;
  }
  return utcMs(time[0]!, time[1]!, time[2]!, time[3]!, time[4]!, time[5]!, time[6]!);
}
