/**
 * Local times of a named zone as moments.
 *
 * A time that a zone has twice (clocks go back) is the first of the two; one that it skips (clocks go forward) moves on by
 * the length of the gap: the rules of java.time. Intl is asked once per day of local time, since it is slow.
 */
import { WeirError } from '../core/index.ts';
import { utcMs } from './calendar.ts';

const dayMs = 86_400_000;

/** From local milliseconds (fields read as UTC) to the moment. */
export type ZoneShift = (localMs: number) => number;

/** @throws WeirError `E_SCHEMA` for a zone that this runtime does not know */
export function zoneShift(zone: string): ZoneShift {
  const offsetAt = offsetReader(zone);
  let day = Number.NaN;
  let offset = 0;
  return (localMs) => {
    const today = Math.floor(localMs / dayMs);
    if (today === day) return localMs - offset;
    const before = offsetAt((today - 1) * dayMs);
    if (before !== offsetAt((today + 2) * dayMs)) return nearTransition(localMs, offsetAt);
    day = today;
    offset = before;
    return localMs - offset;
  };
}

function nearTransition(localMs: number, offsetAt: (ms: number) => number): number {
  const before = offsetAt(localMs - dayMs);
  const after = offsetAt(localMs + dayMs);
  if (offsetAt(localMs - before) === before) return localMs - before;
  return offsetAt(localMs - after) === after ? localMs - after : localMs - before;
}

function offsetReader(zone: string): (ms: number) => number {
  const format = formatOf(zone);
  return (ms) => {
    const at: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(ms)) at[type] = Number(value);
    const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = at;
    return utcMs(year, month, day, hour, minute, second, 0) - Math.floor(ms / 1000) * 1000;
  };
}

function formatOf(zone: string): Intl.DateTimeFormat {
  const field = '2-digit';
  try {
    return new Intl.DateTimeFormat('en-u-ca-iso8601-nu-latn', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: field,
      day: field,
      hour: field,
      minute: field,
      second: field,
    });
  } catch (cause) {
    throw new WeirError('E_SCHEMA', `there is no time zone '${zone}'`, { cause, hint: "name it as in 'Europe/Berlin' or 'UTC'" });
  }
}
