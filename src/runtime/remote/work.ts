/**
 * A worker process: joins the job of a coordinator elsewhere, over NATS, and runs what it is given.
 *
 * Owns: its real environment. Control and data use separate connections, so that a full data connection delays no control message.
 */
import { type JobSpec, RemoteWorker } from '../../cluster/index.ts';
import type { Logger, Sabotage } from '../../core/index.ts';
import type { PhysicalPlan } from '../../plan/index.ts';
import { RecentBlobs } from '../../state/index.ts';
import { MemoryTransport, NatsTransport, PlacedTransport } from '../../transport/index.ts';
import { natsBus } from '../nats/bus.ts';
import type { ConnectionFlags } from '../nats/connection-flags.ts';
import type { ConnectionOptions } from '../nats/connection-options.ts';
import { type OpenConnection, openConnection } from '../nats/open-connection.ts';
import { controlSubjects } from '../nats/permissions.ts';
import { checkPermissions } from '../nats/server-check.ts';
import { realClock } from '../real-clock.ts';
import { realRandom } from '../real-random.ts';
import { epochBudget } from '../start-job.ts';
import { assistanceOf } from './assistance.ts';
import { findSharedStores } from './job-stores.ts';
import { findJob } from './known-jobs.ts';
import { SignsOfLife } from './signs-of-life.ts';
import { withCopies } from './snapshot-copies.ts';
import { StoresOfLife } from './stores-of-life.ts';
import { subjectPrefix } from './subject-prefix.ts';
import { workerName } from './worker-name.ts';

export interface JoinOptions {
  /** Undefined: the one of this module that is led there. */
  readonly job?: string;
  /** The module's file name, without its ending. */
  readonly module: string;
  readonly slots: number;
  readonly version: string;
  readonly connection: ConnectionOptions;
  /** For the thread that gives signs of life: secrets do not travel, it reads them as this process did. */
  readonly flags: ConnectionFlags;
  readonly logger: Logger;
  /** A directory of this machine, for copies of snapshots (they are kept in memory). */
  readonly copies?: string;
  /** What copies in memory may take. */
  readonly copiesBytesMax: number;
  /** No NATS is no job: an outage is not waited for. */
  readonly serverGoesWithJob: boolean;
  readonly plan: (spec: JobSpec) => Promise<PhysicalPlan>;
  /** Ends the worker. */
  readonly signal: AbortSignal;
  /** A line for people. */
  readonly say: (line: string) => void;
  /** Tests only. */
  readonly sabotage?: Sabotage;
}

/**
 * Resolves when the job is over.
 *
 * @throws WeirError `E_BROKER`, `E_CHANNEL` if there is no coordinator any more, `E_STATE_INCOMPATIBLE` if it was refused
 */
export async function joinJob(options: JoinOptions): Promise<void> {
  const { logger, connection, module, signal, say } = options;
  const control = await openConnection(connection, realClock, logger, `weir worker ${module}`);
  const data = await openConnection(connection, realClock, logger, `weir worker ${module}, data`);
  try {
    const waiting = (): void => say(`waiting for a coordinator of ${module} at ${control.server}`);
    const job = options.job ?? (await findJob(natsBus(control.nats, logger), module, signal, waiting));
    await work(job, options, control, data);
  } finally {
    await control.close();
    await data.close();
  }
}

async function work(job: string, options: JoinOptions, control: OpenConnection, data: OpenConnection): Promise<void> {
  const { logger, flags, signal } = options;
  const prefix = subjectPrefix(job);
  const { inboxPrefix } = options.connection;
  const inbox = inboxPrefix === undefined ? {} : { inboxPrefix };
  await checkPermissions(control.nats, { ...controlSubjects(job, 'worker'), ...inbox });
  const life = new SignsOfLife(flags, `${prefix}.alive`, logger);
  const { jetStream, timeoutMs } = options.connection;
  const place = { connection: control.nats, job, jetStream, timeoutMs };
  const recent = new RecentBlobs(options.copiesBytesMax);
  const stores = new StoresOfLife(async () => {
    const shared = await findSharedStores(place);
    const near = options.copies === undefined ? shared : await withCopies(shared, job, options.copies, logger);
    return { ...near, blobs: recent.over(near.blobs, shared.identity) };
  });
  const bus = natsBus(data.nats, logger);
  const worker = new RemoteWorker({
    bus: natsBus(control.nats, logger),
    prefix,
    name: workerName(process.pid),
    slots: options.slots,
    version: options.version,
    random: realRandom,
    environment: {
      clock: realClock,
      logger,
      defer: (run) => void setImmediate(run),
      stores,
      transport: (generation, isLocal) =>
        new PlacedTransport(
          new MemoryTransport(),
          new NatsTransport({ bus, prefix: `${prefix}.d`, generation, clock: realClock, logger }),
          isLocal,
        ),
      epochBytesMax: epochBudget(options.sabotage),
      assist: assistanceOf(control.nats, job),
      ...(options.sabotage === undefined ? {} : { sabotage: options.sabotage }),
    },
    plan: async (spec) => {
      await stores.open();
      return options.plan(spec);
    },
    session: (session) => life.session(session),
    canHear: () => options.serverGoesWithJob || control.connected,
  });
  const killed = new Promise<void>((resolve) =>
    signal.addEventListener('abort', () => void worker.leave().then(resolve), { once: true }),
  );
  try {
    await Promise.race([worker.over, killed, gone(control.closed()), gone(data.closed())]);
  } finally {
    await life.close();
    await stores.close();
  }
}

async function gone(closed: Promise<Error | undefined>): Promise<never> {
  const error = await closed;
  if (error === undefined) return new Promise(() => undefined); // by ourselves
  throw error;
}
