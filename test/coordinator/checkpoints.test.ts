import { beforeEach, describe, expect, test } from 'vitest';
import { CheckpointRecord, Checkpoints, CheckpointStore } from '../../src/coordinator/index.ts';
import { epoch, generation, silentLogger, WeirError } from '../../src/core/index.ts';
import { type PhysicalPlan, planJob } from '../../src/plan/index.ts';
import type { Barrier } from '../../src/progress/index.ts';
import { type JobStores, openMemoryStores } from '../../src/state/index.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { job, map, perEpoch, sink, source } from '../plan/nodes.ts';
import { noCounters, part, snapshot } from './manifests.ts';

const plan = planJob(job([sink(map(source('in', { name: 'in' })))], { name: 'test' }));
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Two subtasks that a test lets speak, a pointer that a test may hold, and everything that they are told. */
class World {
  readonly clock = new VirtualClock();
  readonly said: string[] = [];
  readonly warnings: unknown[] = [];
  readonly history = new CheckpointRecord();
  store!: CheckpointStore;
  checkpoints!: Checkpoints;
  /** Moves of the pointer wait for it. */
  gate: Promise<void> = Promise.resolve();
  broken = false;
  abortEvery = 0;
  plan: PhysicalPlan = plan;
  lastBarrier: Barrier | null = null;

  async begin(): Promise<this> {
    const stores = openMemoryStores();
    const gated: JobStores = {
      ...stores,
      pointers: {
        read: (name) => stores.pointers.read(name),
        compareAndSet: async (...args) => {
          await this.gate;
          if (this.broken) throw new Error('disk full');
          return stores.pointers.compareAndSet(...args);
        },
      },
    };
    this.store = new CheckpointStore(gated);
    await this.store.load();
    await this.store.fence(4, 'i', 10);
    this.checkpoints = new Checkpoints({
      plan: this.plan,
      generation: generation(4),
      store: this.store,
      incarnation: 'i',
      participants: ['0/0', '0/1'],
      highestEpoch: 10,
      base: { ...noCounters, rowsIn: 100, checkpoints: 10, restores: 1 },
      emitted: {},
      epochTime: 0,
      intervalMs: 1000,
      abortEvery: this.abortEvery,
      abortAfter: 1,
      clock: this.clock,
      logger: { ...silentLogger, warn: (facts) => void this.warnings.push(facts) },
      history: this.history,
      trigger: (barrier) => {
        this.lastBarrier = barrier;
        this.said.push(`trigger ${barrier.epoch}${barrier.last === undefined ? '' : ` ${barrier.last}`}`);
      },
      abort: (epoch) => this.said.push(`abort ${epoch}`),
      commit: (epoch) => this.said.push(`commit ${epoch} at pointer ${this.store.pointer?.epoch}`),
      closed: () => this.said.push('closed'),
      failed: ({ code, message }) => this.said.push(`failed ${code}: ${message}`),
    });
    return this;
  }

  ack(n: number, ...subtasks: string[]): void {
    for (const subtask of subtasks)
      this.checkpoints.acknowledged(
        n,
        snapshot(subtask, [part('in', { subtask: Number(subtask.slice(2)) })], {
          counters: { ...noCounters, rowsIn: 5 },
          bytes: 7,
        }),
      );
  }

  committed(n: number, ...subtasks: string[]): void {
    for (const subtask of subtasks) this.checkpoints.committed(n, subtask);
    this.clock.advance(0);
  }

  /** A whole checkpoint that is open already. */
  async complete(n: number): Promise<void> {
    this.ack(n, '0/0', '0/1');
    await settle();
    this.committed(n, '0/0', '0/1');
  }
}

let world: World;
beforeEach(async () => {
  world = await new World().begin();
});

