/**
 * One life of a job: random pieces, random turns, checkpoints, aborted epochs, crashes, other parallelisms; in memory, on a
 * clock that moves only with the turns. Everything follows from one seed.
 */
import { asSink, outputNode, type Stream, streamOf } from '../../src/api/index.ts';
import { BatchBuilder, batchSchema, packValue, unpackValue } from '../../src/batch/index.ts';
import { type RunningJob, startCluster } from '../../src/cluster/index.ts';
import { type Random, type Sabotage, seededRandom, silentLogger } from '../../src/core/index.ts';
import type { SinkDefinition, SourceDefinition } from '../../src/operators/index.ts';
import { type LogicalJob, type OutputMode, planJob } from '../../src/plan/index.ts';
import { MemoryDisk, openMemoryStores } from '../../src/state/index.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { MemoryTransport } from '../../src/transport/index.ts';
import type { Row } from './plain.ts';

export const rowFields = batchSchema([
  { name: 'k', type: { kind: 'string' }, nullable: true },
  { name: 'v', type: { kind: 'float64' }, nullable: true },
  { name: 'at', type: { kind: 'timestamp' }, nullable: false },
]);

/** Splits of rows, given in pieces of random length. Which rows there are does not depend on the pieces. */
export function splitSource(name: string, splits: readonly (readonly Row[])[], random: Random): Stream<Row> {
  const definition: SourceDefinition = {
    type: 'source',
    name,
    guarantee: 'exactly-once',
    schema: rowFields,
    identity: name,
    bounded: true,
    splits: async () => splits.map((_, i) => `s${i}`),
    open: async (split, from, records, context) => {
      const rows = splits[Number(split.slice(1))]!;
      let next = (from as number | undefined) ?? 0;
      let record = records;
      return {
        read: async () => {
          for (let turns = Math.floor(random.next() * 10); turns > 0 && !context.signal.aborted; turns--) await turn();
          if (context.signal.aborted) throw context.signal.reason;
          if (next >= rows.length) return null;
          const piece = rows.slice(next, next + 1 + Math.floor(random.next() * 4));
          const builder = new BatchBuilder(rowFields);
          for (const row of piece) builder.append(row);
          const batch = builder.build({ origin: { split, first: record } });
          next += piece.length;
          record += piece.length;
          return { batch, dead: [], records: piece.length, position: next };
        },
        close: async () => {},
      };
    },
  };
  return streamOf<Row>({ kind: 'source', source: definition, site: '', schema: rowFields });
}

/** What was committed, each epoch once: the outside world, which outlives crashes. */
export class World {
  readonly #outputs = new Map<string, { readonly epoch: number; readonly rows: readonly object[] }[]>();

  sink(name: string, modes: readonly OutputMode[] = ['append', 'update', 'complete']): SinkDefinition {
    const committed: { epoch: number; rows: readonly object[] }[] = [];
    this.#outputs.set(name, committed);
    return {
      type: 'sink',
      name,
      guarantee: 'exactly-once',
      modes,
      single: true,
      identity: name,
      open: async () => {
        let rows: object[] = [];
        return {
          write: (batch) => {
            for (let i = 0; i < batch.length; i++) rows.push(batch.row(i));
          },
          stage: (_, replaced) => {
            const staged = rows.length > 0 || replaced ? packValue(rows.map(toPlain)) : undefined;
            rows = [];
            return staged;
          },
          commit: async ({ epoch }, staged) => {
            if (epoch <= (committed.at(-1)?.epoch ?? 0)) return;
            committed.push({ epoch, rows: (unpackValue(staged as Uint8Array) as object[]).map(fromPlain) });
          },
        };
      },
    };
  }

  rows(name: string): object[] {
    return this.#outputs.get(name)!.flatMap(({ rows }) => rows);
  }

  /** The last epoch's rows: of a sink in mode complete. */
  table(name: string): readonly object[] {
    return this.#outputs.get(name)!.at(-1)?.rows ?? [];
  }
}

// msgpack would make 0 of -0: numbers travel as text where that matters.
const toPlain = (row: object): object =>
  JSON.parse(JSON.stringify(row, (_, value: unknown) => (Object.is(value, -0) ? '\u0000-0' : value))) as object;
const fromPlain = (row: object): object =>
  JSON.parse(JSON.stringify(row), (_, value: unknown) => (value === '\u0000-0' ? -0 : value)) as object;

export interface LifeOptions {
  readonly outputs: LogicalJob['outputs'];
  readonly random: Random;
  readonly crashes: number;
  readonly sabotage?: Sabotage;
}
export interface LifeReport {
  readonly crashes: number;
  readonly restores: number;
  readonly aborted: number;
  readonly parallelisms: ReadonlySet<number>;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Lives until the job has finished. */
export async function live({ outputs, random, crashes, sabotage }: LifeOptions): Promise<LifeReport> {
  const disk = new MemoryDisk();
  const clock = new VirtualClock();
  const parallelisms = new Set<number>();
  let left = crashes;
  let restores = 0;
  let aborted = 0;
  for (;;) {
    const parallelism = 1 + Math.floor(random.next() * 4);
    parallelisms.add(parallelism);
    const job = await begin(outputs, disk, clock, random, parallelism, sabotage);
    if (job.status().report.restoredFrom !== null) restores++;
    const turnsToLive = left > 0 ? 8 + Math.floor(random.next() * 60) : Number.POSITIVE_INFINITY;
    const over = await turns(job, clock, random, turnsToLive);
    aborted += job.status().checkpoints.filter(({ state }) => state === 'aborted').length;
    if (over) return { crashes: crashes - left, restores, aborted, parallelisms };
    left--;
    await job.kill();
  }
}

async function turns(job: RunningJob, clock: VirtualClock, random: Random, most: number): Promise<boolean> {
  for (let n = 0; n < most; n++) {
    const { state } = job.status();
    if (state === 'finished') return true;
    if (state === 'failed') await job.finished;
    clock.advance(Math.floor(random.next() * 6));
    await turn();
    if (n > 50_000) throw new Error(`the job does not finish: ${JSON.stringify(job.status())}`);
  }
  return false;
}

async function begin(
  outputs: LogicalJob['outputs'],
  disk: MemoryDisk,
  clock: VirtualClock,
  random: Random,
  parallelism: number,
  sabotage: Sabotage | undefined,
): Promise<RunningJob> {
  const job: LogicalJob = {
    name: 'life',
    outputs,
    parallelism,
    checkpointEveryMs: 10,
    restart: { attempts: 0, withinMs: 1000, backoffMs: 1 },
  };
  const transports = new Map<number, MemoryTransport>();
  return startCluster(planJob(job, parallelism), {
    clock,
    random: seededRandom(Math.floor(random.next() * 1e9)),
    logger: silentLogger,
    defer: (run) => void setImmediate(run),
    stores: openMemoryStores(disk),
    transport: (generation) => {
      const known =
        transports.get(generation) ??
        new MemoryTransport({ codec: true, window: { frames: 1 + Math.floor(random.next() * 4), bytes: 4096 } });
      transports.set(generation, known);
      return known;
    },
    epochBytesMax: 1 << 20,
    ...(sabotage === undefined ? {} : { sabotage }),
  });
}

export function output(stream: unknown, sink: SinkDefinition, mode: OutputMode = 'append'): LogicalJob['outputs'][number] {
  const to = (stream as { to(sink: unknown, options: unknown): Parameters<typeof outputNode>[0] }).to(asSink(sink), { mode });
  return outputNode(to);
}
