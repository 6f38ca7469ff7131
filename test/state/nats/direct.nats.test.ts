// Pieces of long blobs come as they are, from whoever has them; where a stream does not give them out so, from its leader.
import { randomBytes } from 'node:crypto';
import { jetstreamManager } from '@nats-io/jetstream';
import { expect, test } from 'vitest';
import { seededRandom } from '../../../src/core/index.ts';
import { type NatsStores, openNatsStores } from '../../../src/state/index.ts';
import { withServer } from '../../nats/server.ts';

const nats = withServer({ per: 'test' });
const long = randomBytes(500_000);

const open = (): Promise<NatsStores> =>
  openNatsStores({ connection: nats.connection, job: 'direct', create: true, random: seededRandom(1), timeoutMs: 5000 });

/** Subjects of all that is asked of the API while it runs. */
async function asked(run: () => Promise<void>): Promise<string[]> {
  const seen: string[] = [];
  const subscription = nats.connection.subscribe('$JS.API.>', { callback: (_, { subject }) => void seen.push(subject) });
  await run();
  await nats.connection.flush();
  subscription.unsubscribe();
  return seen;
}

test('the pieces of a blob are read directly', async () => {
  const stores = await open();
  await stores.blobs.put('a/b', long);
  const seen = await asked(async () => expect(Buffer.compare(await stores.blobs.get('a/b'), long)).toBe(0));
  expect(seen.filter((subject) => subject === '$JS.API.DIRECT.GET.WEIR_direct_BLOBS')).toHaveLength(4);
  expect(seen.filter((subject) => subject.startsWith('$JS.API.STREAM.MSG.GET'))).toHaveLength(1); // the head
});

test('of a stream that was made without that, they are read from its leader', async () => {
  const stores = await open();
  const manager = await jetstreamManager(nats.connection);
  const { config } = await manager.streams.info('WEIR_direct_BLOBS');
  await manager.streams.update(config.name, { ...config, allow_direct: false });
  await stores.blobs.put('a/b', long);
  const seen = await asked(async () => expect(Buffer.compare(await stores.blobs.get('a/b'), long)).toBe(0));
  expect(seen.filter((subject) => subject.startsWith('$JS.API.STREAM.MSG.GET'))).toHaveLength(5);
});

test('S2: a piece that is gone is missing, however it is asked for', async () => {
  const stores = await open();
  await stores.blobs.put('a/b', long);
  await (await jetstreamManager(nats.connection)).streams.deleteMessage('WEIR_direct_BLOBS', 2);
  await expect(stores.blobs.get('a/b')).rejects.toMatchObject({
    code: 'E_STATE_DAMAGED',
    message: expect.stringContaining('is missing'),
  });
});
