/** One life of a job in a simulated cluster: a random pipeline over random input, under random faults, held against the plain answer. */
import fc from 'fast-check';
import { type Sabotage, seededRandom } from '../../src/core/index.ts';
import type { LogicalJob } from '../../src/plan/index.ts';
import type { MemoryDisk } from '../../src/state/index.ts';
import {
  type ClusterTotals,
  faultKinds,
  type MemoryGround,
  Nemesis,
  SimulatedCluster,
  Timeline,
  TroubledPace,
} from '../../src/testing/simulation/index.ts';
import { type Drawn, drawnWith, queryNames } from '../golden/drawn.ts';
import type { LifeReport } from '../golden/life.ts';
import { fitting, inputOf, queries } from '../golden/live-out.ts';
import { World } from '../golden/world.ts';
import { livingRows } from './living-rows.ts';

/** What a seed stands for. */
export interface LifePlan {
  readonly drawn: Drawn;
  /** How many must hit a running generation. */
  readonly faults: number;
  readonly kinds: readonly string[];
}

export interface LifeOutcome {
  readonly violations: readonly string[];
  /** Equal for equal lives. */
  readonly trace: string;
  readonly faults: Readonly<Record<string, number>>;
  readonly totals: ClusterTotals;
  readonly rowsIn: number;
  readonly rowsOut: number;
  readonly late: number;
  readonly splits: number;
  readonly parallelism: number;
  readonly rescaled: boolean;
  readonly abortedThenCompleted: boolean;
  readonly virtualMs: number;
  readonly events: number;
}

const lifeMsMax = 900_000;

export const lifePlans: fc.Arbitrary<LifePlan> = fc.record({
  drawn: fc
    .tuple(
      drawnWith({ minLength: 40, maxLength: 400 }),
      fc.constantFrom(...queryNames, 'clearing' as const, 'timers' as const, 'process' as const),
    )
    .map(([drawn, query]) => ({ ...drawn, query })),
  faults: fc.integer({ min: 10, max: 13 }),
  kinds: fc.oneof(
    { weight: 4, arbitrary: fc.constant(faultKinds) },
    { weight: 1, arbitrary: fc.shuffledSubarray([...faultKinds], { minLength: 1 }) },
  ),
});

export const planOf = (seed: number): LifePlan => fc.sample(lifePlans, { seed, numRuns: 1 })[0]!;

export async function simulatedLife(plan: LifePlan, sabotage?: Sabotage): Promise<LifeOutcome> {
  const drawn = fitting(plan.drawn);
  const random = seededRandom(drawn.seed);
  const world = new World();
  world.pause = async () => undefined;
  const timeline = new Timeline();
  const run = new Run({ ...plan, drawn }, timeline, sabotage);
  const verdict = await queries[drawn.query]({
    life: drawn,
    world,
    ...inputOf(drawn, { random, pause: world.pause }),
    run: (outputs) => run.live(outputs),
  });
  const { cluster, nemesis } = run;
  const all = [...drawn.left, ...drawn.right];
  return {
    violations: [
      ...verdict.findings
        .filter(({ actual, expected }) => actual.join('\n') !== expected.join('\n'))
        .map(({ what, actual, expected }) => `${what}: ${difference(actual, expected)}`),
      ...world.violations,
      ...cluster.violations,
      ...(await leaks(drawn, (cluster.ground as MemoryGround).disk)),
      ...(nemesis.done ? [] : [`only ${nemesis.live} of ${plan.faults} faults hit a running generation`]),
    ],
    trace: timeline.trace,
    faults: Object.fromEntries(nemesis.counts),
    totals: cluster.totals,
    rowsIn: all.flat().length,
    rowsOut: verdict.findings.reduce((sum, { actual }) => sum + actual.length, 0),
    late: verdict.late,
    splits: all.length,
    parallelism: Math.max(...drawn.parallelisms),
    rescaled: cluster.totals.rescales > 0,
    abortedThenCompleted: cluster.totals.abortedThenCompleted > 0,
    virtualMs: timeline.now,
    events: timeline.happened,
  };
}

