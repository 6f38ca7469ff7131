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
import { spawn } from 'node:child_process';

const script = 'exec 3<&0; (read -r _ <&3; kill -9 0) >/dev/null 2>&1 & exec "$@" </dev/null 3<&-';
const saidCharactersMax = 4096;

export interface ChildEnd {
  readonly code: number | null;
  readonly signal: string | null;
}

export type ChildSignal = 'SIGTERM' | 'SIGKILL' | 'SIGSTOP' | 'SIGCONT' | 'SIGUSR2';

export interface TiedChild {
  /** The program's own, not that of the shell that it was. */
  readonly pid: number;
  readonly ended: Promise<ChildEnd>;
  /** The last of what it wrote to stdout and stderr. */
  said(): string;
  /** Called with all that it writes from now on. */
  onText(listener: (text: string) => void): void;
  /** Does nothing if it has ended. */
  signal(signal: ChildSignal): void;
}

export interface TiedOptions {
  /** This process's own, unless given. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Where it runs: here, unless given. */
  readonly directory?: string;
}

/** It keeps our event loop alive: whoever spawns it ends it. */
export function spawnTied(command: string, args: readonly string[], options: TiedOptions = {}): Promise<TiedChild> {
  const { environment = process.env, directory } = options;
  const child = spawn('/bin/sh', ['-c', script, 'sh', command, ...args], {
    detached: true,
    stdio: 'pipe',
    env: { ...environment } as NodeJS.ProcessEnv,
    ...(directory === undefined ? {} : { cwd: directory }),
  });
  let said = '';
  const listeners: ((text: string) => void)[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-saidCharactersMax);
      for (const listener of listeners) listener(text);
    });
  child.stdin.on('error', () => {}); // the other end is gone: so is the program
  child.once('exit', () => child.stdin.destroy()); // which is what the watcher waits for
  // With all that it wrote.
  const ended = new Promise<ChildEnd>((resolve) => child.once('close', (code, signal) => resolve({ code, signal })));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('spawn', () =>
      resolve({
        pid: child.pid!,
        ended,
        said: () => said,
        onText: (listener) => void listeners.push(listener),
        signal: (signal) => void child.kill(signal),
      }),
    );
  });
}
