// Where the files of a benchmark that reads and writes much are, and the events that it reads.
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { tsImport } from 'tsx/esm/api';

/** Of event time. */
export const eventsPerSecond = 10_000;

/** A folder that is there for as long as this process: on a disk that is memory where there is one. */
export function memoryFolder(name) {
  const folder = existsSync('/dev/shm') ? `/dev/shm/weir-${name}-${process.pid}` : join(process.cwd(), 'out', name);
  mkdirSync(folder, { recursive: true });
  process.on('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

export async function writeEvents(path, events) {
  const { writeEventFile } = await tsImport('./generator/index.ts', import.meta.url);
  await writeEventFile(path, { events, rate: eventsPerSecond, threads: 2 });
}
