import { beforeEach, describe, expect, test } from 'vitest';
import { type Deployment, Supervisor, type ToCoordinator } from '../../src/actors/index.ts';
import { epoch, generation, silentLogger } from '../../src/core/index.ts';
import type { Piece, SinkDefinition, SourceDefinition } from '../../src/operators/index.ts';
import { type PhysicalPlan, planJob } from '../../src/plan/index.ts';
import { type BlobStore, type JobStores, type Manifest, openMemoryStores, type SubtaskSnapshot } from '../../src/state/index.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { MemoryTransport } from '../../src/transport/index.ts';
import { manifest } from '../coordinator/manifests.ts';
import { job, map, sink, source } from '../plan/nodes.ts';
import { barrier, batch, numbers, valuesOf } from './fakes.ts';

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Gives what the test puts in, piece by piece; `null` ends it. */
class Input {
  readonly log: string[] = [];
  readonly #pieces: (number | null)[] = [];
  #asked = (): void => {};
  openFails: Error | null = null;
  readonly definition: SourceDefinition = {
    ...source('in').source,
    schema: numbers,
    splits: async () => ['s'],
    open: async (split, from, records, { signal }) => {
      if (this.openFails !== null) throw this.openFails;
      this.log.push(`open ${split} from ${from} after ${records}`);
      return { read: () => this.#read(signal), close: async () => void this.log.push('close') };
    },
    release: async (split, before) => void this.log.push(`release ${split} before ${before}`),
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

class Worker {
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
    this.supervisor = new Supervisor('w', this.plan, { clock: this.clock, logger: silentLogger, defer: (run) => void setImmediate(run), stores: this.#stores(), transport: () => new MemoryTransport(), epochBytesMax: 1 << 20 }, (message) => this.said.push(message));
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
    return { generation: generation(n), fingerprint: this.plan.fingerprint, assignments, restore: null, guarded: [], ...more };
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

function brief(message: ToCoordinator): string {
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
  }
}
const everybody = (what: string): string[] => ['0/0', '0/1', '1/0'].map((subtask) => `${what} ${subtask}`);

let worker: Worker;
beforeEach(() => {
  worker = new Worker();
});

describe('a supervisor', () => {
  test('deploys, runs, checkpoints, commits and tears down', async () => {
    await worker.tell({ kind: 'deploy', deployment: worker.deployment(1) });
    expect([worker.news(), worker.input.log]).toEqual([['deployed 1'], []]);
    await worker.tell({ kind: 'start', generation: generation(1) });
    await worker.input.give(1, 2, 3);
    await worker.trigger(1);
    expect([worker.news(), worker.output.log]).toEqual([[...everybody('ack 1'), 'exhausted 0/1'], []]);
    await worker.commit(1);
    expect([worker.news(), worker.output.log]).toEqual([everybody('committed 1'), ['commit 1: 1,2,3']]);
    expect(worker.input.log).toEqual(['open s from undefined after 0', 'release s before 3']);
    await worker.tell({ kind: 'teardown', generation: generation(1) });
    expect([worker.news(), worker.input.log.at(-1), worker.output.log.at(-1)]).toEqual([['tornDown 1'], 'close', 'close']);
  });

  test('goes on from a checkpoint, in a later generation', async () => {
    await worker.running();
    await worker.input.give(1, 2, 3);
    await worker.trigger(4);
    const snapshots = worker.said.flatMap((message): SubtaskSnapshot[] => (message.kind === 'ack' ? [message.snapshot] : []));
    await worker.input.give(4);
    await worker.tell({ kind: 'teardown', generation: generation(1) });
    worker.news();
    const restored = manifest(4, snapshots.flatMap(({ parts }) => parts));
    await worker.running(2, restored);
    await worker.commit(4, 4, 2);
    await worker.input.give(4, null);
    await worker.trigger(5, 'end', 2);
    await worker.commit(5, 4, 2);
    expect(worker.output.log.filter((entry) => entry.startsWith('commit'))).toEqual(['commit 4: 1,2,3', 'commit 5: 4']);
    expect(worker.input.log).toContain('open s from 3 after 3');
    expect(worker.input.log.filter((entry) => entry.startsWith('release'))).toEqual(['release s before 3', 'release s before 3']);
    expect(worker.news()).toEqual([...everybody('ack 5'), ...everybody('committed 4'), ...everybody('committed 5'), 'deployed 2', 'exhausted 0/0', 'exhausted 0/1']);
  });

  test('X1: a message of another generation is ignored; one that was never here is torn down already', async () => {
    await worker.running(2);
    worker.news();
    await worker.trigger(1, undefined, 1);
    await worker.commit(1, 1, 3);
    await worker.tell({ kind: 'start', generation: generation(1) });
    expect(worker.news()).toEqual([]);
    await worker.tell({ kind: 'teardown', generation: generation(9) });
    expect(worker.news()).toEqual(['tornDown 9']);
    await worker.trigger(1, undefined, 2);
    expect(worker.news()).toEqual(everybody('ack 1'));
  });

  test('X2: a generation is not deployed while another one is, and the one that is stays as it was', async () => {
    await worker.running(1);
    worker.news();
    await worker.tell({ kind: 'deploy', deployment: worker.deployment(2) });
    await worker.trigger(1, undefined, 2);
    expect(worker.news()).toEqual([]);
    await worker.trigger(1, undefined, 1);
    expect(worker.news()).toEqual(everybody('ack 1'));
    await worker.tell({ kind: 'teardown', generation: generation(1) });
    await worker.tell({ kind: 'deploy', deployment: worker.deployment(2) });
    expect(worker.news()).toEqual(['deployed 2', 'tornDown 1']);
  });

  test('refuses to run another plan than its own', async () => {
    await worker.tell({ kind: 'deploy', deployment: worker.deployment(1, { fingerprint: 'another' }) });
    expect(worker.news()).toEqual([expect.stringContaining('failed w - E_STATE_INCOMPATIBLE: worker w has plan')]);
    await worker.tell({ kind: 'teardown', generation: generation(1) });
    expect(worker.news()).toEqual(['tornDown 1']);
  });

  test('with nothing to do is ready, and torn down, at once', async () => {
    await worker.tell({ kind: 'deploy', deployment: worker.deployment(1, { assignments: [] }) });
    await worker.tell({ kind: 'start', generation: generation(1) });
    await worker.tell({ kind: 'teardown', generation: generation(1) });
    expect(worker.news()).toEqual(['deployed 1', 'tornDown 1']);
  });
});

describe('a subtask', () => {
  test('SU1: acknowledges only when everything that the snapshot names is durable', async () => {
    await worker.running();
    worker.output.padding = 20_000;
    await worker.input.give(1, 2);
    let open = (): void => {};
    worker.gate = new Promise((resolve) => {
      open = resolve;
    });
    worker.news();
    await worker.trigger(1);
    expect(worker.news()).toEqual(['ack 1 0/0', 'ack 1 0/1']);
    open();
    for (let i = 0; i < 10; i++) await settle();
    expect([worker.news(), worker.written]).toEqual([['ack 1 1/0'], 1]);
  });

  test('SU1: declines when it cannot be written, goes on, and the next snapshot holds it all', async () => {
    await worker.running();
    worker.output.padding = 20_000;
    await worker.input.give(1, 2);
    worker.news();
    worker.gate = Promise.reject(new Error('disk full'));
    worker.gate.catch(() => {});
    await worker.trigger(1);
    expect(worker.news()).toEqual(['ack 1 0/0', 'ack 1 0/1', 'decline 1 1/0: disk full']);
    worker.gate = Promise.resolve();
    await worker.tell({ kind: 'abort', generation: generation(1), epoch: epoch(1) });
    await worker.trigger(2);
    await worker.commit(2);
    expect(worker.output.log).toEqual(['commit 1: 1,2']);
  });

  test('SU2: reports and writes nothing any more once it is closed', async () => {
    await worker.running();
    worker.output.padding = 20_000;
    await worker.input.give(1, 2);
    let open = (): void => {};
    worker.gate = new Promise((resolve) => {
      open = resolve;
    });
    await worker.trigger(1);
    worker.news();
    await worker.tell({ kind: 'teardown', generation: generation(1) });
    expect(worker.news()).toEqual(['tornDown 1']);
    open();
    await worker.input.give(7);
    await worker.commit(1);
    expect([worker.news(), worker.output.log]).toEqual([[], ['close']]);
  });

  test('SU2: a commit that is under way ends before the subtask is closed, and is not reported', async () => {
    await worker.running();
    await worker.input.give(1);
    await worker.trigger(1);
    worker.news();
    let open = (): void => {};
    worker.output.gate = new Promise((resolve) => {
      open = resolve;
    });
    await worker.commit(1);
    await worker.tell({ kind: 'teardown', generation: generation(1) });
    expect(worker.news()).toEqual(['committed 1 0/0', 'committed 1 0/1']);
    open();
    for (let i = 0; i < 10; i++) await settle();
    expect([worker.news(), worker.output.log]).toEqual([['tornDown 1'], ['commit 1: 1', 'close']]);
  });

  test('names the operator whose function threw, once, and does nothing more', async () => {
    await worker.running();
    worker.news();
    worker.onRow = (n) => {
      if (n > 1) throw new TypeError(`no ${n}`);
    };
    await worker.input.give(1, 2, 3);
    expect(worker.news()).toEqual([expect.stringMatching(/^failed 0\/0 checked E_CLOSURE: .*no 2/)]);
    await worker.trigger(1);
    expect(worker.news()).toEqual(['ack 1 0/1']);
  });

  test('reports a source that cannot be read', async () => {
    worker.input.openFails = new Error('no such file');
    await worker.running();
    expect(worker.news()).toEqual(['deployed 1', 'exhausted 0/1', 'failed 0/0 - E_SOURCE: source in, split s, after 0 records: no such file']);
  });

  test('reports a commit that fails', async () => {
    await worker.running();
    await worker.input.give(1);
    await worker.trigger(1);
    worker.news();
    worker.output.commitFails = new Error('refused');
    await worker.commit(1);
    expect(worker.news()).toEqual(['committed 1 0/0', 'committed 1 0/1', 'failed 1/0 - E_SINK: sink out, epoch 1: refused']);
  });

  test('reports a checkpoint that cannot be restored', async () => {
    const damaged = manifest(1, [{ operator: 'out', subtask: 0, groups: [0, 128], watermark: 0, value: 'missing', chunks: [], splits: [] }]);
    await worker.tell({ kind: 'deploy', deployment: worker.deployment(2, { restore: damaged }) });
    expect(worker.news()).toEqual(['failed 1/0 - E_STATE_DAMAGED: blob missing is missing']);
    await worker.tell({ kind: 'teardown', generation: generation(2) });
    expect(worker.news()).toEqual(['tornDown 2']);
  });
});

test('what a subtask says of itself: rows, splits, state', async () => {
  await worker.running();
  await worker.input.give(1, 2, null);
  const [reader, empty, writer] = worker.supervisor.subtasks;
  expect([reader!.name, reader!.rows(), empty!.rows(), writer!.rows()]).toEqual(['0/0', { in: 2, out: 2 }, { in: 0, out: 0 }, { in: 2, out: 0 }]);
  expect([reader!.counters().rowsIn, writer!.counters().rowsOut]).toEqual([2, 2]);
  expect(reader!.feed!.splits).toMatchObject([{ split: 's', state: 'ended', records: 2, position: 2 }]);
  expect([writer!.stateRows, writer!.nextWindowEnd(), reader!.splitWatermark('s')]).toEqual([0, null, Number.NEGATIVE_INFINITY]);
});
