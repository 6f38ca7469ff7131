// `npm run sim:differential -- [--lists 500] [--seed 1] [--only N] [--release NAME] [--as VERSION] [--json]`
//
// Random lists of operations (publish with what it expects, ids, ordered consumers across restarts, purges, KV, objects), each played on a real
// nats-server and on the simulated one of the same version, through the same client: whatever either of them answers otherwise is a
// difference. All versions that Debian has, one after the other, or that of `--release` (bookworm, trixie, sid); one that cannot be had is skipped, and its line says
// why. `--only N` plays list N of its seed again. `--as 2.15.1` holds each against the simulation of another version: it then has to differ.
// Exits 1 if anything differs, or no server was there.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { register } from 'tsx/esm/api';
import { installIfMissing } from '../scripts/install.mjs';
import { allReleases, findNatsServer } from '../scripts/nats-server.mjs';
import { words } from './arguments.mjs';

const options = words(process.argv.slice(2), ['lists', 'seed', 'only', 'release', 'as', 'json']);
const { lists = '500', seed = '1', only, release, as, json = false } = options;
const say = (line) => json === true || process.stdout.write(`${line}\n`);
if (!(await installIfMissing())) process.exit(1);
register();
const { answersOf, differencesOf, listsOf } = await import('../test/simulation/differential/compare.ts');
const { realServer, simulatedServer } = await import('../test/simulation/differential/servers.ts');
const first = Number(only ?? 0);
const wanted = listsOf(Number(seed), only === undefined ? Number(lists) : 1, first);
const operations = wanted.reduce((sum, list) => sum + list.operations.length, 0);

async function binaryOf(name) {
  try {
    return { binary: await findNatsServer({ release: name }) };
  } catch (error) {
    return { missing: error.message.split('\n')[0] };
  }
}

function told({ list, shape, steps }, ofRelease) {
  say(`list ${first + list} differs: npm run sim:differential -- --release ${ofRelease} --seed ${seed} --only ${first + list}`);
  say(`  ${JSON.stringify(shape)}`);
  const shown = only === undefined ? steps.slice(-1) : steps;
  for (const { asked, real, simulated } of shown) {
    say(`  ${asked}`);
    say(`    real:      ${real}`);
    if (simulated !== real) say(`    simulated: ${simulated}`);
  }
}

async function compared(ofRelease) {
  const { binary, missing } = await binaryOf(ofRelease);
  if (missing !== undefined) {
    say(`nats-server of ${ofRelease}: skipped, it cannot be had: ${missing}`);
    return { release: ofRelease, skipped: missing };
  }
  const directory = await mkdtemp(join(tmpdir(), 'weir-differential-'));
  const begun = performance.now();
  const server = await realServer(directory, binary);
  const { version } = server;
  const real = await answersOf(wanted, server);
  await rm(directory, { recursive: true });
  const simulated = await answersOf(wanted, await simulatedServer(as ?? version));
  const differences = differencesOf(wanted, real, simulated);
  for (const each of differences) told(each, ofRelease);
  const seconds = ((performance.now() - begun) / 1000).toFixed(0);
  say(`nats-server ${version}: ${wanted.length} lists, ${operations} operations, ${differences.length} differ (${seconds} s)`);
  return { release: ofRelease, version, lists: wanted.length, operations, differ: differences.map(({ list }) => first + list) };
}

const servers = [];
for (const each of release === undefined ? allReleases : [release]) servers.push(await compared(each));
const differing = servers.reduce((sum, { differ = [] }) => sum + differ.length, 0);
if (json === true) process.stdout.write(`${JSON.stringify({ seed: Number(seed), servers, differing })}\n`);
process.exit(differing === 0 && servers.some(({ version }) => version !== undefined) ? 0 : 1);
