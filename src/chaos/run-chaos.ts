/**
 * A job under chaos: its input runs, faults hit its processes one after the other and two at a time, and what came out is checked.
 *
 * Owns: the order of things, and the verdict. A fault that must show how fast the job is back is struck alone, and waited for.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { type Clock, type Random, sleep, WeirError } from '../core/index.ts';
import { Broker } from './broker.ts';
import { Cluster, type ClusterOptions } from './cluster.ts';
import { type Ask, History } from './history.ts';
import type { Arena, Fault, Nemesis } from './nemesis/nemesis.ts';
import { PrivateMounts } from './private-mounts.ts';
import { type ChaosReport, Recoveries } from './report.ts';
import type { ChaosFile, ChaosFindings, ChaosWorld } from './world.ts';

export interface ChaosOptions
  extends Pick<ClusterOptions, 'module' | 'program' | 'params' | 'workers' | 'parallelism' | 'intervalMs' | 'heapMb' | 'break'> {
  readonly file: ChaosFile;
  readonly nemeses: readonly Nemesis[];
  readonly minutes: number;
  readonly seed: number;
  /** Workers keep copies of snapshots (damage and full disks need them). */
  readonly copies: boolean;
  /** For all files of the run; there, and empty. */
  readonly directory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly random: Random;
  /** How its coordinator is asked for the job's status. */
  readonly ask: (url: string) => Promise<Ask & AsyncDisposable>;
  readonly say: (line: string) => void;
}

/** Longer than any job may take to go on. */
const patienceMs = 60_000;
/** Where nothing says that a fault was felt, the next follows after so long. */
const unfeltMs = 1000;
/** Likewise after a fault that is struck alone: longer than a coordinator takes to find a worker dead. */
const unfeltMeasuredMs = 5000;
const pollMs = 10;
const restMsMax = 300;
/** Of the faults that need not be alone, so many hit while the one before is still felt. */
const doubled = 0.5;
/** Nothing came for so long: nothing comes any more. */
const quietMs = 8_000;
/** Faults that may overlap, and then such as are struck alone, in turn: the former must all be over before the latter. */
const othersInTurn = 10;
const aloneInTurn = 4;

/** What nobody may see, and nothing is to be waited for any more. */
class Verdict extends Error {}

export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  await using run = await ChaosRun.begin(options);
  return await run.report();
}

class ChaosRun implements AsyncDisposable {
  readonly #o: ChaosOptions;
  readonly #broker: Broker;
  readonly #cluster: Cluster;
  readonly #arena: Arena;
  readonly #history: History;
  readonly #world: ChaosWorld;
  readonly #disposers: (() => void | Promise<void>)[];
  readonly #recoveries = new Recoveries();
  readonly #counts: Record<string, number> = {};
  readonly #open = new Set<Promise<void>>();
  /** Resolves when the job has come to its end, rejects when it has given up. */
  readonly #fallen: Promise<void>;
  #verdict: string | undefined;
  #isFinished = false;

