// What the main job prints once it has finished: the airports with the longest and the shortest delays, and its own numbers.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobStatus } from 'weir';

interface Day {
  readonly origin: string;
  readonly day: string;
  readonly flights: number;
  readonly avgDelay: number;
  readonly maxDelay: number;
}
interface Airport {
  readonly origin: string;
  readonly flights: number;
  readonly avgDelay: number;
  readonly maxDelay: number;
}

const shown = 5;
/** Of fewer flights an average says little. */
const flightsMin = 100;

function perAirport(days: readonly Day[]): Airport[] {
  const airports = new Map<string, Airport>();
  for (const { origin, flights, avgDelay, maxDelay } of days) {
    const so = airports.get(origin) ?? { origin, flights: 0, avgDelay: 0, maxDelay: -Infinity };
    const all = so.flights + flights;
    const average = (so.avgDelay * so.flights + avgDelay * flights) / all;
    airports.set(origin, { origin, flights: all, avgDelay: average, maxDelay: Math.max(so.maxDelay, maxDelay) });
  }
  return [...airports.values()];
}

const row = ({ origin, flights, avgDelay, maxDelay }: Airport): string =>
  `  ${origin.padEnd(7)}${String(flights).padStart(8)}${avgDelay.toFixed(1).padStart(15)}${String(maxDelay).padStart(15)}`;

const table = (title: string, airports: readonly Airport[]): string =>
  [
    title,
    `  airport${'flights'.padStart(8)}${'average, min'.padStart(15)}${'longest, min'.padStart(15)}`,
    ...airports.map(row),
  ].join('\n');

export async function printResult({ totals, report }: JobStatus, output: string): Promise<void> {
  const lines = (await readFile(join(output, 'result.jsonl'), 'utf8')).split('\n').filter((line) => line !== '');
  const days = lines.map((line) => JSON.parse(line) as Day);
  const all = perAirport(days);
  const ranked = all.filter(({ flights }) => flights >= flightsMin).sort((a, b) => b.avgDelay - a.avgDelay);
  const flights = all.reduce((sum, airport) => sum + airport.flights, 0);
  console.log(
    [
      '',
      table(`Longest average departure delay (airports with ${flightsMin} flights or more)`, ranked.slice(0, shown)),
      table('Shortest', ranked.slice(-shown).reverse()),
      '',
      `${flights} flights of ${all.length} airports on ${new Set(days.map(({ day }) => day)).size} days, in ${join(output, 'result.jsonl')} (${days.length} rows)`,
      `${totals.rowsLate} came too late for their window, in ${join(output, 'late.jsonl')}`,
      `${totals.rowsIn} rows in, ${totals.checkpoints} checkpoints, ${totals.restores} restores, finished at epoch ${report.epoch}`,
      '',
    ].join('\n'),
  );
}