describe('checkpoints of a generation', () => {
  test('open by themselves, at the interval, with numbers above all that were seen', async () => {
    world.checkpoints.start(false);
    world.clock.advance(499);
    expect(world.said).toEqual([]);
    world.clock.advance(1);
    expect(world.said).toEqual(['trigger 11']);
    await world.complete(11);
    world.clock.advance(1000);
    expect(world.said).toEqual(['trigger 11', 'commit 11 at pointer 11', 'trigger 12']);
    expect(world.lastBarrier).toMatchObject({ epoch: 12, time: world.clock.now() });
  });

  test('open sooner after a restart, and from then on at the interval', async () => {
    world.checkpoints.start(true);
    world.clock.advance(50);
    expect(world.said).toEqual(['trigger 11']);
    await world.complete(11);
    world.clock.advance(999);
    expect(world.said.slice(2)).toEqual([]);
    world.clock.advance(1);
    expect(world.said.slice(2)).toEqual(['trigger 12']);
  });

  test('CP1: only one is in flight; the next opens once the sinks of the last have published it', async () => {
    world.checkpoints.hurry();
    world.ack(11, '0/0', '0/1');
    world.checkpoints.hurry();
    await settle();
    world.clock.advance(0);
    world.committed(11, '0/0');
    expect(world.said).toEqual(['trigger 11', 'commit 11 at pointer 11']);
    expect(world.checkpoints.committingFor(world.clock.monotonic() + 30)).toBe(30);
    world.committed(11, '0/1');
    expect(world.said.slice(2)).toEqual(['trigger 12']);
    expect(world.checkpoints.committingFor(world.clock.monotonic())).toBe(0);
  });

  test('say whom they wait for when it takes long', async () => {
    world.checkpoints.hurry();
    world.ack(11, '0/0');
    world.clock.advance(30_000);
    world.ack(11, '0/1');
    await settle();
    world.committed(11, '0/1');
    world.clock.advance(60_000);
    world.committed(11, '0/0');
    world.clock.advance(60_000);
    expect(world.warnings.slice(0, 3)).toEqual([
      { checkpoint: 11, seconds: 30, waitingFor: 'the barrier to pass 0/1' },
      { checkpoint: 11, seconds: 60, waitingFor: 'the sinks of 0/0 to commit' },
      { checkpoint: 11, seconds: 90, waitingFor: 'the sinks of 0/0 to commit' },
    ]);
    expect(world.warnings).toHaveLength(3);
  });

  test('CP2: a commit is sent only after the pointer has moved', async () => {
    let open = (): void => {};
    world.gate = new Promise((resolve) => {
      open = resolve;
    });
    world.checkpoints.hurry();
    world.ack(11, '0/0', '0/1');
    await settle();
    expect([world.said, world.store.latest]).toEqual([['trigger 11'], null]);
    open();
    await settle();
    expect([world.said[1], world.store.latest?.epoch]).toEqual(['commit 11 at pointer 11', 11]);
  });

  test('CP2: none is sent when the pointer cannot be moved: the generation is over', async () => {
    world.broken = true;
    world.checkpoints.hurry();
    world.ack(11, '0/0', '0/1');
    await settle();
    expect(world.said).toEqual(['trigger 11', 'failed E_STORE: checkpoint 11 could not be published: disk full']);
  });

  test('CP3: what comes of another epoch, a stranger, or twice, changes nothing', async () => {
    world.checkpoints.hurry();
    world.ack(10, '0/0', '0/1');
    world.ack(12, '0/0', '0/1');
    world.ack(11, '0/0', '0/0', '9/9');
    world.checkpoints.declined(10, '0/0', 'late');
    world.committed(11, '0/0', '0/1');
    await settle();
    expect(world.said).toEqual(['trigger 11']);
    world.ack(11, '0/1');
    await settle();
    world.committed(10, '0/0', '0/1');
    world.committed(11, '0/0', '0/0');
    world.checkpoints.hurry();
    expect(world.said).toEqual(['trigger 11', 'commit 11 at pointer 11']);
  });

  test('CP3: nothing that comes after the end of the generation has an effect', async () => {
    const asked = world.checkpoints.request();
    asked.catch(() => undefined); // looked at below
    world.checkpoints.start(false);
    world.checkpoints.close(new WeirError('E_INTERNAL', 'torn down'));
    await expect(asked).rejects.toThrow('torn down');
    world.ack(11, '0/0', '0/1');
    world.checkpoints.declined(11, '0/0', 'x');
    world.checkpoints.hurry();
    world.clock.advance(10_000);
    await settle();
    expect(world.said).toEqual(['trigger 11']);
    expect(world.history.entries).toMatchObject([{ epoch: 11, state: 'aborted', reason: 'torn down' }]);
  });

  test('a declined one is aborted, by its number, and the next has another', async () => {
    world.checkpoints.start(false);
    world.clock.advance(500);
    world.checkpoints.declined(11, '0/1', 'disk full');
    expect(world.said).toEqual(['trigger 11', 'abort 11']);
    expect(world.history.entries).toMatchObject([{ epoch: 11, state: 'aborted', reason: '0/1: disk full' }]);
    world.ack(11, '0/0', '0/1');
    world.clock.advance(1000);
    await world.complete(12);
    expect(world.said.slice(2)).toEqual(['trigger 12', 'commit 12 at pointer 12']);
  });

  test('three declined in a row end the generation; a complete one in between counts anew', async () => {
    for (const n of [11, 12]) {
      world.checkpoints.hurry();
      world.checkpoints.declined(n, '0/0', 'x');
    }
    world.checkpoints.hurry();
    await world.complete(13);
    for (const n of [14, 15, 16]) {
      expect(world.said.some((entry) => entry.startsWith('failed'))).toBe(false);
      world.checkpoints.hurry();
      world.checkpoints.declined(n, '0/0', 'x');
    }
    expect(world.said.at(-1)).toBe('failed E_STORE: 3 checkpoints in a row could not be taken: x');
  });

  test('one that is asked for was opened after the question', async () => {
    world.checkpoints.hurry();
    let answer = 0;
    void world.checkpoints.request().then((n) => {
      answer = n;
    });
    await world.complete(11);
    await settle();
    expect([answer, world.said.at(-1)]).toEqual([0, 'trigger 12']);
    world.checkpoints.declined(12, '0/0', 'x');
    world.clock.advance(0);
    expect(world.said.at(-1)).toBe('trigger 13');
    await world.complete(13);
    await settle();
    expect(answer).toBe(13);
  });

  test('CP5: where rows are taken epoch by epoch one that is declined ends the generation', async () => {
    world.plan = planJob(job([sink(perEpoch(source('in', { name: 'in' })))], { name: 'test' }));
    await world.begin();
    world.checkpoints.hurry();
    await world.complete(11);
    world.checkpoints.hurry();
    world.checkpoints.declined(12, '0/1', 'disk full');
    expect(world.said.slice(-3)).toEqual([
      'trigger 12',
      'abort 12',
      'failed E_STORE: checkpoint 12 could not be taken: disk full',
    ]);
  });

  test('the last one follows what is in flight, closes the job, and an end is stronger than a stop', async () => {
    world.checkpoints.hurry();
    world.checkpoints.finish('stop');
    world.checkpoints.finish('end');
    world.checkpoints.finish('stop');
    await world.complete(11);
    expect(world.said.at(-1)).toBe('trigger 12 end');
    world.checkpoints.declined(12, '0/0', 'x');
    world.clock.advance(0);
    await world.complete(13);
    expect(world.said.slice(-3)).toEqual(['trigger 13 end', 'commit 13 at pointer 13', 'closed']);
    expect(world.store.pointer).toMatchObject({ epoch: 13, finished: true, reserved: 13 });
  });

  test('are aborted after their barrier where a test asks for it, but never the last one', async () => {
    world.abortEvery = 2;
    await world.begin();
    world.checkpoints.hurry();
    await world.complete(11);
    world.checkpoints.hurry();
    world.ack(12, '0/0', '0/1');
    await settle();
    expect(world.said.slice(-2)).toEqual(['trigger 12', 'abort 12']);
    world.checkpoints.hurry();
    await world.complete(13);
    world.checkpoints.finish('stop');
    await world.complete(14);
    expect(world.said.at(-1)).toBe('closed');
  });

  test('a stop leaves the job unfinished', async () => {
    world.checkpoints.finish('stop');
    await world.complete(11);
    expect([world.said.at(-1), world.store.pointer?.finished]).toEqual(['closed', false]);
  });

  test('the manifest holds the parts of all subtasks, what each state means, and totals over the life of the job', async () => {
    world.checkpoints.hurry();
    await world.complete(11);
    expect(world.store.latest).toMatchObject({
      job: 'test',
      incarnation: 'i',
      generation: 4,
      epoch: 11,
      keyGroups: 128,
      parallelism: 2,
      states: { in: 'positions in file in' },
      operators: { in: [{ subtask: 0 }, { subtask: 1 }] },
      totals: { rowsIn: 110, rowsOut: 0, checkpoints: 11, restores: 1 },
    });
    world.checkpoints.hurry();
    await world.complete(12);
    expect(world.store.latest?.totals).toMatchObject({ rowsIn: 110, checkpoints: 12 });
    expect(world.history.entries).toMatchObject([
      { epoch: 12, state: 'completed', bytes: 14 },
      { epoch: 11, state: 'completed' },
    ]);
  });
});

test('the record of checkpoints keeps the last twenty, newest first', () => {
  const record = new CheckpointRecord();
  for (let n = 1; n <= 25; n++) record.opened(epoch(n), n);
  record.completed(25, 12, 34);
  record.completed(3, 1, 1);
  expect(record.entries).toHaveLength(20);
  expect(record.entries[0]).toEqual({ epoch: 25, state: 'completed', triggered: 25, durationMs: 12, bytes: 34 });
  expect(record.entries.at(-1)).toMatchObject({ epoch: 6, state: 'in progress' });
  expect(record.completedCount).toBe(2);
  record.restart();
  expect([record.completedCount, record.entries.length]).toEqual([0, 20]);
});
