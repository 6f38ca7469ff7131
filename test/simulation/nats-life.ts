/**
 * One life of a job from JetStream to JetStream (or to a bucket) in a simulated cluster on a simulated NATS: the real client, the engine's
 * bus, channels and stores over it, the real connectors, and random faults. What is in the streams in the end is held against a plain computation.
 */
import fc from 'fast-check';
import { asSource, count, logicalJob, type Output, pipeline, type RowOf, schema, sum, t, window } from '../../src/api/index.ts';
import { from, json, jetstream, kv } from '../../src/connectors/index.ts';
import { messageSource } from '../../src/connectors/jetstream/source.ts';
import { type Sabotage, seededRandom, WeirError } from '../../src/core/index.ts';
import {
  faultKinds,
  NatsGround,
  Nemesis,
  prefix,
  SimulatedCluster,
  Timeline,
  TroubledPace,
} from '../../src/testing/simulation/index.ts';
import { virtualGlobals } from '../../src/testing/simulation/virtual-globals.ts';
import { World } from '../golden/world.ts';
import { Sender, senderName } from './journaled.ts';
import { faultsOf, type Found, type Row, tooMany, windowMs, written } from './nats-output.ts';
import type { LifeOutcome } from './simulated-life.ts';

const queries = ['pass', 'sums', 'running', 'sender'] as const;
const sinks = ['fenced', 'fenced lines', 'shared', 'eager', 'kv'] as const;

export interface NatsLifePlan {
  readonly seed: number;
  readonly version: string;
  /** Else the server loses what it has confirmed, at a power cut. Not where a sender cannot repeat it: nobody could know (query `sender`). */
  readonly syncs: boolean;
  readonly query: (typeof queries)[number];
  readonly sink: (typeof sinks)[number];
  /** Rows of each message of each split. */
  readonly splits: readonly (readonly (readonly Row[])[])[];
  readonly perMessage: 'one' | 'lines';
  readonly parallelisms: readonly number[];
  readonly faults: number;
  readonly kinds: readonly string[];
}

/** What comes often where it loses something. */
const powerLoss = 'the server loses power';
const lifeMsMax = 900_000;
const closeMsMax = 10_000;
const disorderMs = 4_000;
const job = 'life';

const drawnRows = fc.array(
  fc.record({
    key: fc.integer({ min: 0, max: 5 }),
    at: fc.integer({ min: 0, max: 120_000 }),
    amount: fc.integer({ min: -99, max: 99 }),
  }),
  { minLength: 150, maxLength: 400, size: 'max' },
);
/** In the order of their times, but for a little. */
function inOrder(
  rows: readonly { readonly key: number; readonly at: number; readonly amount: number }[],
  count: number,
): Row[][] {
  const late = (i: number): number => (i * 2_654_435_761) % disorderMs;
  const sorted = rows.map((row, i) => ({ row, by: row.at + late(i) })).toSorted((a, b) => a.by - b.by);
  const all = sorted.map(({ row }, id) => ({ id, key: `k${row.key}`, at: row.at, amount: row.amount }));
  return Array.from({ length: count }, (_, split) => all.filter(({ id }) => id % count === split));
}
const inMessages = (rows: readonly Row[], size: number): Row[][] =>
  Array.from({ length: Math.ceil(rows.length / size) }, (_, i) => rows.slice(i * size, (i + 1) * size));

/** A bucket takes rows by key; rows that take each other's place need a sink that keeps their order, and writes them once. */
function fittingSink(query: NatsLifePlan['query'], sink: NatsLifePlan['sink']): NatsLifePlan['sink'] {
  if (query !== 'running') return sink === 'kv' ? 'fenced' : sink;
  return sink === 'eager' || sink === 'shared' ? 'kv' : sink;
}

