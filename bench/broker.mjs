// A nats-server of the benchmark's own, with its files in a temporary folder, and the streams on it.
import { createHash } from 'node:crypto';
import { AckPolicy, DeliverPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, createInbox } from '@nats-io/transport-node';
import { tsImport } from 'tsx/esm/api';
import { findNatsServer } from '../scripts/nats-server.mjs';
import { cpuMsOf } from './contestant.mjs';

const inFlightMax = 2000;
/** More than so much at once and the server may drop some, without a word. */
const inFlightBytesMax = 2 << 20;
/** Of what is read back: a server cuts off who has 64 MiB to come. */
const readAheadBytes = 8 << 20;
const newline = Buffer.from('\n');

export async function startBroker(directory) {
  const { startPrivateServer } = await tsImport('../src/runtime/nats/private-server.ts', import.meta.url);
  const server = await startPrivateServer({ directory, binary: await findNatsServer() });
  const connection = await connect({ servers: server.url });
  const manager = await jetstreamManager(connection);
  return {
    url: server.url,
    version: server.version,
    connection,
    manager,
    cpuMs: () => cpuMsOf(server.pid),
    /** An empty stream, whatever there was under its name. */
    async emptyStream(name, subjects) {
      await manager.streams.delete(name).catch(() => undefined); // there may be none
      await manager.streams.add({ name, subjects: [subjects] });
    },
    fill: (subject, bodies) => fill(connection, subject, bodies),
    bodiesOf: (stream) => bodiesOf(connection, manager, stream),
    async close() {
      await connection.close();
      await server.kill();
    },
  };
}

/** Publishes in order, many under way at a time. @returns once all are stored */
async function fill(connection, subject, bodies) {
  const inbox = createInbox();
  let sent = 0;
  let stored = 0;
  let fault;
  let wake = () => {};
  const subscription = connection.subscribe(inbox, {
    callback: (error, message) => {
      fault ??= error ?? message.json().error;
      stored++;
      wake();
    },
  });
  const until = async (condition) => {
    while (!condition() && fault === undefined) {
      const silence = setTimeout(() => {
        fault = new Error('no acknowledgement for 30 s');
        wake();
      }, 30_000);
      await new Promise((resolve) => (wake = resolve));
      clearTimeout(silence);
    }
    if (fault !== undefined) throw new Error(`the input could not be written: ${fault.description ?? fault}`);
  };
  for (const body of bodies) {
    connection.publish(subject, body, { reply: inbox });
    sent++;
    const most = Math.max(1, Math.min(inFlightMax, Math.floor(inFlightBytesMax / body.length)));
    if (sent - stored >= most) await until(() => sent - stored < most);
  }
  await until(() => stored === sent);
  subscription.unsubscribe();
}

/** What a stream holds: how many messages, how many lines, and one hash of all lines in their order, however they are packed. */
async function bodiesOf(connection, manager, stream) {
  const { state } = await manager.streams.info(stream);
  const hash = createHash('sha256');
  let lines = 0;
  let messages = 0;
  const consumer = await jetstream(connection).consumers.get(stream, {
    deliver_policy: DeliverPolicy.All,
    ack_policy: AckPolicy.None,
  });
  if (state.messages > 0)
    for await (const message of await consumer.consume({ max_bytes: readAheadBytes })) {
      if (message.data.length > 0) {
        messages++;
        for (const byte of message.data) if (byte === 10) lines++;
        lines++;
        hash.update(message.data).update(newline);
      }
      if (message.seq === state.last_seq) break;
    }
  return { messages, lines, hash: hash.digest('hex') };
}
