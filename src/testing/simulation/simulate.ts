/**
 * Many lives of a user's job in a simulated cluster: its rows, its outside, its check.
 *
 * Owns: what a life is, from a seed: input, splits, parallelism, faults. Does not own: the cluster (simulated-cluster.ts). Invariants:
 * SL1 one seed gives one life, on any machine.
 */
import { type AnySchema, callSiteIn, logicalJob, type Output, pipeline, rowSchema, type Stream } from '../../api/index.ts';
import { seededRandom, WeirError } from '../../core/index.ts';
import { Nemesis } from './nemesis.ts';
import { Poison } from './poison.ts';
import { SimulatedCluster } from './simulated-cluster.ts';
import { simulatedInput, splitRows } from './simulated-input.ts';
import { SimulationFailed } from './simulation-failed.ts';
import { machineMs, Timeline } from './timeline.ts';
import { TroubledPace } from './troubled-pace.ts';
import { allFaults, type Fault, faultOf, kindsOf } from './user-faults.ts';
import { virtualGlobals } from './virtual-globals.ts';

/** What is used of an arbitrary of fast-check. */
export interface RowsArbitrary<In> {
  generate(...args: never[]): { readonly value: readonly In[] };
}
export interface Simulation<In, Row extends object, World> {
  readonly input: { readonly schema: AnySchema<In, Row>; readonly rows: RowsArbitrary<In> };
  /** The outside world of one life (a fake database, say). Survives the crashes of the job. */
  readonly world?: () => World;
  /** The job under test, made anew by each process of each life; code as in production. */
  readonly job: (rows: Stream<Row>, world: World) => Output | readonly Output[];
  /** Must hold once the faults have stopped and the job has come to the end of its input; throws if not. */
  readonly check: (life: { readonly input: readonly Row[]; readonly world: World }) => void | Promise<void>;
  /** How many lives (100). */
  readonly seeds?: number;
  /** Lives just this one. */
  readonly seed?: number;
  /** All unless said. */
  readonly faults?: readonly Fault[];
  /** Each hits a running job (5). */
  readonly faultsPerLife?: number;
}
export interface SimulationReport {
  readonly lives: number;
  readonly faults: Faults;
  readonly livesPerSecond: number;
}

/** How often each came. */
type Faults = Readonly<Partial<Record<Fault, number>>>;

interface Lived {
  readonly wrong: { readonly reason: unknown } | null;
  readonly faults: Faults;
  readonly trace: string;
}

const lifeMsMax = 600_000;
const shrinksMax = 70;
const fatesMax = 8;
/** Set by `weir simulate FILE --seed N`. */
export const seedAsked: symbol = Symbol.for('weir.simulate.seed');
/** Set by `weir simulate` to a list of what has been begun, each of which resolves once it is over: a file need not wait for it. */
export const simulationsBegun: symbol = Symbol.for('weir.simulate.begun');

/**
 * Lives many lives of a job: each has its input, its cluster of a coordinator, a standby and workers, and its faults, all from its seed.
 * What user code reads of time, chance and timers meanwhile is the life's own too.
 *
 * @throws SimulationFailed with the shrunk input, the faults and the command that lives it again; WeirError `E_USAGE`
 */
export function simulate<In, Row extends object, World = undefined>(
  simulation: Simulation<In, Row, World>,
): Promise<SimulationReport> {
  const file = callSiteIn(new Error().stack ?? '').replace(/:\d+$/, '');
  const begun = (globalThis as unknown as Record<symbol, Promise<void>[] | undefined>)[simulationsBegun];
  let over = (): void => {};
  begun?.push(new Promise((resolve) => (over = resolve)));
  return manyLives(simulation, file).finally(() => over()); // how it ended is told to whoever called
}

async function manyLives<In, Row extends object, World>(
  simulation: Simulation<In, Row, World>,
  file: string,
): Promise<SimulationReport> {
  const fc = await fastCheck();
  const asked = (globalThis as unknown as Record<symbol, unknown>)[seedAsked];
  const only = typeof asked === 'number' ? asked : simulation.seed;
  const seeds = only === undefined ? Array.from({ length: simulation.seeds ?? 100 }, (_, i) => i + 1) : [only];
  const arbitrary = simulation.input.rows as never;
  const lives: Lived[] = [];
  const begun = machineMs();
  for (const seed of seeds) {
    const rows = fc.sample<readonly In[]>(arbitrary, { seed, numRuns: 1 })[0]!;
    const life = await live(simulation, rows, seed);
    lives.push(life);
    if (life.wrong !== null) throw await shrunk(fc, simulation, rows, seed, file);
  }
  const seconds = Math.max(1e-3, (machineMs() - begun) / 1000);
  return { lives: seeds.length, faults: summed(lives), livesPerSecond: Number((seeds.length / seconds).toFixed(1)) };
}

async function fastCheck(): Promise<typeof import('fast-check')> {
  try {
    return await import('fast-check');
  } catch (cause) {
    throw new WeirError('E_USAGE', 'simulate() draws its input with fast-check, which is not installed', {
      hint: 'npm install --save-dev fast-check',
      cause,
    });
  }
}

function named(kinds: ReadonlyMap<string, number>): Faults {
  const faults: Partial<Record<Fault, number>> = {};
  for (const [kind, times] of kinds) faults[faultOf(kind)] = (faults[faultOf(kind)] ?? 0) + times;
  return faults;
}

function summed(lives: readonly Lived[]): Faults {
  const sums: Partial<Record<Fault, number>> = {};
  for (const { faults } of lives)
    for (const fault of allFaults) if (faults[fault] !== undefined) sums[fault] = (sums[fault] ?? 0) + faults[fault];
  return sums;
}

