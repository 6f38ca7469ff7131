// Records at a steady rate into the stream IN: `node bench/latency/generator.mjs URL PER_SECOND RECORDS BEGIN`.
//
// Record n is created at BEGIN + n / rate, whatever happens: one that is sent late was created no later, so that nobody gains by making
// the generator wait. It does not wait for acknowledgements; the reader sees whether one was lost.
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '@nats-io/transport-node';
import { sharedNow } from './clock.mjs';

const [servers, perSecond, records, begin] = process.argv.slice(2);
const connection = await connect({ servers });
const createdAt = (n) => Number(begin) + (n * 1000) / Number(perSecond);
const body = (n) =>
  JSON.stringify({ deviceId: `device-${n % 1000}`, temperature: 30, humidity: 50, timestamp: createdAt(n), serial: n });

process.stdout.write('sends\n');
for (let sent = 0; sent < Number(records); ) {
  for (const now = sharedNow(); sent < Number(records) && createdAt(sent) <= now; sent++) connection.publish('in', body(sent));
  await sleep(1);
}
await connection.drain();
