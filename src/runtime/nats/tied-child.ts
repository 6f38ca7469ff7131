/**
 * A child process that ends with this one, however this one ends.
 *
 * A shell leaves a watcher behind and becomes the program: the watcher reads from a pipe that nobody writes to, and whose
 * other end is ours alone. When we end, SIGKILL included, the kernel closes it, and the watcher kills its process group,
 * which is the program and itself. The group is a new one, so that a terminal's Ctrl-C means us and not the program.
 *
 * Invariants: TC1 there is no moment at which the program runs without its watcher; TC2 a program that ended takes its
 * watcher with it.
 */
import { type ChildProcess, spawn } from 'node:child_process';

const script = 'exec 3<&0; (read -r _ <&3; kill -9 0) >/dev/null 2>&1 & exec "$@" </dev/null 3<&-';
const saidCharactersMax = 4096;

export interface ChildEnd {
  readonly code: number | null;
  readonly signal: string | null;
}

export interface TiedChild {
  /** The program's own, not that of the shell that it was. */
  readonly pid: number;
  readonly ended: Promise<ChildEnd>;
  /** The last of what it wrote to stderr. */
  said(): string;
  /** Does nothing if it has ended. */
  signal(signal: 'SIGTERM' | 'SIGKILL'): void;
}

/** It keeps our event loop alive: whoever spawns it ends it. */
export function spawnTied(command: string, args: readonly string[]): Promise<TiedChild> {
  const child = spawn('/bin/sh', ['-c', script, 'sh', command, ...args], { detached: true, stdio: ['pipe', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-saidCharactersMax);
  });
  child.stdin.on('error', () => {}); // the other end is gone: so is the program
  const ended = new Promise<ChildEnd>((resolve) => {
    child.once('exit', (code, signal) => {
      child.stdin.destroy(); // which is what the watcher waits for
      resolve({ code, signal });
    });
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('spawn', () => resolve(tied(child, ended, () => said)));
  });
}

const tied = (child: ChildProcess, ended: Promise<ChildEnd>, said: () => string): TiedChild => ({
  pid: child.pid!,
  ended,
  said,
  signal: (signal) => void child.kill(signal),
});
