import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const root: string = join(import.meta.dirname, '../..');
export const bin: string = join(root, 'dist/service/bin.js');

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** In a process group of its own, as a terminal's foreground job is one. */
  readonly group?: boolean;
}

/** A started program whose output is kept, and can be waited for. */
export class Program {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  stdout = '';
  stderr = '';
  #waiting: (() => void)[] = [];

  constructor(command: string, args: readonly string[], cwd: string, { environment = {}, group = false }: ProgramOptions = {}) {
    this.child = spawn(command, args, {
      cwd,
      env: { ...process.env, NO_COLOR: '1', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: group,
    });
    const heard = (): void => this.#waiting.forEach((check) => check());
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
      heard();
    });
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
      heard();
    });
    this.ended = new Promise((resolve, reject) => {
      this.child.once('error', reject);
      this.child.once('close', (code, signal) => {
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr });
        heard();
      });
    });
  }

  /** Resolves with the first match in what was said so far, or rejects when the program ends without one. */
  says(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        const match = pattern.exec(this.stdout) ?? pattern.exec(this.stderr);
        if (match !== null) resolve(match);
      };
      this.#waiting.push(check);
      check();
      this.ended.then((end) => reject(new Error(`ended without ${String(pattern)}: ${JSON.stringify(end)}`)), reject);
    });
  }
}

/** A folder in which nothing but the given files lies; removed by `[Symbol.dispose]`. */
export class Folder implements Disposable {
  readonly path: string = mkdtempSync(join(tmpdir(), 'weir-test-'));

  constructor(files: Readonly<Record<string, string>> = {}) {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(this.path, name), text);
  }
  copy(from: string, to: string): void {
    cpSync(join(root, from), join(this.path, to), { recursive: true });
  }
  weir(...args: string[]): Program {
    return new Program(process.execPath, [bin, ...args], this.path);
  }
  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** The report: the last line on stdout. */
export const reportOf = ({ stdout }: Ended): Record<string, unknown> =>
  JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Record<string, unknown>;
