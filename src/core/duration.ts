import { WeirError } from './errors.ts';

type Unit = 'ms' | 'second' | 'seconds' | 'minute' | 'minutes' | 'hour' | 'hours' | 'day' | 'days';
/** A length of time, always with its unit: `'10 minutes'`, `'500 ms'`. A bare number is refused: of what? */
export type Duration = `${number} ${Unit}`;

const unitMs: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['second', 1000],
  ['seconds', 1000],
  ['minute', 60_000],
  ['minutes', 60_000],
  ['hour', 3_600_000],
  ['hours', 3_600_000],
  ['day', 86_400_000],
  ['days', 86_400_000],
]);

/**
 * A duration in whole milliseconds.
 *
 * @param where what the duration is for, as the message should name it
 * @throws WeirError `E_PLAN` for another form, a fraction of a millisecond or a length beyond 2^53
 */
export function durationMs(text: string, where: string): number {
  const match = /^\s*(-?\d+(?:\.\d+)?)\s+([a-z]+)\s*$/.exec(text);
  const unit = match === null ? undefined : unitMs.get(match[2]!);
  if (match === null || unit === undefined) {
    throw new WeirError('E_PLAN', `${where}: '${text}' is not a duration`, {
      hint: "write a number and a unit: '500 ms', '1 second', '10 minutes', '2 hours', '1 day'",
    });
  }
  const product = Number(match[1]) * unit;
  const ms = Math.round(product);
  // 1.005 × 1000 is not quite 1005 in binary: what rounding alone explains is no fraction.
  const fraction = Math.abs(product - ms) > 4 * Number.EPSILON * Math.abs(product);
  if (fraction || !Number.isSafeInteger(ms))
    throw new WeirError('E_PLAN', `${where}: '${text}' is not a whole number of milliseconds`);
  return ms;
}

/** The shortest exact form of a length in milliseconds: `90000` is `90 seconds`. */
export function formatMs(ms: number): string {
  for (const [unit, size] of [
    ['day', 86_400_000],
    ['hour', 3_600_000],
    ['minute', 60_000],
    ['second', 1000],
  ] as const) {
    if (ms !== 0 && ms % size === 0) return `${ms / size} ${unit}${ms / size === 1 ? '' : 's'}`;
  }
  return `${ms} ms`;
}
