/** The proleptic Gregorian calendar in UTC, as arithmetic: no `Date`, so no machine zone and no years 0 to 99 that mean 1900. */

/** The farthest moment from 1970 that a timestamp can be, as for `Date`. */
export const timestampMax = 8.64e15;

const dayMs = 86_400_000;

const isLeap = (year: number): boolean => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);

function daysInMonth(year: number, month: number): number {
  if (month === 2) return isLeap(year) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Days from 1970-01-01; years begin in March here, so that the leap day is the last one. */
function daysFromEpoch(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/**
 * Milliseconds since 1970 of these fields read as UTC, `month` and `day` from 1; NaN where there is no such moment (31 April,
 * 25 o'clock). Arguments instead of an object, because it runs for every row.
 */
export function utcMs(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
  ms: number,
): number {
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return Number.NaN;
  if (hour > 23 || minute > 59 || second > 59) return Number.NaN;
  const at = daysFromEpoch(year, month, day) * dayMs + hour * 3_600_000 + minute * 60_000 + second * 1000 + ms;
  return Math.abs(at) > timestampMax ? Number.NaN : at;
}
