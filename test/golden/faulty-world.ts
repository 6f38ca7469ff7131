/**
 * A small job in a world that fails on demand: rows through a keyed step into a sink, on stores whose calls a test may hold up
 * or refuse.
 */
import { asSink, outputNode, type Stream, streamOf } from '../../src/api/index.ts';
import { BatchBuilder, batchSchema, packValue, unpackValue } from '../../src/batch/index.ts';
import { type RunningJob, startCluster } from '../../src/cluster/index.ts';
import { type Sabotage, seededRandom, silentLogger, type Timer } from '../../src/core/index.ts';
import type { SinkDefinition, SourceDefinition } from '../../src/operators/index.ts';
import { count, schema, state, t } from '../../src/index.ts';
import { planJob } from '../../src/plan/index.ts';
import { type JobStores, MemoryDisk, openMemoryStores } from '../../src/state/index.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { MemoryTransport, type Window } from '../../src/transport/index.ts';

export interface Row {
  readonly k: string;
  readonly v: number;
  /** Rows of this key so far, if it was counted. */
  readonly seen?: number;
}
const rowFields = batchSchema([
  { name: 'k', type: { kind: 'string' }, nullable: false },
  { name: 'v', type: { kind: 'float64' }, nullable: false },
]);

/** Each row goes on as it is, and is counted in its key's state. */
function counted(source: Stream<Row>, poison: (v: number) => boolean): unknown {
  return source.keyBy('k').process({
    emits: schema({ k: t.string, v: t.number, seen: t.number }),
    state: { seen: state.value(t.number) },
    onRow(row, ctx) {
      ctx.state.seen.set((ctx.state.seen.get() ?? 0) + 1);
      ctx.emit({ k: row.k, v: row.v, seen: ctx.state.seen.get()! });
      if (poison(row.v)) throw new Error('poison');
    },
  });
}

export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Called before each call of a store; what it returns is waited for, what it throws refuses the call. */
export type StoreFault = (call: 'put' | 'delete' | 'compareAndSet', what: string) => void | Promise<void>;
/** The same for a sink. */
export type SinkFault = (call: 'write' | 'stage' | 'commit', epoch: number) => void | Promise<void>;

class CountingClock extends VirtualClock {
  /** Timers that were set so far. */
  timers = 0;

  override setTimer(delayMs: number, fn: () => void): Timer {
    this.timers++;
    return super.setTimer(delayMs, fn);
  }
}

export interface WorldOptions {
  readonly rows?: number;
  readonly splits?: number;
  /** Rows after which the source waits for `release`. */
  readonly holdAfter?: number;
  readonly parallelism?: number;
  readonly keyed?: boolean;
  /** Rows that the keyed step throws on, once it has changed its state; they are set aside. */
  /** Rows of one read (3), and distinct keys (7). */
  readonly pieceRows?: number;
  readonly keys?: number;
  /** Counts of keys go out in mode `update`, at each barrier, instead of rows. */
  readonly counts?: boolean;
  readonly window?: Window;
  readonly poison?: (v: number) => boolean;
  readonly checkpointIntervalMs?: number;
  readonly attempts?: number;
  readonly sabotage?: Sabotage;
  readonly epochBytesMax?: number;
}

export class World {
  readonly disk = new MemoryDisk();
  readonly clock = new CountingClock();
  /** What was set aside, by its epoch. */
  readonly dead: { readonly epoch: number; readonly rows: readonly { readonly bytes: Uint8Array; readonly epoch: number }[] }[] =
    [];
  readonly committed: { readonly epoch: number; readonly rows: readonly Row[] }[] = [];
  storeFault: StoreFault = () => {};
  /** Called after a store's call was carried out. */
  storeAfter: StoreFault = () => {};
  sinkFault: SinkFault = () => {};
  /** Tasks that were deferred and have not run. */
  deferred = 0;
  steps = 0;
  /** Called before each deferred task. */
  onStep: (step: number) => void = () => {};
  held: number;
  readonly #o: WorldOptions;
  #wake: (() => void)[] = [];

  constructor(options: WorldOptions = {}) {
    this.#o = options;
    this.held = options.holdAfter ?? Number.POSITIVE_INFINITY;
  }

  /** Lets the source read on. */
  release(): void {
    this.releaseUpTo(Number.POSITIVE_INFINITY);
  }

