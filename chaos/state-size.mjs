// `node chaos/state-size.mjs [--keys 1000000] [--touched 0.01] [--checkpoints 100] [--seed 1]`
//
// One subtask with many keys over a real LevelDB: what a checkpoint writes when a share of the keys was touched, what the directory
// holds, and how long it all takes. Prints one line of JSON.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tsImport } from 'tsx/esm/api';
import { seeded, words } from './arguments.mjs';

const {
  keys = '1000000',
  touched = '0.01',
  checkpoints = '100',
  seed = '1',
} = words(process.argv.slice(2), ['keys', 'touched', 'checkpoints', 'seed']);
const { CheckpointLife, counterCodec, directoryBytes, lastRefs, lifeGroups } = await tsImport(
  '../test/state/checkpoint-life.ts',
  import.meta.url,
);
const { loadChunks, OperatorState, openLevelStores } = await tsImport('../src/state/index.ts', import.meta.url);

const directory = await mkdtemp(join(tmpdir(), 'weir-state-size-'));
const stores = await openLevelStores(directory);
const life = new CheckpointLife(stores);
const random = seeded(Number(seed));
const timed = async (task) => {
  const start = performance.now();
  const result = await task();
  return [result, Math.round(performance.now() - start)];
};

for (let key = 0; key < Number(keys); key++) life.touch(key);
const [{ delta: base }, baseMs] = await timed(() => life.checkpoint());
const written = [];
const ms = [];
for (let n = 0; n < Number(checkpoints); n++) {
  for (let i = 0; i < Number(keys) * Number(touched); i++) life.touch(Math.floor(random() * Number(keys)));
  const [{ delta, folded, manifest }, took] = await timed(() => life.checkpoint());
  written.push(delta + folded + manifest);
  ms.push(took);
}
const state = new OperatorState({ operator: 'count', keyGroups: lifeGroups, owned: [0, lifeGroups] });
const table = state.table('counters', counterCodec);
const refs = await lastRefs(stores);
const [, restoreMs] = await timed(() => loadChunks(state, refs, stores.blobs));
let differing = 0;
for (const { key, value } of life.table.entries(0)) if (table.get(0, key)?.count !== value.count) differing++;
const bytes = await directoryBytes(directory);
await stores.close();
await rm(directory, { recursive: true, force: true });

ms.sort((a, b) => a - b);
const share = (n) => Number(((100 * n) / base).toFixed(2));
const report = {
  keys: Number(keys),
  checkpoints: Number(checkpoints),
  baseBytes: base,
  baseMs,
  worstPercentOfBase: share(Math.max(...written)),
  meanPercentOfBase: share(written.reduce((a, b) => a + b, 0) / written.length),
  checkpointMsMedian: ms[Math.floor(ms.length / 2)],
  checkpointMsWorst: ms.at(-1),
  chunks: refs.length,
  directoryBytes: bytes,
  restoreMs,
  restoredKeys: table.size,
  differingKeys: differing,
};
process.stdout.write(`${JSON.stringify(report)}\n`);
process.exitCode = table.size === Number(keys) && differing === 0 ? 0 : 1;
