// `npm run conformance -- DIR --definitions FILE [--json]`
//
// Runs the cases of a folder (one JSON file each: a step script, or inputs and the table that must come of them) against queries that a
// definitions file makes of their inputs, and says of each whether it gives what it should: undisturbed, killed and restored in the middle
// of its steps and between them, and in three subtasks.
// docs/testing.md says what a definitions file is. `--json` ends with one line of results. Exits 1 if a case failed.
import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { installIfMissing } from '../scripts/install.mjs';
import { words } from './arguments.mjs';

const usage = 'npm run conformance -- DIR --definitions FILE [--json]';
const refuse = (why) => {
  process.stderr.write(`${why}\n${usage}\n`);
  process.exit(2);
};
const [folder, ...rest] = process.argv.slice(2);
if (folder === undefined || folder.startsWith('--')) refuse('a folder with cases is missing');
const { definitions, json = false } = words(rest, ['definitions', 'json']);
if (typeof definitions !== 'string') refuse('--definitions FILE is missing');
if (!(await installIfMissing())) process.exit(1);
try {
  readdirSync(folder);
} catch (error) {
  refuse(`${folder} cannot be read: ${error.message}`);
}

const tsx = await import('tsx/esm/api');
tsx.register();
const { loadModule } = await import('../src/service/load-job.ts');
const { conformance, definitionsOf } = await import('../test/conformance/run.ts');

const say = (line) => json === true || process.stdout.write(`${line}\n`);
try {
  const { default: exported } = await loadModule(resolve(definitions));
  const outcome = await conformance(folder, definitionsOf(exported, definitions), ({ id, result, reason }) =>
    say(`${result.padEnd(8)}${id}${reason === '' ? '' : `\n        ${reason}`}`),
  );
  const { cases, passed, failed, skipped } = outcome;
  say(`${cases} cases: ${passed} passed, ${failed} failed, ${skipped} skipped`);
  if (json === true) process.stdout.write(`${JSON.stringify(outcome)}\n`);
  process.exitCode = failed === 0 ? 0 : 1;
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