export const natsLifePlans: fc.Arbitrary<NatsLifePlan> = fc
  .record({
    seed: fc.integer({ min: 1, max: 2 ** 31 }),
    syncs: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
    version: fc.constantFrom('2.9.10', '2.10.27', '2.15.1'),
    query: fc.constantFrom(...queries),
    sink: fc.constantFrom(...sinks),
    rows: drawnRows,
    splits: fc.integer({ min: 1, max: 3 }),
    messageRows: fc.integer({ min: 1, max: 4 }),
    parallelisms: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 3 }),
    faults: fc.integer({ min: 10, max: 13 }),
    kinds: fc.oneof(
      { weight: 4, arbitrary: fc.constant(faultKinds) },
      { weight: 1, arbitrary: fc.shuffledSubarray([...faultKinds], { minLength: 1 }) },
    ),
  })
  .map(({ rows, splits, messageRows, query, sink, ...rest }) => ({
    ...rest,
    query,
    sink: fittingSink(query, sink),
    perMessage: messageRows === 1 ? 'one' : 'lines',
    splits: inOrder(rows, splits).map((of) => inMessages(of, messageRows)),
  }));

export const natsPlanOf = (seed: number): NatsLifePlan => fc.sample(natsLifePlans, { seed, numRuns: 1 })[0]!;

export async function natsLife(plan: NatsLifePlan, sabotage?: Sabotage): Promise<LifeOutcome> {
  const timeline = new Timeline();
  const restore = virtualGlobals(timeline, plan.seed);
  try {
    const syncs = plan.syncs || plan.query === 'sender';
    return await new Life({ ...plan, syncs }, timeline, sabotage).lived();
  } finally {
    restore();
  }
}

/** What a job may say to a server that has lost what it had confirmed: exit 4. */
const refusals = ['E_STATE_DAMAGED', 'E_SOURCE_CHANGED', 'E_SINK_CHANGED'];
const mayRefuse = ({ syncs }: NatsLifePlan, failure: Error): failure is WeirError =>
  !syncs && failure instanceof WeirError && refusals.includes(failure.code);

class Life {
  readonly #plan: NatsLifePlan;
  readonly #timeline: Timeline;
  readonly #cluster: SimulatedCluster;
  readonly #nemesis: Nemesis;
  /** Of rows that are in no stream, and what its job writes. */
  readonly #sender: Sender | null;
  readonly #world = new World();

