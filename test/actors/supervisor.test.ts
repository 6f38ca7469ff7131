import { beforeEach, describe, expect, test } from 'vitest';
import { epoch, generation } from '../../src/core/index.ts';
import type { SubtaskSnapshot } from '../../src/state/index.ts';
import { manifest } from '../coordinator/manifests.ts';
import { settle, Worker } from './hand-worker.ts';

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
    const restored = manifest(
      4,
      snapshots.flatMap(({ parts }) => parts),
    );
    await worker.running(2, restored);
    await worker.commit(4, 4, 2);
    await worker.input.give(4, null);
    await worker.trigger(5, 'end', 2);
    await worker.commit(5, 4, 2);
    expect(worker.output.log.filter((entry) => entry.startsWith('commit'))).toEqual(['commit 4: 1,2,3', 'commit 5: 4']);
    expect(worker.input.log).toContain('open s from 3 after 3');
    expect(worker.input.log.filter((entry) => entry.startsWith('release'))).toEqual(['release s before 3', 'release s before 3']);
    expect(worker.news()).toEqual([
      ...everybody('ack 5'),
      ...everybody('committed 4'),
      ...everybody('committed 5'),
      'deployed 2',
      'exhausted 0/0',
      'exhausted 0/1',
    ]);
  });

  // Found by simulated lives of a job that had no input yet when it was restored: it gave up.
  test('releases nothing of a split of which nothing was read before the checkpoint', async () => {
    await worker.running();
    await worker.trigger(1);
    const parts = worker.said.flatMap((message) => (message.kind === 'ack' ? message.snapshot.parts : []));
    await worker.tell({ kind: 'teardown', generation: generation(1) });
    await worker.running(2, manifest(1, parts));
    worker.news();
    await worker.commit(1, 1, 2);
    expect(worker.news()).toEqual(everybody('committed 1'));
    expect(worker.input.log.filter((entry) => entry.startsWith('release'))).toEqual([]);
  });

  // Found by the witness of seed 152: such a worker ran what nobody counted any more.
  test('X3: once it is closed nothing is deployed, though a deployment may still be on its way', async () => {
    await worker.supervisor.close();
    await worker.tell({ kind: 'deploy', deployment: worker.deployment(8) });
    expect([worker.news(), worker.input.log, worker.output.log]).toEqual([[], [], []]);
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
    expect(worker.news()).toEqual([
      'deployed 1',
      'exhausted 0/1',
      'failed 0/0 - E_SOURCE: source in, split s, after 0 records: no such file',
    ]);
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
    const damaged = manifest(1, [
      { operator: 'out', subtask: 0, groups: [0, 128], watermark: 0, value: 'missing', chunks: [], splits: [] },
    ]);
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
  expect([reader!.name, reader!.rows(), empty!.rows(), writer!.rows()]).toEqual([
    '0/0',
    { in: 2, out: 2 },
    { in: 0, out: 0 },
    { in: 2, out: 0 },
  ]);
  expect([reader!.counters().rowsIn, writer!.counters().rowsOut]).toEqual([2, 2]);
  expect(reader!.feed!.splits).toMatchObject([{ split: 's', state: 'ended', records: 2, position: 2 }]);
  expect([
    writer!.stateRows,
    writer!.operators.map(({ operator }) => operator.nextWindowEnd),
    reader!.splitWatermark('s'),
  ]).toEqual([0, [undefined], Number.NEGATIVE_INFINITY]);
});
