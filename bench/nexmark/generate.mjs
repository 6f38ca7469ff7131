// `npm run nexmark:generate -- --events N --out FILE [--rate R] [--seed S] [--threads T] [--out-of-order G] [--base-time TIME] [--json]`
//
// A file of Nexmark events, one line of JSON each; README.md beside this says how they look. The same words but `--threads` give the
// same bytes. The last line on stdout says events, bytes, seconds and the SHA-256 of the file. Exit 2 for words that make no sense.
import { parseArgs } from 'node:util';
import { installIfMissing } from '../../scripts/install.mjs';
import { dieWithNpm } from '../../scripts/parent-watch.mjs';

const usage =
  'usage: npm run nexmark:generate -- --events N --out FILE [--rate EVENTS-A-SECOND] [--seed S] [--threads T] [--out-of-order GROUP] [--base-time ISO-TIME] [--json]';

function refuse(said) {
  process.stderr.write(`${said}\n${usage}\n`);
  process.exit(2);
}

const text = { type: 'string' };
const options = {
  events: text,
  out: text,
  rate: text,
  seed: text,
  threads: text,
  'out-of-order': text,
  'base-time': text,
  json: { type: 'boolean', default: false },
};

function wordsOf(args) {
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    return refuse(error.message);
  }
}

/** A number as it is written in decimal, and nothing else. */
function number(name, written) {
  if (/^\d+(\.\d+)?(e[+-]?\d+)?$/.test(written)) return Number(written);
  return refuse(`--${name}: '${written}' is no number`);
}

function time(written) {
  const ms = Date.parse(written);
  return Number.isNaN(ms) || !/Z$|[+-]\d\d:\d\d$/.test(written)
    ? refuse(`--base-time: '${written}' is no time like 2015-07-14T23:58:20Z`)
    : ms;
}

function read({ events, out, rate, seed, threads, json, 'out-of-order': group, 'base-time': base }) {
  if (events === undefined) refuse('--events is missing: how many?');
  if (out === undefined || out === '') refuse('--out is missing: which file?');
  const settings = {
    events: number('events', events),
    ...(rate === undefined ? {} : { rate: number('rate', rate) }),
    ...(seed === undefined ? {} : { seed: number('seed', seed) }),
    ...(threads === undefined ? {} : { threads: number('threads', threads) }),
    ...(group === undefined ? {} : { outOfOrderGroupSize: number('out-of-order', group) }),
    ...(base === undefined ? {} : { baseTimeMs: time(base) }),
  };
  return { out, json, settings };
}

const { out, json, settings } = read(wordsOf(process.argv.slice(2)));
let child;
dieWithNpm(() => child?.kill('SIGKILL'));
const installed = await installIfMissing((started) => {
  child = started;
});
if (!installed) process.exit(1);
const { tsImport } = await import('tsx/esm/api');
const { writeEventFile } = await tsImport('./generator/index.ts', import.meta.url);
const startedAt = performance.now();
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stop.abort(new Error(`given up at ${signal}`)));
try {
  const { events, bytes, sha256 } = await writeEventFile(out, { ...settings, signal: stop.signal });
  const seconds = Number(((performance.now() - startedAt) / 1000).toFixed(3));
  const line = json
    ? JSON.stringify({ events, bytes, seconds, sha256, file: out })
    : `${events} events, ${bytes} bytes, ${seconds} s, sha256 ${sha256}: ${out}`;
  process.stdout.write(`${line}\n`);
} catch (error) {
  if (error instanceof RangeError) refuse(error.message);
  process.stderr.write(`${out}: ${error.message}\n`);
  process.exitCode = 1;
}
