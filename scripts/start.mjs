// `npm start`: installs what is missing, builds what has changed, and runs the main job in this process, embedded:
// `weir run examples/flight-delays.ts`, with `key=value` words for the job and `--flags` for weir in any order.
import { buildIfStale } from './build.mjs';
import { installIfMissing, root } from './install.mjs';
import { dieWithNpm } from './parent-watch.mjs';

const job = 'examples/flight-delays.ts';
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
dieWithNpm(() => child?.kill('SIGKILL'));
const keep = (started) => {
  child = started;
};

process.chdir(root);
const [weir, params] = sort(process.argv.slice(2));
if (!(await installIfMissing(keep)) || !(await buildIfStale(keep))) process.exit(1);
const { main } = await import('../dist/service/index.js');
process.exit(
  await main(['run', job, '--transport', 'memory', ...weir, '--', ...params], {
    signalsEchoed: process.env.npm_lifecycle_event !== undefined,
  }),
);
