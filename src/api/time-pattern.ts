/**
 * Times in a shape of one's own, as in `yyyy/MM/dd HH:mm`.
 *
 * A pattern is made of `yyyy MM dd HH mm ss SSS`, each at most once and with exactly as many digits, and of anything else,
 * which must stand in the text as it is; letters that are meant literally go between quotes: `yyyy-MM-dd'T'HH:mm`.
 */
import { WeirError } from '../core/index.ts';
import { utcMs } from './calendar.ts';
import { digitsAt } from './digits.ts';
import { zoneShift } from './time-zone.ts';

const parts = { yyyy: 'year', MM: 'month', dd: 'day', HH: 'hour', mm: 'minute', ss: 'second', SSS: 'ms' } as const;
type Part = (typeof parts)[keyof typeof parts];
type Step = { readonly part: Part; readonly length: number } | { readonly literal: string; readonly length: number };

/**
 * A reader of such times: milliseconds since 1970, or NaN if the text has another shape or names no moment.
 *
 * @throws WeirError `E_SCHEMA` for a pattern with unknown letters, without a year, or a zone that is not known
 */
export function timePattern(pattern: string, zone?: string): (text: string) => number {
  const steps = stepsOf(pattern);
  const length = steps.reduce((sum, step) => sum + step.length, 0);
  const shift = zone === undefined || zone === 'UTC' ? undefined : zoneShift(zone);
  return (text) => {
    if (text.length !== length) return Number.NaN;
    const local = readSteps(steps, text);
    return shift === undefined || Number.isNaN(local) ? local : shift(local);
  };
}

function readSteps(steps: readonly Step[], text: string): number {
  const time = { year: 0, month: 1, day: 1, hour: 0, minute: 0, second: 0, ms: 0 };
  let at = 0;
  for (const step of steps) {
    if ('literal' in step) {
      if (!text.startsWith(step.literal, at)) return Number.NaN;
    } else {
      const value = digitsAt(text, at, step.length);
      if (value < 0) return Number.NaN;
      time[step.part] = value;
    }
    at += step.length;
  }
  return utcMs(time);
}

function stepsOf(pattern: string): readonly Step[] {
  const steps: Step[] = [];
  const seen = new Set<string>();
  for (const [token, quoted] of pattern.matchAll(/'([^']*)'|([A-Za-z])\2*|[^A-Za-z]/g)) {
    const part = Object.hasOwn(parts, token) ? parts[token as keyof typeof parts] : undefined;
    if (part !== undefined) {
      if (seen.has(part)) throw refused(pattern, `'${token}' stands in it twice`);
      seen.add(part);
      steps.push({ part, length: token.length });
    } else if (quoted !== undefined) {
      const literal = quoted === '' ? "'" : quoted;
      steps.push({ literal, length: literal.length });
    } else if (/[A-Za-z]/.test(token)) {
      throw refused(pattern, `'${token}' means nothing in it`);
    } else {
      steps.push({ literal: token, length: token.length });
    }
  }
  if (!seen.has('year')) throw refused(pattern, 'it has no year');
  return steps;
}

const refused = (pattern: string, why: string): WeirError =>
  new WeirError('E_SCHEMA', `t.timestampOf('${pattern}'): ${why}`, {
    hint: "a pattern is made of yyyy, MM, dd, HH, mm, ss and SSS; put other letters between quotes: yyyy-MM-dd'T'HH:mm",
  });