  releaseUpTo(rows: number): void {
    this.held = rows;
    for (const wake of this.#wake.splice(0)) wake();
  }

  get rows(): readonly Row[] {
    return this.committed.flatMap(({ rows }) => rows);
  }

  /** Values that were committed, in order of their size. */
  get values(): number[] {
    return this.rows.map(({ v }) => v).sort((a, b) => a - b);
  }

  get expected(): number[] {
    return Array.from({ length: this.#o.rows ?? 100 }, (_, i) => i);
  }

  /** @param to another sink than the world */
  start(
    parallelism: number = this.#o.parallelism ?? 1,
    to: unknown = asSink(this.#sink('world', this.committed as unknown[])),
  ): Promise<RunningJob> {
    const source = streamOf<Row>({ kind: 'source', source: this.#source(), site: '', schema: rowFields });
    const stream: Stream<Row> =
      this.#o.keyed === true
        ? (counted(source, this.#o.poison ?? (() => false)) as unknown as Stream<Row>)
        : source.map((row: Row) => ({ ...row }));
    const output =
      this.#o.counts === true
        ? source
            .groupBy('k')
            .agg({ v: count() })
            .to(to as never, { mode: 'update' } as never)
        : stream.to(to as never);
    const job = {
      name: 'job',
      outputs: [outputNode(output)],
      parallelism,
      ...(this.#o.poison === undefined ? {} : { deadLetters: this.#sink('dead letters', this.dead as unknown[]) }),
      checkpointEveryMs: 1000,
      restart: { attempts: this.#o.attempts ?? 5, withinMs: 600_000, backoffMs: 100 },
    };
    return startCluster(planJob(job, parallelism), this.#environment(), {
      checkpointIntervalMs: this.#o.checkpointIntervalMs ?? 100,
    });
  }

  /** Turns of the event loop, time passing, until the condition holds. */
  async until(condition: () => boolean, turnsMax = 3000): Promise<void> {
    for (let n = 0; !condition(); n++) {
      if (n > turnsMax) throw new Error('it does not come to pass');
      this.clock.advance(5);
      await turn();
    }
  }

  async turns(n: number): Promise<void> {
    for (let i = 0; i < n; i++) {
      this.clock.advance(5);
      await turn();
    }
  }

  /** How the job ended. */
  async outcome(job: RunningJob, turnsMax = 3000): Promise<string> {
    let outcome: string | undefined;
    job.finished.then(
      () => (outcome = job.status().state),
      (error: { code: string; message: string }) => (outcome = `${error.code}: ${error.message}`),
    );
    await this.until(() => outcome !== undefined, turnsMax);
    return outcome!;
  }

  #source(): SourceDefinition {
    const { rows = 100, splits = 1, pieceRows = 3, keys = 7 } = this.#o;
    const world = this;
    return {
      type: 'source',
      name: 'numbers',
      guarantee: 'exactly-once',
      schema: rowFields,
      identity: 'numbers',
      bounded: true,
      splits: async () => Array.from({ length: splits }, (_, i) => `s${i}`),
      open: async (split, from, records, context) => {
        const offset = Number(split.slice(1));
        let next = (from as number | undefined) ?? 0;
        let record = records;
        context.signal.addEventListener('abort', () => world.#wake.splice(0).forEach((wake) => wake()));
        return {
          read: async () => {
            await turn();
            while (next >= world.held && !context.signal.aborted) await new Promise<void>((wake) => world.#wake.push(wake));
            if (context.signal.aborted) throw context.signal.reason;
            const builder = new BatchBuilder(rowFields);
            for (let taken = 0; taken < pieceRows && next * splits + offset < rows; taken++, next++) {
              const v = next * splits + offset;
              builder.append({ k: `k${v % keys}`, v });
            }
            if (builder.length === 0) return null;
            const batch = builder.build({ origin: { split, first: record } });
            record += batch.length;
            return { batch, dead: [], records: batch.length, position: next };
          },
          close: async () => {},
        };
      },
    };
  }

  #sink(name: string, into: unknown[]): SinkDefinition {
    const committed = into as { epoch: number; rows: Row[] }[];
    const fault: SinkFault = (call, epoch) => this.sinkFault(call, epoch);
    return {
      type: 'sink',
      name,
      guarantee: 'exactly-once',
      modes: ['append', 'update'],
      single: true,
      identity: name,
      open: async () => {
        let rows: object[] = [];
        return {
          write: async (batch) => {
            await fault('write', 0);
            for (let i = 0; i < batch.length; i++) rows.push(batch.row(i));
          },
          stage: async (epoch) => {
            await fault('stage', epoch);
            const staged = packValue(rows);
            rows = [];
            return staged;
          },
          commit: async ({ epoch }, staged) => {
            await fault('commit', epoch);
            if (epoch <= (committed.at(-1)?.epoch ?? 0)) return;
            committed.push({ epoch, rows: unpackValue(staged as Uint8Array) as Row[] });
          },
        };
      },
    };
  }

  #environment(): Parameters<typeof startCluster>[1] {
    const transports = new Map<number, MemoryTransport>();
    return {
      clock: this.clock,
      random: seededRandom(1),
      logger: silentLogger,
      defer: (run) => {
        this.deferred++;
        setImmediate(() => {
          this.deferred--;
          this.onStep(++this.steps);
          run();
        });
      },
      stores: this.#stores(),
      transport: (generation) => {
        const transport =
          transports.get(generation) ??
          new MemoryTransport({ codec: true, ...(this.#o.window === undefined ? {} : { window: this.#o.window }) });
        transports.set(generation, transport);
        return transport;
      },
      epochBytesMax: this.#o.epochBytesMax ?? 16 << 20,
      ...(this.#o.sabotage === undefined ? {} : { sabotage: this.#o.sabotage }),
    };
  }

  #stores(): JobStores {
    const stores = openMemoryStores(this.disk);
    const around = async <T>(call: Parameters<StoreFault>[0], what: string, run: () => Promise<T>): Promise<T> => {
      await this.storeFault(call, what);
      const result = await run();
      await this.storeAfter(call, what);
      return result;
    };
    const { blobs, pointers } = stores;
    return {
      ...stores,
      blobs: {
        put: (id, bytes) => around('put', id, () => blobs.put(id, bytes)),
        get: (id) => blobs.get(id),
        list: (prefix) => blobs.list(prefix),
        delete: (ids) => around('delete', ids.join(' '), () => blobs.delete(ids)),
      },
      pointers: {
        read: (name) => pointers.read(name),
        compareAndSet: (name, expected, value) =>
          around('compareAndSet', name, () => pointers.compareAndSet(name, expected, value)),
      },
    };
  }
}
