/**
 * What the steps of a script mean.
 *
 * Owns: whether the query runs, the rows that wait for its next batch, and what each expectation looks at. Knows operations, not cases.
 */
import { type Case, rowsOf, type Step } from './case.ts';
import { type Definition, Query, type Rows, type Way } from './query.ts';
import { difference } from './values.ts';

/** A step whose expectation does not hold. */
export class Differs extends Error {}

type Trigger = { readonly kind: 'always' | 'once' } | { readonly kind: 'clock' };

type Operation = (script: Script, step: Step) => Promise<void> | void;

class Script {
  readonly query: Query;
  readonly pending = new Map<string, unknown[][]>();
  trigger: Trigger = { kind: 'always' };
  running = false;
  /** It has run before. */
  begun = false;
  /** The last batch has to run again. */
  undone = false;
  failure: unknown = undefined;
  /** Late rows at the last look but one, and at the last; a look ends with the next batch. */
  late = { before: 0, looked: false };
  /** Before the last batch. */
  duplicatesBefore = 0;

  constructor(query: Query) {
    this.query = query;
  }

  async batch(afterMs = 0): Promise<void> {
    const rows: Rows = new Map(this.pending);
    this.pending.clear();
    if (this.late.looked) this.late = { before: this.query.late, looked: false };
    this.duplicatesBefore = this.query.duplicates;
    await this.#orFail(() => this.query.batch(rows, { afterMs, flush: this.trigger.kind !== 'once' }));
  }

  async start(step: Step): Promise<void> {
    this.trigger = triggerOf(step);
    if (this.running) await this.stop();
    this.failure = undefined;
    if (this.begun) await this.query.startAgain();
    else await this.query.start();
    this.begun = true;
    this.running = true;
    if (this.undone) await this.#orFail(() => this.query.rerun());
    this.undone = false;
    if (this.pending.size > 0) await this.batch();
    if (this.trigger.kind === 'once') await this.stop();
  }

  async stop(): Promise<void> {
    if (this.running && this.failure === undefined) await this.query.stop();
    this.running = false;
  }

  add(step: Step): void {
    for (const [input, rows] of rowsOf(step))
      this.pending.set(input, [...(this.pending.get(input) ?? []), ...(rows as unknown[][])]);
  }

  async #orFail(run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      this.failure = error;
      this.running = false;
      this.undone = true;
    }
  }
}

function triggerOf({ trigger, manualClock }: Step): Trigger {
  if (trigger === 'once') return { kind: 'once' };
  if (manualClock === true) return { kind: 'clock' };
  if (trigger === undefined || /^availableNow$|^processingTime /.test(trigger as string)) return { kind: 'always' };
  throw new Error(`a trigger ${JSON.stringify(trigger)} is not known: there are once, availableNow and processingTime`);
}

