/**
 * A worker thread: joins the job of the main thread, and runs what it is given.
 *
 * Owns: its real environment, but for the stores, which are the main thread's. Sources need no assistance of the coordinator's user: it is
 * the same process.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { type JobSpec, RemoteWorker } from '../../cluster/index.ts';
import { errorForm, type LogFields, type Logger, type Sabotage, WeirError } from '../../core/index.ts';
import type { PhysicalPlan } from '../../plan/index.ts';
import { RecentBlobs } from '../../state/index.ts';
import { MemoryTransport, PlacedTransport, PortBus, PortLinks, PortTransport } from '../../transport/index.ts';
import { realClock } from '../real-clock.ts';
import { realRandom } from '../real-random.ts';
import { epochBudget } from '../start-job.ts';
import { storesOverPort } from './stores-over-port.ts';
import { type FromThread, prefix, type ThreadSetup, type ToThread } from './thread-messages.ts';

export interface JoinThreadOptions {
  readonly slots: number;
  readonly version: string;
  /** What copies of snapshots in the memory of this thread may take. */
  readonly copiesBytesMax: number;
  readonly plan: (spec: JobSpec) => Promise<PhysicalPlan>;
  /** Tests only. */
  readonly sabotage?: Sabotage;
}

const countMs = 100;

/** What the main thread has to say to a worker thread. */
export const threadSettings = (): unknown => (workerData as ThreadSetup).settings;

/** The log is the main thread's. */
export const threadLogger: Logger = {
  debug: (fields, message) => log('debug', fields, message),
  info: (fields, message) => log('info', fields, message),
  warn: (fields, message) => log('warn', fields, message),
  error: (fields, message) => log('error', fields, message),
};

/** Ends this thread: the job is over, or what made it of no use is said. */
export async function runThread(work: () => Promise<void>): Promise<never> {
  try {
    await work();
    process.exit(0);
  } catch (thrown) {
    say({ kind: 'failed', error: errorForm(WeirError.from(thrown, 'E_INTERNAL')) });
    process.exit(1);
  }
}

/**
 * Resolves when the job is over.
 *
 * @throws WeirError `E_STATE_INCOMPATIBLE` if it was refused
 */
export async function joinThread(options: JoinThreadOptions): Promise<void> {
  const { name, links: ports, stores: storesPort, guarantee, counter } = workerData as ThreadSetup;
  const links = new PortLinks();
  for (const port of ports) links.add(port);
  parentPort!.on('message', ({ port }: ToThread) => links.add(port));
  setInterval(() => void Atomics.add(counter, 0, 1), countMs).unref();
  const stores = storesOverPort(storesPort, guarantee);
  const blobs = new RecentBlobs(options.copiesBytesMax).over(stores.blobs, name);
  const worker = new RemoteWorker({
    bus: new PortBus(links),
    prefix,
    name,
    slots: options.slots,
    version: options.version,
    random: realRandom,
    environment: {
      clock: realClock,
      logger: threadLogger,
      defer: (run) => void setImmediate(run),
      stores: { ...stores, blobs },
      transport: (generation, isLocal) =>
        new PlacedTransport(new MemoryTransport(), new PortTransport({ links, generation }), isLocal),
      epochBytesMax: epochBudget(options.sabotage),
      ...(options.sabotage === undefined ? {} : { sabotage: options.sabotage }),
    },
    plan: options.plan,
    session: (session) => say({ kind: 'session', session }),
    canHear: () => false, // a coordinator that says nothing is busy: without it there is no process
  });
  await worker.over;
}

const say = (message: FromThread): void => parentPort!.postMessage(message);

function log(level: keyof Logger, fields: LogFields, message: string): void {
  try {
    say({ kind: 'log', level, fields, message });
  } catch {
    say({ kind: 'log', level, fields: { fields: String(Object.entries(fields)) }, message }); // something in it cannot be cloned
  }
}
