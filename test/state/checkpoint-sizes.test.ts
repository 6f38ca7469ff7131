import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { seededRandom } from '../../src/core/index.ts';
import { loadChunks, OperatorState, openLevelStores, openMemoryStores } from '../../src/state/index.ts';
import { CheckpointLife, counterCodec, directoryBytes, lastRefs, lifeGroups } from './checkpoint-life.ts';

it('a checkpoint that touches 1 % of 100,000 keys writes at most 3 % of the base, manifest included, and restores', {
  timeout: 60_000,
}, async () => {
  const keys = 100_000;
  const random = seededRandom(1);
  const life = new CheckpointLife(openMemoryStores());
  for (let key = 0; key < keys; key++) life.touch(key);
  const base = (await life.checkpoint()).delta;
  let worst = 0;
  for (let n = 0; n < 80; n++) {
    for (let i = 0; i < keys / 100; i++) life.touch(Math.floor(random.next() * keys));
    const { delta, folded, manifest } = await life.checkpoint();
    worst = Math.max(worst, delta + folded + manifest);
  }
  expect(worst / base).toBeLessThan(0.03);
  expect(life.refs.some(({ kind }) => kind === 'base')).toBe(true);

  const state = new OperatorState({ operator: 'count', keyGroups: lifeGroups, owned: [0, lifeGroups] });
  const table = state.table('counters', counterCodec);
  await loadChunks(state, await lastRefs(life.stores), life.stores.blobs);
  expect(table.size).toBe(keys);
  for (const { key, value } of table.entries(0))
    if (life.table.get(0, key)?.count !== value.count) expect([key, value]).toEqual([key, life.table.get(0, key)]);
});

it('after 1,000 checkpoints of a small state the directory is at most three times as large as after 10', {
  timeout: 120_000,
}, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'weir-sizes-'));
  const stores = await openLevelStores(directory);
  const life = new CheckpointLife(stores);
  const sizes = new Map<number, number>();
  for (let n = 1; n <= 1000; n++) {
    for (let i = 0; i < 10; i++) life.touch((n * 7 + i) % 20);
    await life.checkpoint();
    if (n === 10 || n >= 990) sizes.set(n, await directoryBytes(directory));
  }
  await stores.close();
  await rm(directory, { recursive: true, force: true });
  expect(Math.max(...sizes.values()) / sizes.get(10)!).toBeLessThan(3);
});
