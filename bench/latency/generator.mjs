// Records into the stream IN: `node bench/latency/generator.mjs URL PER_SECOND RECORDS BEGIN`.
//
// Record n is created at BEGIN + n / rate, whatever happens: one that is sent late was created no later, so that nobody gains by making
// the generator wait. It does not wait for acknowledgements; the reader sees whether one was lost. Instead of a rate `ahead:N` is as fast
// as the job can take it: at most N records ahead of what the reader says that it has seen.
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '@nats-io/transport-node';
import { sharedNow } from './clock.mjs';

const [servers, pace, records, begin] = process.argv.slice(2);
const connection = await connect({ servers });
const ahead = pace.startsWith('ahead:') ? Number(pace.slice('ahead:'.length)) : undefined;
const burstMax = 500;
let seen = 0;
connection.subscribe('seen', { callback: (_, message) => (seen = Number(message.string())) });

const createdAt = ahead === undefined ? (n) => Number(begin) + (n * 1000) / Number(pace) : sharedNow;
const mayBeSent = ahead === undefined ? (n, now) => createdAt(n) <= now : (n) => n < seen + ahead;
const body = (n) =>
  JSON.stringify({ deviceId: `device-${n % 1000}`, temperature: 30, humidity: 50, timestamp: createdAt(n), serial: n });

await connection.flush();
process.stdout.write('sends\n');
for (let sent = 0; sent < Number(records); ) {
  const most = ahead === undefined ? Number(records) : Math.min(Number(records), sent + burstMax);
  for (const now = sharedNow(); sent < most && mayBeSent(sent, now); sent++) connection.publish('in', body(sent));
  await sleep(1);
}
await connection.drain();
