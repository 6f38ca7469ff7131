import type { NatsConnection } from '@nats-io/transport-node';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../../src/core/index.ts';
import { openNatsStores } from '../../../src/state/index.ts';
import { withServer } from '../../nats/server.ts';

const nats = withServer({ per: 'test' });

/** Far longer than the test: nobody waits for an answer that cannot come. */
const timeoutMs = 600_000;

async function reconnected(connection: NatsConnection): Promise<void> {
  for await (const { type } of connection.status()) if (type === 'reconnect') return;
}

describe('stores in NATS', () => {
  test('say at once that the server went before it answered, and that there is none; and go on when it is back', async () => {
    const connection = await nats.connect({ maxReconnectAttempts: -1, reconnectTimeWait: 50 });
    const { pointers } = await openNatsStores({ connection, job: 'outage', create: true, random: seededRandom(1), timeoutMs });
    process.kill(nats.server.pid, 'SIGSTOP');
    const underWay = pointers.compareAndSet('cell', 0, new Uint8Array([1]));
    underWay.catch(() => undefined); // looked at below
    await nats.server.kill();
    await expect(underWay).rejects.toMatchObject({ code: 'E_STORE', message: expect.stringMatching(/broke before the answer/) });
    await expect(pointers.read('cell')).rejects.toMatchObject({ message: expect.stringMatching(/no connection to NATS/) });
    const back = reconnected(connection);
    await nats.restart();
    await back;
    const revision = (await pointers.read('cell'))?.revision ?? 0;
    expect(await pointers.compareAndSet('cell', revision, new Uint8Array([2]))).toBe(revision + 1);
  });
});
