import { jetstreamManager } from '@nats-io/jetstream';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../../src/core/index.ts';
import { type NatsStores, openNatsStores } from '../../../src/state/index.ts';
import { withServer } from '../../nats/server.ts';
import { bytes, flip, said, subjectsOf } from './stream-edits.ts';

const nats = withServer();
const damaged = { code: 'E_STATE_DAMAGED' };
let jobs = 0;

async function opened(): Promise<{ readonly job: string; readonly stores: NatsStores; again(): Promise<NatsStores> }> {
  const job = `damaged-${jobs++}`;
  const again = (): Promise<NatsStores> =>
    openNatsStores({ connection: nats.connection, job, create: true, random: seededRandom(jobs++) });
  return { job, stores: await again(), again };
}

describe('what was changed on the server is found', () => {
  test('S2: a flipped bit in a blob, a cell, entries of a journal, and what was released of it', async () => {
    const { job, stores, again } = await opened();
    await stores.blobs.put('a/b', bytes('blob'));
    await stores.pointers.compareAndSet('cell', 0, bytes('cell'));
    await stores.journal.append('in', [bytes('x'), bytes('y')]);
    await stores.journal.append('out', [bytes('x'), bytes('y')]);
    await stores.journal.release('out', 1);
    const root = `weir-store.${job}`;
    await flip(nats.connection, `WEIR_${job}_BLOBS`, `${root}.blobs.h.a.b`, 10);
    await flip(nats.connection, `WEIR_${job}_CELLS`, `${root}.cells.c.cell`, 30);
    await flip(nats.connection, `WEIR_${job}_JOURNAL`, `${root}.journal.h.in`, 25);
    await flip(nats.connection, `WEIR_${job}_CELLS`, `${root}.cells.j.out`, 12);
    const { blobs, pointers, journal } = await again();
    await expect(blobs.get('a/b')).rejects.toMatchObject({ ...damaged, message: expect.stringContaining('blob a/b') });
    await expect(pointers.read('cell')).rejects.toMatchObject({ ...damaged, message: expect.stringContaining('cell') });
    await expect(journal.read('in', 0, 9)).rejects.toMatchObject(damaged);
    await expect(journal.end('out')).rejects.toMatchObject(damaged);
    // What cannot be read can be deleted.
    await blobs.delete(['a/b']);
    expect(await blobs.list('')).toEqual([]);
  });

  test('S2, S11: a piece of a long blob that is missing, or another one in its place', async () => {
    const { job, stores } = await opened();
    const long = new Uint8Array(300_000).map((_, i) => i % 251);
    const { streams } = await jetstreamManager(nats.connection);
    for (const id of ['one', 'two']) await stores.blobs.put(id, long);
    const info = await streams.info(`WEIR_${job}_BLOBS`);
    expect(info.state.messages).toBe(8);
    await streams.deleteMessage(`WEIR_${job}_BLOBS`, 2);
    await expect(stores.blobs.get('one')).rejects.toMatchObject({
      ...damaged,
      message: expect.stringMatching(/piece \d is missing/),
    });
    expect(Buffer.compare(await stores.blobs.get('two'), long)).toBe(0);
  });

  test('a long blob without one of its pieces, as a kill in the middle of its deletion leaves it, can be deleted', async () => {
    const { job, stores } = await opened();
    const { streams } = await jetstreamManager(nats.connection);
    for (const id of ['one', 'two']) await stores.blobs.put(id, new Uint8Array(300_000).fill(7));
    for (const seq of [2, 3]) await streams.deleteMessage(`WEIR_${job}_BLOBS`, seq);
    await stores.blobs.delete(['one']);
    expect(await stores.blobs.list('')).toEqual(['two']);
  });

  test('S15: a frame that is missing in the middle of a journal, and one at its end', async () => {
    const { job, stores, again } = await opened();
    for (const value of ['a', 'b', 'c', 'd']) await stores.journal.append('in', [bytes(value)]);
    const { streams } = await jetstreamManager(nats.connection);
    await streams.deleteMessage(`WEIR_${job}_JOURNAL`, 2);
    const { journal } = await again();
    await expect(journal.read('in', 0, 9)).rejects.toMatchObject({
      ...damaged,
      message: expect.stringContaining('entry 1 is missing'),
    });
    expect((await journal.read('in', 2, 9)).map(({ value }) => said(value))).toEqual(['c', 'd']);
    await streams.deleteMessage(`WEIR_${job}_JOURNAL`, 4);
    await expect(journal.list()).rejects.toMatchObject({ ...damaged, message: expect.stringContaining('journal in') });
  });

  test('S14: a cell that is there no more, or is older than it was', async () => {
    const { job, stores } = await opened();
    const first = await stores.pointers.compareAndSet('cell', 0, bytes('1'));
    await stores.pointers.compareAndSet('other', 0, bytes('1'));
    const { streams } = await jetstreamManager(nats.connection);
    const old = (await streams.getMessage(`WEIR_${job}_CELLS`, { last_by_subj: `weir-store.${job}.cells.c.cell` }))!;
    const second = await stores.pointers.compareAndSet('cell', first!, bytes('2'));
    await nats.connection.request(old.subject, old.data);
    await streams.purge(`WEIR_${job}_CELLS`, { filter: `weir-store.${job}.cells.c.other` });
    for (const revision of [first!, second!])
      await expect(stores.pointers.compareAndSet('cell', revision, bytes('3'))).rejects.toMatchObject({
        ...damaged,
        message: 'cell cell was rewound to revision 1, but 2 was there: the nats-server has lost what it had confirmed',
      });
    await expect(stores.pointers.compareAndSet('other', 0, bytes('3'))).rejects.toMatchObject(damaged);
  });
});

