/** One drawn life, lived. */
import type { WatermarkOptions } from '../../src/api/index.ts';
import { batchSchema } from '../../src/batch/index.ts';
import { type Random, type Sabotage, seededRandom } from '../../src/core/index.ts';
import type { Drawn } from './drawn.ts';
import type { Experiment, Timed, Verdict } from './experiment.ts';
import { calling } from './call-queries.ts';
import { joining } from './join-queries.ts';
import { byTheClock } from './clock-queries.ts';
import { fading } from './fading-query.ts';
import { firstRows } from './first-row-queries.ts';
import { counted } from './count-queries.ts';
import { microBatches } from './per-epoch-queries.ts';
import { keyed } from './keyed-queries.ts';
import { type Ground, live } from './life.ts';
import { type Stamped, stamped } from './plain.ts';
import { aggregations } from './queries.ts';
import { sessions } from './session-queries.ts';
import { splitSource } from './split-source.ts';
import { plainly, stepped } from './steps.ts';
import { changing } from './change-queries.ts';
import { asChanges, changeStreams, ofOneSplit } from './change-stream-queries.ts';
import { tops } from './top-queries.ts';
import { triggering } from './trigger-queries.ts';
import { World } from './world.ts';

export const rowFields = batchSchema([
  { name: 'k', type: { kind: 'string' }, nullable: true },
  { name: 'v', type: { kind: 'float64' }, nullable: true },
  { name: 's', type: { kind: 'string' }, nullable: false },
  { name: 'at', type: { kind: 'timestamp' }, nullable: false },
]);
export const queries = {
  ...aggregations,
  ...keyed,
  ...byTheClock,
  fading,
  ...joining,
  ...calling,
  ...firstRows,
  ...tops,
  ...changing,
  ...changeStreams,
  sessions,
  counted,
  ...triggering,
  microBatches,
};

const inTime = (split: Drawn['left'][number]): Drawn['left'][number] => split.toSorted((a, b) => a.at - b.at);

/** Only what the query's answer does not depend on. */
export function fitting(life: Drawn): Drawn {
  const without = (...steps: readonly string[]): Drawn['steps'] => life.steps.filter((step) => !steps.includes(step));
  switch (life.query) {
    case 'fold':
    case 'counted':
    case 'triggers':
    case 'ownTriggers':
    case 'timers':
      return { ...life, left: life.left.slice(0, 1), right: [], steps: without('rebalance', 'twice') };
    case 'fading':
      return { ...life, left: life.left.slice(0, 1), right: [], steps: without('rebalance', 'twice', 'untyped') };
    case 'changed': // in their order, each behind what it takes back
      return {
        ...life,
        left: asChanges(life.left),
        right: asChanges(life.right),
        steps: without('untyped', 'rebalance', 'twice'),
      };
    case 'lasts':
      return {
        ...life,
        left: ofOneSplit(life.left, 'left'),
        right: ofOneSplit(life.right, 'right'),
        steps: without('untyped', 'rebalance', 'twice'),
      };
    case 'instants': // without a schema a bare time is not seen, nor are columns
    case 'firsts':
    case 'expiring':
    case 'tops':
    case 'best':
    case 'ranks':
    case 'regulars':
      return { ...life, steps: without('untyped') };
    case 'versions': // of equal times, the order of splits decides, which are those of one source
      return { ...life, right: [], steps: without('rebalance', 'twice'), delay: life.delay * 4 };
    case 'microBatches': // each epoch that is given up begins all again, and slow inputs need some to give anything
      return { ...life, abortEvery: life.abortEvery * 4 };
    case 'asked': // in order, so that there are windows which close behind rows that are under way
      return life.seed % 2 === 0 ? life : { ...life, left: life.left.map(inTime), right: life.right.map(inTime) };
    case 'joins': // most of what comes late by a little would meet nobody
      return { ...life, delay: life.delay * 8 };
    default:
      return life;
  }
}

export interface Setting {
  readonly sabotage?: Sabotage;
  readonly world?: World;
  readonly ground?: Ground;
}

export interface InputSetting {
  readonly random: Random;
  readonly failing?: () => boolean;
  readonly pause: () => Promise<void>;
  /** See `SplitSourceOptions`. */
  readonly there?: (length: number) => number;
}

/** In each third life all splits are read together: no result may depend on it. */
const alignedOf = (seed: number): WatermarkOptions =>
  (seed >>> 3) % 3 === 0 ? { align: { maxDrift: `${1 + ((seed >>> 5) % 60)} ms` } } : {};

/** What a life reads: for the engine, and plainly. */
export function inputOf(
  { left, right, delay, steps, seed }: Drawn,
  setting: InputSetting,
): Pick<Experiment, 'stream' | 'rows' | 'inOrder' | 'splits'> {
  const read = (name: string, splits: Drawn['left']): Timed =>
    splitSource({ name, schema: rowFields, splits, ...setting }).withWatermark(
      'at' as never,
      `${delay} ms`,
      alignedOf(seed),
    ) as unknown as Timed;
  const inputs = [read('left', left), ...(right.length === 0 ? [] : [read('right', right)])];
  const keepsOrder = !steps.some((step) => step === 'rebalance' || step === 'twice');
  const plain = (splits: Drawn['left']): Stamped[] => plainly(stamped(splits, delay), steps);
  return {
    stream: stepped(inputs.length === 1 ? inputs[0]! : inputs[0]!.union(inputs[1]!), steps),
    rows: plainly([...stamped(left, delay), ...stamped(right, delay)], steps),
    inOrder: left.length === 1 && right.length === 0 && keepsOrder,
    splits: keepsOrder ? [...left, ...right].map((split) => plain([split]).map(({ row }) => row)) : [],
  };
}

export async function liveOut(drawnLife: Drawn, { sabotage, world = new World(), ground }: Setting = {}): Promise<Verdict> {
  const life = fitting(drawnLife);
  const random = seededRandom(life.seed);
  // Until the world has been bad enough.
  let faults = life.trouble === 'failing' ? 6 : 0;
  const failing = (): boolean => faults > 0 && random.next() < 0.02 && faults-- > 0;
  const breaks = sabotage ?? (life.abortEvery === 0 ? undefined : { abortEvery: life.abortEvery });
  return queries[life.query]({
    life,
    world,
    ...inputOf(life, { random, failing, pause: () => world.pause() }),
    run: (outputs) =>
      live({
        outputs,
        world,
        random,
        crashes: life.crashes,
        parallelisms: life.parallelisms,
        slow: life.trouble !== 'none',
        restarts: life.query === 'microBatches',
        ...(life.trouble === 'failing' ? { failing } : {}),
        ...(breaks === undefined ? {} : { sabotage: breaks }),
        ...(ground === undefined ? {} : { ground }),
      }),
  });
}
