// `npm run sim -- [--seeds 1000] [--from 1] [--seed N] [--ground memory|nats] [--shrink] [--json] [--coverage]`
//
// Lives of whole clusters (coordinator, standby, workers) on virtual time, with random pipelines, input and faults, one for each seed,
// on all cores. Each tenth seed's cluster is on a simulated NATS, with real clients and connectors, unless `--ground` says on what all are. What comes out is held against a plain computation. A life that goes wrong is lived again by `--seed N`; with `--shrink`
// fast-check looks for a small one that goes wrong too. A life that nothing happens in proves nothing: over many seeds what they are
// worth is checked as well. `--coverage` counts the lines of the engine that they reach. Exits 1 if a life went wrong, all were too easy, or
// too few lines were reached.
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { installIfMissing } from '../scripts/install.mjs';
import { words } from './arguments.mjs';
import { Children } from './sim/children.mjs';
import { coverageOf } from './sim/coverage.mjs';
import { total, worthOf } from './sim/worth.mjs';

/** Fewer say nothing about what lives are worth. */
const worthFrom = 50;
/** Seeds whose lives are on NATS. */
const natsEvery = 10;
/** Of the lines of the engine that a simulated cluster is made of. */
const coveredLeast = 0.85;

const options = words(process.argv.slice(2), ['seeds', 'from', 'seed', 'ground', 'shrink', 'json', 'coverage']);
const { seeds = '1000', from = '1', seed, ground, json = false, shrink = false, coverage = false } = options;
const say = (line) => json === true || process.stdout.write(`${line}\n`);
if (!(await installIfMissing())) process.exit(1);

const first = Number(seed ?? from);
const wanted = Array.from({ length: seed === undefined ? Number(seeds) : 1 }, (_, i) => first + i);
const counted = coverage === true ? await mkdtemp(join(tmpdir(), 'weir-coverage-')) : undefined;
const environment = counted === undefined ? {} : { NODE_V8_COVERAGE: counted };
const children = new Children({ count: availableParallelism(), environment });
const groundOf = (n) => ground ?? (n % natsEvery === 0 ? 'nats' : 'memory');
const replay = (n) => `npm run sim -- --seed ${n}${ground === undefined ? '' : ` --ground ${ground}`}`;

const lives = new Map();
const wrong = [];
const begun = performance.now();
await children.live(wanted, {
  ask: (n) => ({ ground: groundOf(n) }),
  each: (life) => {
    if (life.violations.length > 0) {
      wrong.push(life);
      say(`seed ${life.seed} went wrong: ${replay(life.seed)}\n  ${life.violations.join('\n  ')}`);
    }
    if (life.totals !== undefined) lives.set(life.seed, life);
    if (seed !== undefined) say(JSON.stringify(life, undefined, 2));
    else if (lives.size % 100 === 0) say(`${lives.size} lives, ${wrong.length} went wrong`);
    return false;
  },
});
const seconds = (performance.now() - begun) / 1000;

if (shrink === true)
  await children.live(
    wrong.slice(0, 1).map((life) => life.seed),
    {
      ask: (n) => ({ shrink: true, ground: groundOf(n) }),
      each: (life) => say(`a small life that goes wrong, of seed ${life.seed}:\n${JSON.stringify(life.found, undefined, 1)}`),
    },
  );

const lived = [...lives.values()].toSorted((a, b) => a.seed - b.seed);
const sum = (of) => lived.reduce((n, life) => n + of(life), 0);
const faults = {};
for (const life of lived) for (const [kind, n] of Object.entries(life.faults)) faults[kind] = (faults[kind] ?? 0) + n;
// Those on NATS are simpler: without late rows, for one.
const inMemory = lived.filter((life) => groundOf(life.seed) === 'memory');
const worth = inMemory.length < worthFrom ? [] : worthOf(inMemory);
const easy = worth.filter(({ is, least }) => is < least);

say('');
for (const { what, shown, least, is } of worth)
  say(`${is < least ? 'TOO FEW ' : ''}${what}: ${shown} (at least ${least < 1 ? `${100 * least} %` : least})`);
say(
  `${lived.length} lives (${lived.filter((life) => groundOf(life.seed) === 'nats').length} on NATS) in ${seconds.toFixed(1)} s, ${total(faults)} faults, ${wrong.length} went wrong`,
);
const refused = lived.filter(({ refusal }) => refusal !== undefined).length;
if (refused > 0) say(`${refused} of them refused to go on from what a server had lost`);
for (const life of wrong) say(`  ${replay(life.seed)}`);
const share = ({ covered, lines }) => `${((100 * covered) / lines).toFixed(1)} %`;
let reached;
if (counted !== undefined) {
  await children.leave();
  const found = await coverageOf(counted);
  await rm(counted, { recursive: true });
  reached = { covered: found.reduce((n, { covered }) => n + covered, 0), lines: found.reduce((n, { lines }) => n + lines, 0) };
  for (const each of found) say(`lines of ${each.folder}: ${share(each)} of ${each.lines}`);
  say(`lines of all of them: ${share(reached)} of ${reached.lines} (at least ${100 * coveredLeast} %)`);
}
const tooFew = reached !== undefined && reached.covered / reached.lines < coveredLeast;
if (json === true)
  process.stdout.write(
    `${JSON.stringify({
      seeds: wanted.length,
      faults,
      violations: wrong.length,
      recoveries: sum(({ totals }) => totals.restores),
      epochsCommitted: sum(({ totals }) => totals.completed),
      rowsOut: sum(({ rowsOut }) => rowsOut),
      refusals: refused,
      lateRows: sum(({ late }) => late),
      trace: createHash('sha256')
        .update(lived.map(({ trace }) => trace).join())
        .digest('hex')
        .slice(0, 16),
      livesPerSecond: Number((lived.length / seconds).toFixed(2)),
      worth: Object.fromEntries(worth.map(({ what, is }) => [what, Number(is.toFixed(3))])),
      failing: wrong.map((life) => life.seed),
      ...(reached === undefined ? {} : { coverage: Number((reached.covered / reached.lines).toFixed(4)) }),
    })}\n`,
  );
process.exit(wrong.length + easy.length === 0 && !tooFew ? 0 : 1);
