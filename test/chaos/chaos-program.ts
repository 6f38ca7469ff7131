import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

interface Ended {
  readonly code: number;
  readonly result: Readonly<Record<string, unknown>>;
}

/** Runs a chaos program; its last line is its result. What it leaves behind where something goes wrong is removed. */
export async function chaos(program: string, ...words: string[]): Promise<Ended> {
  const directory = await mkdtemp(join(tmpdir(), 'weir-test-'));
  try {
    return await run([join(root, 'chaos', program), ...words, '--json'], { ...process.env, TMPDIR: directory });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function run(program: readonly string[], env: NodeJS.ProcessEnv): Promise<Ended> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, program, { cwd: root, env }, (error, stdout, stderr) => {
      const last = stdout.trimEnd().split('\n').at(-1) ?? '';
      if (!last.startsWith('{')) return reject(new Error(`${program.join(' ')} ended without a result:\n${stdout}${stderr}`));
      resolve({ code: error === null ? 0 : Number(error.code), result: JSON.parse(last) as Ended['result'] });
    });
  });
}
