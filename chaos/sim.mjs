// `npm run sim -- [--seeds 1000] [--from 1] [--seed N] [--shrink] [--json]`
//
// Lives of whole clusters (coordinator, standby, workers) on virtual time, with random pipelines, input and faults, one for each seed,
// on all cores. What comes out is held against a plain computation. A life that goes wrong is lived again by `--seed N`; with `--shrink`
// fast-check looks for a small one that goes wrong too. A life that nothing happens in proves nothing: over many seeds what they are
// worth is checked as well. Exits 1 if a life went wrong, or all were too easy.
import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { installIfMissing } from '../scripts/install.mjs';
import { words } from './arguments.mjs';
import { Children } from './sim/children.mjs';
import { total, worthOf } from './sim/worth.mjs';

/** Fewer say nothing about what lives are worth. */
const worthFrom = 50;

const options = words(process.argv.slice(2));
const { seeds = '1000', from = '1', seed, json = false, shrink = false } = options;
const say = (line) => json === true || process.stdout.write(`${line}\n`);
if (!(await installIfMissing())) process.exit(1);

const first = Number(seed ?? from);
const wanted = Array.from({ length: seed === undefined ? Number(seeds) : 1 }, (_, i) => first + i);
const children = new Children({ count: availableParallelism() });
const replay = (n) => `npm run sim -- --seed ${n}`;

const lives = new Map();
const wrong = [];
const begun = performance.now();
await children.live(wanted, {
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
      ask: { shrink: true },
      each: (life) => say(`a small life that goes wrong, of seed ${life.seed}:\n${JSON.stringify(life.found, undefined, 1)}`),
    },
  );

const lived = [...lives.values()].toSorted((a, b) => a.seed - b.seed);
const sum = (of) => lived.reduce((n, life) => n + of(life), 0);
const faults = {};
for (const life of lived) for (const [kind, n] of Object.entries(life.faults)) faults[kind] = (faults[kind] ?? 0) + n;
const worth = lived.length < worthFrom ? [] : worthOf(lived);
const easy = worth.filter(({ is, least }) => is < least);

say('');
for (const { what, shown, least, is } of worth)
  say(`${is < least ? 'TOO FEW ' : ''}${what}: ${shown} (at least ${least < 1 ? `${100 * least} %` : least})`);
say(`${lived.length} lives in ${seconds.toFixed(1)} s, ${total(faults)} faults, ${wrong.length} went wrong`);
for (const life of wrong) say(`  ${replay(life.seed)}`);
if (json === true)
  process.stdout.write(
    `${JSON.stringify({
      seeds: wanted.length,
      faults,
      violations: wrong.length,
      recoveries: sum(({ totals }) => totals.restores),
      epochsCommitted: sum(({ totals }) => totals.completed),
      rowsOut: sum(({ rowsOut }) => rowsOut),
      lateRows: sum(({ late }) => late),
      trace: createHash('sha256')
        .update(lived.map(({ trace }) => trace).join())
        .digest('hex')
        .slice(0, 16),
      livesPerSecond: Number((lived.length / seconds).toFixed(2)),
      worth: Object.fromEntries(worth.map(({ what, is }) => [what, Number(is.toFixed(3))])),
      failing: wrong.map((life) => life.seed),
    })}\n`,
  );
process.exit(wrong.length + easy.length === 0 ? 0 : 1);
