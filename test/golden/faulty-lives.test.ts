// Whole lives of a job in a world that fails: calls that are held up or refused, epochs given up, stops, kills, other parallelisms.
import { expect, test } from 'vitest';
import type { RunningJob } from '../../src/cluster/index.ts';
import { seededRandom, WeirError } from '../../src/core/index.ts';
import { turn, World } from './faulty-world.ts';

const poison = (v: number): boolean => v % 10 === 3;
const sorted = (values: readonly number[]): number[] => values.toSorted((a, b) => a - b);
const seeds = Array.from({ length: 16 }, (_, i) => i + 1);

test.each(seeds)('whatever fails, each row comes once and each poisoned one is set aside once: seed %i', async (seed) => {
  const random = seededRandom(seed);
  const int = (below: number): number => Math.floor(random.next() * below);
  const world = new World({
    rows: 60 + int(200),
    splits: 1 + int(4),
    keyed: true,
    poison,
    pieceRows: 1 + int(20),
    attempts: 50,
    checkpointIntervalMs: [5, 20, 100, 1_000_000][int(4)]!,
    window: { frames: 1 + int(3), bytes: 1 + int(2000) },
    epochBytesMax: [1, 500, 16 << 20][int(3)]!,
    ...(random.next() < 0.4 ? { sabotage: { abortEvery: 2 + int(4) } } : {}),
  });
  let faults = int(6);
  const fault = (): void | Promise<void> => {
    const drawn = random.next();
    if (drawn < 0.03 && faults > 0) throw new WeirError(int(2) === 0 ? 'E_STORE' : 'E_CHANNEL', `fault ${faults--}`);
    return drawn < 0.3 ? turns(int(12)) : undefined;
  };
  world.sinkFault = fault;
  world.storeFault = fault;
  world.storeAfter = fault;

  let state = '';
  for (let lives = int(6); state !== 'finished'; lives--) {
    const job = await started(world, 1 + int(4));
    state = await live(job, lives > 0 ? 5 + int(120) : Number.POSITIVE_INFINITY, int(2) === 0);
    await job.kill();
    await turns(60); // a process that is dead calls nothing any more
  }
  expect(world.values).toEqual(world.expected.filter((v) => !poison(v)));
  const dead = world.dead.flatMap(({ rows }) =>
    rows.map(({ bytes }) => (JSON.parse(Buffer.from(bytes).toString()) as { v: number }).v),
  );
  expect(sorted(dead)).toEqual(world.expected.filter(poison));
  for (const key of new Set(world.rows.map(({ k }) => k))) {
    const seen = world.rows.filter(({ k }) => k === key).map((row) => row.seen!);
    expect(sorted(seen)).toEqual(seen.map((_, i) => i + 1));
  }

  /** Until it is over or its turns are, when it is stopped or left to be killed: the state that it ends in. */
  async function live(job: RunningJob, most: number, stops: boolean): Promise<string> {
    for (let n = 0; n < 100_000; n++) {
      const now = job.status().state;
      if (now === 'finished' || now === 'stopped') return now;
      if (now === 'failed') await job.finished;
      if (n === most && !stops) return now;
      if (n === most) job.stop().catch(() => undefined);
      world.clock.advance(int(8));
      await turn();
    }
    throw new Error(`it does not end: ${JSON.stringify(job.status())}`);
  }
});

/** A store that fails while the job reads it is tried again by whoever starts the job. */
async function started(world: World, parallelism: number): Promise<RunningJob> {
  try {
    return await world.start(parallelism);
  } catch (error) {
    if (!String(error).includes('fault')) throw error;
    return started(world, parallelism);
  }
}

async function turns(n: number): Promise<void> {
  for (let i = 0; i < n; i++) await turn();
}
