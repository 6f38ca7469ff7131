// `npm run test:random -- --runs 1000 --seed 1`
//
// Many more of the random lives of test/golden/lives.test.ts. A failure prints the shrunk life and the seed.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { installIfMissing } from '../scripts/install.mjs';
import { words } from './arguments.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { runs = '1000', seed = '1' } = words(process.argv.slice(2), ['runs', 'seed']);
if (!(await installIfMissing())) process.exit(1);
const vitest = [`${root}/node_modules/vitest/vitest.mjs`, 'run', '--project', 'unit', 'test/golden/lives.test.ts'];
const child = spawn(process.execPath, vitest, {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, WEIR_LIVES: runs, WEIR_SEED: seed },
});
child.once('exit', (code) => process.exit(code ?? 1));
