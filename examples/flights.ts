// The flights in the order in which they really left: date plus delay, equal ones as they stand in the data set.
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';

type Row = { date: string; delay: number };
const left = ({ date, delay }: Row): number => Date.parse(`${date.replaceAll('/', '-').replace(' ', 'T')}Z`) + delay * 60_000;

/** Writes them as JSON lines; every process of the job calls this and gets the same file. */
export async function flightsInOrder(path = '.weir/flights.jsonl'): Promise<string> {
  const main = createRequire(import.meta.url).resolve('vega-datasets'); // its own loader would fetch from the network
  const rows = JSON.parse(await readFile(resolve(dirname(main), '../data/flights-20k.json'), 'utf8')) as Row[];
  rows.sort((a, b) => left(a) - left(b));
  const text = `${rows.map((row) => JSON.stringify(row)).join('\n')}\n`;
  if (text === (await readFile(path, 'utf8').catch(() => ''))) return path;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.${process.pid}`, text);
  await rename(`${path}.${process.pid}`, path);
  return path;
}