/** Once all windows are closed nothing is left of them, unless the result is the whole table. */
async function leaks({ query, modes }: Drawn, disk: MemoryDisk): Promise<string[]> {
  if (query !== 'windows' || modes.includes('complete')) return [];
  return [...(await livingRows(disk))].map(([table, rows]) => `a leak: ${rows} rows of ${table} are left`);
}

class Run {
  cluster!: SimulatedCluster;
  nemesis!: Nemesis;
  readonly #plan: LifePlan;
  readonly #timeline: Timeline;
  readonly #sabotage: Sabotage | undefined;

  constructor(plan: LifePlan, timeline: Timeline, sabotage: Sabotage | undefined) {
    this.#plan = plan;
    this.#timeline = timeline;
    this.#sabotage = sabotage;
  }

  async live(outputs: LogicalJob['outputs']): Promise<LifeReport> {
    const { drawn, faults, kinds } = this.#plan;
    const { left, right, parallelisms, abortEvery, seed } = drawn;
    const random = seededRandom(seed ^ 0x5eed);
    const sizes: Readonly<Record<string, readonly number[]>> = {
      left: left.map(({ length }) => length),
      right: right.map(({ length }) => length),
    };
    const sabotage = this.#sabotage ?? (abortEvery === 0 ? undefined : { abortEvery });
    // A share of the rows for each fault, so that there is work at every one of them; some splits are ahead, and end long before.
    const ahead = new Map<string, number>();
    const headStart = (split: string): number => {
      if (!ahead.has(split)) ahead.set(split, split !== 'left s0' && random.next() < 0.3 ? random.next() : 0);
      return ahead.get(split)!;
    };
    const pace = new TroubledPace(this.#timeline, random, (source, split, position) => {
      if (this.nemesis.done) return true;
      const share = (position as number) / sizes[source]![Number(split.slice(1))]!;
      return share <= 0.1 + headStart(`${source} ${split}`) + (0.8 * this.nemesis.live) / faults;
    });
    this.cluster = new SimulatedCluster({
      timeline: this.#timeline,
      seed,
      job: {
        name: 'life',
        outputs: () => outputs,
        parallelisms,
        checkpointEveryMs: 100 + Math.floor(random.next() * 300),
        restart: { attempts: 1000, withinMs: 1000, backoffMs: 1 },
      },
      workers: 3,
      slots: 2,
      pace,
      ...(sabotage === undefined ? {} : { sabotage }),
    });
    this.nemesis = new Nemesis({ timeline: this.#timeline, cluster: this.cluster, pace, random, faults, kinds });
    this.cluster.start();
    this.nemesis.start();
    const isOver = await this.#timeline.until(() => this.cluster.over, lifeMsMax);
    if (this.cluster.failure !== null) throw this.cluster.failure;
    if (!isOver)
      throw new Error(`it does not converge: ${this.#timeline.now} ms, ${JSON.stringify(this.cluster.leader?.lead?.status())}`);
    const { totals, parallelisms: seen } = this.cluster;
    return {
      crashes: totals.generations,
      restores: totals.restores,
      aborted: totals.aborted,
      restarts: totals.restarts,
      parallelisms: seen,
    };
  }
}

function difference(actual: readonly string[], expected: readonly string[]): string {
  const missing = without(expected, actual);
  const extra = without(actual, expected);
  if (missing.length + extra.length === 0) return 'in another order';
  return `${missing.length} missing (${missing.slice(0, 3).join('; ')}), ${extra.length} too many (${extra.slice(0, 3).join('; ')})`;
}

function without(from: readonly string[], what: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const each of what) counts.set(each, (counts.get(each) ?? 0) + 1);
  return from.filter((each) => {
    const left = counts.get(each) ?? 0;
    counts.set(each, left - 1);
    return left <= 0;
  });
}
