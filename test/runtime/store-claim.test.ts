import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { claimStore } from '../../src/runtime/index.ts';
import { Folder } from '../service/weir-process.ts';

test('those who claim it together find what one of them has written, whole', async () => {
  using folder = new Folder({});
  for (let i = 0; i < 50; i++) {
    const directory = join(folder.path, String(i));
    const claims: Promise<void>[] = [];
    for (let n = 0; n < 12; n++) {
      claims.push(claimStore(directory, 'NATS', false));
      await setImmediate();
    }
    await Promise.all(claims);
    expect(await readdir(directory)).toEqual(['STORE']);
  }
});

test('a job goes on in the store that it began in, unless it begins anew', async () => {
  using folder = new Folder({});
  await claimStore(folder.path, 'NATS', false);
  await claimStore(folder.path, 'NATS', false);
  await expect(claimStore(folder.path, 'this directory', false)).rejects.toThrow(
    `the state of this job is in NATS, not in this directory (${folder.path})`,
  );
  await claimStore(folder.path, 'this directory', true);
  await claimStore(folder.path, 'this directory', false);
});
