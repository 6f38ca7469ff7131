import { copyFile, cp, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packValue } from '../../../src/batch/index.ts';
import { type Random, seededRandom } from '../../../src/core/index.ts';
import { forgetLevelStores, type JobStores, openLevelStores } from '../../../src/state/index.ts';
import { blobOf, wrongIn, wrongUnlessDamaged } from './written-values.ts';

const rounds = 12;

let root: string;
let intact: string;
/** As it was some rounds earlier. */
let older: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'weir-damage-'));
  intact = join(root, 'intact');
  older = join(root, 'older');
  await write(1, 7);
  await cp(intact, older, { recursive: true });
  await write(8, rounds);
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function write(from: number, to: number): Promise<void> {
  const stores = await openLevelStores(intact);
  for (let n = from; n <= to; n++) {
    for (const part of ['a', 'b']) await stores.blobs.put(`chunk/${n}/${part}`, blobOf(n));
    await stores.journal.append('lines', [packValue(n)]);
    await stores.pointers.compareAndSet('checkpoint', n - 1, packValue(n));
  }
  await stores.close();
}

/** Runs `check` on a damaged copy; what it found wrong, or null. */
async function afterDamage(
  damage: (directory: string) => Promise<void>,
  check = (stores: JobStores) => wrongIn(stores, rounds),
): Promise<string | null> {
  const directory = await mkdtemp(join(root, 'copy-'));
  await cp(intact, directory, { recursive: true });
  await damage(directory);
  const wrong = await wrongUnlessDamaged(async () => {
    const stores = await openLevelStores(directory);
    try {
      return await check(stores);
    } finally {
      await stores.close();
    }
  });
  await rm(directory, { recursive: true, force: true });
  return wrong;
}

async function filesOf(directory: string, form: RegExp): Promise<string[]> {
  const names = await readdir(directory, { recursive: true });
  return names
    .filter((name) => form.test(name) && !/LOCK$|LOG$|LOG\.old$|level$/.test(name))
    .map((name) => join(directory, name));
}

async function edit(path: string, change: (bytes: Uint8Array) => void): Promise<void> {
  const bytes = new Uint8Array(await readFile(path));
  change(bytes);
  await writeFile(path, bytes);
}

const pick = <T>(random: Random, from: readonly T[]): T => from[Math.floor(random.next() * from.length)]!;

describe('a damaged job directory', () => {
  it('S2: that is not damaged is read in full, and one without its log is refused', async () => {
    let read = 0;
    const all = async (stores: JobStores): Promise<null> => {
      await stores.pointers.read('checkpoint');
      for (const id of await stores.blobs.list('')) read += (await stores.blobs.get(id)).length;
      read += (await stores.journal.read('lines', 0, 99)).length;
      return null;
    };
    expect(await afterDamage(async () => undefined, all)).toBeNull();
    expect(read).toBe(2 * (2 * 300_000 + 10 * 500 + 78 - 15) + rounds);
    const cut = (directory: string): Promise<void> =>
      filesOf(directory, /\.log$/).then(async (paths) => void (await Promise.all(paths.map((path) => rm(path)))));
    expect(await afterDamage(cut, async (stores) => stores.pointers.read('checkpoint').then(() => 'it was read'))).toBeNull();
  });

  const kinds = [
    ['log', /\.log$/],
    ['table', /\.ldb$/],
    ['manifest', /MANIFEST-\d+$/],
    ['CURRENT', /CURRENT$/],
    ['marker', /COMMITTED$/],
  ] as const;
  for (const [kind, form] of kinds) {
    it(`S2: with a ${kind} that is deleted, emptied or cut is refused or still right`, async () => {
      const wrong: unknown[] = [];
      for (const keep of [-1, 0, 0.1, 0.5, 0.9, 0.999]) {
        wrong.push(
          await afterDamage(async (directory) => {
            for (const path of await filesOf(directory, form)) {
              if (keep < 0) await rm(path);
              else await truncate(path, Math.floor((await readFile(path)).length * keep));
            }
          }),
        );
      }
      expect(wrong.filter((found) => found !== null)).toEqual([]);
    });
    it(`S2: with flipped bits or a zeroed page in a ${kind} is refused or still right`, async () => {
      const random = seededRandom(41);
      const wrong: unknown[] = [];
      for (let i = 0; i < 8; i++) {
        wrong.push(
          await afterDamage(async (directory) => {
            const path = pick(random, await filesOf(directory, form));
            await edit(path, (bytes) => {
              if (i === 0) return void bytes.fill(0, Math.floor(bytes.length / 2), Math.floor(bytes.length / 2) + 4096);
              for (let flips = 0; flips < 5; flips++)
                bytes[Math.floor(random.next() * bytes.length)]! ^= 1 << Math.floor(random.next() * 8);
            });
          }),
        );
      }
      expect(wrong.filter((found) => found !== null)).toEqual([]);
    });
  }

  const refused = (check: (stores: JobStores) => Promise<unknown>): ((stores: JobStores) => Promise<string | null>) => {
    return async (stores) => ((await check(stores)) === undefined ? null : 'it was not refused');
  };

  it('S14: whose database was put back to an older state is refused: the marker knows better', async () => {
    const back = async (directory: string): Promise<void> => {
      await rm(join(directory, 'level'), { recursive: true });
      await cp(join(older, 'level'), join(directory, 'level'), { recursive: true });
    };
    expect(
      await afterDamage(
        back,
        refused((stores) => stores.pointers.read('checkpoint')),
      ),
    ).toBeNull();
    expect(
      await afterDamage(
        back,
        refused((stores) => stores.pointers.compareAndSet('checkpoint', 7, packValue(8))),
      ),
    ).toBeNull();
    expect(
      await afterDamage(
        back,
        refused((stores) => stores.journal.end('lines')),
      ),
    ).toBeNull();
  });
  it('S14: whose database is gone is not taken for a new one', async () => {
    expect(
      await afterDamage(
        (directory) => rm(join(directory, 'level'), { recursive: true }),
        refused(async () => 'opened'),
      ),
    ).toBeNull();
  });
  it('S10: whose marker lags behind is in order', async () => {
    const wrong = await afterDamage(
      (directory) => copyFile(join(older, 'COMMITTED'), join(directory, 'COMMITTED')),
      async (stores) => ((await stores.pointers.read('checkpoint'))?.revision === rounds ? null : 'the pointer is another'),
    );
    expect(wrong).toBeNull();
  });
  it('can be forgotten, whatever happened to it, and leaves nothing behind', async () => {
    const directory = join(root, 'forgotten-job');
    for (const damage of [
      () => rm(join(directory, 'level'), { recursive: true }),
      () => rm(join(directory, 'level', 'CURRENT')),
      () => writeFile(join(directory, 'COMMITTED'), 'no marker'),
      () => cp(intact, `${directory}.forgotten`, { recursive: true }), // what a kill leaves
    ]) {
      await cp(intact, directory, { recursive: true });
      await damage();
      await forgetLevelStores(directory);
      const stores = await openLevelStores(directory);
      expect(await stores.pointers.read('checkpoint')).toBeNull();
      await stores.close();
      expect((await readdir(root)).filter((name) => name.startsWith('forgotten-job'))).toEqual(['forgotten-job']);
      await rm(directory, { recursive: true });
    }
  });
});