  private constructor(
    options: ChaosOptions,
    parts: { broker: Broker; cluster: Cluster; history: History; world: ChaosWorld; disks: Arena['disks'] },
    disposers: (() => void | Promise<void>)[],
  ) {
    this.#o = options;
    this.#broker = parts.broker;
    this.#cluster = parts.cluster;
    this.#history = parts.history;
    this.#world = parts.world;
    this.#disposers = disposers;
    const { clock, random } = options;
    this.#arena = {
      ...{ cluster: parts.cluster, broker: parts.broker, clock, random, disks: parts.disks },
      isBusy: (pid) => parts.history.isBusy(pid),
      isStored: (subject) => parts.history.isStored(subject),
      isResult: (subject) => parts.history.isResult(subject),
    };
    this.#fallen = this.#cluster.over.then(({ place, how, said }) => {
      if (how !== '0') throw new Verdict((this.#verdict ??= `${place} ended with ${how}: ${said.trim().slice(-1000)}`));
      this.#isFinished = true;
    });
    this.#fallen.catch(() => undefined); // the verdict is looked at
  }

  static async begin(options: ChaosOptions): Promise<ChaosRun> {
    const disposers: (() => void | Promise<void>)[] = [];
    try {
      const { directory, clock } = options;
      const caches = join(directory, 'copies');
      const store = join(directory, 'nats', 'jetstream');
      const wantsDisks = options.nemeses.some(({ needsDisks }) => needsDisks === true);
      await Promise.all([caches, store].map((each) => mkdir(each, { recursive: true })));
      const mounts = wantsDisks ? await PrivateMounts.open([caches, store]) : 'no nemesis needs them';
      if (typeof mounts !== 'string') disposers.unshift(() => mounts.close());
      const within = typeof mounts === 'string' ? [] : mounts.within;
      const broker = await Broker.start({ directory: join(directory, 'nats'), within });
      disposers.unshift(() => broker.kill());
      const nats = await connect({ servers: broker.url, maxReconnectAttempts: -1, reconnectTimeWait: 100 });
      disposers.unshift(() => nats.close());
      const world = worldOf(options, broker, nats);
      await called('setup', () => options.file.setup?.(world));
      const ask = await options.ask(broker.url);
      disposers.unshift(async () => ask[Symbol.asyncDispose]());
      const history = new History(nats, clock, ask);
      disposers.unshift(() => history.close());
      const { copies, ...of } = options;
      const links = options.nemeses.some(({ needsLinks }) => needsLinks === true);
      const cluster = new Cluster({ ...of, within, links, natsPort: broker.port, ...(copies ? { caches } : {}) });
      disposers.unshift(() => cluster.close());
      const disks = typeof mounts === 'string' ? mounts : { mounts, caches, broker: store };
      return new ChaosRun(options, { broker, cluster, history, world, disks }, disposers);
    } catch (error) {
      for (const dispose of disposers) await dispose();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const dispose of this.#disposers) await dispose();
  }

  async report(): Promise<ChaosReport> {
    const { file, minutes, clock } = this.#o;
    const end = new AbortController();
    const working = called('workload', () => file.workload?.({ ...this.#world, signal: end.signal }));
    working.catch((error: Error) => (this.#verdict ??= error.message)); // awaited below
    const skipped = this.#skipped();
    try {
      await this.#cluster.fill();
      await this.#until('the first checkpoint is complete', () => this.#history.writing > 0);
      await Promise.race([called('ready', () => file.ready?.(this.#world)), this.#fallen]);
      await this.#history.look();
      this.#o.say(`the job runs on nats-server ${this.#broker.version}; faults begin`);
      await this.#faults(clock.monotonic() + minutes * 60_000);
      await this.#allOver();
    } catch (error) {
      if (!(error instanceof Verdict)) throw error;
      this.#verdict ??= error.message;
    }
    end.abort();
    await this.#broughtToAnEnd(working, 'the workload has not ended');
    await this.#history.look();
    const findings = await this.#findings();
    const stateBytes = await this.#history.stateBytes();
    const writers = await this.#history.writers();
    if (this.#verdict === undefined && !this.#isFinished) await this.#stop();
    return {
      faults: this.#counts,
      skipped,
      findings,
      zombieWrites: writers.zombieWrites,
      restores: Math.max(writers.restored.size, this.#history.status?.totals.restores ?? 0),
      generations: this.#history.generation,
      stateBytes,
      recoveries: this.#recoveries,
      server: this.#broker.version,
      verdict: this.#verdict,
    };
  }

  // ── faults

  #skipped(): Record<string, string> {
    return Object.fromEntries(
      this.#o.nemeses.flatMap(({ name, missing }) => {
        const why = missing?.(this.#arena);
        return why === undefined ? [] : [[name, why]];
      }),
    );
  }

  async #faults(until: number): Promise<void> {
    const { clock, random, nemeses } = this.#o;
    const faults = nemeses.filter(({ missing }) => missing?.(this.#arena) === undefined).flatMap((each) => each.faults);
    if (faults.length === 0) throw new WeirError('E_USAGE', 'no fault can be had here', { hint: 'take another --nemesis' });
    const isMeasured = (fault: Fault): boolean => fault.measured !== undefined;
    const alone = deckOf(faults.filter(isMeasured), random);
    const others = deckOf(
      faults.filter((fault) => !isMeasured(fault)),
      random,
    );
    const isOn = (): boolean => clock.monotonic() < until && this.#verdict === undefined && !this.#isFinished;
    const each = async (deck: () => Fault | undefined, times: number, hit: (fault: Fault) => Promise<void>): Promise<void> => {
      for (let n = 0; n < times && isOn(); n++) {
        const fault = deck();
        if (fault !== undefined) await hit(fault);
        await sleep(clock, random.next() * restMsMax);
      }
    };
    while (isOn()) {
      await each(others, othersInTurn, (fault) => this.#strike(fault));
      await each(alone, aloneInTurn, (fault) => this.#measure(fault));
    }
  }

  async #strike(fault: Fault): Promise<void> {
    const { generation } = this.#history;
    const struck = await this.#hit(fault);
    if (struck === undefined || this.#o.random.next() < doubled) return;
    // Felt, and back; or not felt at all.
    const { clock } = this.#o;
    const since = clock.monotonic();
    const felt = (): boolean => this.#history.generation > generation;
    await this.#until('the fault is over', () => felt() || clock.monotonic() - since > unfeltMs);
    const feltAt = clock.monotonic();
    await this.#until(
      'results are written',
      () => this.#history.writing > generation || !felt() || clock.monotonic() - feltAt > unfeltMs,
    );
  }

  async #measure(fault: Fault): Promise<void> {
    const { clock } = this.#o;
    await this.#allOver(fault.measured === 'worker');
    const { generation } = this.#history;
    let at = clock.monotonic();
    const struck = await this.#hit(fault);
    if (struck === undefined) return;
    if (fault.measured === 'broker') at = clock.monotonic(); // it is there again
    const isFelt = (): boolean => this.#history.generation > generation;
    await this.#until('it is felt', () => isFelt() || clock.monotonic() - at > unfeltMeasuredMs);
    if (!isFelt()) return; // a worker with nothing to do, after all
    await this.#until(`results are written again after ${fault.kind}`, () => this.#history.writing > generation);
    const ms = Math.round(clock.monotonic() - at);
    this.#recoveries.add(fault.kind, fault.measured!, ms);
    this.#o.say(`  ${fault.kind}: results again after ${ms} ms`);
  }

  async #hit(fault: Fault): Promise<{ over: Promise<void> } | undefined> {
    const struck = await fault.strike(this.#arena);
    if (struck === undefined) return undefined;
    this.#counts[fault.kind] = (this.#counts[fault.kind] ?? 0) + 1;
    if (fault.measured === undefined) this.#o.say(`  ${fault.kind} (generation ${this.#history.generation})`);
    const over = struck.over.finally(() => this.#open.delete(over));
    over.catch((error: unknown) => (this.#verdict ??= `${fault.kind}: ${String(error)}`));
    this.#open.add(over);
    return struck;
  }

  /** No fault is open, everybody is there, and results are written by the newest generation. */
  async #allOver(sparesAreReady = false): Promise<void> {
    await Promise.all(this.#open);
    await this.#until('there is a standby and every worker', () => this.#isComplete);
    if (sparesAreReady) await this.#until('spare workers have read ahead', () => this.#areSparesReady);
    for (let before = -1; before !== this.#history.generation; ) {
      before = this.#history.generation;
      const { written } = this.#history;
      await this.#until('results are written again', () => this.#history.writing >= before && this.#history.written > written);
    }
  }

  get #isComplete(): boolean {
    const { cluster } = this.#arena;
    return (
      cluster.isFull && cluster.standby !== undefined && this.#history.workers >= cluster.workers.length && this.#history.isKnown
    );
  }

  /** One that is lost is then replaced at once. */
  get #areSparesReady(): boolean {
    const { workers, parallelism } = this.#o;
    return this.#history.spares >= workers - parallelism;
  }

  async #until(what: string, condition: () => boolean): Promise<void> {
    const { clock } = this.#o;
    for (const end = clock.monotonic() + patienceMs; clock.monotonic() < end; await sleep(clock, pollMs)) {
      if (this.#verdict !== undefined) throw new Verdict(this.#verdict);
      if (this.#isFinished || condition()) return;
    }
    throw new Verdict(`waited ${patienceMs / 1000} s in vain until ${what}`);
  }

  // ── the end

  async #findings(): Promise<ChaosFindings> {
    const { clock, file } = this.#o;
    for (;;) {
      const { written } = this.#history;
      const findings = await called('the check', () => file.check(this.#world));
      if (findings.lost === 0) return findings;
      for (const end = clock.monotonic() + quietMs; this.#history.written === written && clock.monotonic() < end; )
        await sleep(clock, pollMs);
      if (this.#history.written === written) return findings;
    }
  }

  async #stop(): Promise<void> {
    const late = new AbortController();
    const timer = this.#o.clock.setTimer(patienceMs, () => late.abort());
    try {
      await this.#cluster.stop(late.signal);
    } catch (error) {
      this.#verdict ??= (error as Error).message;
    } finally {
      timer.cancel();
    }
  }

  async #broughtToAnEnd(working: Promise<void>, what: string): Promise<void> {
    const late = new AbortController();
    const tooLate = sleep(this.#o.clock, patienceMs, late.signal).then(() => {
      throw new WeirError('E_STUCK', `${what} within ${patienceMs / 1000} s of its signal`);
    });
    tooLate.catch(() => undefined); // it was quicker
    try {
      await Promise.race([working, tooLate]);
    } finally {
      late.abort();
    }
  }
}

/** What is the user's. */
async function called<T>(what: string, call: () => T | Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (thrown) {
    const said = thrown instanceof Error ? thrown.message : String(thrown);
    const hint = 'mend the check file: what the job did is not known';
    throw new WeirError('E_CLOSURE', `${what} of the check file threw: ${said}`, { cause: thrown, hint });
  }
}

const worldOf = (options: ChaosOptions, broker: Broker, nats: NatsConnection): ChaosWorld => ({
  url: broker.url,
  nats,
  params: options.params,
  directory: options.directory,
  random: () => options.random.next(),
});

/** Each as often as the others, in a random order. */
function deckOf(all: readonly Fault[], random: Random): () => Fault | undefined {
  let left: Fault[] = [];
  return () => {
    if (left.length === 0) left = [...all];
    return left.splice(Math.floor(random.next() * left.length), 1)[0];
  };
}
