/**
 * Which jobs are led on a server, so that a worker that was told only its module finds the one to join.
 *
 * Owns: the announcement that every coordinator repeats, on one subject of all jobs.
 */
import { packValue, unpackValue } from '../../batch/index.ts';
import { sleep, WeirError } from '../../core/index.ts';
import type { Bus } from '../../transport/index.ts';
import { realClock } from '../real-clock.ts';

export interface KnownJob {
  readonly job: string;
  /** The module's file name, without its ending. */
  readonly module: string;
}

export const announcementSubject = 'weir.jobs';
const announceMs = 500;
/** Names that are kept. */
const announcedMax = 10_000;

/** Until the returned function is called. */
export function announceJob(bus: Bus, known: KnownJob): () => void {
  const say = (): void => bus.publish(announcementSubject, packValue(known));
  const timer = setInterval(say, announceMs);
  timer.unref();
  say();
  return () => clearInterval(timer);
}

/**
 * Waits until a job of this module is led.
 *
 * @throws WeirError `E_USAGE` if there are several
 */
export async function findJob(bus: Bus, module: string, signal: AbortSignal, waiting: () => void): Promise<string> {
  const found = new Set<string>();
  const subscription = bus.subscribe(announcementSubject, (bytes) => {
    const known = read(bytes);
    if (known?.module === module) found.add(known.job);
  });
  try {
    // Whoever is there has spoken once more after this.
    for (let rounds = 0; found.size === 0 || rounds < 2; rounds++) {
      await sleep(realClock, announceMs, signal);
      if (rounds === 2 && found.size === 0) waiting();
    }
  } finally {
    subscription.close();
  }
  const [job, ...others] = found;
  if (others.length === 0) return job!;
  throw new WeirError('E_USAGE', `several jobs of ${module} run there: ${[...found].sort().join(', ')}`, {
    hint: 'say which one with --job NAME',
  });
}

export interface AnnouncedJobs {
  /** Names that were heard so far. */
  readonly names: () => readonly string[];
  /** Resolves once every job that is led has had the time to say so. */
  readonly all: () => Promise<readonly string[]>;
  close(): void;
}

/** Listens from now on. */
export function announcedJobs(bus: Bus): AnnouncedJobs {
  const found = new Set<string>();
  const begun = realClock.monotonic();
  const subscription = bus.subscribe(announcementSubject, (bytes) => {
    const known = read(bytes);
    if (known !== null && found.size < announcedMax) found.add(known.job);
  });
  const names = (): readonly string[] => [...found].sort();
  const all = async (): Promise<readonly string[]> => {
    await sleep(realClock, Math.max(0, begun + 2 * announceMs + announceMs / 4 - realClock.monotonic()));
    return names();
  };
  return { names, all, close: () => subscription.close() };
}

function read(bytes: Uint8Array): KnownJob | null {
  try {
    const known = unpackValue(bytes) as Partial<KnownJob> | null;
    return typeof known?.job === 'string' && typeof known.module === 'string' ? (known as KnownJob) : null;
  } catch {
    return null;
  }
}
