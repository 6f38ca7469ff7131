/** The values that the types of rows know by name: times and windows, with and without a watermark. */
import { WeirError } from '../core/index.ts';
import { timestampMax } from './calendar.ts';
import { isoMs } from './iso-time.ts';

declare const timestampBrand: unique symbol;
/** Event time: milliseconds since 1970-01-01T00:00:00Z. A number to read, made only by a schema or {@link timestamp}. */
export type Timestamp = number & { readonly [timestampBrand]: true };
/** What a timestamp may be made from. A string is ISO 8601; one without an offset is UTC, whatever the machine's zone. */
export type TimestampInput = number | Date | string;

declare const watermarkBrand: unique symbol;
/** Under a watermark: rows with an earlier time than it are late. */
export interface Watermarked {
  readonly [watermarkBrand]: true;
}
/** A timestamp under a watermark: `withWatermark` makes it, copying and renaming keep it, computing loses it. */
export type EventTime = Timestamp & Watermarked;
/** A half-open interval of event time, `[start, end)`. */
export interface Window {
  readonly start: Timestamp;
  readonly end: Timestamp;
}
/** A window that a watermark closes. */
export type EventWindow = Window & Watermarked;

/** Milliseconds since 1970, or NaN if this is no time. */
export function timestampMs(value: unknown): number {
  if (typeof value === 'number') return Number.isInteger(value) && Math.abs(value) <= timestampMax ? value + 0 : Number.NaN;
  if (typeof value === 'string') return isoMs(value);
  return value instanceof Date ? value.getTime() : Number.NaN;
}

/**
 * A timestamp, in milliseconds since 1970 UTC.
 *
 * @param value whole milliseconds, a `Date`, or an ISO 8601 string; a string without an offset is UTC
 * @throws WeirError `E_VALUE` if it is no time, has a fraction of a millisecond, or is farther than 8.64e15 ms from 1970
 * @example timestamp('2024-05-01T12:00') === 1714564800000
 */
export function timestamp(value: TimestampInput): Timestamp {
  const ms = timestampMs(value);
  if (Number.isNaN(ms)) {
    throw new WeirError('E_VALUE', `${typeof value === 'string' ? `'${value}'` : String(value)} is not a time`, {
      hint: "give whole milliseconds since 1970, a Date, or ISO 8601 text such as '2024-05-01T12:00:00Z'",
    });
  }
  return ms as Timestamp;
}
