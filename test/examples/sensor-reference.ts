/** The two jobs over sensors in plain code: what AVERAGES and the table must hold, computed reading by reading. */
import { exactSum } from '../golden/plain-sum.ts';

export interface Reading {
  readonly deviceId: string;
  readonly temperature?: number | null;
  readonly humidity?: number | null;
  readonly timestamp: number;
}
interface Window {
  readonly start: number;
  readonly end: number;
}
interface Group {
  readonly window: Window;
  readonly deviceId: string;
  readonly readings: Reading[];
}

const minute = 60_000;
const length = 5 * minute;
const watermarkDelay = 10 * minute;

/** Rows of AVERAGES, in some order; `readings` as they stand in their stream. */
export function averagesOf(readings: readonly Reading[]): object[] {
  const { groups, watermark } = grouped(readings, length);
  return groups
    .filter(({ window }) => window.end <= watermark)
    .map(({ window, deviceId, readings: of }) => ({
      window,
      deviceId,
      avgTemperature: average(of.map(({ temperature }) => temperature)),
      avgHumidity: average(of.map(({ humidity }) => humidity)),
    }));
}

/** Lines of the table, in some order: open windows are in it too. */
export function slidingCountsOf(readings: readonly Reading[]): string[] {
  // Of a table that is written whole nothing is final, and so nothing late.
  return grouped(readings, minute, Infinity).groups.map(({ window, deviceId, readings: of }) =>
    [`{start: ${iso(window.start)}, end: ${iso(window.end)}}`, deviceId, of.length].join(' '),
  );
}

/** Readings that came too late for their window. */
export const lateOf = (readings: readonly Reading[]): number => grouped(readings, length).late;

function grouped(
  readings: readonly Reading[],
  slide: number,
  delay: number = watermarkDelay,
): { groups: Group[]; late: number; watermark: number } {
  const groups = new Map<string, Group>();
  let late = 0;
  let watermark = -Infinity;
  for (const reading of readings) {
    const open = windowsOf(reading.timestamp, slide).filter(({ end }) => end > watermark);
    if (open.length === 0) late++;
    for (const window of open) {
      const id = `${window.start} ${reading.deviceId}`;
      const group = groups.get(id) ?? { window, deviceId: reading.deviceId, readings: [] };
      groups.set(id, group);
      group.readings.push(reading);
    }
    watermark = Math.max(watermark, reading.timestamp - delay);
  }
  return { groups: [...groups.values()], late, watermark };
}

function windowsOf(time: number, slide: number): Window[] {
  const windows: Window[] = [];
  for (let start = Math.floor(time / slide) * slide; start > time - length; start -= slide)
    windows.push({ start, end: start + length });
  return windows;
}

function average(values: readonly (number | null | undefined)[]): number | null {
  const present = values.filter((value) => value !== null && value !== undefined);
  return present.length === 0 ? null : exactSum(present) / present.length;
}

const iso = (time: number): string => new Date(time).toISOString();
