import { execFile } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

interface Ended {
  readonly code: number;
  readonly result: Readonly<Record<string, unknown>>;
}

/** Runs a chaos program; its last line is its result. */
export function chaos(program: string, ...words: string[]): Promise<Ended> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [join(root, 'chaos', program), ...words, '--json'], { cwd: root }, (error, stdout, stderr) => {
      const last = stdout.trimEnd().split('\n').at(-1) ?? '';
      if (!last.startsWith('{')) return reject(new Error(`${program} ended without a result:\n${stdout}${stderr}`));
      resolve({ code: error === null ? 0 : Number(error.code), result: JSON.parse(last) as Ended['result'] });
    });
  });
}
