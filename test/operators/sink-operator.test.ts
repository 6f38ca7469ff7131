import { describe, expect, test } from 'vitest';
import { type Batch, rowKind } from '../../src/batch/index.ts';
import { type Epoch, epoch, generation, WeirError } from '../../src/core/index.ts';
import { type SinkDefinition, sinkOperator, type SinkOptions, type SinkWriter } from '../../src/operators/index.ts';
import { openMemoryStores } from '../../src/state/index.ts';
import { OperatorRun, type OperatorSnapshot, testBarrier } from '../../src/testing/operator-run.ts';
import { verifyOperator } from '../../src/testing/verify-operator.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { barrier, rowsItem } from './operator-fixture.ts';

/** The outside world: epochs by number; committing one again changes nothing. */
interface World {
  readonly committed: Map<number, readonly object[]>;
  readonly log: string[];
  failing: boolean;
}
const world = (): World => ({ committed: new Map(), log: [], failing: false });
const seen = ({ committed }: World): object[] => [...committed.values()].flat() as object[];

function sinkOf(to: World, asynchronous: boolean): SinkDefinition {
  const later = <T>(value: T): T | Promise<T> => (asynchronous ? Promise.resolve(value) : value);
  return {
    type: 'sink',
    name: 'test',
    guarantee: 'exactly-once',
    modes: ['append', 'update', 'complete'],
    single: true,
    identity: 'test',
    async open(context, states): Promise<SinkWriter> {
      to.log.push(`open ${context.job} ${context.mode} ${JSON.stringify(states)}`);
      let rows: object[] = [];
      let written = (states[0] as number | undefined) ?? 0;
      return {
        write(batch: Batch): void | Promise<void> {
          if (to.failing) throw new Error('disk full');
          for (let i = 0; i < batch.length; i++) rows.push(batch.row(i));
          written += batch.length;
          return later(undefined);
        },
        stage(_epoch: Epoch, replaced: boolean): unknown {
          const staged = rows;
          rows = [];
          if (replaced) to.log.push(`replaced by ${staged.length}`);
          return later(staged.length === 0 && !replaced ? undefined : { rows: staged });
        },
        async commit(permit, staged): Promise<void> {
          if (to.failing) throw new Error('network down');
          to.log.push(`commit ${permit.epoch}`);
          if (!to.committed.has(permit.epoch)) to.committed.set(permit.epoch, (staged as { rows: object[] }).rows);
        },
        snapshot: () => written,
        async close(): Promise<void> {
          to.log.push('close');
        },
      };
    },
  };
}

const options = (more: Partial<SinkOptions> = {}): SinkOptions => ({
  id: 'op',
  job: 'job',
  incarnation: 'life',
  restoredEpoch: 0,
  mode: 'append',
  everyMs: 0,
  fresh: true,
  signal: new AbortController().signal,
  ...more,
});
const runOptions = (to: World, more: Partial<SinkOptions> = {}) => ({
  make: () => sinkOperator(sinkOf(to, true), options(more)),
  blobs: openMemoryStores().blobs,
  clock: new VirtualClock(),
});
const rows = (...values: number[]) => rowsItem(values.map((value) => ({ key: 'a', at: value, value })));
/** Rows of the complete result of an epoch. */
const emitted = (epoch: number, ...values: number[]) => {
  const { batch } = rows(...values) as { batch: Batch };
  return { kind: 'rows', batch: batch.withSystem({ ...batch.system, emission: epoch }) } as const;
};
const permit = (n: number) => ({ epoch: epoch(n), generation: generation(1) });

