import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection, Status } from '@nats-io/transport-node';
import { describe, expect, test } from 'vitest';
import { packValue } from '../../../src/batch/index.ts';
import { seededRandom } from '../../../src/core/index.ts';
import { forgetNatsStores, type NatsStores, natsStoreNames, openNatsStores } from '../../../src/state/index.ts';
import { seal } from '../../../src/state/sealed.ts';
import { withServer } from '../../nats/server.ts';
import { bytes, said, sizeOf, subjectsOf } from './stream-edits.ts';

let seed = 0;

async function until(connection: NatsConnection, type: Status['type']): Promise<void> {
  for await (const status of connection.status()) if (status.type === type) return;
}

describe('stores on a server', () => {
  const nats = withServer();
  const open = (job: string): Promise<NatsStores> =>
    openNatsStores({ connection: nats.connection, job, create: true, random: seededRandom(seed++) });

  test('SN1: are the streams that were announced, and no others', async () => {
    await open('announced');
    await open('announced_BLOBS');
    const { streams } = await jetstreamManager(nats.connection);
    const made = (await streams.list().next()).map(({ config }) => `stream ${config.name} (subjects ${config.subjects?.join()})`);
    expect(made.sort()).toEqual([...natsStoreNames('announced'), ...natsStoreNames('announced_BLOBS')].sort());
    await expect(open('a.b')).rejects.toMatchObject({ code: 'E_INTERNAL', message: expect.stringContaining('SN1') });
  });

  test('SN1: names that differ only in dots and slashes are different names', async () => {
    const { blobs, pointers, journal } = await open('names');
    const names = ['a', 'a/b', 'a.b', 'a/b.c', 'a.b/c', 'a/h', 'h', 'h/a'];
    for (const name of names) {
      await blobs.put(name, bytes(name));
      await pointers.compareAndSet(name, 0, bytes(name));
      await journal.append(name, [bytes(name)]);
    }
    expect(await blobs.list('')).toEqual([...names].sort());
    expect(await blobs.list('a.')).toEqual(['a.b', 'a.b/c']);
    expect((await journal.list()).map(({ name }) => name)).toEqual([...names].sort());
    for (const name of names) {
      expect(said(await blobs.get(name))).toBe(name);
      expect(said((await pointers.read(name))!.value)).toBe(name);
    }
  });

  test('S13: a cell counts its own revisions, whatever else is written', async () => {
    const { pointers } = await open('revisions');
    for (let revision = 0; revision < 3; revision++) {
      expect(await pointers.compareAndSet('cell', revision, bytes('x'))).toBe(revision + 1);
      await pointers.compareAndSet('lease', revision, bytes('y'));
    }
  });

  test('S13: of two processes that move a cell from the same revision one does', async () => {
    const [one, two] = await Promise.all([open('moved'), open('moved')]);
    expect(one.identity).toBe(two.identity);
    for (let revision = 0; revision < 20; revision++) {
      const long = new Uint8Array(revision % 2 === 0 ? 10 : 200_000).fill(revision);
      const moves = await Promise.all([one, two].map(({ pointers }) => pointers.compareAndSet('cell', revision, long)));
      expect(moves.filter((moved) => moved === revision + 1)).toHaveLength(1);
      expect(moves.filter((moved) => moved === null)).toHaveLength(1);
    }
    // Of long values only the pieces of the last one are left.
    const subjects = await subjectsOf(nats.connection, 'WEIR_moved_CELLS');
    expect(subjects.filter((subject) => subject.includes('.q.'))).toHaveLength(2);
  });

  test('S6: of two processes that put an id with other bytes one is told', async () => {
    const [one, two] = await Promise.all([open('put'), open('put')]);
    const long = [1, 2].map((byte) => new Uint8Array(300_000).fill(byte));
    const puts = await Promise.allSettled([one.blobs.put('x', long[0]!), two.blobs.put('x', long[1]!)]);
    expect(puts.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const winner = long[puts.findIndex(({ status }) => status === 'fulfilled')]!;
    expect(Buffer.compare(await one.blobs.get('x'), winner)).toBe(0);
  });

  test('S12: what was deleted takes no space any more, nor does a put that was cut off', async () => {
    const { blobs } = await open('freed');
    const long = new Uint8Array(1_000_000);
    for (let i = 0; i < 8; i++) await blobs.put(`long/${i}`, long.fill(i));
    await blobs.put('short', bytes('x'));
    // The pieces of one whose process was killed before its head was written.
    await nats.connection.request('weir-store.freed.blobs.p.cut.off', seal('cut', long.subarray(0, 100_000)));
    expect(await blobs.list('cut/')).toEqual(['cut/off']);
    await expect(blobs.get('cut/off')).rejects.toMatchObject({ code: 'E_STATE_DAMAGED' });
    await blobs.delete(await blobs.list(''));
    expect(await sizeOf(nats.connection, 'WEIR_freed_BLOBS')).toMatchObject({ messages: 0, bytes: 0 });
    expect(await blobs.list('')).toEqual([]);
  });

  test('S15: entries of any length, in messages of bounded length, are freed once released', async () => {
    const { journal } = await open('long-entries');
    const lengths = [10, 300_000, 0, 60_000, 60_000, 700_000, 5];
    await journal.append(
      'in',
      lengths.map((length, i) => new Uint8Array(length).fill(i)),
    );
    const again = (await open('long-entries')).journal;
    expect((await again.read('in', 0, 99)).map(({ value }) => [value.length, value[0]])).toEqual(
      lengths.map((length, i) => [length, length === 0 ? undefined : i]),
    );
    await again.release('in', 4);
    expect((await again.read('in', 4, 2)).map(({ value }) => value.length)).toEqual([60_000, 700_000]);
    await again.release('in', 6);
    expect(await again.read('in', 6, 9)).toMatchObject([{ sequence: 6 }]);
    expect((await sizeOf(nats.connection, 'WEIR_long-entries_JOURNAL')).bytes).toBeLessThan(1000);
    await again.release('in', 7);
    // The last frame stays: by it whoever appends is known.
    expect(await sizeOf(nats.connection, 'WEIR_long-entries_JOURNAL')).toMatchObject({ messages: 1 });
  });

  test('SJ1: a process that does not know what another one appended appends nothing, and then knows', async () => {
    const [one, two] = await Promise.all([open('appended'), open('appended')]);
    expect(await one.journal.append('in', [bytes('a')])).toBe(0);
    expect(await two.journal.append('in', [bytes('b')])).toBe(1);
    await expect(one.journal.append('in', [bytes('c')])).rejects.toMatchObject({
      code: 'E_STORE',
      message: expect.stringContaining('another process has appended'),
    });
    expect(await one.journal.end('in')).toBe(2);
    expect(await one.journal.append('in', [bytes('c')])).toBe(2);
    expect((await two.journal.read('in', 0, 2)).map(({ value }) => said(value))).toEqual(['a', 'b']);
    expect((await two.journal.read('in', 2, 9)).map(({ value }) => said(value))).toEqual(['c']);
    await two.journal.release('in', 1);
    await one.journal.release('in', 2);
    await two.journal.release('in', 1);
    expect(await two.journal.list()).toEqual([{ name: 'in', first: 2, end: 3 }]);
  });

  // Found by simulated lives of a split that came back to a worker that had read it before: the job ended as damaged.
  test('are read by a process that knows entries which another one has released', async () => {
    const [one, two] = [await open('released'), await open('released')];
    for (const value of ['a', 'b', 'c', 'd']) await one.journal.append('in', [bytes(value)]);
    const early = await open('released');
    expect((await early.journal.read('in', 0, 1)).map(({ value }) => said(value))).toEqual(['a']);
    await two.journal.release('in', 2);
    expect((await early.journal.read('in', 2, 9)).map(({ value }) => said(value))).toEqual(['c', 'd']);
  });

  test('S15: take nothing from a process that knows them only as they were before all was released', async () => {
    const [early, two] = [await open('begun'), await open('begun')];
    expect(await early.journal.end('in')).toBe(0);
    for (const value of ['a', 'b']) await two.journal.append('in', [bytes(value)]);
    await two.journal.release('in', 2);
    await expect(early.journal.append('in', [bytes('z')])).rejects.toMatchObject({ code: 'E_STORE' });
    expect(await early.journal.append('in', [bytes('c')])).toBe(2);
    expect((await two.journal.list()).map(({ end }) => end)).toEqual([3]);
  });

  test('appends that wait for another one are stored together', async () => {
    const { journal } = await open('together');
    await Promise.all(Array.from({ length: 500 }, (_, i) => journal.append('in', [bytes(`${i}`)])));
    expect((await sizeOf(nats.connection, 'WEIR_together_JOURNAL')).messages).toBe(1);
    expect((await journal.read('in', 0, 500)).map(({ value }) => said(value))).toEqual(
      Array.from({ length: 500 }, (_, i) => `${i}`),
    );
  });

  test('SO2, SO3: forgetting that was cut off is finished by whoever opens the stores, and touches nothing newer', async () => {
    const stores = await open('forgotten');
    await stores.pointers.compareAndSet('cell', 0, bytes('old'));
    await stores.pointers.compareAndSet('lease', 0, bytes('mine'));
    await stores.blobs.put('old', bytes('old'));
    await stores.journal.append('in', [bytes('old')]);
    // As a kill right after it was written down leaves it.
    const subject = 'weir-store.forgotten.cells.f';
    const forgetting = packValue({ kept: ['lease'], blobs: 2, journal: 2 });
    await nats.connection.request(subject, seal(subject, Buffer.concat([Uint8Array.of(1), forgetting])));
    await expect(
      openNatsStores({ connection: nats.connection, job: 'forgotten', create: false, random: seededRandom(1) }),
    ).rejects.toMatchObject({ code: 'E_STORE' });
    await stores.blobs.put('new', bytes('new'));
    await stores.pointers.compareAndSet('new', 0, bytes('new'));
    const again = await open('forgotten');
    expect(again.identity).not.toBe(stores.identity);
    expect(await again.blobs.list('')).toEqual(['new']);
    expect(await again.journal.list()).toEqual([]);
    expect([await again.pointers.read('cell'), said((await again.pointers.read('lease'))!.value)]).toEqual([null, 'mine']);
    expect(said((await again.pointers.read('new'))!.value)).toBe('new');
    // Once more, with nothing that stays but what is named: those who hold the stores go on.
    await forgetNatsStores(nats.connection, 'forgotten', ['lease']);
    expect(await again.blobs.list('')).toEqual([]);
    expect(await again.pointers.compareAndSet('lease', 1, bytes('still mine'))).toBe(2);
  });
});

describe('stores on a server that is killed', () => {
  const nats = withServer({ per: 'test' });

  test('S1: have all that was confirmed, and say of the rest that nobody knows', async () => {
    const connection = await nats.connect({ maxReconnectAttempts: -1, reconnectTimeWait: 20, reconnectJitter: 0 });
    const options = { connection, job: 'killed', create: true, random: seededRandom(1), timeoutMs: 500 };
    const { blobs, pointers, journal } = await openNatsStores(options);
    const long = new Uint8Array(400_000).map((_, i) => i % 253);
    const confirmed: string[] = [];
    let appended = 0;
    const writing = (async (): Promise<never> => {
      for (let i = 0; ; i++) {
        await blobs.put(`b/${i}`, long);
        confirmed.push(`b/${i}`);
        await pointers.compareAndSet('cell', i, bytes(`${i}`));
        appended = (await journal.append('in', [bytes(`${i}`)])) + 1;
        if (i === 5) void nats.server.kill();
      }
    })();
    await expect(writing).rejects.toMatchObject({ code: 'E_STORE' });
    const reconnected = until(connection, 'reconnect');
    await nats.restart();
    await reconnected;
    const after = await openNatsStores(options);
    expect(confirmed.length).toBeGreaterThan(5);
    for (const id of confirmed) expect(Buffer.compare(await after.blobs.get(id), long)).toBe(0);
    expect((await pointers.read('cell'))!.revision).toBeGreaterThanOrEqual(appended);
    // The one that was cut off knows the end by looking.
    const end = await journal.end('in');
    expect([appended, appended + 1]).toContain(end);
    expect(await journal.append('in', [bytes('next')])).toBe(end);
    await blobs.delete(await blobs.list(''));
  });
});

describe('stores on a server that forbids', () => {
  const nats = withServer();

  test('say which subject, and to whom it is to be allowed', async () => {
    const random = seededRandom(1);
    const { url } = await nats.another({
      config: `authorization { users: [
        { user: admin, password: x },
        { user: reader, password: x, permissions: {
          publish: { allow: ["$JS.API.STREAM.INFO.>", "$JS.API.STREAM.MSG.GET.>"] }, subscribe: ["_INBOX.>"] } }
      ] }`,
    });
    const [admin, reader] = await Promise.all(['admin', 'reader'].map((user) => nats.connect({ servers: url, user, pass: 'x' })));
    await openNatsStores({ connection: admin!, job: 'mine', create: true, random });
    const { blobs, pointers } = await openNatsStores({ connection: reader!, job: 'mine', create: false, random });
    expect(await pointers.read('cell')).toBeNull();
    await expect(blobs.put('a/b', bytes('x'))).rejects.toMatchObject({
      code: 'E_BROKER',
      message: 'put blob a/b: the nats-server forbids this user to publish on weir-store.mine.blobs.h.a.b',
      hint: 'add to the permissions of the user: publish { allow: ["weir-store.mine.blobs.h.a.b"] }',
    });
    await expect(openNatsStores({ connection: reader!, job: 'other', create: true, random })).rejects.toMatchObject({
      code: 'E_BROKER',
      message: expect.stringContaining('publish on $JS.API.STREAM.CREATE.WEIR_other_BLOBS'),
    });
  });
});
