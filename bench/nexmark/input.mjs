// Where the files of a benchmark that reads and writes much are, and the events that it reads.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { tsImport } from 'tsx/esm/api';

/** Of event time. */
export const eventsPerSecond = 10_000;

/** A folder of this process, to be made and removed by the caller: on a disk that is memory where there is one. */
export const memoryFolder = (name) =>
  existsSync('/dev/shm') ? `/dev/shm/weir-${name}-${process.pid}` : join(process.cwd(), 'out', name);

export async function writeEvents(path, events) {
  const { writeEventFile } = await tsImport('./generator/index.ts', import.meta.url);
  await writeEventFile(path, { events, rate: eventsPerSecond, threads: 2 });
}