  constructor(plan: NatsLifePlan, timeline: Timeline, sabotage: Sabotage | undefined) {
    this.#plan = plan;
    this.#timeline = timeline;
    const { seed, faults, parallelisms, version, syncs } = plan;
    const random = seededRandom(seed ^ 0x5eed);
    const messages = plan.splits.flat().length;
    const mayPass = (share: number): boolean => this.#nemesis.done || share <= 0.1 + (0.8 * this.#nemesis.live) / faults;
    const pace = new TroubledPace(timeline, random, (source, _split, position) => {
      if (source === senderName) return true; // whoever sends them looks
      return mayPass((position as { sequence: number }).sequence / messages);
    });
    const sent = plan.splits.flat(2).map(({ key }, id) => ({ id, k: key }));
    this.#sender = plan.query === 'sender' ? new Sender(sent, mayPass) : null;
    const sending = this.#sender?.outputs(this.#world);
    this.#cluster = new SimulatedCluster({
      timeline,
      seed,
      job: {
        name: job,
        outputs: (servers) => sending ?? logicalJob(pipeline({ name: job, outputs: [outputOf(plan, servers)] })).outputs,
        parallelisms,
        checkpointEveryMs: 100 + Math.floor(random.next() * 300),
        restart: { attempts: 1000, withinMs: 1000, backoffMs: 1 },
      },
      workers: 3,
      slots: 2,
      pace,
      ground: (network, conditions) =>
        new NatsGround({ timeline, network, conditions, job, prefix, version, syncs, random: () => random.next() }),
      ...(sabotage === undefined ? {} : { sabotage }),
    });
    const kinds = syncs ? plan.kinds : [...plan.kinds, ...Array.from({ length: 6 }, () => powerLoss)];
    this.#nemesis = new Nemesis({ timeline, cluster: this.#cluster, pace, random, faults, kinds });
  }

  get #ground(): NatsGround {
    return this.#cluster.ground as NatsGround;
  }

  async lived(): Promise<LifeOutcome> {
    this.#prepare();
    this.#cluster.start();
    this.#nemesis.start();
    const isOver = await this.#timeline.until(() => this.#cluster.over, lifeMsMax);
    const found = written(this.#ground, this.#plan.sink);
    const { trace, now, happened } = this.#timeline;
    await this.#close();
    const { failure, totals, leader } = this.#cluster;
    const refused = failure !== null && mayRefuse(this.#plan, failure) ? failure : null;
    if (failure !== null && refused === null) throw failure;
    if (!isOver) throw new Error(`it does not converge: ${now} ms, ${JSON.stringify(leader?.lead?.status())}`);
    const { faults, splits, parallelisms, syncs } = this.#plan;
    const { done, live, counts } = this.#nemesis;
    return {
      violations: [
        ...this.#wrong(found, refused),
        ...this.#world.violations,
        // Where the pointer was lost, numbers that witnesses know come again: what comes out counts.
        ...(syncs ? this.#cluster.violations : []),
        ...(done || refused !== null ? [] : [`only ${live} of ${faults} faults hit a running generation`]),
      ],
      witnessed: this.#cluster.violations,
      ...(refused === null ? {} : { refusal: refused.code }),
      trace,
      faults: Object.fromEntries(counts),
      totals,
      rowsIn: splits.flat(2).length,
      rowsOut: this.#sender === null ? found.length : this.#world.rows('rows').length,
      late: 0,
      refused: 0,
      journaled: this.#sender === null ? 0 : this.#world.rows('rows').length,
      splits: splits.length,
      parallelism: Math.max(...parallelisms),
      rescaled: totals.rescales > 0,
      abortedThenCompleted: totals.abortedThenCompleted > 0,
      virtualMs: now,
      events: happened,
    };
  }

  /** What it refused to go on from is not to be complete; what it had written is to be right. */
  #wrong(found: readonly Found[], refused: WeirError | null): string[] {
    if (refused !== null) return tooMany(this.#plan, found);
    return this.#sender?.wrong(this.#world) ?? faultsOf(this.#plan, found);
  }

  /** The input is there before the job is. */
  #prepare(): void {
    const { jetstream } = this.#ground.server;
    const say = (subject: string, body: string): void =>
      jetstream.take({ subject, reply: '', headers: new Uint8Array(0), data: Buffer.from(body) });
    const make = (config: { readonly name: string; readonly subjects: readonly string[] }): void =>
      say(`$JS.API.STREAM.CREATE.${config.name}`, JSON.stringify({ storage: 'file', retention: 'limits', ...config }));
    make({ name: 'IN', subjects: ['in.>'] });
    make({ name: 'OUT', subjects: ['out.>'] });
    const { splits } = this.#plan;
    for (let i = 0; splits.some((messages) => i < messages.length); i++)
      for (const [split, messages] of splits.entries())
        if (i < messages.length) say(`in.s${split}`, messages[i]!.map((row) => JSON.stringify(row)).join('\n'));
    jetstream.sync();
  }

  async #close(): Promise<void> {
    let isClosed = false;
    const closed = this.#ground.close().finally(() => (isClosed = true));
    closed.catch(() => undefined);
    await this.#timeline.until(() => isClosed, closeMsMax);
  }
}

// ── the job

const Input = schema({ id: t.int, key: t.string, at: t.timestamp, amount: t.int });

function outputOf({ query, sink, perMessage, splits }: NatsLifePlan, servers: string): Output {
  const source = messageSource({
    servers,
    stream: 'IN',
    subjects: splits.map((_, split) => `in.s${split}`),
    format: json(Input) as never,
    perMessage,
    until: 'end',
  });
  const rows = from(asSource<RowOf<typeof Input>>(source));
  const to = {
    servers,
    stream: 'OUT',
    subject: 'out.rows',
    ...(sink === 'fenced lines' ? { perMessage: 'lines' as const } : {}),
    ...(sink === 'shared' ? { shared: true } : {}),
    ...(sink === 'eager' ? { guarantee: 'at-least-once' as const } : {}),
  };
  switch (query) {
    case 'pass':
      return rows.to(jetstream.sink(to));
    case 'sums':
      return rows
        .withWatermark('at', `${disorderMs} ms`)
        .groupBy(window('at', `${windowMs} ms`), 'key')
        .agg({ total: sum('amount'), n: count() })
        .to(jetstream.sink(to));
    case 'sender':
      throw new Error('it has outputs of its own');
    case 'running': {
      const totals = rows.groupBy('key').agg({ total: sum('amount'), n: count() });
      const bucket = { servers, bucket: 'totals', key: (row: { key: string }) => row.key, create: true };
      return sink === 'kv' ? totals.to(kv.sink(bucket), { mode: 'update' }) : totals.to(jetstream.sink(to), { mode: 'update' });
    }
  }
}
