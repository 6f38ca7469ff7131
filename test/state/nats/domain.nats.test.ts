import { expect, test } from 'vitest';
import { seededRandom } from '../../../src/core/index.ts';
import { forgetNatsStores, openNatsStores } from '../../../src/state/index.ts';
import { withServer } from '../../nats/server.ts';
import { bytes } from './stream-edits.ts';

const nats = withServer();

test('stores are reached where the JetStream of the account is: in a domain, or under another prefix', async () => {
  const { url } = await nats.another({ config: 'jetstream { domain: hub }' });
  const connection = await nats.connect({ servers: url });
  const random = seededRandom(1);
  for (const jetStream of [{ domain: 'hub' }, { apiPrefix: '$JS.hub.API' }]) {
    const { pointers, blobs } = await openNatsStores({ connection, job: 'far', create: true, random, jetStream });
    expect(await pointers.compareAndSet('cell', 0, bytes('x'))).toBe(1);
    await blobs.put('x', bytes('x'));
    await forgetNatsStores(connection, 'far', [], { jetStream });
    expect(await blobs.list('')).toEqual([]);
  }
  const elsewhere = openNatsStores({ connection, job: 'far', create: false, random, jetStream: { domain: 'nowhere' } });
  await expect(elsewhere).rejects.toMatchObject({ code: 'E_STORE', message: expect.stringContaining('$JS.nowhere.API') });
});
