import { beforeEach, describe, expect, test } from 'vitest';
import { Coordinator } from '../../src/coordinator/index.ts';
import { type ErrorCode, generation, seededRandom, silentLogger, WeirError } from '../../src/core/index.ts';
import { MemoryDisk, openMemoryStores } from '../../src/state/index.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { brief, Fleet, planOf, settle, subtasks } from './fleet.ts';

const both = (...told: string[]): string[] => told.flatMap((each) => [`x ${each}`, `y ${each}`]);

let disk: MemoryDisk;
let fleet: Fleet;
beforeEach(() => {
  disk = new MemoryDisk();
  fleet = new Fleet(disk);
});

describe('a coordinator', () => {
  test('deploys, starts when all workers are ready, and takes checkpoints', async () => {
    await fleet.coordinator.start();
    await settle();
    expect([fleet.coordinator.state, fleet.news()]).toEqual(['deploying', both('deploy 1')]);
    await fleet.deployed('x');
    expect(fleet.coordinator.state).toBe('deploying');
    await fleet.deployed('x', 'y');
    expect([fleet.coordinator.state, fleet.news()]).toEqual(['running', both('start')]);
    fleet.clock.advance(5000);
    await fleet.complete(1);
    expect([fleet.coordinator.latest?.epoch, fleet.news()]).toEqual([1, both('trigger 1', 'commit 1')]);
  });

  test('tells each worker its subtasks and their splits', async () => {
    await fleet.coordinator.start();
    await settle();
    const assignments = fleet.messages.map((message) => message.kind === 'deploy' && message.deployment.assignments);
    expect(assignments).toEqual([
      [
        { stage: 0, subtask: 0, splits: ['s1'] },
        { stage: 1, subtask: 0, splits: [] },
      ],
      [
        { stage: 0, subtask: 1, splits: ['s2'] },
        { stage: 1, subtask: 1, splits: [] },
      ],
    ]);
  });

  test('leaves spare workers alone: what becomes of them costs no restart, and one takes the place of a worker that is lost', async () => {
    fleet = new Fleet(disk, planOf(), ['x', 'y', 'spare', 'other']);
    await fleet.running();
    expect([fleet.coordinator.state, fleet.news()]).toEqual(['running', [...both('deploy 1'), ...both('start')]]);
    await fleet.lose('other');
    expect([fleet.coordinator.state, fleet.generation, fleet.news()]).toEqual(['running', 1, []]);
    await fleet.lose('y');
    await fleet.tornDown('x');
    fleet.clock.advance(60_000);
    await settle();
    expect(fleet.news()).toEqual(['x teardown', 'x deploy 2', 'spare deploy 2']);
  });

  test('JB1: what comes of another generation changes nothing', async () => {
    await fleet.running();
    await fleet.fail();
    await fleet.tornDown('x', 'y');
    fleet.clock.advance(60_000);
    await settle();
    fleet.news();
    expect([fleet.generation, fleet.coordinator.state]).toEqual([2, 'deploying']);
    const old = generation(1);
    for (const worker of ['x', 'y']) await fleet.say({ kind: 'deployed', generation: old, worker });
    await fleet.say({
      kind: 'failed',
      generation: old,
      subtask: '0/0',
      operator: null,
      error: new WeirError('E_INTERNAL', 'late'),
    });
    for (const worker of ['x', 'y']) await fleet.say({ kind: 'tornDown', generation: old, worker });
    expect([fleet.coordinator.state, fleet.news()]).toEqual(['deploying', []]);
  });

  test('JB2: deploys again only after every worker has torn the old generation down, and the backoff', async () => {
    await fleet.running();
    fleet.news();
    await fleet.fail();
    expect([fleet.coordinator.state, fleet.news()]).toEqual(['tearingDown', both('teardown')]);
    await fleet.fail('E_CHANNEL', 'another one');
    await fleet.tornDown('x', 'x');
    expect([fleet.coordinator.state, fleet.news()]).toEqual(['tearingDown', []]);
    await fleet.tornDown('y');
    expect([fleet.coordinator.state, fleet.news()]).toEqual(['backingOff', []]);
    fleet.clock.advance(1000);
    await settle();
    expect([fleet.coordinator.state, fleet.news(), fleet.coordinator.restarts]).toEqual(['deploying', both('deploy 2'), 1]);
  });

  test('JB2: tears down what was being deployed, too', async () => {
    await fleet.coordinator.start();
    await settle();
    fleet.news();
    await fleet.fail();
    expect(fleet.news()).toEqual(both('teardown'));
    await fleet.deployed('x', 'y');
    expect(fleet.coordinator.state).toBe('tearingDown');
  });

  test('JB3: lets what the checkpoint had staged be published before the first row is read', async () => {
    await fleet.running();
    fleet.clock.advance(5000);
    await fleet.complete(1);
    await fleet.fail();
    await fleet.tornDown('x', 'y');
    fleet.clock.advance(1000);
    await settle();
    fleet.news();
    await fleet.deployed('x', 'y');
    expect([fleet.coordinator.state, fleet.news()]).toEqual(['recommitting', both('commit 1')]);
    await fleet.committed(1, '0/0', '0/1', '1/0');
    expect(fleet.news()).toEqual([]);
    await fleet.committed(1, '1/1');
    expect([fleet.coordinator.state, fleet.news()]).toEqual(['running', both('start')]);
    expect(fleet.coordinator.base).toMatchObject({ restores: 1 });
  });

  test('CP4: an epoch that was opened before a crash is not opened again, though none completed', async () => {
    const triggered = async (of: Fleet): Promise<string[]> => {
      await of.running();
      of.clock.advance(5000);
      return of.news().filter((told) => /^x trigger/.test(told));
    };
    expect(await triggered(fleet)).toEqual(['x trigger 1']);
    expect(await triggered(new Fleet(disk))).toEqual(['x trigger 17']);
    expect(await triggered(new Fleet(disk))).toEqual(['x trigger 33']);
  });

  test('fails the generation of a worker that is lost, waits for none of its answers, and deploys again once there are enough', async () => {
    await fleet.running();
    fleet.news();
    await fleet.lose('y');
    expect([fleet.coordinator.state, fleet.news()]).toEqual(['tearingDown', ['x teardown']]);
    await fleet.tornDown('x');
    fleet.clock.advance(1000);
    await settle();
    expect([fleet.coordinator.state, fleet.news()]).toEqual(['deploying', []]);
    await fleet.join('z');
    expect(fleet.news()).toEqual(['x deploy 2', 'z deploy 2']);
    await fleet.deployed('x', 'z');
    expect([fleet.coordinator.state, fleet.news()]).toEqual(['running', ['x start', 'z start']]);
  });

  test.each(['deploying', 'tearingDown', 'closing'])('does not wait for a worker that is lost while it is %s', async (state) => {
    if (state === 'deploying') {
      await fleet.coordinator.start();
      await settle();
    } else await fleet.running();
    if (state === 'tearingDown') await fleet.fail();
    if (state === 'closing') {
      fleet.coordinator.stop();
      await fleet.complete(1);
    }
    expect(fleet.coordinator.state).toBe(state);
    if (state !== 'deploying') await fleet.tornDown('x');
    await fleet.lose('y');
    if (state === 'deploying') await fleet.tornDown('x');
    expect(fleet.coordinator.state).toBe(state === 'closing' ? 'done' : 'backingOff');
  });

  test('stops while it waits for workers', async () => {
    await fleet.running();
    await fleet.lose('y');
    await fleet.tornDown('x');
    fleet.clock.advance(1000);
    await settle();
    expect(fleet.coordinator.state).toBe('deploying');
    fleet.coordinator.stop();
    await fleet.tornDown('x');
    expect(fleet.outcome).toBe('stopped');
  });

  test('goes on in another process from the last checkpoint, with higher numbers', async () => {
    await fleet.running();
    fleet.clock.advance(5000);
    await fleet.complete(1);
    const next = new Fleet(disk);
    await next.coordinator.start();
    expect(next.coordinator.base, 'before it is deployed').toEqual(next.coordinator.started.totals);
    await settle();
    await next.deployed('x', 'y');
    expect([next.generation, next.news()]).toEqual([2, both('deploy 2 from 1', 'commit 1')]);
    await next.committed(1, ...subtasks);
    next.clock.advance(5000);
    expect(next.news()).toEqual(both('start', 'trigger 18'));
    expect(next.coordinator.started).toMatchObject({ epoch: 1 });
    // The old process has lost the pointer: its next checkpoint cannot be published.
    fleet.clock.advance(10_000);
    await fleet.complete(2);
    await fleet.tornDown('x', 'y');
    expect(fleet.outcome).toMatch(/^failed E_RUNNING/);
  });

  test('never gives a number twice, even one of an aborted epoch in an earlier generation', async () => {
    await fleet.running();
    fleet.clock.advance(5000);
    await fleet.fail();
    await fleet.tornDown('x', 'y');
    fleet.clock.advance(1000);
    await settle();
    await fleet.deployed('x', 'y');
    fleet.news();
    fleet.clock.advance(5000);
    expect(fleet.news()).toEqual(both('trigger 2'));
  });
});

