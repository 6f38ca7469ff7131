import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { silentLogger } from '../../../src/core/index.ts';
import { findSharedStores, type JobPlace, makeSharedStores } from '../../../src/runtime/remote/job-stores.ts';
import { withCopies } from '../../../src/runtime/remote/snapshot-copies.ts';
import { StoresOfLife } from '../../../src/runtime/remote/stores-of-life.ts';
import { forgetNatsStores } from '../../../src/state/index.ts';
import { describeStores } from '../../state/store-contract.ts';
import { withServer } from '../../nats/server.ts';

const nats = withServer();
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const said = (value: Uint8Array): string => new TextDecoder().decode(value);
let folder: string;
let jobs = 0;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'weir-stores-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const placeOf = (job: string): JobPlace => ({ connection: nats.connection, job, jetStream: {}, timeoutMs: 5000 });
const newPlace = (): JobPlace => placeOf(`shared-${jobs++}`);

describeStores('stores in NATS, with snapshots in a directory', async () => {
  const place = newPlace();
  return { open: () => makeSharedStores(place, folder), dispose: () => forgetNatsStores(nats.connection, place.job) };
});

describe('the snapshots of a job on NATS', () => {
  test('JB1: are where its first start said, for every process that comes later', async () => {
    const place = newPlace();
    const first = await makeSharedStores(place, folder);
    await first.blobs.put('chunk', bytes('x'));
    const [again, worker] = [await makeSharedStores(place, undefined), await findSharedStores(place)];
    expect([await again.blobs.get('chunk'), await worker.blobs.get('chunk')].map(said)).toEqual(['x', 'x']);
    await expect(makeSharedStores(place, `${folder}/other`)).rejects.toMatchObject({
      code: 'E_STATE_INCOMPATIBLE',
      message: `the snapshots of job ${place.job} are in ${folder}, not in ${folder}/other`,
    });
    const inNats = newPlace();
    await makeSharedStores(inNats, undefined);
    await expect(makeSharedStores(inNats, folder)).rejects.toThrow(/are in NATS, not in/);
  });

  test('JB1: of a server of its own are beside its files, where nobody asked for another place, and move with them', async () => {
    const place = newPlace();
    const own = join(folder, 'own');
    const first = await makeSharedStores(place, undefined, own);
    await first.blobs.put('chunk', bytes('x'));
    expect(said(await (await findSharedStores(place)).blobs.get('chunk'))).toBe('x');
    const moved = join(folder, 'moved');
    renameSync(own, moved);
    await expect(makeSharedStores(place, undefined, own)).rejects.toThrow(/which is not there on this machine/);
    const there = await makeSharedStores(place, undefined, moved);
    const worker = await findSharedStores(place);
    expect([await there.blobs.get('chunk'), await worker.blobs.get('chunk')].map(said)).toEqual(['x', 'x']);
    await expect(makeSharedStores(place, folder, moved)).rejects.toThrow(/are in .*moved, not in/);
  });

  test('JB1: stay where they were asked for, or in NATS, whatever a server of its own would have', async () => {
    const [asked, inNats] = [newPlace(), newPlace()];
    const own = join(folder, 'own');
    await (await makeSharedStores(asked, folder, own)).blobs.put('chunk', bytes('x'));
    await (await makeSharedStores(inNats)).blobs.put('chunk', bytes('y'));
    const again = [await makeSharedStores(asked, undefined, own), await makeSharedStores(inNats, undefined, own)];
    expect((await Promise.all(again.map(({ blobs }) => blobs.get('chunk')))).map(said)).toEqual(['x', 'y']);
    expect(existsSync(own)).toBe(false);
  });

  test('in a directory that is not there on this machine are said to be missing there, and nothing is made', async () => {
    const place = newPlace();
    await makeSharedStores(place, folder);
    rmSync(folder, { recursive: true });
    await expect(findSharedStores(place)).rejects.toMatchObject({ code: 'E_STORE', retry: 'never' });
    await expect(makeSharedStores(place, undefined)).rejects.toThrow(/which is not there on this machine/);
    expect(existsSync(folder)).toBe(false);
  });

  test('JB2: of a life that was forgotten are never read, and go', async () => {
    const place = newPlace();
    const first = await makeSharedStores(place, folder);
    await first.blobs.put('chunk', bytes('old'));
    await forgetNatsStores(nats.connection, place.job);
    const second = await makeSharedStores(place, folder);
    expect(await second.blobs.list('')).toEqual([]);
    await second.blobs.put('chunk', bytes('new'));
    expect(said(await second.blobs.get('chunk'))).toBe('new');
    expect(readdirSync(join(folder, place.job))).toEqual([second.identity]);
  });
});

describe('copies of snapshots', () => {
  test('are read by the next process of the machine, two of which share none', async () => {
    const place = newPlace();
    const shared = await makeSharedStores(place, undefined);
    const open = () => withCopies(shared, place.job, folder, silentLogger);
    const [one, two] = [await open(), await open()];
    await one.blobs.put('chunk', bytes('x'));
    expect(readdirSync(join(folder, place.job))).toEqual(['copies-0', 'copies-1']);
    await one.close();
    await two.close();
    const remote = await makeSharedStores(place, undefined);
    await remote.blobs.delete(['chunk']);
    const again = await withCopies(remote, place.job, folder, silentLogger);
    expect(said(await again.blobs.get('chunk'))).toBe('x'); // from its copy: it is nowhere else
    await again.close();
  });

  test('that cannot be kept are done without, and the log says so', async () => {
    const log: string[] = [];
    const logger = { ...silentLogger, warn: (_: unknown, what: string) => void log.push(what) };
    const place = newPlace();
    const stores = await withCopies(await makeSharedStores(place, undefined), place.job, '/dev/null', logger);
    await stores.blobs.put('chunk', bytes('x'));
    expect(said(await stores.blobs.get('chunk'))).toBe('x');
    expect(log).toEqual(['no copies of snapshots are kept']);
  });
});

test('JB3: a worker uses the stores of the job that it has joined, and of no other', async () => {
  const place = newPlace();
  const worker = new StoresOfLife(() => findSharedStores(place));
  expect(() => worker.blobs).toThrow(/JB3/);
  await makeSharedStores(place, undefined);
  await worker.open();
  await worker.blobs.put('chunk', bytes('old'));
  await forgetNatsStores(nats.connection, place.job);
  await makeSharedStores(place, folder);
  await worker.open();
  expect(await worker.blobs.list('')).toEqual([]);
  expect(worker.guarantee).toContain(folder);
});
