/** One life of a job in a simulated cluster: a random pipeline over random input, under random faults, held against the plain answer. */
import fc from 'fast-check';
import { type Sabotage, seededRandom } from '../../src/core/index.ts';
import type { SinkDefinition } from '../../src/operators/index.ts';
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
import { type Experiment, same, type Verdict } from '../golden/experiment.ts';
import { newestCheckpointOn, World } from '../golden/world.ts';
import { Sender } from './journaled.ts';
import { livingRows } from './living-rows.ts';
import { deadLetters, refusing, refusingStep, refusingSteps, setAside } from './refusing.ts';

/** What a seed stands for. */
export interface LifePlan {
  readonly drawn: Drawn;
  /** Functions of the job that refuse rows: a stateless one before the query, or those of a query of its own. */
  readonly refuses: (typeof refusals)[number];
  /** Splits that can be read again, or a sender whose rows are in the job's journal. */
  readonly input: 'splits' | 'sender';
  /** How many must hit a running generation. */
  readonly faults: number;
  readonly kinds: readonly string[];
}

export interface LifeOutcome {
  readonly violations: readonly string[];
  /** Those of them that were seen inside the cluster: a test that looks at what comes out does not see them. */
  readonly witnessed: readonly string[];
  /** The job did not go on from what a server had lost, and said this. */
  readonly refusal?: string;
  /** Equal for equal lives. */
  readonly trace: string;
  readonly faults: Readonly<Record<string, number>>;
  readonly totals: ClusterTotals;
  readonly rowsIn: number;
  readonly rowsOut: number;
  readonly late: number;
  /** Rows that the job's functions refused. */
  readonly refused: number;
  /** Rows that could not be read again, and were kept in a journal. */
  readonly journaled: number;
  readonly splits: number;
  readonly parallelism: number;
  readonly rescaled: boolean;
  readonly abortedThenCompleted: boolean;
  readonly virtualMs: number;
  readonly events: number;
}

const lifeMsMax = 900_000;
/** Of one thought of whoever is asked outside, of which there are up to eight for an answer. */
const thinkingMsMax = 60;
const refusals = ['nothing', ...refusingSteps, ...(Object.keys(refusing) as (keyof typeof refusing)[])] as const;

