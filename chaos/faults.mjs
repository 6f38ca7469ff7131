// `npm run test:faults -- --faults 50 [--seed N] [--break fence|early-publish|generation] [--pause-ms 15000] [--rate 2000] [--batches] [--json]`
// `npm run test:faults -- --outage-ms 20000 [--json]`
//
// A job that reads from JetStream and writes to JetStream, as processes: a coordinator, a standby, two workers, a nats-server. Once its
// first checkpoint is complete each of them is hit at random moments, in turn (SIGKILL; a worker also SIGSTOP, for so long that it is
// replaced, and SIGCONT; the server is started again; or all are killed at once), and then all that was written is read back and held
// against what was there to read. With --break the engine is broken on purpose, the fault that shows it is drawn alone, and the
// test must fail. With --outage-ms the results are on a server of their own, which is away for so long, far longer than it knows a message
// again; in the middle of it a worker is killed. With --batches the results are written in atomic batches (nats-server from 2.12.15).
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { buildIfStale } from '../scripts/build.mjs';
import { installIfMissing } from '../scripts/install.mjs';
import { findNatsServer } from '../scripts/nats-server.mjs';
import { seeded, words } from './arguments.mjs';
import { check } from './faults/check.mjs';
import { feed } from './faults/feed.mjs';
import { Cluster, startNats } from './faults/processes.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const options = words(process.argv.slice(2), ['faults', 'seed', 'rate', 'json', 'batches', 'break', 'pause-ms', 'outage-ms']);
const {
  faults: wanted = options['outage-ms'] === undefined ? '50' : '1',
  seed = '1',
  rate = '2000',
  json = false,
  batches = false,
  break: broken,
} = options;
const pauseMs = Number(options['pause-ms'] ?? '15000');
/** The switch of each break, and the faults that show it. */
const breaks = {
  fence: { name: 'no-fence', kinds: ['pause'] },
  generation: { name: 'no-generation', kinds: ['pause'] },
  'early-publish': { name: 'early-publish', kinds: ['worker'] },
};
if (broken !== undefined && breaks[broken] === undefined)
  throw new Error(`--break takes one of ${Object.keys(breaks).join(', ')}`);
const outageMs = Number(options['outage-ms'] ?? '0');
const usual = outageMs > 0 ? ['outage'] : ['coordinator', 'standby', 'worker', 'pause', 'nats', 'all'];
const kinds = broken === undefined ? usual : breaks[broken].kinds;
const random = seeded(Number(seed));
const say = (line) => json !== true && process.stdout.write(`${line}\n`);

/** Longer than the job may take to go on after any fault. */
const patienceMs = 60_000;
/** No message for so long: an epoch's are all out. */
const quietMs = 150;
/** There is no pause between two epochs' messages, or no message, for so long: the moment is a random one. */
const burstsMs = 3000;

/** What nobody may see: the job gave up, or does not go on. */
class Verdict extends Error {}

async function until(what, condition) {
  for (const end = Date.now() + patienceMs; Date.now() < end; await sleep(20)) {
    if (condition()) return;
    const [over] = cluster.failed;
    if (over !== undefined) throw new Verdict(`${over.name} ended with ${over.code}: ${over.text.slice(-1000)}`);
  }
  throw new Verdict(`waited ${patienceMs} ms in vain until ${what}`);
}

/** What is seen of the job from outside: the messages that it sends to be stored. */
class Watch {
  rows = 0;
  generation = 0;
  lastAt = 0;
  constructor(connection) {
    for (const subject of ['running.>', 'seconds.>'])
      connection.subscribe(subject, { callback: (_, message) => this.#saw(message) });
  }
  #saw({ headers }) {
    this.lastAt = Date.now();
    this.generation = Math.max(this.generation, Number(headers?.get('Weir-Generation') ?? 0));
    if (!headers?.has('Weir-Fence')) this.rows++;
  }
  /** Resolves when the next epoch's messages begin to appear. */
  async nextBurst() {
    for (const end = Date.now() + burstsMs; Date.now() - this.lastAt < quietMs && Date.now() < end; ) await sleep(5);
    const { rows } = this;
    for (const end = Date.now() + burstsMs; this.rows === rows && Date.now() < end; ) await sleep(1);
  }
}

class Faults {
  counts = {};
  recoveryMs = {};
  #cluster;
  #nats;
  #output;
  #watch;
  #sleeper = Promise.resolve();

