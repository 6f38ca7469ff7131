// `npm run chaos -- [--minutes 2] [--nemesis a,b] [--seed N] [--workload readings,ledger] [--break NAME] [--release NAME] [--json]`
//
// Our own jobs under `weir chaos`, as processes of this machine. `readings`: places, running sums and sums per second, from JetStream to
// JetStream, under every nemesis there is. `ledger`: 100 MB of state, of which little changes; it shows how soon results come again after a
// worker is killed and after nats-server was, with snapshots in NATS alone (`ledger`) and with copies on the workers' disks (`ledger-copies`).
// With --release the nats-server of that release of Debian. Exits 1 if a row was lost, doubled, out of order or written by a zombie, or a
// job did not go on. The last line of --json: {workloads, kills, faults, skipped, lost, duplicated, reordered, …, recoveryMs}.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildIfStale } from '../scripts/build.mjs';
import { installIfMissing } from '../scripts/install.mjs';
import { findNatsServer } from '../scripts/nats-server.mjs';
import { words } from './arguments.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const intervalMs = 250;
const measured = ['kill-worker', 'broker-kill'];
/** How much of the time each has. */
const workloads = {
  readings: { share: 0.7, job: 'chaos/faults/job.ts', check: 'chaos/workloads/readings.check.mjs', words: [] },
  ledger: { share: 0.15, job: 'chaos/workloads/ledger.ts', nemesis: measured, words: ['--no-copies'] },
  'ledger-copies': { share: 0.15, job: 'chaos/workloads/ledger.ts', nemesis: measured, words: [] },
};

const options = words(process.argv.slice(2), ['minutes', 'nemesis', 'seed', 'workload', 'break', 'release', 'json']);
const { minutes = '2', nemesis, seed, break: broken, release, json = false } = options;
/** The ledger measures what only some nemeses do. */
const usual = nemesis === undefined ? Object.keys(workloads) : ['readings'];
const chosen = options.workload?.split(',') ?? usual;
for (const name of chosen)
  if (workloads[name] === undefined)
    throw new Error(`there is no workload '${name}': there are ${Object.keys(workloads).join(', ')}`);
const shares = chosen.reduce((sum, name) => sum + workloads[name].share, 0);

const say = (line) => json === true || process.stdout.write(`${line}\n`);

/** @returns its last line, and its exit code */
async function run(name, binary) {
  const { share, job, check = 'chaos/workloads/ledger.check.mjs', words: own, nemesis: only } = workloads[name];
  const faults = nemesis ?? only?.join(',');
  const child = spawn(
    process.execPath,
    [
      ...[join(root, 'dist/service/bin.js'), 'chaos', job, '--check', check, '--json', ...own],
      ...['--minutes', String((Number(minutes) * share) / shares), '--checkpoint-interval', String(intervalMs)],
      ...(faults === undefined ? [] : ['--nemesis', faults]),
      ...(seed === undefined ? [] : ['--seed', seed]),
      ...(broken === undefined ? [] : ['--break', broken]),
    ],
    { cwd: root, env: { ...process.env, NATS_SERVER_BIN: binary }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (json === true ? process.stderr : process.stdout).write(text));
  const code = await new Promise((resolve) => child.once('close', resolve));
  const line = out.trim().split('\n').at(-1);
  if (!line.startsWith('{')) throw new Error(`weir chaos ended with ${code}, and no result`);
  return { name, code, ...JSON.parse(line) };
}

function added(counts) {
  const sum = {};
  for (const each of counts) for (const [kind, n] of Object.entries(each)) sum[kind] = (sum[kind] ?? 0) + n;
  return sum;
}

function percentiles(lists) {
  const ms = lists.flat().toSorted((a, b) => a - b);
  if (ms.length === 0) return null;
  const at = (share) => ms[Math.min(ms.length - 1, Math.ceil(ms.length * share) - 1)];
  return { p50: at(0.5), p99: at(0.99), max: ms.at(-1), n: ms.length };
}

if (!(await installIfMissing()) || !(await buildIfStale())) process.exit(1);
const binary = await findNatsServer(release === undefined ? {} : { release });
const results = [];
for (const name of chosen) results.push(await run(name, binary));

const total = (field) => results.reduce((sum, each) => sum + each[field], 0);
const ledgers = results.filter(({ name }) => name.startsWith('ledger'));
const of = (all, what) => percentiles(all.map((each) => each.recoveries[what]));
const result = {
  workloads: chosen,
  server: results[0].server,
  kills: total('kills'),
  faults: added(results.map(({ faults }) => faults)),
  skipped: Object.assign({}, ...results.map(({ skipped }) => skipped)),
  rows: total('rows'),
  restores: total('restores'),
  zombieWrites: total('zombieWrites'),
  lost: total('lost'),
  duplicated: total('duplicated'),
  reordered: total('reordered'),
  stateBytes: Math.max(...results.map(({ stateBytes }) => stateBytes)),
  intervalMs,
  // Of the largest state there is.
  recoveryMs: of(ledgers.length > 0 ? ledgers : results, 'worker'),
  brokerRecoveryMs: of(ledgers.length > 0 ? ledgers : results, 'broker'),
  recoveries: Object.fromEntries(
    results.map((each) => [each.name, { worker: of([each], 'worker'), broker: of([each], 'broker') }]),
  ),
  verdicts: results.flatMap(({ name, verdict }) => (verdict === undefined ? [] : [`${name}: ${verdict}`])),
};
const kinds = Object.keys(result.faults).length;
say(`${Object.values(result.faults).reduce((sum, n) => sum + n, 0)} faults of ${kinds} kinds, on nats-server ${result.server}`);
for (const [name, { worker, broker }] of Object.entries(result.recoveries)) {
  if (worker !== null) say(`${name}: results again after a worker was killed: ${JSON.stringify(worker)} ms`);
  if (broker !== null) say(`${name}: results again after nats-server was there again: ${JSON.stringify(broker)} ms`);
}
if (json === true) process.stdout.write(`${JSON.stringify(result)}\n`);
process.exitCode = results.every(({ code }) => code === 0) ? 0 : 1;
