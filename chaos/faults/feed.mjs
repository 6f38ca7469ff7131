// What the job of the faults reads: readings at a steady rate, out of order by up to half a second, into two subjects. A message that may not
// have been taken is sent again under its id, so what is in the stream is what the job must have read.
import { setTimeout as sleep } from 'node:timers/promises';
import { publishSurely } from '../workloads/streams.mjs';

export const splits = 2;
const keys = 40;
const tickMs = 50;
const hourMs = 3_600_000;

/** Sends until `stop`, which resolves once all that was made is in the stream, with a last reading that closes every window. */
export function feed(connection, random, perSecond) {
  let stopped = false;
  const begin = Date.now();
  let made = 0;

  const reading = (at) => {
    const key = Math.floor(random() * keys);
    return [key % splits, { key: `key-${key}`, n: Math.floor(random() * 1000), at }];
  };

  const send = (split, readings, id) =>
    publishSurely(connection, `in.${split}`, readings.map((each) => JSON.stringify(each)).join('\n'), id);

  async function run() {
    for (let tick = 0; !stopped; tick++) {
      const due = Math.floor(((Date.now() - begin) * perSecond) / 1000);
      const batch = Array.from({ length: splits }, () => []);
      // After an outage at most a second's worth at a time.
      for (const end = Math.min(due, made + perSecond); made < end; made++) {
        const [split, each] = reading(begin + Math.floor((made * 1000) / perSecond) - Math.floor(random() * 500));
        batch[split].push(each);
      }
      for (let split = 0; split < splits; split++)
        if (batch[split].length > 0) await send(split, batch[split], `${split}-${tick}`);
      await sleep(tickMs);
    }
    for (let split = 0; split < splits; split++)
      await send(split, [{ key: `end-${split}`, n: 0, at: Date.now() + hourMs }], `end-${split}`);
  }

  const running = run();
  return {
    stop: () => {
      stopped = true;
      return running;
    },
  };
}
