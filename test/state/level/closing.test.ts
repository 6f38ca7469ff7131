import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openLevelStores } from '../../../src/state/level/level-stores.ts';

test('stores that are closed write nothing any more: a write under way is over, with its mark, or fails', async () => {
  const outcomes: unknown[] = [];
  for (let round = 0; round < 20; round++) {
    const directory = await mkdtemp(join(tmpdir(), 'weir-'));
    const mark = (): Promise<string> => readFile(join(directory, 'COMMITTED'), 'utf8').catch(() => 'none');
    try {
      const stores = await openLevelStores(directory);
      await stores.pointers.compareAndSet('cell', 0, Buffer.from('first'));
      const writes = [1, 2].map((revision) =>
        stores.pointers.compareAndSet('cell', revision, Buffer.from('next')).catch((error: unknown) => error),
      );
      const later = stores.close().then(() => stores.pointers.compareAndSet('cell', 3, Buffer.from('late')));
      await expect(later).rejects.toMatchObject({ code: 'E_STORE' });
      const before = await mark();
      outcomes.push(await Promise.all(writes));
      expect(await mark()).toBe(before);
      const again = await openLevelStores(directory);
      expect((await again.pointers.read('cell'))?.revision).toBe(3);
      await again.close();
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }
  expect(outcomes).toEqual(outcomes.map(() => [2, 3]));
});