  constructor(cluster, nats, output, watch) {
    this.#cluster = cluster;
    this.#nats = nats;
    this.#output = output;
    this.#watch = watch;
  }

  /** At a random moment; every other one while results are being written, and each pause of a worker. */
  async strike(kind) {
    // Its connection must outlive its sleep, or there is nothing that it could write to.
    if (kind === 'pause' || kind === 'nats' || kind === 'all') await this.#sleeper;
    await sleep(random() * 1500);
    const aimed = random() < 0.5;
    if (kind === 'pause' || aimed) await this.#watch.nextBurst();
    await sleep(random() * 30);
    const { rows, generation } = this.#watch;
    const at = Date.now();
    await this[kind]();
    this.counts[kind] = (this.counts[kind] ?? 0) + 1;
    this.#cluster.fill();
    const samePlace = kind === 'standby' || broken === 'early-publish'; // whose messages name no generation
    const isBack = samePlace ? () => this.#watch.rows > rows : () => this.#watch.generation > generation;
    await until(`rows are written again after a fault (${kind})`, isBack);
    if (kind === 'standby') await until('a standby waits', () => this.#cluster.standby !== undefined);
    const ms = Date.now() - at;
    this.recoveryMs[kind] = [...(this.recoveryMs[kind] ?? []), ms];
    say(`  ${kind}: on again after ${ms} ms, generation ${this.#watch.generation}`);
  }

  async settled() {
    await this.#sleeper;
  }

  async coordinator() {
    await until('there is a standby', () => this.#cluster.standby !== undefined);
    await this.#cluster.leader.kill();
  }

  async standby() {
    await until('there is a standby', () => this.#cluster.standby !== undefined);
    await this.#cluster.standby.kill();
  }

  async worker() {
    const { workers } = this.#cluster;
    await workers[Math.floor(random() * workers.length)].kill();
  }

  /** It sleeps while other faults happen, wakes up in the middle of what it did, and has two seconds to do its worst. */
  async pause() {
    const { workers } = this.#cluster;
    const one = workers[Math.floor(random() * workers.length)];
    const paused = broken === undefined ? [one] : workers; // whichever writes is one of them
    for (const worker of paused) {
      worker.signal('SIGSTOP');
      worker.paused = true;
    }
    const awake = async (worker) => {
      worker.signal('SIGCONT');
      await Promise.race([sleep(2000), worker.exited]);
      await worker.kill();
    };
    this.#sleeper = sleep(pauseMs).then(() => Promise.all(paused.map(awake)));
  }

  async nats() {
    await this.#nats.kill();
    await sleep(random() * 2000);
    this.#nats.start();
  }

  async outage() {
    await this.#output.kill();
    await sleep(outageMs / 2);
    await this.worker();
    this.#cluster.fill();
    await sleep(outageMs / 2);
    this.#output.start();
  }

  async all() {
    await Promise.all([...this.#cluster.living.map((each) => each.kill()), this.#nats.kill()]);
    await sleep(random() * 500);
    this.#nats.start();
  }
}

/** Each kind as often as the others, in a random order. */
function* deck() {
  for (;;) {
    const left = [...kinds];
    while (left.length > 0) yield left.splice(Math.floor(random() * left.length), 1)[0];
  }
}

/** Of a broken engine the first wrong message is enough. */
async function hasFailed(faults, read) {
  if (broken === undefined) return false;
  await faults.settled();
  const { zombieWrites, duplicated, reordered } = await read();
  return zombieWrites + duplicated + reordered > 0;
}

/** Until nothing is lost any more, or nothing comes any more. */
async function readBack(read, watch) {
  for (;;) {
    const { rows } = watch;
    const result = await read();
    if (result.lost === 0) return result;
    for (const end = Date.now() + patienceMs / 2; watch.rows === rows && Date.now() < end; ) await sleep(100);
    if (watch.rows === rows) return result;
  }
}

async function stopped(cluster) {
  const { standby, leader } = cluster;
  standby?.signal('SIGTERM');
  await standby?.exited;
  leader.signal('SIGTERM');
  const end = Date.now() + patienceMs;
  while (cluster.living.length > 0 && Date.now() < end) await sleep(20);
  const bad = [...cluster.living, ...cluster.failed.filter(({ role, code }) => role === 'coordinator' && code !== 0)];
  if (bad.length > 0)
    return `told to stop, ${bad.map(({ name, code }) => `${name} ended with ${code}`).join(', ')}: ${bad[0].text.slice(-1000)}`;
}

if (!(await installIfMissing()) || !(await buildIfStale())) process.exit(1);
const folder = await mkdtemp(join(tmpdir(), 'weir-faults-'));
let failed = true;
const binary = await findNatsServer();
const nats = await startNats(binary, folder, 'nats');
const output = outageMs > 0 ? await startNats(binary, folder, 'output') : nats;
const words_ = (role) => [
  join(root, 'dist/service/bin.js'),
  role,
  join(root, 'chaos/faults/job.ts'),
  ...(role === 'coordinator' ? ['--parallelism', '2', '--checkpoint-interval', '1000'] : []),
  ...(broken === undefined ? [] : ['--break', breaks[broken].name]),
  ...(role === 'coordinator' && output !== nats ? ['--', `output=${output.url}`] : []),
];
const cluster = new Cluster({ folder, words: words_, environment: { NATS_URL: nats.url, WEIR_LOG_LEVEL: 'info' } });
try {
  const patient = { maxReconnectAttempts: -1, reconnectTimeWait: 100, waitOnFirstConnect: true };
  const connection = await connect({ servers: nats.url, ...patient });
  const results = await connect({ servers: output.url, ...patient });
  await (await jetstreamManager(connection)).streams.add({ name: 'IN', subjects: ['in.*'] });
  const manager = await jetstreamManager(results);
  // So short a window that no result is kept from being there twice by its id alone.
  for (const name of ['RUNNING', 'SECONDS']) {
    const subjects = [`${name.toLowerCase()}.>`];
    const made = { name, subjects, duplicate_window: 100_000_000, ...(batches ? { allow_atomic: true } : {}) };
    const { config } = await manager.streams.add(made);
    if (batches && config.allow_atomic !== true) throw new Error('this nats-server takes no atomic batches');
  }
  const watch = new Watch(results);
  const read = () => check(connection, results);
  const feeding = feed(connection, random, Number(rate));
  cluster.fill();
  await until('the first checkpoint is complete', () => watch.rows > 0);
  const faults = new Faults(cluster, nats, output, watch);
  const draw = deck();
  let verdict;
  try {
    for (let n = 0; n < Number(wanted) && !(await hasFailed(faults, read)); n++) await faults.strike(draw.next().value);
    await faults.settled();
  } catch (error) {
    if (!(error instanceof Verdict)) throw error;
    verdict = error.message;
  }
  await feeding.stop();
  const { rows, ...result } = await readBack(read, watch);
  verdict ??= await stopped(cluster);
  await connection.close();
  await results.close();
  if (verdict !== undefined) process.stderr.write(`${verdict}\n`);
  say(`${rows} rows expected; ms until rows were written again, by kind: ${JSON.stringify(faults.recoveryMs)}`);
  const { zombieWrites, lost, duplicated, reordered, restores } = result;
  const enough = restores >= Math.floor(Number(wanted) * 0.6);
  failed = verdict !== undefined || zombieWrites + lost + duplicated + reordered > 0 || !enough;
  process.stdout.write(`${JSON.stringify({ faults: faults.counts, ...result })}\n`);
} finally {
  await cluster.end();
  await nats.kill();
  await output.kill();
  if (failed && broken === undefined) process.stderr.write(`what the processes said is in ${folder}\n`);
  else await rm(folder, { recursive: true, force: true });
}
process.exitCode = failed ? 1 : 0;
