/** What many queries begin with. */
import { type Duration, schema, type Stream, t, timestamp } from 'weir';

export type Numbers = Stream<{ readonly value: number }>;
export type Texts = Stream<{ readonly value: string }>;

export const At = schema({ value: t.int, at: t.timestamp });

/** The value is the time too, in seconds. */
export const atSeconds = (numbers: Numbers) => numbers.map(({ value }) => ({ value, at: timestamp(value * 1000) }), At);

export const timed = (numbers: Stream<any>, delay: Duration) => atSeconds(numbers as Numbers).withWatermark('at', delay);

export const seconds = (ms: number): number => ms / 1000;
