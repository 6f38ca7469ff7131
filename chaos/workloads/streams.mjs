// How inputs and checks use JetStream: sent until it is taken, and read to the end.
import { setTimeout as sleep } from 'node:timers/promises';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { headers } from '@nats-io/transport-node';

/** What may not have been taken is sent again under its id, so it is there once. */
export async function publishSurely(nats, subject, body, id) {
  const lines = headers();
  lines.set('Nats-Msg-Id', id);
  for (;;) {
    try {
      const answer = await nats.request(subject, body, { headers: lines, timeout: 1000 });
      if (answer.json().error === undefined) return;
    } catch {
      // the server is away
    }
    await sleep(100);
  }
}

/** Every message of a stream, in its order. */
export async function readAll(nats, stream) {
  const { state } = await (await jetstreamManager(nats)).streams.info(stream);
  if (state.messages === 0) return [];
  const found = [];
  const consumer = await jetstream(nats).consumers.get(stream);
  for await (const message of await consumer.consume()) {
    found.push({ subject: message.subject, text: message.string(), headers: message.headers });
    if (message.seq >= state.last_seq) break;
  }
  return found;
}