describe('a sink', () => {
  test.each([
    ['at once', false],
    ['later', true],
  ])('commits each row once, in order, when its writer answers %s', async (_, asynchronous) => {
    const expected = [1, 2, 3, 4, 5].map((value) => ({ key: 'a', at: value, value }));
    const life = (): { make: () => ReturnType<typeof sinkOperator>; seen: () => object[] } => {
      const to = world();
      return { make: () => sinkOperator(sinkOf(to, asynchronous), options()), seen: () => seen(to) };
    };
    await verifyOperator({
      subject: life,
      input: [rows(1, 2, 3), barrier(), barrier(), rows(4), barrier(), rows(5), barrier({ last: 'end' })],
      output: { main: expected },
    });
  });

  test('C3: shows nothing before the commit of its epoch, and nothing beyond the permit', async () => {
    const to = world();
    const run = new OperatorRun(runOptions(to));
    await run.feed(rows(1));
    await run.barrier(testBarrier(1));
    await run.feed(rows(2));
    await run.barrier(testBarrier(2));
    expect(to.committed.size).toBe(0);
    await run.operator.commit!(permit(1));
    expect([...to.committed.keys()]).toEqual([1]);
    await run.operator.commit!(permit(2));
    expect([...to.committed.keys()]).toEqual([1, 2]);
  });

  test('is given rows that take back earlier ones only if it takes them', async () => {
    const { batch } = rows(1, 2, 3) as { batch: Batch };
    const kinds = Uint8Array.of(rowKind.delete, rowKind.update, rowKind.delete);
    const written = async (takesBack?: boolean): Promise<object[]> => {
      const to = world();
      const definition = { ...sinkOf(to, false), ...(takesBack === undefined ? {} : { takesBack }) };
      const run = new OperatorRun({ ...runOptions(to), make: () => sinkOperator(definition, options({ mode: 'update' })) });
      await run.feed({ kind: 'rows', batch: batch.withSystem({ ...batch.system, kinds }) });
      await run.feed({ kind: 'rows', batch: batch.select(Int32Array.of(0)).withSystem({ ...batch.system, kinds }) });
      await run.barrier(testBarrier(1));
      await run.operator.commit!(permit(1));
      return seen(to).map((row) => (row as { value: number }).value) as never;
    };
    expect([await written(), await written(true)]).toEqual([[2], [1, 2, 3, 1]]);
  });

  test('C5: overlapping commits take effect one after the other, in the order of epochs', async () => {
    const to = world();
    const run = new OperatorRun(runOptions(to));
    for (const n of [1, 2, 3]) {
      await run.feed(rows(n));
      await run.barrier(testBarrier(n));
    }
    await Promise.all([run.operator.commit!(permit(3)), run.operator.commit!(permit(1)), run.operator.commit!(permit(3))]);
    expect(to.log.filter((line) => line.startsWith('commit'))).toEqual(['commit 1', 'commit 2', 'commit 3']);
  });

  test('C4: what a snapshot holds is committed again after a restore, before anything newer', async () => {
    const to = world();
    const before = runOptions(to);
    const run = new OperatorRun(before);
    await run.feed(rows(1));
    await run.barrier(testBarrier(1));
    await run.feed(rows(2));
    const snapshot = await run.barrier(testBarrier(2));
    await run.operator.commit!(permit(1));
    const after = await OperatorRun.restored(before, [snapshot]);
    await after.operator.commit!(permit(2));
    expect(to.log.filter((line) => line.startsWith('commit'))).toEqual(['commit 1', 'commit 1', 'commit 2']);
    expect(seen(to)).toEqual([
      { key: 'a', at: 1, value: 1 },
      { key: 'a', at: 2, value: 2 },
    ]);
    expect(to.log).toContain('open job append [2]');
  });

  test("C6: of several subtasks, one commits each restored epoch; every one is given the writers' states it takes over", async () => {
    const to = world();
    const halves = await Promise.all(
      (
        [
          [0, 64],
          [64, 128],
        ] as const
      ).map(async (owned, i): Promise<OperatorSnapshot> => {
        const run = new OperatorRun({ ...runOptions(to), owned });
        await run.feed(rows(i + 1));
        return run.barrier(testBarrier(1));
      }),
    );
    const merged = await OperatorRun.restored(runOptions(to), halves);
    await merged.operator.commit!(permit(1));
    expect(to.log.filter((line) => line.startsWith('commit'))).toEqual(['commit 1', 'commit 1']);
    const whole = new OperatorRun(runOptions(to));
    await whole.feed(rows(9));
    const snapshot = await whole.barrier(testBarrier(2));
    to.log.length = 0;
    for (const owned of [
      [0, 64],
      [64, 128],
    ] as const)
      await (await OperatorRun.restored({ ...runOptions(to), owned }, [snapshot])).operator.commit!(permit(2));
    expect(to.log.filter((line) => line.startsWith('commit'))).toEqual(['commit 2']);
  });

  test('a complete result is replaced when it is due, even by nothing', async () => {
    const to = world();
    const run = new OperatorRun(runOptions(to, { mode: 'complete', everyMs: 1000 }));
    await run.feed(emitted(1, 7));
    await run.barrier(testBarrier(1, [1000]));
    await run.barrier(testBarrier(2));
    await run.barrier(testBarrier(3, [500, 1000]));
    expect(to.log.filter((line) => line.startsWith('replaced'))).toEqual(['replaced by 1', 'replaced by 0']);
  });

  test('C7: what an aborted epoch emitted of a complete result is not written with the next', async () => {
    const to = world();
    const run = new OperatorRun(runOptions(to, { mode: 'complete' }));
    await run.feed(emitted(1, 7, 8));
    // The barrier of epoch 1 does not come: the epoch was aborted before.
    await run.feed(emitted(2, 9));
    await run.barrier(testBarrier(2));
    await run.feed(emitted(3, 9));
    await run.barrier(testBarrier(4));
    await run.operator.commit!(permit(4));
    expect([...to.committed.entries()].map(([n, of]) => [n, of.map((row) => (row as { value: number }).value)])).toEqual([
      [2, [9]],
      [4, []],
    ]);
  });

  test('a value that its format cannot hold names the sink', async () => {
    const refusing: SinkDefinition = {
      ...sinkOf(world(), false),
      open: async () => ({
        write: () => {
          throw new WeirError('E_VALUE', 'JSON cannot hold a bigint');
        },
        stage: () => undefined,
        commit: async () => {},
      }),
    };
    const run = new OperatorRun({ ...runOptions(world()), make: () => sinkOperator(refusing, options()) });
    await expect(run.feed(rows(1))).rejects.toMatchObject({ code: 'E_VALUE', message: 'sink test: JSON cannot hold a bigint' });
  });

  test('what fails is E_SINK; a commit that failed is made good by the next', async () => {
    const to = world();
    const run = new OperatorRun(runOptions(to));
    await run.feed(rows(1));
    await run.barrier(testBarrier(1));
    to.failing = true;
    await expect(run.operator.commit!(permit(1))).rejects.toMatchObject({
      code: 'E_SINK',
      message: 'sink test, epoch 1: network down',
      retry: 'backoff',
    });
    await expect(run.feed(rows(2))).rejects.toMatchObject({ code: 'E_SINK', message: 'sink test: disk full' });
    to.failing = false;
    await run.operator.commit!(permit(1));
    expect([...to.committed.keys()]).toEqual([1]);
  });

  test('knows how many bytes wait to be committed, and closes its writer', async () => {
    const to = world();
    const operator = sinkOperator(sinkOf(to, false), options());
    const run = new OperatorRun({ ...runOptions(to), make: () => operator });
    await run.feed(rows(1));
    await run.barrier(testBarrier(1));
    expect(operator.stagedBytes).toBeGreaterThan(10);
    await operator.commit!(permit(1));
    expect(operator.stagedBytes).toBe(0);
    await operator.close!();
    expect(to.log.at(-1)).toBe('close');
  });
});
