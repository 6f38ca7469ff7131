// The job of this folder, and what is measured of it: `node bench/keyed-state/program.mjs SETTINGS` (JSON, see keyed-run.mjs). One process
// for all phases of all rounds, so that its state is filled once, and whatever it has warmed up or grown meets all phases.
//
// While it is filled a checkpoint is taken each second, as any job does: entries come to rest on the way, not in what is measured.
//
// In the middle of each interval of a phase the window of keys moves on; with checkpoints one is taken there, as the job's own timer would.
// A phase begins `settleMs` after a checkpoint that is complete, since old chunks are read for folding behind it, and ends when its own are:
// each pays for what it asked for. The bytes after which a job takes a checkpoint early do not count here, or else it would be more than
// one an interval. Prints a line of JSON.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root } from '../contestant.mjs';

const { keys, touched, rounds, phases, settleMs } = JSON.parse(process.argv[2]);
const never = 86_400_000;

const built = (path) => import(join(root, 'dist', path));
const [{ loadModule }, { logicalJob }, { startJob }, { CommandParams }, { silentLogger }] = await Promise.all(
  ['service/load-job.js', 'api/index.js', 'runtime/index.js', 'service/params.js', 'core/index.js'].map(built),
);
const { default: pipelineOf, control } = await loadModule(join(root, 'bench/keyed-state/job.ts'));
const filled = new Promise((resolve) => (control.filled = resolve));
const params = new CommandParams(Object.entries({ keys, touched }).map(([key, value]) => `${key}=${value}`));
const job = await startJob(logicalJob(pipelineOf(params)), {
  stateDir: 'state',
  logger: silentLogger,
  checkpointIntervalMs: never,
  sabotage: { break: 'no-epoch-budget' },
});
process.stdout.write('runs\n');

/** Where the window begins from which row on. */
const moves = [[keys, 0]];
function moveOn() {
  control.first = (control.first + touched) % keys;
  moves.push([control.made, control.first]);
}

/** @returns bytes and ms of it, once it is complete */
async function checkpoint() {
  const epoch = await job.checkpoint();
  const { bytes, durationMs } = job.status().checkpoints.find((one) => one.epoch === epoch);
  return { epoch, bytes, durationMs };
}

function reading() {
  const { user, system } = process.cpuUsage();
  return { at: performance.now(), cpuMs: (user + system) / 1000, rows: control.done };
}

async function phase({ intervalMs, seconds, checkpoints }) {
  moveOn();
  const firstMove = moves.length - 1;
  await checkpoint();
  await sleep(settleMs);
  control.gapsAtBarriers = [];
  control.longestGap = 0;
  const longest = [];
  const taken = [];
  const begin = reading();
  const ticks = Math.max(1, Math.round((seconds * 1000) / intervalMs));
  for (let tick = 0; tick < ticks; tick++) {
    await sleep(begin.at + (tick + 0.5) * intervalMs - performance.now());
    moveOn();
    if (checkpoints) taken.push(checkpoint());
    await sleep(begin.at + (tick + 1) * intervalMs - performance.now());
    longest.push(control.longestGap);
    control.longestGap = 0;
  }
  // Who asks while one is under way shares the next one with whoever asks then.
  const complete = new Map((await Promise.all(taken)).map((one) => [one.epoch, one]));
  if (control.longestGap > 0) longest.push(control.longestGap);
  const end = reading();
  return {
    windows: [firstMove, firstMove + ticks],
    rows: end.rows - begin.rows,
    wallMs: end.at - begin.at,
    cpuMs: end.cpuMs - begin.cpuMs,
    gapsAtBarriers: [...control.gapsAtBarriers],
    longestGaps: longest,
    checkpoints: [...complete.values()],
  };
}

const failed = job.finished.then(() => {
  throw new Error('the job ended by itself');
});
failed.catch(() => undefined); // whoever waits for something else meanwhile sees it below
async function work() {
  const begin = reading();
  let isFull = false;
  void filled.then(() => (isFull = true));
  for (let at = begin.at + 1000; !isFull; at += 1000) {
    await Promise.race([filled, sleep(at - performance.now())]);
    if (!isFull) await checkpoint();
  }
  const filledAt = reading();
  const { bytes } = await checkpoint();
  const fill = { wallMs: filledAt.at - begin.at, cpuMs: filledAt.cpuMs - begin.cpuMs, bytes };
  const results = [];
  const names = Object.keys(phases);
  for (let round = 0; round < rounds; round++) {
    const result = {};
    for (const name of round % 2 === 0 ? names : names.toReversed()) result[name] = await phase(phases[name]);
    results.push(result);
  }
  return { fill, results };
}
const { fill, results } = await Promise.race([work(), failed]);
const { rowsIn, restarts } = await job.stop();
const peakRssBytes = process.resourceUsage().maxRSS * 1024;
process.stdout.write(`${JSON.stringify({ fill, results, moves, rowsIn, restarts, peakRssBytes })}\n`);
process.exit(0);
