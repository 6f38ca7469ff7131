// One run of one program: how long it took, and the CPU time of all its threads, as a whole and since it said its first word.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));
const meter = join(root, 'bench/meter.mjs');
/** What /proc counts in, on every Linux that Node runs on. */
const tickMs = 10;
const running = new Set();

/** What was started goes with us. */
export function endAll() {
  for (const child of running) child.kill('SIGKILL');
}

/** CPU time of a process that runs, with all its threads. Needs /proc; elsewhere it is not known. */
export function cpuMsOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * tickMs;
  } catch {
    return Number.NaN;
  }
}

/** The words that run a job in one process, as anybody would run it. */
export const weir = (job, stateDir, flags, params) => [
  join(root, 'dist/service/bin.js'),
  ...['run', join(root, job), '--transport', 'memory', '--state-dir', stateDir, '--fresh', ...flags, '--'],
  ...Object.entries(params).map(([key, value]) => `${key}=${value}`),
];

/** Starts Node on these words. `ready` resolves at its first line; `ended` once it has exited, with what it cost. */
export function startNode(words, { folder, env = {} }) {
  const reading = join(folder, `meter-${process.pid}-${running.size}`);
  const startedAt = performance.now();
  const child = spawn(process.execPath, ['--import', meter, ...words], {
    cwd: folder,
    env: { ...process.env, ...env, WEIR_BENCH_METER: reading },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  let said = '';
  let out = '';
  let first;
  const exited = new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal })));
  const ready = new Promise((resolve) => {
    child.stdout.on('data', (chunk) => {
      first ??= { wallMs: performance.now() - startedAt, cpuMs: cpuMsOf(child.pid) };
      resolve();
      out += chunk;
    });
    void exited.then(resolve);
  });
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  const ended = exited.then(async ({ code, signal }) => {
    running.delete(child);
    const wallMs = performance.now() - startedAt;
    if (code !== 0) throw new Error(`node ${words.join(' ')}\nended with ${signal ?? code}:\n${said}${out}`);
    const cpuMs = Number(await readFile(reading, 'utf8'));
    await rm(reading);
    return { wallMs, cpuMs, startWallMs: first?.wallMs ?? wallMs, startCpuMs: first?.cpuMs ?? cpuMs, out };
  });
  ended.catch(() => undefined); // whoever awaits it sees it
  return { child, ready, ended };
}

export const runNode = (words, options) => startNode(words, options).ended;
