// `npm run mutants -- [--only NAME,NAME] [--mutant FILE] [--seeds 200] [--searches 5] [--peaceful 20] [--json]`
//
// Breaks one rule of the engine after the other (chaos/mutants/, or a file of your own with the same exports) and lets the simulator
// find it out. Each mutant first lives without faults, where all must go well: what a life in peace shows, any test would find. Then
// under faults, from several seeds on, until it is caught. Exits 1 if one is not caught, or not even works in peace.
import { readdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { installIfMissing } from '../scripts/install.mjs';
import { words } from './arguments.mjs';
import { Children } from './sim/children.mjs';
import { mutatedTree } from './sim/mutated-tree.mjs';

const catalogue = fileURLToPath(new URL('mutants/', import.meta.url));
/** Searches begin here. */
const starts = (count) => Array.from({ length: count }, (_, i) => 1 + i * 1000);

const options = words(process.argv.slice(2), ['only', 'mutant', 'seeds', 'searches', 'peaceful', 'json']);
const { seeds = '200', searches = '5', peaceful = '20', json = false, only, mutant } = options;
const say = (line) => json === true || process.stdout.write(`${line}\n`);
if (!(await installIfMissing())) process.exit(1);

const range = (from, count) => Array.from({ length: count }, (_, i) => from + i);

async function mutants() {
  if (mutant !== undefined) return [[String(mutant).replace(/^.*\/|\.mjs$/g, ''), resolve(String(mutant))]];
  const names = (await readdir(catalogue)).map((file) => file.replace('.mjs', '')).toSorted();
  const wanted = only === undefined ? names : String(only).split(',');
  return wanted.map((name) => [name, `${catalogue}${name}.mjs`]);
}

/** How many lives it took, and what was seen; undefined: it was not caught. */
async function search(children, from) {
  let caught;
  let lived = 0;
  await children.live(range(from, Number(seeds)), {
    each: ({ seed, violations }) => {
      lived++;
      if (violations.length > 0 && (caught === undefined || seed < caught.seed)) caught = { seed, what: violations[0] };
      return caught !== undefined;
    },
  });
  return caught === undefined ? undefined : { ...caught, lived };
}

/** Its seed, if what comes out of a life in peace is wrong: witnesses inside may have seen it all the same. */
async function peaceFails(children) {
  let failed;
  await children.live(range(1, Number(peaceful)), {
    ask: () => ({ inPeace: true }),
    each: ({ seed, violations, witnessed = [] }) => {
      const what = violations.find((each) => !witnessed.includes(each));
      if (what !== undefined) failed ??= { seed, what };
      return failed !== undefined;
    },
  });
  return failed;
}

async function tryOut(name, path) {
  const { program, remove } = await mutatedTree(await import(pathToFileURL(path).href));
  const children = new Children({ count: availableParallelism(), program });
  try {
    const failed = await peaceFails(children);
    const found = [];
    for (const from of failed === undefined ? starts(Number(searches)) : []) {
      const caught = await search(children, from);
      found.push(caught);
      if (caught === undefined) break;
    }
    const isCaught = found.length > 0 && !found.includes(undefined);
    const needed = found.map((caught) => caught?.lived).toSorted((a, b) => a - b);
    return {
      mutant: name,
      passesInPeace: failed === undefined,
      caught: isCaught,
      seed: found[0]?.seed,
      median: isCaught ? needed[needed.length >> 1] : undefined,
      by: (failed ?? found[0])?.what.split('\n')[0].slice(0, 100),
    };
  } finally {
    children.end();
    await remove();
  }
}

const results = [];
say(`${'mutant'.padEnd(32)}in peace  caught  seed  median seeds  by`);
for (const [name, path] of await mutants()) {
  const result = await tryOut(name, path);
  results.push(result);
  const { passesInPeace, caught, seed = '', median = '', by = '' } = result;
  say(
    `${name.padEnd(32)}${(passesInPeace ? 'passes' : 'FAILS').padEnd(10)}${(caught ? 'yes' : 'NO').padEnd(8)}` +
      `${String(seed).padEnd(6)}${String(median).padEnd(14)}${by}`,
  );
}
const caught = results.filter((result) => result.caught && result.passesInPeace);
say(
  `${caught.length} of ${results.length} mutants pass in peace and are caught; worst median: ${Math.max(0, ...caught.map(({ median }) => median))} seeds`,
);
if (json === true) process.stdout.write(`${JSON.stringify({ mutants: results.length, caught: caught.length, results })}\n`);
process.exit(caught.length === results.length ? 0 : 1);
