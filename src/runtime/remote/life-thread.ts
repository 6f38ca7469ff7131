/** The thread of signs-of-life.ts: a connection of its own, a few messages a second. */
import { parentPort, workerData } from 'node:worker_threads';
import { packValue } from '../../batch/index.ts';
import { silentLogger, sleep, WeirError } from '../../core/index.ts';
import { connectionOptions } from '../nats/connection-options.ts';
import { openConnection, type OpenConnection } from '../nats/open-connection.ts';
import { realClock } from '../real-clock.ts';
import type { LifeData } from './signs-of-life.ts';

const aliveMs = 250;
const againMs = 100;

const { flags, subject, counter } = workerData as LifeData;
const options = await connectionOptions(flags, process.env);
if (options === undefined) throw new WeirError('E_USAGE', 'nothing names a NATS server');
const { nats } = await connected();

let session: string | null = null;
const say = (): void => {
  if (session !== null && !nats.isClosed()) nats.publish(subject, packValue({ session, progress: Atomics.load(counter, 0) }));
};
parentPort!.on('message', (next: string) => {
  session = next;
  say();
});
setInterval(say, aliveMs);

/** The process has been let in already. A server that goes in the very moment must not cost it its signs of life for good. */
async function connected(): Promise<OpenConnection> {
  for (;;) {
    try {
      return await openConnection(options!, realClock, silentLogger, 'weir signs of life');
    } catch {
      await sleep(realClock, againMs);
    }
  }
}
