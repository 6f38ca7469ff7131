import type { TimePart } from '../expr/index.ts';
import { timeSteps } from './time-steps.ts';

const readers: readonly ((at: Date) => number)[] = [
  (at) => at.getUTCFullYear(),
  (at) => at.getUTCMonth() + 1,
  (at) => at.getUTCDate(),
  (at) => at.getUTCHours(),
  (at) => at.getUTCMinutes(),
  (at) => at.getUTCSeconds(),
  (at) => at.getUTCMilliseconds(),
];

/**
 * How a time is written by a pattern, piece by piece. Digits are filled up with zeros; a year before 0 or after 9999 has as many as it needs.
 *
 * @throws WeirError `E_SCHEMA` for a pattern that means nothing
 */
export function timeFormat(pattern: string): readonly TimePart[] {
  return timeSteps(pattern, `format('${pattern}')`).map(({ part, text }): TimePart => {
    const read = readers[part];
    return read === undefined ? () => text : (at) => padded(read(at), text.length);
  });
}

function padded(value: number, digits: number): string {
  return value < 0 ? `-${String(-value).padStart(digits, '0')}` : String(value).padStart(digits, '0');
}
