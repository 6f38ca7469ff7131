// `npm run test:backpressure -- --seconds 30 [--where write|commit] [--break no-epoch-budget] [--json]`
//
// A real process reads numbers as fast as it can into a sink that stops in the middle of a write (or of a commit). While it stands still, the
// source's position must stand still within 2 s, memory may grow by at most 64 MiB, and the job must say that it is throttled.
// Then the sink goes on: the position moves again, and in the end every number was committed once, in order.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { buildIfStale } from '../scripts/build.mjs';
import { installIfMissing } from '../scripts/install.mjs';
import { words } from './arguments.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const {
  seconds = '30',
  where = 'write',
  break: broken,
  json = false,
} = words(process.argv.slice(2), ['seconds', 'where', 'break', 'json']);
const folder = await mkdtemp(join(tmpdir(), 'weir-backpressure-'));
const gate = join(folder, 'gate');
const ranges = join(folder, 'ranges.jsonl');
const say = (line) => json !== true && process.stdout.write(`${line}\n`);
const MiB = 1 << 20;

function start() {
  const args = [
    join(root, 'dist/service/bin.js'),
    'run',
    join(root, 'chaos/backpressure-job.ts'),
    '--state-dir',
    join(folder, 'state'),
    '--http',
    '0',
    ...(broken === undefined ? [] : ['--break', broken]),
    '--',
    `where=${where}`,
    `gate=${gate}`,
    `ranges=${ranges}`,
  ];
  const child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { text: '' };
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      said.text += chunk;
    });
  return { child, said, exited: new Promise((resolve) => child.once('exit', (code) => resolve(code))) };
}

async function until(what, condition, ms = 20_000) {
  for (const end = Date.now() + ms; Date.now() < end; await sleep(50)) {
    const value = await condition();
    if (value !== undefined && value !== false) return value;
  }
  throw new Error(`waited ${ms} ms in vain until ${what}`);
}

async function rss(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)[1]) * 1024;
}

/** Samples position, memory and state until the time is up. */
async function watch(job, url, ms, whenAt = {}) {
  const samples = [];
  for (const begin = Date.now(); Date.now() - begin < ms; await sleep(100)) {
    const status = await (await fetch(url)).json();
    samples.push({
      at: Date.now() - begin,
      rows: status.totals.rowsIn,
      state: status.state,
      rss: await rss(job.child.pid),
      ...whenAt,
    });
  }
  return samples;
}

async function run() {
  const job = start();
  try {
    const port = await until('the status page is served', () => /127\.0\.0\.1:(\d+)/.exec(job.said.text)?.[1]);
    const url = `http://127.0.0.1:${port}/v1/jobs/backpressure`;
    await until('rows flow', async () => (await (await fetch(url)).json()).totals?.rowsIn > 100_000);
    await sleep(3000); // warm: the heap has found its size
    const before = await rss(job.child.pid);
    await writeFile(gate, '');
    const stopped = await watch(job, url, Number(seconds) * 1000);
    await rm(gate);
    const stoodAt = stopped.at(-1).rows;
    await until('the job goes on', async () => (await (await fetch(url)).json()).totals.rowsIn > stoodAt + 100_000);
    job.child.kill('SIGTERM');
    const code = await job.exited;
    return { stopped, before, code, said: job.said.text };
  } finally {
    job.child.kill('SIGKILL');
  }
}

/** Numbers that are missing or were committed twice. */
function wrongNumbers(lines) {
  let next = 0;
  let wrong = 0;
  for (const { from, to, rows } of lines) {
    if (from !== next || rows !== to - from + 1) wrong++;
    next = to + 1;
  }
  return wrong;
}

try {
  if (!(await installIfMissing()) || !(await buildIfStale())) process.exit(1);
  const { stopped, before, code, said } = await run();
  const lines = (await readFile(ranges, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const standsStillAfterMs = stopped.find((sample) => sample.rows === stopped.at(-1).rows).at;
  const grownMiB = Math.max(...stopped.map((sample) => sample.rss - before)) / MiB;
  const result = {
    rows: lines.at(-1).to + 1,
    standsStillAfterMs,
    grownMiB: Math.round(grownMiB * 10) / 10,
    throttled: stopped.some((sample) => sample.state === 'throttled') && /throttled/.test(said),
    wrongNumbers: wrongNumbers(lines),
    exit: code,
  };
  say(`stood still after ${standsStillAfterMs} ms, for ${seconds} s; memory grew by ${result.grownMiB} MiB`);
  process.stdout.write(`${JSON.stringify(result)}\n`);
  const fine = standsStillAfterMs <= 2000 && grownMiB <= 64 && result.throttled && result.wrongNumbers === 0 && code === 0;
  process.exitCode = fine ? 0 : 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
