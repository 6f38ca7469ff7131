// From stream to stream through a filter as one would write it without an engine: `node bench/nats/by-hand.mjs URL PER_MESSAGE LEAST`.
//
// An ordered consumer, and many publishes under way, so many at most, whose acknowledgements are counted on one inbox: two to three
// times as quick as `await js.publish()`, even with many of those at once. A record that passes goes on as the text it came as. The loop
// keeps no position, and after a failure would begin anew: less than the job does.
import { jetstream } from '@nats-io/jetstream';
import { connect, createInbox } from '@nats-io/transport-node';

const [servers, perMessage, least] = process.argv.slice(2);
const inFlightMax = 1000;

const connection = await connect({ servers });
const js = jetstream(connection);
const decoder = new TextDecoder();
const passes = (text) => JSON.parse(text).temperature >= Number(least);
const whole = (text) => (passes(text) ? text : '');
const linesOf = (text) => text.split('\n').filter(passes).join('\n');
const passed = perMessage === '1' ? whole : linesOf;

let inFlight = 0;
let roomFor = () => {};
const reply = createInbox();
connection.subscribe(reply, {
  callback(error, message) {
    if (error !== null) throw error;
    const { seq, error: refused } = message.json();
    if (!(seq > 0)) throw new Error(refused?.description ?? 'not stored');
    inFlight--;
    roomFor();
  },
});

process.once('SIGTERM', () => process.exit(0));
process.stdout.write('by hand\n');
const consumer = await js.consumers.get('IN');
for await (const message of await consumer.consume({ max_messages: 2000 })) {
  const text = passed(decoder.decode(message.data));
  if (text === '') continue;
  if (inFlight >= inFlightMax) await new Promise((resolve) => (roomFor = resolve));
  inFlight++;
  connection.publish('out.rows', text, { reply });
}