export const lifePlans: fc.Arbitrary<LifePlan> = fc.record({
  drawn: fc
    .tuple(
      drawnWith({ minLength: 40, maxLength: 400 }),
      // Tables that are written as a whole are there in one query, and only in some of its modes.
      fc.constantFrom(
        ...queryNames,
        'running' as const,
        'clearing' as const,
        'timers' as const,
        'fading' as const,
        'process' as const,
        'sessions' as const,
        'microBatches' as const,
        'microBatches' as const,
        ...(['asked', 'regulars', 'lasts'] as const).flatMap((name) => [name, name, name]),
        ...Array.from({ length: 5 }, () => 'joins' as const),
      ),
    )
    .map(([drawn, query]) => ({ ...drawn, query })),
  refuses: fc.oneof(
    { weight: 4, arbitrary: fc.constant('nothing' as const) },
    { weight: 1, arbitrary: fc.constantFrom(...refusals) },
  ),
  input: fc.oneof(
    { weight: 11, arbitrary: fc.constant('splits' as const) },
    { weight: 1, arbitrary: fc.constant('sender' as const) },
  ),
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
  const thoughts = seededRandom(drawn.seed + 1);
  world.thinking = () =>
    new Promise((resolve) => timeline.after(1 + Math.floor(thoughts.next() * thinkingMsMax), 'somebody outside thinks', resolve));
  const run = new Run({ ...plan, drawn }, timeline, sabotage);
  world.newestCheckpoint = () => newestCheckpointOn((run.cluster.ground as MemoryGround).disk);
  const verdict = await verdictOf(plan, run, {
    life: drawn,
    world,
    ...inputOf(drawn, { random, pause: world.pause, there: (length) => run.there(length) }),
    run: (outputs) =>
      run.live(outputs, plan.refuses === 'nothing' || plan.input === 'sender' ? undefined : world.sink(deadLetters)),
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
      ...(await leaks(plan, (cluster.ground as MemoryGround).disk)),
      ...(nemesis.done ? [] : [`only ${nemesis.live} of ${plan.faults} faults hit a running generation`]),
    ],
    witnessed: [...world.witnessed, ...cluster.violations],
    trace: timeline.trace,
    faults: Object.fromEntries(nemesis.counts),
    totals: cluster.totals,
    rowsIn: all.flat().length,
    rowsOut: verdict.findings.reduce((sum, { actual }) => sum + actual.length, 0),
    late: verdict.late,
    refused: plan.refuses === 'nothing' || plan.input === 'sender' ? 0 : world.rows(deadLetters).length,
    journaled: plan.input === 'sender' ? world.rows('rows').length : 0,
    splits: all.length,
    parallelism: Math.max(...drawn.parallelisms),
    rescaled: cluster.totals.rescales > 0,
    abortedThenCompleted: cluster.totals.abortedThenCompleted > 0,
    virtualMs: timeline.now,
    events: timeline.happened,
  };
}

/** What came out of rows that are sent, against what was sent. */
async function sent(run: Run, { life, world, run: lived }: Experiment): Promise<Verdict> {
  const rows = [...life.left, ...life.right].flat().map(({ k }, id) => ({ id, k }));
  const sender = new Sender(rows, (share) => run.mayPass(share));
  const report = await lived(sender.outputs(world));
  const findings = [
    { what: 'rows that were sent', actual: sender.wrong(world), expected: [] },
    same(
      'rows',
      [...new Set(world.rows<{ id: number }>('rows').map(({ id }) => id))],
      rows.map(({ id }) => id),
    ),
  ];
  return { life: report, late: 0, findings };
}

async function verdictOf({ refuses, input }: LifePlan, run: Run, experiment: Experiment): Promise<Verdict> {
  if (input === 'sender') return sent(run, experiment);
  const query = queries[experiment.life.query];
  switch (refuses) {
    case 'nothing':
      return query(experiment);
    case 'map':
    case 'filter':
    case 'flatMap': {
      const verdict = await query(refusingStep(experiment, refuses));
      return { ...verdict, findings: [...verdict.findings, setAside(experiment, experiment.rows)] };
    }
    default:
      return refusing[refuses](experiment);
  }
}

/** Once all windows are closed nothing is left of them, unless the result is the whole table. */
async function leaks({ refuses, input, drawn: { query, modes } }: LifePlan, disk: MemoryDisk): Promise<string[]> {
  if (
    (query !== 'windows' && query !== 'lenient') ||
    modes.includes('complete') ||
    refuses === 'refusing process' ||
    input === 'sender'
  )
    return [];
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

  /** Runs that end with what is there, before the one that goes on to the end; in peace there is one, and no restore. */
  get #drains(): number {
    const { input, faults, drawn } = this.#plan;
    return input === 'sender' || faults === 0 ? 0 : drawn.seed % 3;
  }

  /** More of every split in each run: one of which nothing came would not hold back the watermark. */
  there(length: number): number {
    return Math.ceil((length * (this.cluster.drained + 1)) / (this.#drains + 1));
  }

  /** A share of the rows for each fault, so that there is work at every one of them. */
  mayPass(share: number): boolean {
    return this.nemesis.done || share <= 0.1 + (0.8 * this.nemesis.live) / this.#plan.faults;
  }

  async live(outputs: LogicalJob['outputs'], dead: SinkDefinition | undefined): Promise<LifeReport> {
    const { drawn, faults, kinds } = this.#plan;
    const { left, right, parallelisms, abortEvery, seed } = drawn;
    const random = seededRandom(seed ^ 0x5eed);
    const sizes: Readonly<Record<string, readonly number[]>> = {
      left: left.map(({ length }) => length),
      right: right.map(({ length }) => length),
    };
    // Half of them while others still wait for the barrier, the rest once every delta is written.
    const abortAfter = seed % 2 === 0 ? 1 : ((seed >>> 1) % 8) / 8;
    const sabotage = this.#sabotage ?? (abortEvery === 0 ? undefined : { abortEvery, abortAfter });
    // Some splits are ahead, and end long before.
    const ahead = new Map<string, number>();
    const headStart = (split: string): number => {
      if (!ahead.has(split)) ahead.set(split, split !== 'left s0' && random.next() < 0.3 ? random.next() : 0);
      return ahead.get(split)!;
    };
    const pace = new TroubledPace(this.#timeline, random, (source, split, position) => {
      const of = sizes[source];
      // Whoever sends them looks; and tables are there.
      if (typeof position !== 'number' || of === undefined) return true;
      const share = position / of[Number(split.slice(1))]!;
      return this.mayPass(share - headStart(`${source} ${split}`));
    });
    this.cluster = new SimulatedCluster({
      timeline: this.#timeline,
      seed,
      job: {
        name: 'life',
        outputs: () => outputs,
        parallelisms,
        drains: this.#drains,
        checkpointEveryMs: 100 + Math.floor(random.next() * 300),
        restart: { attempts: 1000, withinMs: 1000, backoffMs: 1 },
        ...(dead === undefined ? {} : { deadLetters: dead }),
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
