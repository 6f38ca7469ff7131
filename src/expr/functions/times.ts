/** Functions of time: milliseconds since 1970, in UTC. */
import { number, type ScalarFunction, text, time, window } from './scalar-function.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

const remainder = (value: number, of: number): number => ((value % of) + of) % of;

/** How a part of a pattern is written. */
export type TimePart = (at: Date) => string;

const itself = (at: string): string => at;

function written(at: number, parts: readonly TimePart[]): string {
  const date = new Date(at);
  let whole = '';
  for (let i = 0; i < parts.length; i++) whole += parts[i]!(date);
  return whole;
}

/** Windows of one size, one after the other. */
export interface WindowPlaces {
  readonly sizeMs: number;
  readonly offsetMs: number;
}

function windowAt(at: number, { sizeMs, offsetMs }: WindowPlaces): { readonly start: number; readonly end: number } {
  const start = at - remainder(at - offsetMs, sizeMs);
  return { start, end: start + sizeMs };
}

export const times: Readonly<
  Record<'addMs' | 'diffMs' | 'truncate' | 'window' | 'lastOf' | 'hour' | 'minute' | 'second' | 'format' | 'toMs', ScalarFunction>
> = {
  addMs: {
    takes: ['time', 'constant'],
    gives: time,
    apply: (at: number, ms: number) => at + ms,
    code: (at, ms) => `(${at} + ${ms})`,
  },
  diffMs: {
    takes: ['time', 'time'],
    gives: number,
    apply: (a: number, b: number) => a - b,
    code: (a, b) => `(${a} - ${b})`,
    text: (a, b) => `(${a} - ${b})`,
  },
  truncate: { takes: ['time', 'constant'], gives: time, apply: (at: number, unitMs: number) => at - remainder(at, unitMs) },
  window: { takes: ['time', 'constant'], gives: window, apply: windowAt },
  lastOf: { takes: ['other'], gives: time, apply: ({ end }: { readonly end: number }) => end - 1 },
  hour: { takes: ['time'], gives: number, apply: (at: number) => Math.floor(remainder(at, dayMs) / hourMs) },
  minute: { takes: ['time'], gives: number, apply: (at: number) => Math.floor(remainder(at, hourMs) / 60_000) },
  second: { takes: ['time'], gives: number, apply: (at: number) => Math.floor(remainder(at, 60_000) / 1000) },
  format: { takes: ['time', 'constant'], gives: text, apply: written },
  toMs: { takes: ['time'], gives: number, apply: (at: number) => at, code: itself },
};
