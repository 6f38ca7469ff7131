// Reads the stream OUT until the last record: `node bench/latency/reader.mjs URL RECORDS WARM`. Prints how old the records were when they
// were seen, without the first WARM, and whether each came once and in order.
import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { sharedNow } from './clock.mjs';

const [servers, records, warm] = process.argv.slice(2).map((word, i) => (i === 0 ? word : Number(word)));
const connection = await connect({ servers });
const consumer = await jetstream(connection).consumers.get('OUT');
const ages = new Float64Array(records).fill(Number.NaN);
let [seen, twice, disordered, before] = [0, 0, 0, -1];

process.stdout.write('reads\n');
for await (const message of await consumer.consume({ max_messages: 5000 })) {
  if (message.data.length === 0) continue; // the begin of a writer
  const { serial, timestamp } = message.json();
  if (!Number.isNaN(ages[serial])) twice++;
  else {
    seen++;
    ages[serial] = sharedNow() - timestamp;
  }
  if (serial < before) disordered++;
  before = serial;
  if (serial === records - 1) break;
}
const sorted = ages.slice(warm).sort(); // what did not come, at the end
const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
process.stdout.write(
  `${JSON.stringify({ missing: records - seen, twice, disordered, p50: at(0.5), p99: at(0.99), max: sorted.at(-1) })}\n`,
);
process.exit(0);
