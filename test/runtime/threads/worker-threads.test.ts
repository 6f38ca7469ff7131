// Worker threads as the main thread has them: real threads, on a clock that stands still.
import { afterEach, expect, test } from 'vitest';
import { unpackValue } from '../../../src/batch/index.ts';
import { type LogFields, silentLogger, type WeirError } from '../../../src/core/index.ts';
import { WorkerThreads } from '../../../src/runtime/threads/worker-threads.ts';
import { MemoryDisk, openMemoryStores } from '../../../src/state/index.ts';
import { VirtualClock } from '../../../src/testing/virtual-clock.ts';
import { PortBus, PortLinks } from '../../../src/transport/index.ts';

const clock = new VirtualClock();
let threads: WorkerThreads | undefined;
afterEach(() => threads?.kill());

interface Seen {
  readonly log: string[];
  readonly ended: string[];
  readonly hopeless: WeirError[];
  /** Signs of life: session and progress. */
  readonly alive: unknown[];
}
function started(entry: string): Seen {
  const seen: Seen = { log: [], ended: [], hopeless: [], alive: [] };
  const links = new PortLinks();
  new PortBus(links).subscribe('job.alive', (bytes) => void seen.alive.push(unpackValue(bytes)));
  const said = (_: LogFields, message: string): void => void seen.log.push(message);
  threads = new WorkerThreads({
    count: 1,
    entry: new URL(entry, import.meta.url),
    settings: null,
    links,
    stores: openMemoryStores(new MemoryDisk()),
    clock,
    logger: { ...silentLogger, warn: said, error: said },
    ended: (name) => void seen.ended.push(name),
    hopeless: (error) => void seen.hopeless.push(error),
  });
  return seen;
}
const pass = (ms: number): void => {
  for (let n = 0; n < ms; n += 100) clock.advance(100);
};

test('a thread whose loop stands still lives, says how far it got, and is ended and replaced after 30 s', async () => {
  const { alive, ended, log } = started('./blocked-thread.mjs');
  await expect.poll(() => alive.length).toBeGreaterThan(0);
  pass(29_000);
  await expect.poll(() => alive.length).toBeGreaterThan(100);
  expect(alive.at(-1)).toEqual({ session: 'thread-1-1', progress: 1 });
  expect(ended).toEqual([]);
  pass(2000);
  await expect.poll(() => ended).toEqual(['thread-1']);
  expect(log).toEqual(['a worker thread has not got on for 30 s, and is ended', 'a worker thread ended, and is replaced']);
  pass(1000);
  await expect.poll(() => alive.at(-1)).toMatchObject({ session: 'thread-2-1' });
});

test('WP1: a thread that does not go when the job is over is ended', async () => {
  const { alive, ended } = started('./blocked-thread.mjs');
  await expect.poll(() => alive.length).toBeGreaterThan(0);
  const closed = threads!.close();
  pass(1900);
  expect(ended).toEqual([]);
  pass(200);
  await closed;
  expect(ended).toEqual(['thread-1']);
});

test('a thread that cannot be loaded is said, and replaced after a while', async () => {
  const { ended, log, hopeless } = started('./no-such-thread.mjs');
  await expect.poll(() => ended).toEqual(['thread-1']);
  expect([log, hopeless]).toEqual([['a worker thread failed', 'a worker thread ended, and is replaced'], []]);
  pass(400);
  expect(ended).toEqual(['thread-1']);
  pass(200);
  await expect.poll(() => ended).toEqual(['thread-1', 'thread-2']);
});
