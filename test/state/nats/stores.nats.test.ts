import { jetstreamManager } from '@nats-io/jetstream';
import { describe, expect, test } from 'vitest';
import { forgetNatsStores, openNatsStores } from '../../../src/state/index.ts';
import { seededRandom } from '../../../src/core/index.ts';
import { withServer } from '../../nats/server.ts';
import { describeStores } from '../store-contract.ts';

const nats = withServer();
const random = seededRandom(1);
let jobs = 0;

describeStores('stores in NATS', async () => {
  const job = `job-${jobs++}`;
  return {
    open: () => openNatsStores({ connection: nats.connection, job, create: true, random }),
    dispose: () => forgetNatsStores(nats.connection, job),
  };
});

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('stores in NATS', () => {
  test('are not made by whoever only wants to use them', async () => {
    await expect(openNatsStores({ connection: nats.connection, job: 'nobody', create: false, random })).rejects.toMatchObject({
      code: 'E_STORE',
      message: 'stream WEIR_nobody_CELLS: it does not exist',
    });
  });

  test('of a job that was forgotten are empty; those of others are left', async () => {
    for (const job of ['one', 'two']) {
      const { pointers, blobs, journal } = await openNatsStores({ connection: nats.connection, job, create: true, random });
      await pointers.compareAndSet('cell', 0, bytes('x'));
      await blobs.put('blob', bytes('x'));
      await journal.append('in', [bytes('x')]);
    }
    await forgetNatsStores(nats.connection, 'one');
    await forgetNatsStores(nats.connection, 'one');
    const [one, two] = await Promise.all(
      ['one', 'two'].map((job) => openNatsStores({ connection: nats.connection, job, create: true, random })),
    );
    expect([await one!.pointers.read('cell'), await one!.blobs.list(''), await one!.journal.list()]).toEqual([null, [], []]);
    expect([(await two!.pointers.read('cell')) !== null, await two!.blobs.list(''), await two!.journal.end('in')]).toEqual([
      true,
      ['blob'],
      1,
    ]);
  });

  test('S14: a cell that the server has lost is damage, and nothing is written over it', async () => {
    const { connection } = nats;
    const { pointers } = await openNatsStores({ connection, job: 'rewound', create: true, random });
    await pointers.compareAndSet('cell', 0, bytes('x'));
    const found = await pointers.read('cell');
    // As a power cut does: what was confirmed is gone, and the next revision is one that was known.
    const manager = await jetstreamManager(connection);
    await manager.streams.delete('WEIR_rewound_CELLS');
    const other = await openNatsStores({ connection, job: 'rewound', create: true, random });
    await other.pointers.compareAndSet('cell', 0, bytes('y'));
    await expect(pointers.read('cell')).rejects.toMatchObject({
      code: 'E_STATE_DAMAGED',
      message: expect.stringContaining('was rewound'),
    });
    await expect(pointers.compareAndSet('cell', found!.revision, bytes('z'))).rejects.toMatchObject({
      code: 'E_STATE_DAMAGED',
    });
  });
});
