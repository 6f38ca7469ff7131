// The input of the flights benchmark: the flights of the data set, in the order in which they left, again and again, each copy later by
// the same number of whole days. No copy reaches into the next, so the disorder, and what comes too late, is that of the original.
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';

const dayMs = 86_400_000;
const timeOf = (date) => Date.parse(`${date.replaceAll('/', '-').replace(' ', 'T')}Z`);
const dateOf = (ms) => new Date(ms).toISOString().slice(0, 16).replaceAll('-', '/').replace('T', ' ');

/** Days from one copy to the next: past the last departure of the one, so that the next begins in order. */
function copyDays(flights) {
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (const { date, delay } of flights) {
    const left = timeOf(date) + delay * 60_000;
    first = Math.min(first, timeOf(date), left);
    last = Math.max(last, timeOf(date), left);
  }
  return Math.floor(last / dayMs) - Math.floor(first / dayMs) + 1;
}

function* lines(flights, rows) {
  const step = copyDays(flights) * dayMs;
  for (let copy = 0, left = rows; left > 0; copy++, left -= flights.length) {
    const shifted = flights.slice(0, left).map((row) => JSON.stringify({ ...row, date: dateOf(timeOf(row.date) + copy * step) }));
    yield `${shifted.join('\n')}\n`;
  }
}

/** Writes it unless it is there. @returns its size in bytes */
export async function writeFlights(original, path, rows) {
  const there = await stat(path).catch(() => undefined);
  if (there !== undefined) return there.size;
  const text = await readFile(original, 'utf8');
  const flights = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
  await mkdir(dirname(path), { recursive: true });
  await pipeline(lines(flights, rows), createWriteStream(`${path}.${process.pid}`));
  await rename(`${path}.${process.pid}`, path);
  return (await stat(path)).size;
}
