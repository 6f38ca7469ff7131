// Brings node_modules in line with package-lock.json. Plain JavaScript on Node alone: it runs before anything is installed.
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** Runs a program with its output on our stderr, so that our stdout stays ours; resolves with its exit code. */
export function run(command, args, onChild = () => {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
    onChild(child);
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? (signal === null ? 0 : 1)));
  });
}

async function lockedPackages(file) {
  try {
    return JSON.parse(await readFile(`${root}/${file}`, 'utf8')).packages ?? {};
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** npm keeps its own record of what is installed: no stamp of ours could be truer. What is optional may be missing. */
async function isInstalled() {
  const wanted = await lockedPackages('package-lock.json');
  const present = await lockedPackages('node_modules/.package-lock.json');
  if (present === undefined) return false;
  return Object.entries(wanted ?? {}).every(([path, { version, optional, devOptional, peer }]) => {
    if (path === '') return true;
    const found = present[path];
    return found === undefined ? optional === true || devOptional === true || peer === true : found.version === version;
  });
}

/** @returns false if npm failed */
export async function installIfMissing(onChild) {
  if (await isInstalled()) return true;
  process.stderr.write('installing what is missing (npm ci) …\n');
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund'];
  const cli = process.env.npm_execpath;
  const byNode = cli !== undefined && /npm-cli\.c?js$/.test(cli);
  const code = await run(byNode ? process.execPath : 'npm', byNode ? [cli, ...args] : args, onChild);
  if (code !== 0) process.stderr.write(`npm ci failed with ${code}: see above, or run it by itself\n`);
  return code === 0;
}
