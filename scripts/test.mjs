// `npm test`: installs what is missing, builds, checks types and style, and runs the tests; further words go to vitest.
// The last line is `N passed, N failed`, and `, N skipped` where any were; a step before the tests that fails counts as one failure.
import { buildIfStale } from './build.mjs';
import { installIfMissing, root, run } from './install.mjs';
import { runVitest } from './vitest.mjs';

const bin = (name) => `${root}/node_modules/${name}`;

/** What is checked before the tests run; each by its own program. */
const steps = {
  build: () => buildIfStale(),
  types: () => node(bin('typescript/bin/tsc'), '-p', 'tsconfig.json'),
  lint: () => program('oxlint', '--type-aware', '--deny-warnings'),
  format: () => program('biome', 'check'),
};

const node = async (script, ...args) => (await run(process.execPath, [script, ...args])) === 0;
const program = async (name, ...args) => (await run(bin(`.bin/${name}`), args)) === 0;

process.chdir(root);
const failedSteps = [];
if (!(await installIfMissing())) {
  console.log('0 passed, 1 failed');
  process.exit(1);
}
for (const [name, step] of Object.entries(steps)) {
  process.stderr.write(`${name} …\n`);
  if (!(await step())) failedSteps.push(name);
}
const { passed, failed, skipped } = await runVitest(process.argv.slice(2));
for (const name of failedSteps) process.stderr.write(`failed: ${name}\n`);
console.log(`${passed} passed, ${failed + failedSteps.length} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`);
process.exit(failed + failedSteps.length === 0 ? 0 : 1);
