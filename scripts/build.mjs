// Compiles src to dist when a source has changed since the last build, into a folder of its own first: a program that runs
// from dist meanwhile, or a build that is killed, never meets half of one.
import { createHash } from 'node:crypto';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { root, run } from './install.mjs';

const stampFile = `${root}/dist/.built-from`;

async function fingerprint() {
  const hash = createHash('sha256');
  const sources = (await readdir(`${root}/src`, { recursive: true })).filter((path) => path.endsWith('.ts')).sort();
  for (const path of ['package-lock.json', 'tsconfig.json', 'tsconfig.build.json', ...sources.map((path) => `src/${path}`)]) {
    hash
      .update(`${path}\0`)
      .update(await readFile(`${root}/${path}`))
      .update('\0');
  }
  return hash.digest('hex');
}

function isAlive(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** What builds have left that were killed. */
async function sweep() {
  for (const name of await readdir(root)) {
    const pid = /^dist-(\d+)/.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) await rm(`${root}/${name}`, { recursive: true, force: true });
  }
}

/** @returns false if the compiler found errors; what it could emit is there nevertheless */
export async function buildIfStale(onChild) {
  const wanted = await fingerprint();
  if ((await readFile(stampFile, 'utf8').catch(() => '')) === wanted) return true;
  process.stderr.write('building …\n');
  await sweep();
  const fresh = `${root}/dist-${process.pid}`;
  const old = `${root}/dist-${process.pid}-old`;
  const ok =
    (await run(
      process.execPath,
      [`${root}/node_modules/typescript/bin/tsc`, '-p', 'tsconfig.build.json', '--outDir', fresh],
      onChild,
    )) === 0;
  if (ok) await writeFile(`${fresh}/.built-from`, wanted);
  await rename(`${root}/dist`, old).catch(() => {}); // there may be none
  await rename(fresh, `${root}/dist`).catch(() => {}); // another build was quicker: its result is as good
  for (const path of [old, fresh]) await rm(path, { recursive: true, force: true });
  return ok;
}
