// `npm run bench [-- flights|nats|checkpoint|latency|scale|nexmark …] [--quick] [--pairs N] [--json]`, and what single ones understand:
// `--keys a,b` (checkpoint, scale), `--events N` and `--queries a,b` (scale, nexmark), `--peers a,b` (nexmark).
//
// Each benchmark measures Weir against something else in the same run, in turn (A B, B A, …), and compares what came out: a ratio of
// unequal results is an error (exit 1). A goal that is missed is none. CPU time is of all processes that take part; on a machine that
// does other work too it says more than wall time. `--quick` is to see that everything works: its figures mean nothing.
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildIfStale } from '../scripts/build.mjs';
import { installIfMissing } from '../scripts/install.mjs';
import { dieWithNpm } from '../scripts/parent-watch.mjs';
import { endAll } from './contestant.mjs';
import { machine } from './machine.mjs';

/** What is run unless something is named; `nexmark` has to be, since it fetches other engines. */
const usual = ['flights', 'nats', 'checkpoint', 'latency', 'scale'];
const names = [...usual, 'nexmark'];
const quickPairs = 1;
/** Of those that do not say how many rounds they usually have. */
const mostPairs = 5;

function usage(said) {
  process.stderr.write(
    `${said}\nusage: npm run bench -- [${names.join('|')} …] [--quick] [--pairs N] [--json] ` +
      '[--keys a,b] [--events N] [--queries a,b] [--peers a,b]\n',
  );
  process.exit(2);
}

const wholeNumbers = /^[1-9]\d*(,[1-9]\d*)*$/;

function readWords(words) {
  const asked = { only: [], quick: false, json: false, pairs: undefined, own: {} };
  for (let i = 0; i < words.length; i++) {
    const word = words[i];
    if (names.includes(word)) asked.only.push(word);
    else if (word === '--quick' || word === '--json') asked[word.slice(2)] = true;
    else if (word === '--pairs' && Number(words[i + 1]) >= 1) asked.pairs = Math.floor(Number(words[++i]));
    else if (word === '--events' && Number(words[i + 1]) >= 1) asked.own.events = Math.floor(Number(words[++i]));
    else if (word === '--keys' && wholeNumbers.test(words[i + 1])) asked.own.keys = words[++i].split(',').map(Number);
    else if ((word === '--queries' || word === '--peers') && words[i + 1] !== undefined)
      asked.own[word.slice(2)] = words[++i].split(',');
    else usage(`what is '${word}'?`);
  }
  return { ...asked, only: asked.only.length === 0 ? usual : asked.only };
}

const number = (value) => (Math.abs(value) >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3))));

/** A line of a measure: what was compared, what it was on either side, and what became of the goal. */
function measureLine({ what, unit, goal, met, ratio, least, greatest, skipped, ...sides }) {
  if (skipped !== undefined) return `  ${what}: skipped: ${skipped}`;
  const values = Object.entries(sides).map(([name, value]) => `${name} ${number(value)} ${unit}`);
  const compared = ratio === undefined ? [] : [`ratio ${ratio.toFixed(3)} (${least.toFixed(3)} to ${greatest.toFixed(3)})`];
  const verdict = goal === undefined ? [] : [`goal ${goal}: ${met ? 'met' : 'missed'}`];
  return `  ${what}: ${[...values, ...compared, ...verdict].join('; ')}`;
}

const { only, quick, json, pairs: asked, own } = readWords(process.argv.slice(2));
const say = (line) => json || process.stdout.write(`${line}\n`);
let child;
dieWithNpm(() => {
  child?.kill('SIGKILL');
  endAll();
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));
const keep = (started) => {
  child = started;
};
if (!(await installIfMissing(keep)) || !(await buildIfStale(keep))) process.exit(1);
const folder = await mkdtemp(join(tmpdir(), 'weir-bench-'));
process.on('exit', () => {
  endAll();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

const report = { machine: machine(), quick, benchmarks: {} };
const { cores, processor, node, platform, loadBefore } = report.machine;
say(`${cores} cores (${processor}), node ${node}, ${platform}, load ${loadBefore}`);
try {
  for (const name of only) {
    const { [name]: benchmark, usualPairs = mostPairs } = await import(`./${name}/${name}.mjs`);
    const pairs = asked ?? (quick ? quickPairs : usualPairs);
    say(`\n${name}, medians of ${pairs} interleaved rounds`);
    const found = await benchmark({ folder: join(folder, name), pairs, quick, say: (line) => say(`  ${line}`), ...own });
    report.benchmarks[name] = { pairs, ...found };
    say(`${found.what}${found.fault === undefined ? ', results equal' : `: ${found.fault}`}`);
    for (const measure of found.measures) say(measureLine(measure));
    if (found.fault !== undefined) process.exitCode = 1;
  }
} catch (error) {
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
}
if (json) process.stdout.write(`${JSON.stringify(report)}\n`);
