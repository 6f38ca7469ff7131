// `npm run build`, and what is called wherever something runs from dist: makes dist of src when a source has changed since the last build,
// in a folder of its own first: a program that runs from dist meanwhile, or a build that is killed, never meets half of one.
//
// The compiler checks types and writes declarations, a file for each source. What runs is put together into few files, for every file that a
// program loads costs it nearly a millisecond: the modules of `exports`, what is started or loaded by its file (src/core/own-code.ts), what
// programs of this repository take from inside, and in chunks what these share.
import { createHash } from 'node:crypto';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { root, run } from './install.mjs';

const entries = [
  ...['index', 'connectors/index', 'dstream/index', 'testing/index', 'service/bin'],
  ...['service/job-thread', 'service/module-hooks', 'runtime/remote/life-thread', 'chaos/agent'],
  ...['service/index', 'service/load-job', 'service/params', 'api/index', 'runtime/index', 'core/index'],
];
const stampFile = `${root}/dist/.built-from`;

async function fingerprint() {
  const hash = createHash('sha256');
  const sources = (await readdir(`${root}/src`, { recursive: true })).filter((path) => path.endsWith('.ts')).sort();
  for (const path of [
    'package-lock.json',
    'tsconfig.json',
    'tsconfig.build.json',
    'scripts/build.mjs',
    ...sources.map((path) => `src/${path}`),
  ]) {
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

/** @returns false if there is something that cannot be put together; it has been said */
async function bundle(outdir) {
  const { build } = await import('esbuild'); // not before it is installed
  try {
    const { metafile } = await build({
      absWorkingDir: root,
      entryPoints: entries.map((path) => ({ in: `src/${path}.ts`, out: path })),
      outdir,
      bundle: true,
      splitting: true,
      packages: 'external',
      format: 'esm',
      platform: 'node',
      target: 'node20',
      sourcemap: true,
      sourcesContent: false,
      chunkNames: 'chunks/[name]-[hash]',
      metafile: true,
    });
    // It finds others by where it lies itself.
    const [home] = Object.entries(metafile.outputs).find(([, { inputs }]) => 'src/core/own-code.ts' in inputs);
    if (!home.includes('/chunks/')) throw new Error(`src/core/own-code.ts is in ${home}, and has to be in a chunk`);
    return true;
  } catch (error) {
    if (error.errors === undefined) process.stderr.write(`${error.message}\n`); // or else it has said so itself
    return false;
  }
}

/** @returns false if the compiler found errors; what could be made is there nevertheless */
export async function buildIfStale(onChild) {
  const wanted = await fingerprint();
  if ((await readFile(stampFile, 'utf8').catch(() => '')) === wanted) return true;
  process.stderr.write('building …\n');
  await sweep();
  const fresh = `${root}/dist-${process.pid}`;
  const old = `${root}/dist-${process.pid}-old`;
  const compiler = [`${root}/node_modules/typescript/bin/tsc`, '-p', 'tsconfig.build.json', '--outDir', fresh];
  const [compiled, bundled] = await Promise.all([run(process.execPath, compiler, onChild), bundle(fresh)]);
  const ok = compiled === 0 && bundled;
  if (ok) await writeFile(`${fresh}/.built-from`, wanted);
  await rename(`${root}/dist`, old).catch(() => {}); // there may be none
  await rename(fresh, `${root}/dist`).catch(() => {}); // another build was quicker: its result is as good
  for (const path of [old, fresh]) await rm(path, { recursive: true, force: true });
  return ok;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = (await buildIfStale()) ? 0 : 1;
