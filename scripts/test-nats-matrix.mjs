// `npm run test:nats-matrix`: the tests that need a nats-server, with those of three releases of Debian, one after the other.
// `--release NAME` (again and again) takes only these; further words go to vitest. Ends with a line for each server. One that
// cannot be had is skipped, and its line says why; without the oldest, which everything has to work on, the run has failed.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { installIfMissing, root } from './install.mjs';
import { allReleases, findNatsServer, natsServerVersion } from './nats-server.mjs';
import { runVitest } from './vitest.mjs';

const oldest = 'bookworm';

/** Files of whole programs that are started are many; those that ask for a server say so. */
const asksForServer = /nats\/server\.ts'|inject\('natsServer'\)/;

async function testsWithServer() {
  const names = await readdir(join(root, 'test'), { recursive: true });
  const programs = names.filter((name) => name.endsWith('.process.test.ts')).map((name) => join('test', name));
  const texts = await Promise.all(programs.map((name) => readFile(join(root, name), 'utf8')));
  return ['.nats.test.ts', ...programs.filter((_, i) => asksForServer.test(texts[i]))];
}

async function server(release) {
  try {
    const binary = await findNatsServer({ release });
    return { binary, version: await natsServerVersion(binary) };
  } catch (error) {
    return { missing: error.message.split('\n')[0] };
  }
}

/** @returns the line that says what came of it, and whether all is well */
async function tested(release, words) {
  const { binary, version, missing } = await server(release);
  if (missing !== undefined)
    return {
      line: `nats-server of ${release}: skipped, it cannot be had: ${missing}`,
      kind: release === oldest ? 'failed' : 'skipped',
    };
  process.stderr.write(`\nnats-server ${version} (${release}) …\n`);
  process.env.NATS_SERVER_BIN = binary;
  const { passed, failed, skipped } = await runVitest([
    '--project',
    'nats',
    '--project',
    'process',
    '--project',
    'chaos',
    ...words,
  ]);
  const counts = `${passed} passed, ${failed} failed, ${skipped} skipped`;
  return { line: `nats-server ${version} (${release}): ${counts}`, kind: failed === 0 && passed > 0 ? 'passed' : 'failed' };
}

delete process.env.WEIR_SKIP_NATS;
process.chdir(root);
const { values, positionals } = parseArgs({
  options: { release: { type: 'string', multiple: true, default: allReleases } },
  allowPositionals: true,
});
if (!(await installIfMissing())) process.exit(1);
const words = positionals.length > 0 ? positionals : await testsWithServer();
const results = [];
for (const release of values.release) results.push(await tested(release, words));
for (const { line } of results) console.log(line);
const count = (wanted) => results.filter(({ kind }) => kind === wanted).length;
console.log(`servers: ${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped`);
process.exit(count('failed') === 0 ? 0 : 1);
