// Reads the stream OUT until the last record: `node bench/latency/reader.mjs URL RECORDS WARM`. Prints how old the records were when they
// were seen, without the first WARM, and whether each came once and in order.
import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { at } from '../pairs.mjs';
import { sharedNow } from './clock.mjs';

const [servers, records, warm] = process.argv.slice(2).map((word, i) => (i === 0 ? word : Number(word)));
const connection = await connect({ servers });
const consumer = await jetstream(connection).consumers.get('OUT');
const ages = new Float64Array(records).fill(Number.NaN);
const tellEvery = 500;
let [seen, twice, disordered, before, warmAt] = [0, 0, 0, -1, 0];

process.stdout.write('reads\n');
for await (const message of await consumer.consume({ max_messages: 5000 })) {
  if (message.data.length === 0) continue; // the begin of a writer
  const { serial, timestamp } = message.json();
  if (!Number.isNaN(ages[serial])) twice++;
  else {
    seen++;
    ages[serial] = sharedNow() - timestamp;
  }
  if (seen % tellEvery === 0) connection.publish('seen', String(seen));
  if (seen === warm) warmAt = sharedNow();
  if (serial < before) disordered++;
  before = serial;
  if (serial === records - 1) break;
}
const perSecond = ((records - warm) * 1000) / (sharedNow() - warmAt);
const measured = ages.slice(warm);
const [p50, p99, p999, max] = [0.5, 0.99, 0.999, 1].map((share) => at(measured, share));
process.stdout.write(`${JSON.stringify({ missing: records - seen, twice, disordered, p50, p99, p999, max, perSecond })}\n`);
process.exit(0);
