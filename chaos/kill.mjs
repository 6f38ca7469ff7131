// `npm run test:kill -- --kills 20 [--parallelism P] [--seed N] [--break NAME] [--json]`
//
// Kills the main job (SIGKILL, a real process, a real LevelDB) at random moments between its first complete checkpoint and
// its end, starts it again each time, and compares what it leaves with an undisturbed run, byte for byte (at parallelism
// above 1: line for line, in any order). Every other epoch is given up after all have acknowledged it, so that restores meet
// the deltas of aborted epochs. With --break the engine is broken on purpose, and the test must fail.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildIfStale } from '../scripts/build.mjs';
import { installIfMissing } from '../scripts/install.mjs';
import { seeded, words } from './arguments.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const files = ['result.jsonl', 'late.jsonl'];
const {
  kills: killsWanted = '20',
  parallelism = '1',
  seed = '1',
  break: broken,
  json = false,
  rate = '2000',
} = words(process.argv.slice(2), ['kills', 'parallelism', 'seed', 'break', 'json', 'rate']);
// Rows that are written too early show only if a kill comes before the checkpoint that they belong to.
const interval = broken === 'files-before-manifest' ? '500' : '50';
const random = seeded(Number(seed));
const folder = await mkdtemp(join(tmpdir(), 'weir-kill-'));
const say = (line) => json !== true && process.stdout.write(`${line}\n`);

/** One life of the job. `killAfterMs` counts from its first complete checkpoint, or its restore; undefined = it may live. */
function live(output, stateDir, killAfterMs, more = []) {
  const args = [
    join(root, 'dist/service/bin.js'),
    'run',
    join(root, 'examples/flight-delays.ts'),
    '--state-dir',
    stateDir,
    '--checkpoint-interval',
    interval,
    '--parallelism',
    parallelism,
    '--log-level',
    'error',
    '--http',
    '0',
    ...more,
    '--',
    `output=${output}`,
    `rate=${killAfterMs === undefined ? '0' : rate}`,
  ];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let err = '';
    let killer;
    child.stdout.on('data', (chunk) => {
      out += chunk;
      if (killAfterMs !== undefined && killer === undefined && hasCheckpoint(out))
        killer = setTimeout(() => child.kill('SIGKILL'), killAfterMs);
    });
    child.stderr.on('data', (chunk) => {
      err += chunk;
    });
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      clearTimeout(killer);
      resolve({ code, signal, out, err });
    });
  });
}

/** Its progress, or its start line, names a checkpoint. */
const hasCheckpoint = (out) => /goes on from checkpoint [1-9]|epoch [1-9]/.test(out);
const restoredFrom = (out) => Number(/goes on from checkpoint (\d+)/.exec(out)?.[1] ?? 0);

async function bytesOf(output) {
  const all = await Promise.all(files.map((file) => readFile(join(output, file)).catch(() => Buffer.alloc(0))));
  return all.map((bytes) => (parallelism === '1' ? bytes : Buffer.from(bytes.toString('utf8').split('\n').sort().join('\n'))));
}

function differing(expected, actual) {
  let count = Math.abs(expected.length - actual.length);
  for (let i = 0; i < Math.min(expected.length, actual.length); i++) if (expected[i] !== actual[i]) count++;
  return count;
}

async function undisturbed() {
  const output = join(folder, 'expected');
  const { code, err } = await live(output, join(folder, 'state-expected'), undefined);
  if (code !== 0) throw new Error(`the undisturbed run ended with ${code}:\n${err}`);
  return bytesOf(output);
}

/** Lives one state out, with kills, until it finishes. */
async function oneJob(name, killsLeft, flags) {
  const output = join(folder, name);
  const state = join(folder, `state-${name}`);
  let kills = 0;
  let restores = 0;
  for (;;) {
    const kill = kills < killsLeft ? Math.round(random() * 900) : undefined;
    const { code, signal, out, err } = await live(output, state, kill, flags);
    const from = restoredFrom(out);
    if (from > 0) restores++;
    if (signal === 'SIGKILL') {
      kills++;
      say(`  kill ${kills}: ${kill} ms after ${from > 0 ? `its restore from checkpoint ${from}` : 'its first checkpoint'}`);
      continue;
    }
    if (code !== 0 && broken === undefined) throw new Error(`a life ended with ${code}:\n${out}\n${err}`);
    if (code !== 0) say(`  a life ended with ${code}: ${err.split('\n')[0]}`);
    return { kills, restores, output, failed: code !== 0 };
  }
}

try {
  if (!(await installIfMissing()) || !(await buildIfStale())) process.exit(1);
  const expected = await undisturbed();
  const flags = ['--abort-every', '2', ...(broken === undefined ? [] : ['--break', String(broken)])];
  let kills = 0;
  let restores = 0;
  let differingBytes = 0;
  let failed = 0;
  for (let job = 0; kills < Number(killsWanted); job++) {
    say(`job ${job}`);
    const life = await oneJob(`job-${job}`, Number(killsWanted) - kills, flags);
    kills += life.kills;
    restores += life.restores;
    if (life.failed) failed++;
    const actual = await bytesOf(life.output);
    const bytes = actual.reduce((sum, each, i) => sum + differing(expected[i], each), 0);
    if (bytes > 0) say(`  ${bytes} bytes differ`);
    differingBytes += bytes;
    if (broken !== undefined && (bytes > 0 || life.failed)) break;
  }
  const fine = differingBytes === 0 && failed === 0 && restores * 2 >= kills;
  process.stdout.write(`${JSON.stringify({ kills, restores, differingBytes })}\n`);
  process.exitCode = fine ? 0 : 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