describe('streams of a job that are there only in part', () => {
  test('SO1: are not taken for those of a new job, unless it is to forget them', async () => {
    const { job, stores, again } = await opened();
    await stores.pointers.compareAndSet('cell', 0, bytes('1'));
    await stores.blobs.put('blob', bytes('1'));
    const { streams } = await jetstreamManager(nats.connection);
    await streams.delete(`WEIR_${job}_JOURNAL`);
    await expect(again()).rejects.toMatchObject({
      ...damaged,
      message: expect.stringContaining(`WEIR_${job}_JOURNAL is missing`),
    });
    await streams.delete(`WEIR_${job}_CELLS`);
    await expect(again()).rejects.toMatchObject({ ...damaged, message: expect.stringContaining('not its beginning') });
    await openNatsStores({ connection: nats.connection, job, create: true, fresh: true, random: seededRandom(1) });
    expect(await subjectsOf(nats.connection, `WEIR_${job}_CELLS`)).toEqual([`weir-store.${job}.cells.i`]);
  });

  test('SN2: a stream that would lose messages by itself is refused, and the settings are named', async () => {
    const { streams } = await jetstreamManager(nats.connection);
    const subjects = ['weir-store.limited.blobs.>'];
    await streams.add({ name: 'WEIR_limited_BLOBS', subjects, max_age: 60e9, discard: 'old' });
    const open = openNatsStores({ connection: nats.connection, job: 'limited', create: true, random: seededRandom(1) });
    await expect(open).rejects.toMatchObject({
      code: 'E_STATE_INCOMPATIBLE',
      message: expect.stringMatching(
        /WEIR_limited_BLOBS .*: discard is "old" and must be "new", max_age is 60000000000 and must be 0$/,
      ),
    });
    await streams.update('WEIR_limited_BLOBS', { max_age: 0, max_bytes: 1 << 30, discard: 'new' });
    await openNatsStores({ connection: nats.connection, job: 'limited', create: true, random: seededRandom(1) });
  });

  test('are not adopted from another program', async () => {
    const { streams } = await jetstreamManager(nats.connection);
    await streams.add({ name: 'WEIR_taken_CELLS', subjects: ['orders.>'], discard: 'new', max_msgs_per_subject: 1 });
    const open = openNatsStores({ connection: nats.connection, job: 'taken', create: true, random: seededRandom(1) });
    await expect(open).rejects.toMatchObject({ code: 'E_STATE_INCOMPATIBLE', message: expect.stringContaining('subjects is') });
  });
});
