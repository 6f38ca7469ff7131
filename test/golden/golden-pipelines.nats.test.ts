// The golden pipelines on a real nats-server, with two workers: the same answers, whatever is killed.
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/core/index.ts';
import { withServer } from '../nats/server.ts';
import { type Drawn, drawn } from './drawn.ts';
import { countsByHand, delaysByHand, flightDelays, wordCount } from './golden-jobs.ts';
import { liveOut } from './live-out.ts';
import { NatsGround, type NatsGroundOptions } from './nats-ground.ts';
import { shown } from './plain.ts';
import { lived, type Way } from './ways.ts';

// A short slice with a fixed seed, as in lives.test.ts.
const lives = Number(process.env['WEIR_LIVES'] ?? 16);
const seed = Number(process.env['WEIR_SEED'] ?? 20_010_101);

const ways: readonly (Way & { readonly losses?: number })[] = [
  { name: 'straight', checkpointEveryMs: 1_000_000, crashes: 0, parallelisms: [2] },
  { name: 'checkpointed', checkpointEveryMs: 10, crashes: 0, parallelisms: [2] },
  { name: 'with workers that are lost', checkpointEveryMs: 10, crashes: 0, parallelisms: [2], losses: 3 },
  { name: 'killed and restored', checkpointEveryMs: 10, crashes: 4, parallelisms: [2] },
  {
    name: 'restored at another parallelism, with workers that are lost',
    checkpointEveryMs: 10,
    crashes: 4,
    parallelisms: [2, 4, 1, 3],
    losses: 2,
  },
];

/** On both workers; but timers, sessions and what expires only where a key's rows come on one channel, for else what they see depends on arrival (T6). */
function spread(life: Drawn): Drawn {
  const parallelisms = ['timers', 'sessions', 'expiring'].includes(life.query)
    ? [1]
    : life.parallelisms.map((n) => Math.max(n, 2));
  return { ...life, parallelisms };
}

describe('on NATS, with two workers,', () => {
  const nats = withServer();
  let connections: NatsGroundOptions['connections'];
  let grounds = 0;
  beforeAll(async () => {
    connections = [await nats.connect(), await nats.connect(), await nats.connect()];
  });
  const ground = (seed: number, losses = 0): NatsGround =>
    new NatsGround({ job: `golden${++grounds}`, random: seededRandom(seed), connections, losses });

  test.each(ways)('delays per origin and day, $name, are those of a plain computation', async (way) => {
    let frames = 0;
    const heard = nats.connection.subscribe(`weir.golden${grounds + 1}.d.>`, { callback: () => void frames++ });
    const { world, report } = await lived(way, flightDelays, 1, ground(1, way.losses));
    heard.unsubscribe();
    expect(frames).toBeGreaterThan(10); // from one worker to the other
    const plain = delaysByHand();
    const written = (name: string): string[] => world.rows(name).map(shown).sort();
    expect([written('results'), written('late')]).toEqual([plain.results.sort(), plain.late.sort()]);
    if (way.crashes > 0) expect(report.restores).toBeGreaterThan(0);
    if (way.losses !== undefined) expect(report.restarts).toBeGreaterThan(0);
  });

  test.each(ways)('words, counted, $name, end as those of a plain computation, and only rise', async (way) => {
    const { world } = await lived(way, wordCount, 2, ground(2, way.losses));
    const counts = new Map<string, number>();
    for (const { word, count } of world.rows<{ word: string; count: number }>('counts')) {
      expect(count).toBeGreaterThan(counts.get(word) ?? 0);
      counts.set(word, count);
    }
    expect(Object.fromEntries(counts)).toEqual(Object.fromEntries(countsByHand()));
  });

  test('random pipelines give the plain answer, whatever happens to them', { timeout: 3_600_000 }, async () => {
    const saw = { crashes: 0, restores: 0, aborted: 0, restarts: 0 };
    for (const life of fc.sample(drawn, { numRuns: lives, seed })) {
      const { findings, life: report } = await liveOut(spread(life), { ground: ground(life.seed) });
      for (const { what, actual, expected } of findings) expect([what, actual]).toEqual([what, expected]);
      for (const what of Object.keys(saw) as (keyof typeof saw)[]) saw[what] += report[what];
    }
    expect(Object.entries(saw).filter(([, times]) => times === 0)).toEqual([]);
  });

  test.each(['offset-after-barrier', 'drop-aborted-dirty'] as const)(
    'random pipelines are seen to go wrong with %s',
    async (name) => {
      const isWrong = async (life: Drawn): Promise<boolean> => {
        const broken: Drawn = { ...life, crashes: 3, query: 'running', trouble: 'none' };
        const { findings } = await liveOut(broken, { sabotage: { break: name, abortEvery: 2 }, ground: ground(life.seed) });
        return findings.some(({ actual, expected }) => actual.join('\n') !== expected.join('\n'));
      };
      let wrong = false;
      for (const life of fc.sample(drawn, { numRuns: 60, seed: 1 })) wrong ||= await isWrong(life);
      expect(wrong).toBe(true);
    },
  );
});
