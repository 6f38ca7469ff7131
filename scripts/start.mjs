// `npm start`: installs what is missing, builds what has changed, and runs the main job in this process, embedded:
// `weir run examples/flight-delays.ts`, with `key=value` words for the job and `--flags` for weir in any order.
import { buildIfStale } from './build.mjs';
import { installIfMissing, root } from './install.mjs';
import { dieWithNpm } from './parent-watch.mjs';

const job = 'examples/flight-delays.ts';
const signals = ['SIGINT', 'SIGTERM'];
const withoutValue = new Set(['--fresh', '--help', '-h']);

/** The words for weir, and those for the job. */
function sort(words) {
  const weir = [];
  const params = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i];
    if (word === '--') return [weir, [...params, ...words.slice(i + 1)]];
    if (!word.startsWith('-')) params.push(word);
    else {
      weir.push(word);
      if (!withoutValue.has(word) && !word.includes('=') && i + 1 < words.length && words[i + 1] !== '--') weir.push(words[++i]);
    }
  }
  return [weir, params];
}

let child;
const killChild = () => child?.kill('SIGKILL');
dieWithNpm(killChild);
const keep = (started) => {
  child = started;
};
/** Left to itself, npm ci would be undoing its work for seconds yet, beside the next start. */
const endEarly = (signal) => {
  killChild();
  for (const each of signals) process.off(each, endEarly);
  process.kill(process.pid, signal);
};

process.chdir(root);
for (const signal of signals) process.on(signal, endEarly);
const [weir, params] = sort(process.argv.slice(2));
if (!(await installIfMissing(keep)) || !(await buildIfStale(keep))) process.exit(1);
const { main } = await import('../dist/service/index.js');
for (const signal of signals) process.off(signal, endEarly);
process.exit(
  await main(['run', job, '--transport', 'memory', ...weir, '--', ...params], {
    signalsEchoed: process.env.npm_lifecycle_event !== undefined,
  }),
);
