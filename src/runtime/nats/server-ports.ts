/**
 * The files in which nats-servers say where they listen: `<program>_<pid>.ports`, in a directory that they are given.
 *
 * A server that stops removes its file, one that is killed leaves it: so a file also tells of a server that may still run.
 */
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

const named = /_(\d+)\.ports$/;

/** The port of a running server; undefined until it listens. */
export async function serverPort(directory: string, pid: number): Promise<number | undefined> {
  const name = (await readdir(directory)).find((file) => named.exec(file)?.[1] === String(pid));
  if (name === undefined) return undefined;
  const text = await readFile(join(directory, name), 'utf8');
  const port = /"nats":\s*\[\s*"(?:nats|tls):\/\/[^"]*:(\d+)"/.exec(text)?.[1]; // half a file has none yet
  return port === undefined ? undefined : Number(port);
}

/** Servers that still run on this directory. The files of others are removed. */
export async function serversOn(directory: string): Promise<number[]> {
  const running: number[] = [];
  for (const file of await readdir(directory)) {
    const pid = named.exec(file)?.[1];
    if (pid === undefined) continue;
    if (await runsOn(directory, pid)) running.push(Number(pid));
    else await rm(join(directory, file), { force: true });
  }
  return running;
}

/** By its command line, since a pid may by now be another program's. Where there is no /proc, the watcher has to be trusted. */
async function runsOn(directory: string, pid: string): Promise<boolean> {
  const words = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return words.split('\0').includes(directory);
}
