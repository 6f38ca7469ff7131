/** Who has a job directory open: for the message that a second process gives, never for the decision (LevelDB's lock decides). */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const pidFile = (directory: string): string => join(directory, 'weir.pid');

export async function writePid(directory: string): Promise<void> {
  await writeFile(pidFile(directory), `${process.pid}\n`, { mode: 0o600 });
}

/** The number in the file, or undefined: it may be missing, or not written yet. */
export async function readPid(directory: string): Promise<number | undefined> {
  try {
    const pid = Number.parseInt(await readFile(pidFile(directory), 'utf8'), 10);
    return Number.isSafeInteger(pid) ? pid : undefined;
  } catch {
    // It only serves a message; the message says "another process" without it.
    return undefined;
  }
}

export async function removePid(directory: string): Promise<void> {
  await rm(pidFile(directory), { force: true });
}