describe('the end of a job', () => {
  test('comes when every source has ended: a last epoch, its commit, the teardown', async () => {
    await fleet.running();
    fleet.news();
    await fleet.say({ kind: 'exhausted', generation: fleet.generation, subtask: '0/0' });
    await fleet.say({ kind: 'exhausted', generation: fleet.generation, subtask: '0/0' });
    expect(fleet.news()).toEqual([]);
    await fleet.say({ kind: 'exhausted', generation: fleet.generation, subtask: '0/1' });
    await fleet.complete(1);
    expect([fleet.coordinator.state, fleet.news()]).toEqual(['closing', both('trigger 1 end', 'commit 1', 'teardown')]);
    await fleet.tornDown('x', 'y');
    expect([fleet.coordinator.state, fleet.outcome]).toEqual(['done', 'finished']);
  });

  test('is remembered: started again, it publishes what is staged and reads nothing', async () => {
    await fleet.running();
    for (const subtask of ['0/0', '0/1']) await fleet.say({ kind: 'exhausted', generation: fleet.generation, subtask });
    await fleet.complete(1);
    await fleet.tornDown('x', 'y');
    const again = new Fleet(disk);
    await again.running();
    await again.committed(1, ...subtasks);
    expect(again.news()).toEqual(both('deploy 2 from 1', 'commit 1', 'teardown'));
    await again.tornDown('x', 'y');
    expect([again.outcome, again.coordinator.hadFinished]).toEqual(['finished', true]);
  });

  test('comes with a stop after one more checkpoint', async () => {
    await fleet.running();
    fleet.news();
    fleet.coordinator.stop();
    fleet.coordinator.stop();
    await fleet.complete(1);
    await fleet.tornDown('x', 'y');
    expect([fleet.outcome, fleet.news()]).toEqual(['stopped', both('trigger 1 stop', 'commit 1', 'teardown')]);
    fleet.coordinator.stop();
    await fleet.fail();
    expect(fleet.coordinator.state).toBe('done');
  });

  test.each(['deploying', 'recommitting', 'tearingDown', 'backingOff'])(
    'comes with a stop while it is %s, without another row',
    async (state) => {
      await fleet.running();
      fleet.clock.advance(5000);
      await fleet.complete(1);
      await fleet.fail();
      const next = async (): Promise<void> => {
        if (fleet.coordinator.state === 'tearingDown') await fleet.tornDown('x', 'y');
        else if (fleet.coordinator.state === 'backingOff') fleet.clock.advance(1000);
        else await fleet.deployed('x', 'y');
        await settle();
      };
      while (fleet.coordinator.state !== state) await next();
      fleet.news();
      fleet.coordinator.stop();
      await fleet.tornDown('x', 'y');
      fleet.clock.advance(60_000);
      await settle();
      expect([fleet.outcome, fleet.news().filter((told) => /deploy|start/.test(told))]).toEqual(['stopped', []]);
    },
  );
});