const operations: Readonly<Record<string, Operation>> = {
  add: fed,
  addTogether: fed,
  start: (script, step) => script.start(step),
  stop: (script) => script.stop(),
  async restart(script, step) {
    await script.stop();
    await script.start(step);
  },
  async crashAfterLastBatch(script) {
    script.running = false;
    script.undone = true;
    await script.query.loseLastCommit();
  },
  async advanceProcessingTimeMs(script, { ms }) {
    if (script.running) await script.batch(ms as number);
    else script.query.moveClock(ms as number);
  },
  expectNew({ query }, { rows, ordered }) {
    expectRows(query, query.fresh, rows as unknown[][], ordered === true);
    query.seen();
  },
  expectAll({ query }, { rows, ordered }) {
    expectRows(query, query.all, rows as unknown[][], ordered === true);
    query.seen();
  },
  expectLastBatch({ query }, { rows, ordered }) {
    mustBe(difference(query.values(query.lastBatch), rows as unknown[][], ordered === true));
    query.seen();
  },
  expectState(script, { droppedByWatermark }) {
    if (droppedByWatermark !== undefined) {
      const dropped = ([droppedByWatermark].flat() as number[]).reduce((sum, n) => sum + n, 0);
      // Spark counts them after it has combined rows of one group: here they may be more, but not where there are none.
      const late = script.query.late - script.late.before;
      if (dropped === 0 || late < dropped) equal('rows that came too late', late, dropped);
    }
    script.late.looked = true;
  },
  expectWatermarkMs: ({ query }, { ms }) => expectWatermark(query, ms as number),
  expectWatermark: ({ query }, { at }) => expectWatermark(query, Date.parse(at as string)),
  expectEventTimeStats({ query }, { none, minSec, maxSec, avgSec, watermarkSecUsedByBatch }) {
    const { stats, used } = query.time;
    if (none === true) return equal('a watermark', query.time.isAny, false);
    const seconds = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms / 1000);
    const wanted = [minSec, maxSec, avgSec, watermarkSecUsedByBatch];
    [seconds(stats?.min), seconds(stats?.max), seconds(stats?.avg), seconds(used)].forEach((is, i) => {
      if (wanted[i] !== undefined) equal(['least time', 'latest time', 'mean time', 'watermark of the batch'][i]!, is, wanted[i]);
    });
  },
  expectMetric(script, { name, value }) {
    if (name === 'numDroppedDuplicateRows') return equal('duplicates', script.query.duplicates - script.duplicatesBefore, value);
    throw new Differs(`the engine counts nothing that is called ${String(name)}`);
  },
  expectFailure(script) {
    if (script.failure === undefined) throw new Differs('the query should have failed, and it has not');
  },
};

async function fed(script: Script, step: Step): Promise<void> {
  script.add(step);
  if (script.running && script.trigger.kind === 'always') await script.batch();
}

/** What a batch that ran again gave a sink may hold, or not. */
function expectRows(query: Query, rows: readonly object[], expected: readonly unknown[], ordered: boolean): void {
  const differs = difference(query.values(rows), expected, ordered);
  if (differs === undefined || query.mode === 'complete' || query.again.length === 0) return mustBe(differs);
  const withAgain = difference(query.values([...query.again, ...rows]), expected, ordered);
  mustBe(withAgain === undefined ? undefined : differs);
}

function expectWatermark(query: Query, ms: number): void {
  equal('the watermark between steps', query.time.watermark, ms);
  if (query.watermark !== null) equal("the watermark of the job's sources", query.watermark, ms);
}

function equal(what: string, is: unknown, wanted: unknown): void {
  mustBe(is === wanted ? undefined : `${what}: ${String(is)}, and should be ${String(wanted)}`);
}

function mustBe(differs: string | undefined): void {
  if (differs !== undefined) throw new Differs(differs);
}

/** A query that is started by a step before anything is expected of it does not run before that. */
function runsFromTheBeginning(steps: readonly Step[]): boolean {
  return steps.find(({ op }) => op !== 'add' && op !== 'addTogether')?.op !== 'start';
}

/** @throws Differs for an expectation that does not hold; Error for what cannot be done */
export async function live(of: Case, define: Definition, way: Way): Promise<void> {
  for (const { op } of of.steps)
    if (operations[op] === undefined)
      throw new Error(`the step '${op}' is not known: there are ${Object.keys(operations).join(', ')}`);
  const query = new Query(of, define, way);
  const script = new Script(query);
  try {
    if (runsFromTheBeginning(of.steps)) await script.start({ op: 'start' });
    for (const [i, step] of of.steps.entries()) {
      if (script.failure !== undefined && step.op !== 'expectFailure' && step.op !== 'start') throw script.failure;
      await placed(i, step, () => operations[step.op]!(script, step));
    }
    if (script.failure !== undefined && of.steps.at(-1)!.op !== 'expectFailure') throw script.failure;
  } finally {
    await query.kill();
  }
}

/** Errors of expectations name the step. */
async function placed(i: number, { op }: Step, run: () => Promise<void> | void): Promise<void> {
  try {
    await run();
  } catch (error) {
    const at = `step ${i + 1}, ${op}: `;
    throw error instanceof Differs ? new Differs(at + error.message) : new Error(at + String(error), { cause: error });
  }
}
