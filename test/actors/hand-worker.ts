/** A supervisor with a source and a sink by hand: whom it talks to is the test. */
import { type Deployment, Supervisor, type ToCoordinator } from '../../src/actors/index.ts';
import { epoch, generation, silentLogger } from '../../src/core/index.ts';
import type { Piece, SinkDefinition, SourceDefinition } from '../../src/operators/index.ts';
import { type PhysicalPlan, planJob } from '../../src/plan/index.ts';
import { type BlobStore, type JobStores, type Manifest, openMemoryStores } from '../../src/state/index.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { MemoryTransport } from '../../src/transport/index.ts';
import { job, map, sink, source } from '../plan/nodes.ts';
import { barrier, batch, numbers, valuesOf } from './fakes.ts';

export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const { project: _whole, filter: _all, ...info } = source('in').source;

/** Gives what the test puts in, piece by piece; `null` ends it. */
class Input {
  readonly log: string[] = [];
  readonly #pieces: (number | null)[] = [];
  #asked = (): void => {};
  openFails: Error | null = null;
  readonly definition: SourceDefinition = {
    ...info,
    schema: numbers,
    splits: async () => ['s'],
    open: async (split, from, records, { signal }) => {
      if (this.openFails !== null) throw this.openFails;
      this.log.push(`open ${split} from ${String(from)} after ${records}`);
      return { read: () => this.#read(signal), close: async () => void this.log.push('close') };
    },
    release: async (split, before) => void this.log.push(`release ${split} before ${String(before)}`),
  };

  async give(...pieces: (number | null)[]): Promise<void> {
    this.#pieces.push(...pieces);
    this.#asked();
    for (let i = 0; i < 20; i++) await settle();
  }

  async #read(signal: AbortSignal): Promise<Piece | null> {
    for (;;) {
      const next = this.#pieces.shift();
      if (next !== undefined) return next === null ? null : { batch: batch(next), dead: [], records: 1, position: next };
      await new Promise<void>((resolve, reject) => {
        this.#asked = resolve;
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      });
    }
  }
}

/** Writes down what it is given, stages and commits. */
class Output {
  readonly log: string[] = [];
  commitFails: Error | null = null;
  /** Bytes staged beside the rows: beyond what a manifest holds. */
  padding = 0;
  gate: Promise<void> = Promise.resolve();
  readonly definition: SinkDefinition = {
    ...sink(source()).sink,
    single: true,
    open: async () => {
      let written: number[] = [];
      return {
        write: (batch) => void written.push(...valuesOf(batch)),
        stage: () => {
          const staged = written;
          written = [];
          return staged.length === 0 ? undefined : { rows: staged, padding: new Uint8Array(this.padding) };
        },
        commit: async ({ epoch }, staged) => {
          await this.gate;
          if (this.commitFails !== null) throw this.commitFails;
          this.log.push(`commit ${epoch}: ${(staged as { rows: number[] }).rows.join(',')}`);
        },
        close: async () => void this.log.push('close'),
      };
    },
  };
}

export class Worker {
  readonly input = new Input();
  readonly output = new Output();
  readonly said: ToCoordinator[] = [];
  readonly plan: PhysicalPlan;
  readonly supervisor: Supervisor;
  readonly clock = new VirtualClock();
  /** Blobs wait for it. */
  gate: Promise<void> = Promise.resolve();
  written = 0;
  /** Told before each value is mapped. */
  onRow = (_n: number): void => {};

  constructor() {
    const head = { ...source('in', { name: 'in' }), source: this.input.definition, schema: numbers };
    const fn = (row: unknown): unknown => (this.onRow((row as { n: number }).n), row);
    const mapped = { ...map(head, { name: 'checked' }), fn, schema: numbers };
    this.plan = planJob(job([{ ...sink(mapped, 'append', { name: 'out' }), sink: this.output.definition }], { parallelism: 2 }));
    this.supervisor = new Supervisor(
      'w',
      this.plan,
      {
        clock: this.clock,
        logger: silentLogger,
        defer: (run) => void setImmediate(run),
        stores: this.#stores(),
        transport: () => new MemoryTransport(),
        epochBytesMax: 1 << 20,
      },
      (message) => this.said.push(message),
    );
  }

  #stores(): JobStores {
    const stores = openMemoryStores();
    const blobs: BlobStore = {
      put: async (id, bytes) => {
        await this.gate;
        this.written++;
        await stores.blobs.put(id, bytes);
      },
      get: (id) => stores.blobs.get(id),
      list: (prefix) => stores.blobs.list(prefix),
      delete: (ids) => stores.blobs.delete(ids),
    };
    return { ...stores, blobs };
  }

  deployment(n: number, more: Partial<Deployment> = {}): Deployment {
    const assignments = [
      { stage: 0, subtask: 0, splits: ['s'] },
      { stage: 0, subtask: 1, splits: [] },
      { stage: 1, subtask: 0, splits: [] },
    ];
    return {
      generation: generation(n),
      incarnation: 'hand',
      fingerprint: this.plan.fingerprint,
      assignments,
      withoutSplits: ['0/1'],
      restore: null,
      drain: null,
      firstEpoch: 1,
      epochTime: 0,
      guarded: [],
      ...more,
    };
  }

  async tell(message: Parameters<Supervisor['receive']>[0]): Promise<void> {
    this.supervisor.receive(message);
    for (let i = 0; i < 20; i++) await settle();
  }

  async running(n = 1, restore: Manifest | null = null): Promise<this> {
    await this.tell({ kind: 'deploy', deployment: this.deployment(n, { restore }) });
    await this.tell({ kind: 'start', generation: generation(n) });
    return this;
  }
  trigger(n: number, last?: 'stop' | 'end', of = 1): Promise<void> {
    return this.tell({ kind: 'trigger', generation: generation(of), barrier: barrier(n, last) });
  }
  commit(n: number, oldest = n, of = 1): Promise<void> {
    return this.tell({ kind: 'commit', generation: generation(of), epoch: epoch(n), oldest });
  }
  /** What was said since the last look: `ack 1 0/0`, `deployed`. */
  news(): string[] {
    return this.said.splice(0).map(brief).sort();
  }
}

export function brief(message: ToCoordinator): string {
  switch (message.kind) {
    case 'ack':
      return `ack ${message.epoch} ${message.snapshot.subtask}`;
    case 'decline':
      return `decline ${message.epoch} ${message.subtask}: ${message.reason}`;
    case 'committed':
      return `committed ${message.epoch} ${message.subtask}`;
    case 'exhausted':
      return `exhausted ${message.subtask}`;
    case 'failed':
      return `failed ${message.subtask} ${message.operator ?? '-'} ${message.error.code}: ${message.error.message}`;
    case 'deployed':
    case 'tornDown':
      return `${message.kind} ${message.generation}`;
    case 'hurry':
      return 'hurry';
    case 'seen':
      return `seen ${message.question}: ${message.seen.open.length} open`;
    case 'reached':
      return `reached ${message.watermark} ${message.subtask}`;
  }
}