describe('a job that fails', () => {
  /** Fails, is torn down, waits and is deployed again, unless it gives up. */
  async function failAndRestart(code: ErrorCode, message: string): Promise<void> {
    await fleet.fail(code, message);
    await fleet.tornDown('x', 'y');
    while (fleet.coordinator.state === 'backingOff') fleet.clock.advance(500);
    await settle();
    await fleet.deployed('x', 'y');
  }

  test('ends at once when the error says never', async () => {
    await fleet.running();
    await failAndRestart('E_RECORD', 'line 7 is no JSON');
    expect(fleet.outcome).toBe('failed E_RECORD: line 7 is no JSON');
  });

  test('gives up when the same thing fails three times without a checkpoint in between', async () => {
    await fleet.running();
    for (let i = 0; i < 2; i++) await failAndRestart('E_CLOSURE', 'map: x is undefined');
    expect(fleet.coordinator.state).toBe('running');
    await failAndRestart('E_CLOSURE', 'map: x is undefined');
    expect(fleet.outcome).toBe('failed E_RESTARTS: gave up after 3 failures: map: x is undefined');
  });

  test('does not take a channel that breaks three times in the same way for a row that always fails', async () => {
    await fleet.running();
    for (let i = 0; i < 4; i++) await failAndRestart('E_CHANNEL', 'channel 0/0/0: frame 2 came after 0');
    expect(fleet.coordinator.state).toBe('running');
  });

  test('gives up after more failures than its policy allows, however different', async () => {
    await fleet.running();
    for (let i = 0; i <= 10; i++) await failAndRestart('E_SINK', `refused ${i}`);
    expect(fleet.outcome).toBe('failed E_RESTARTS: gave up after 11 failures: refused 10');
  });

  test('runs the operator guarded whose closure failed, if there is a place for its rows', async () => {
    fleet = new Fleet(disk, planOf('k', true));
    await fleet.running();
    await failAndRestart('E_CLOSURE', 'reduce: x is undefined');
    await failAndRestart('E_SINK', 'refused');
    const guarded = fleet.messages.flatMap((message) =>
      message.kind === 'deploy' && message.deployment.generation === 3 ? message.deployment.guarded : [],
    );
    expect(guarded).toEqual(['sum', 'sum']);
  });

  test('is not started when its state does not fit, and nothing was deployed', async () => {
    await fleet.running();
    fleet.clock.advance(5000);
    await fleet.complete(1);
    const changed = new Fleet(disk, planOf('v'));
    await expect(changed.coordinator.start()).rejects.toMatchObject({ code: 'E_STATE_INCOMPATIBLE' });
    expect(changed.news()).toEqual([]);
  });

  test('restarts when the deployment itself cannot be made', async () => {
    let refused = 0;
    const stores = openMemoryStores(disk);
    const pointers = {
      read: (name: string) => stores.pointers.read(name),
      compareAndSet: async (...args: [string, number, Uint8Array]) =>
        refused++ === 0 ? Promise.reject(new Error('disk full')) : stores.pointers.compareAndSet(...args),
    };
    const told: string[] = [];
    const clock = new VirtualClock();
    const coordinator = new Coordinator({
      plan: planOf(),
      stores: { ...stores, pointers },
      workers: async () => ['x'],
      send: (_, message) => told.push(brief(message)),
      discover: async () => [],
      endNow: async () => undefined,
      clock,
      random: seededRandom(1),
      logger: silentLogger,
    });
    await coordinator.start();
    await settle();
    expect([coordinator.state, coordinator.error?.code, told]).toEqual(['tearingDown', 'E_STORE', ['teardown']]);
    coordinator.receive({ kind: 'tornDown', generation: coordinator.generation, worker: 'x' });
    clock.advance(1000);
    await settle();
    expect(told).toEqual(['teardown', 'deploy 2']);
  });
});

test('a checkpoint can be asked for while the job runs, and only then', async () => {
  await fleet.coordinator.start();
  await settle();
  await expect(fleet.coordinator.checkpoint()).rejects.toMatchObject({
    code: 'E_USAGE',
    message: expect.stringContaining('the job is deploying'),
  });
  await fleet.deployed('x', 'y');
  const asked = fleet.coordinator.checkpoint();
  await fleet.complete(1);
  expect(await asked).toBe(1);
});

test('a source that has used up its budget hurries the next checkpoint', async () => {
  await fleet.running();
  fleet.news();
  await fleet.say({ kind: 'hurry', generation: fleet.generation });
  expect(fleet.news()).toEqual(both('trigger 1'));
});
