// Gets a peer ready to run: its libraries by the tools of its own world (Maven, pip), its program compiled, into node_modules/.cache.
// What cannot be had is a reason to skip the peer, in one line, and no failure.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const exec = promisify(execFile);
const here = fileURLToPath(new URL('.', import.meta.url));
const cache = fileURLToPath(new URL('../../node_modules/.cache/peers', import.meta.url));
const fetchMsMax = 540_000;
const javaLeast = 17;

const opened = ['java.lang', 'java.util', 'java.time'].flatMap((name) => ['--add-opens', `java.base/${name}=ALL-UNNAMED`]);
const python = join(cache, 'python/bin/python');

class Skip extends Error {}

/** Runs a program that must be there; `name` is what is missing if it is not. */
async function tool(name, words, options = {}) {
  try {
    return await exec(name, words, { timeout: fetchMsMax, maxBuffer: 1 << 24, ...options });
  } catch (error) {
    if (error.code === 'ENOENT') throw new Skip(`there is no ${name}`);
    const said = `${error.stderr ?? ''}\n${error.stdout ?? ''}`.split('\n').find((line) => /error|fail/i.test(line));
    throw new Skip(`${name} ${words[0]} failed: ${(said ?? error.message).trim().slice(0, 200)}`);
  }
}

async function needJava() {
  const { stderr } = await tool('java', ['-version']);
  const version = Number(/version "(\d+)/.exec(stderr)?.[1]);
  if (!(version >= javaLeast)) throw new Skip(`java is ${version}, and it takes ${javaLeast}`);
}

/** Does the work unless it was done for the same files: their hash stands beside what came of it. */
async function once(folder, files, work) {
  const hash = createHash('sha256');
  for (const file of files) hash.update(await readFile(file));
  const stamp = join(folder, 'made-of');
  const made = hash.digest('hex');
  if ((await readFile(stamp, 'utf8').catch(() => '')) === made) return;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await work();
  await writeFile(stamp, made);
}

async function prepareFlink() {
  await needJava();
  const folder = join(cache, 'flink');
  const sources = join(here, 'flink/src/main/java/peers');
  const files = [join(here, 'flink/pom.xml'), ...(await readdir(sources)).sort().map((name) => join(sources, name))];
  await once(folder, files, () => tool('mvn', ['-q', '-B', '-f', files[0], `-Dcache=${folder}`, 'compile']));
  const words = [...opened, '-Dorg.slf4j.simpleLogger.defaultLogLevel=error', '-cp', `${folder}/classes:${folder}/libraries/*`];
  return { program: 'java', words: (memory) => [`-Xmx${memory}`, ...words, 'peers.Nexmark'] };
}

async function preparePython(script) {
  const pins = join(here, 'requirements.txt');
  await once(join(cache, 'python'), [pins], async () => {
    await tool('python3', ['-m', 'venv', join(cache, 'python')]);
    await tool(python, ['-m', 'pip', 'install', '--quiet', '--requirement', pins]);
  });
  return { program: python, words: () => [join(here, script)] };
}

async function prepareSpark() {
  await needJava();
  return preparePython('spark/nexmark.py');
}

const preparations = {
  flink: prepareFlink,
  spark: prepareSpark,
  duckdb: () => preparePython('duckdb/nexmark.py'),
  hand: () => Promise.resolve({ program: process.execPath, words: () => [join(here, 'hand/nexmark.mjs')] }),
};

export const peerNames = Object.keys(preparations);

/**
 * @param {string} name flink, spark, duckdb or hand
 * @returns {Promise<{ program: string, words: (memory: string) => string[] } | { skipped: string }>} what starts it, or why it cannot be had
 */
export async function preparePeer(name) {
  const prepare = preparations[name];
  if (prepare === undefined) throw new Error(`there is no peer '${name}': ${peerNames.join(', ')}`);
  try {
    return await prepare();
  } catch (error) {
    if (error instanceof Skip) return { skipped: error.message };
    throw error;
  }
}