/** As few rows and faults as still go wrong. */
async function shrunk<In, Row extends object, World>(
  fc: typeof import('fast-check'),
  simulation: Simulation<In, Row, World>,
  rows: readonly In[],
  seed: number,
  file: string,
): Promise<SimulationFailed> {
  let runs = 0;
  let last = seed;
  // Fewer rows meet the same faults elsewhere: some other fates are tried for each.
  const fates = Array.from({ length: fatesMax }, (_, i) => seed + i * 1_000_003);
  const goesWell = async (input: readonly In[]): Promise<boolean> => {
    for (const fate of fates) {
      if (runs++ > shrinksMax) return true;
      if ((await live(simulation, input, fate)).wrong === null) continue;
      last = fate;
      return false;
    }
    return true;
  };
  const { counterexample } = await fc.check(fc.asyncProperty(simulation.input.rows as never, goesWell), {
    seed,
    numRuns: 1,
    unbiased: true,
  });
  const input = (counterexample as [readonly In[]] | null)?.[0] ?? rows;
  const { wrong, faults, trace } = await live(simulation, input, last);
  return new SimulationFailed({
    seed,
    reason: wrong?.reason ?? 'it went well the second time: what it does depends on more than its seed',
    input,
    faults,
    trace,
    command: `npx weir simulate ${file} --seed ${seed}`,
  });
}

async function live<In, Row extends object, World>(
  simulation: Simulation<In, Row, World>,
  rows: readonly In[],
  seed: number,
): Promise<Lived> {
  const timeline = new Timeline();
  const restore = virtualGlobals(timeline, seed);
  try {
    return await new Life(simulation, rows, seed, timeline).lived();
  } finally {
    restore();
  }
}

class Life<In, Row extends object, World> {
  readonly #o: Simulation<In, Row, World>;
  readonly #input: readonly Row[];
  readonly #timeline: Timeline;
  readonly #world: World;
  readonly #nemesis: Nemesis;
  readonly #cluster: SimulatedCluster;
  /** Null: there is none in this life. */
  readonly #poison: Poison | null;
  readonly #rowsOfSplits: readonly number[];

  constructor(options: Simulation<In, Row, World>, rows: readonly In[], seed: number, timeline: Timeline) {
    this.#o = options;
    this.#timeline = timeline;
    const random = seededRandom(seed ^ 0x11fe);
    const whole = (least: number, most: number): number => least + Math.floor(random.next() * (most - least + 1));
    const schema = rowSchema(options.input.schema);
    this.#input = rows.map((row) => schema.parse(row) as Row);
    this.#world = options.world?.() as World;
    const wanted = options.faults ?? allFaults;
    const poison = wanted.includes('poison') ? new Poison(seed) : null;
    this.#poison = poison;
    const input = {
      schema: schema.schema,
      rows: this.#input,
      splits: whole(1, 3),
      pieceRows: whole(1, 8),
      ...(poison === null ? {} : { dead: (split: string, row: number) => poison.after(split, row) }),
    };
    this.#rowsOfSplits = Array.from({ length: input.splits }, (_, split) => splitRows(input, split).length);
    const faults = options.faultsPerLife ?? 5;
    const kinds = kindsOf(wanted);
    const pace = new TroubledPace(timeline, random, (_source, split, position) => {
      // A share of the rows for each fault, so that there is work at every one of them.
      if (this.#nemesis.done) return true;
      return (position as number) <= splitRows(input, Number(split)).length * (0.1 + (0.8 * this.#nemesis.live) / faults);
    });
    const make = (): ReturnType<typeof logicalJob> => {
      const outputs = options.job(simulatedInput<Row>(input), this.#world);
      return logicalJob(pipeline({ name: 'simulated', outputs: Array.isArray(outputs) ? outputs : [outputs as Output] }));
    };
    this.#cluster = new SimulatedCluster({
      timeline,
      seed,
      job: {
        name: 'simulated',
        outputs: () => make().outputs,
        parallelisms: [whole(1, 3), whole(1, 3)],
        checkpointEveryMs: whole(100, 400),
        restart: { attempts: 1000, withinMs: 1000, backoffMs: 1 },
        ...(poison === null ? {} : { deadLetters: poison.sink }),
      },
      workers: 3,
      slots: 2,
      pace,
    });
    this.#nemesis = new Nemesis({
      timeline,
      cluster: this.#cluster,
      pace,
      random,
      faults: kinds.length === 0 ? 0 : faults,
      kinds,
    });
  }

  async lived(): Promise<Lived> {
    const reason = await this.#wrong();
    return {
      wrong: reason === null ? null : { reason },
      faults: this.#faults(),
      trace: this.#timeline.trace,
    };
  }

  #faults(): Faults {
    const poisoned = this.#poison?.count(this.#rowsOfSplits) ?? 0;
    return { ...named(this.#nemesis.counts), ...(poisoned === 0 ? {} : { poison: poisoned }) };
  }

  async #wrong(): Promise<unknown> {
    try {
      this.#cluster.start();
      this.#nemesis.start();
      const isOver = await this.#timeline.until(() => this.#cluster.over, lifeMsMax);
      if (this.#cluster.failure !== null) return this.#cluster.failure;
      if (!isOver)
        return new WeirError('E_STUCK', `the job does not come to its end within ${lifeMsMax / 1000} s of its own time`);
      if (this.#cluster.violations.length > 0) return new WeirError('E_INTERNAL', this.#cluster.violations.join('; '));
      const dead = this.#poison?.wrong(this.#rowsOfSplits) ?? null;
      if (dead !== null) return new WeirError('E_RECORD', dead);
      await this.#o.check({ input: this.#input, world: this.#world });
      return null;
    } catch (thrown) {
      return thrown ?? new Error('check() threw nothing');
    }
  }
}
