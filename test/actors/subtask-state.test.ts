import { beforeEach, describe, expect, test } from 'vitest';
import { type SplitPosition, SubtaskState } from '../../src/actors/subtask-state.ts';
import type { ByteReader, ByteWriter } from '../../src/batch/index.ts';
import { epoch } from '../../src/core/index.ts';
import type { Operator, RestoredPart } from '../../src/operators/index.ts';
import { planJob, type Stage } from '../../src/plan/index.ts';
import { type BlobStore, type Manifest, openMemoryStores, type StateTable, type SubtaskSnapshot } from '../../src/state/index.ts';
import { manifest, noCounters } from '../coordinator/manifests.ts';
import { job, reduce, sink, source, watermark } from '../plan/nodes.ts';

const plan = planJob(
  job([
    sink(reduce(watermark(source('in', { name: 'in' }), { name: 'times' }), 'k', { name: 'sum' }), 'update', { name: 'result' }),
  ]),
  1,
);
const numberCodec = {
  id: 'u32',
  write: (out: ByteWriter, value: number) => void out.u32(value),
  read: (from: ByteReader) => from.u32(),
};
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Blobs that a test can make fail or hold back. */
class Blobs implements BlobStore {
  readonly #inner = openMemoryStores().blobs;
  readonly ids: string[] = [];
  fails: (bytes: Uint8Array) => boolean = () => false;
  gate: Promise<void> = Promise.resolve();

  async put(id: string, bytes: Uint8Array): Promise<void> {
    await this.gate;
    if (this.fails(bytes)) throw new Error('disk full');
    await this.#inner.put(id, bytes);
    this.ids.push(id);
  }
  get(id: string): Promise<Uint8Array> {
    return this.#inner.get(id);
  }
  list(prefix: string): Promise<readonly string[]> {
    return this.#inner.list(prefix);
  }
  delete(ids: readonly string[]): Promise<void> {
    return this.#inner.delete(ids);
  }
}

/** An operator with a table, a value and something per split, all of which a test sets. */
class Holder implements Operator {
  table!: StateTable<number>;
  value: unknown = undefined;
  readonly splits = new Map<string, unknown>();
  restored: readonly RestoredPart[] = [];
  restoresFromAll = false;

  process(): 'done' {
    return 'done';
  }
  snapshot(): unknown {
    return this.value;
  }
  restore(parts: readonly RestoredPart[]): void {
    this.restored = parts;
  }
  snapshotSplit(split: string): unknown {
    return this.splits.get(split);
  }
  restoreSplit(split: string, value: unknown): void {
    this.splits.set(split, value);
  }
}

let blobs: Blobs;
beforeEach(() => {
  blobs = new Blobs();
});

interface World {
  readonly state: SubtaskState;
  readonly holders: readonly Holder[];
}
function world(
  stage: number | Stage,
  options: { subtask?: number; owned?: readonly [number, number]; generation?: number } = {},
): World {
  const { subtask = 0, owned = [0, 128], generation = 1 } = options;
  const { index, operators } = typeof stage === 'number' ? plan.stages[stage]! : stage;
  const holders = operators.map(() => new Holder());
  const state = new SubtaskState({
    generation,
    name: `${index}/${subtask}`,
    subtask,
    keyGroups: 128,
    owned,
    members: operators.map((planned, i) => ({ planned, operator: holders[i]! })),
    blobs,
  });
  holders.forEach((holder, i) => {
    holder.table = state.of(i).table('t', numberCodec);
  });
  return { state, holders };
}

/** Freezes, lets every step run and waits until it is durable. */
async function frozen(
  { state }: World,
  n: number,
  splits: readonly SplitPosition[] = [],
  watermarks: readonly number[] = [],
): Promise<SubtaskSnapshot> {
  const run = state.freeze(epoch(n), splits, noCounters, (i) => watermarks[i] ?? Number.NEGATIVE_INFINITY);
  while (state.step());
  return run;
}
const manifestOf = (n: number, ...snapshots: readonly SubtaskSnapshot[]): Manifest =>
  manifest(
    n,
    snapshots.flatMap(({ parts }) => parts),
  );

describe('the state of a subtask', () => {
  test('knows which chunks a restart from a checkpoint may read, aborted snapshots and folds in between included', async () => {
    const before = world(1);
    const ids = (n: number): string[] => blobs.ids.filter((id) => id.includes(`/e${n}/`));
    for (let n = 1; n <= 3; n++) {
      before.holders[0]!.table.put(0, `k${n}`, n, n);
      await frozen(before, n);
    }
    expect(before.state.chunksSince(2)).toEqual(expect.arrayContaining([...ids(2), ...ids(3)]));
    const last = await frozen(before, 4);
    const listed = last.parts.flatMap((part) => part.chunks.map(({ id }) => id));
    expect(new Set(before.state.chunksSince(4))).toEqual(new Set(listed));
    const after = world(1, { generation: 2 });
    await after.state.load(manifest(4, last.parts));
    expect(new Set(after.state.chunksSince(4))).toEqual(new Set(listed));
  });

  test('comes back from its snapshots: tables, values, splits', async () => {
    const before = world(1);
    const [sum, result] = before.holders as [Holder, Holder];
    sum.table.put(0, 'a', 5, 1);
    sum.table.put(0, 'b', 90, 2);
    result.value = { staged: ['x'] };
    await frozen(before, 1);
    sum.table.put(0, 'a', 5, 11);
    sum.table.delete(0, 'b');
    const snapshot = await frozen(before, 2, [], [70, 60]);
    expect(snapshot).toMatchObject({
      subtask: '1/0',
      parts: [
        { operator: 'sum', subtask: 0, groups: [0, 128], watermark: 70, value: null },
        { operator: 'result', watermark: 60 },
      ],
    });

    const after = world(1, { generation: 2 });
    await after.state.load(manifestOf(2, snapshot));
    const [sum2, result2] = after.holders as [Holder, Holder];
    expect([sum2.table.get(0, 'a'), sum2.table.get(0, 'b'), after.state.rows]).toEqual([11, undefined, 1]);
    expect([sum2.restored, result2.restored]).toEqual([[], [{ groups: [0, 128], value: { staged: ['x'] } }]]);
    expect(after.state.watermark(manifestOf(2, snapshot))).toBe(70);
  });

  test('SS1: takes one snapshot at a time, and the next once the last is written', async () => {
    const { state, holders } = world(1);
    holders[0]!.table.put(0, 'a', 5, 1);
    let open = (): void => {};
    blobs.gate = new Promise((resolve) => {
      open = resolve;
    });
    const run = state.freeze(epoch(1), [], noCounters, () => 0);
    while (state.step());
    await settle();
    expect(state.canFreeze).toBe(false);
    await expect(state.freeze(epoch(2), [], noCounters, () => 0)).rejects.toThrow('SS1');
    open();
    await run;
    expect(state.canFreeze).toBe(true);
  });

  test('SS2: what an acknowledgement names is durable', async () => {
    const subtask = world(1);
    subtask.holders[0]!.table.put(0, 'a', 5, 1);
    subtask.holders[1]!.value = { staged: 'x'.repeat(20_000) };
    let acknowledged = false;
    let open = (): void => {};
    blobs.gate = new Promise((resolve) => {
      open = resolve;
    });
    const run = frozen(subtask, 1).then((snapshot) => ((acknowledged = true), snapshot));
    await settle();
    expect(acknowledged).toBe(false);
    open();
    const { parts, bytes } = await run;
    const named = parts.flatMap(({ chunks, value }) => [
      ...chunks.map(({ id }) => id),
      ...(typeof value === 'string' ? [value] : []),
    ]);
    expect(named).toHaveLength(2);
    expect([...blobs.ids].sort()).toEqual([...named].sort());
    expect(bytes).toBeGreaterThan(20_000);
  });

  test('SS2: keeps a small value in the manifest itself', async () => {
    const subtask = world(1);
    subtask.holders[1]!.value = { staged: 'x' };
    const { parts } = await frozen(subtask, 1);
    expect(parts[1]!.value).toBeInstanceOf(Uint8Array);
    expect(blobs.ids).toEqual([]);
  });

  test('SS3: a snapshot that failed to write is merged back: the next one holds its changes', async () => {
    const before = world(1);
    const { table } = before.holders[0]!;
    table.put(0, 'a', 5, 1);
    await frozen(before, 1);
    table.put(0, 'b', 6, 2);
    table.delete(0, 'a');
    blobs.fails = () => true;
    await expect(frozen(before, 2)).rejects.toThrow('disk full');
    expect(before.state.canFreeze).toBe(true);
    blobs.fails = () => false;
    table.put(0, 'c', 7, 3);
    const snapshot = await frozen(before, 3);
    const after = world(1, { generation: 2 });
    await after.state.load(manifestOf(3, snapshot));
    expect(['a', 'b', 'c'].map((key) => after.holders[0]!.table.get(0, key))).toEqual([undefined, 2, 3]);
  });

  test('SS3: so is one whose value failed to write', async () => {
    const before = world(1);
    before.holders[0]!.table.put(0, 'a', 5, 1);
    before.holders[1]!.value = { staged: 'x'.repeat(20_000) };
    blobs.fails = (bytes) => bytes.length > 15_000;
    await expect(frozen(before, 1)).rejects.toThrow('disk full');
    blobs.fails = () => false;
    const snapshot = await frozen(before, 2);
    const after = world(1, { generation: 2 });
    await after.state.load(manifestOf(2, snapshot));
    expect(after.holders[0]!.table.get(0, 'a')).toBe(1);
  });

  test('a snapshot holds what was there at the barrier, whatever is written while it is encoded', async () => {
    const before = world(1);
    const { table } = before.holders[0]!;
    for (let i = 0; i < 5000; i++) table.put(0, `k${i}`, i % 128, 1);
    before.holders[1]!.value = { n: 1 };
    const run = before.state.freeze(epoch(1), [], noCounters, () => 0);
    expect(before.state.step()).toBe(true);
    for (let i = 0; i < 5000; i++) table.put(0, `k${i}`, i % 128, 2);
    before.holders[1]!.value = { n: 2 };
    while (before.state.step());
    const after = world(1, { generation: 2 });
    await after.state.load(manifestOf(1, await run));
    const values = new Set(Array.from({ length: 5000 }, (_, i) => after.holders[0]!.table.get(0, `k${i}`)));
    expect([values, after.holders[1]!.restored]).toEqual([new Set([1]), [{ groups: [0, 128], value: { n: 1 } }]]);
  });
});

describe('the splits of a source', () => {
  const position = (split: string, at: number): SplitPosition => ({ split, position: { at }, records: at * 10, ended: false });

  test('take the state of the whole chain with them, to whichever subtask reads them next', async () => {
    const before = world(0);
    before.holders[1]!.splits.set('s1', 100).set('s2', 200);
    const snapshot = await frozen(before, 3, [position('s1', 1), position('s2', 2)]);
    const saved = manifestOf(3, snapshot);
    expect(saved.operators['in']![0]!.splits).toMatchObject([
      { split: 's1', position: { at: 1 }, records: 10, operators: { times: 100 } },
      { split: 's2', operators: { times: 200 } },
    ]);
    const after = world(0, { subtask: 1, owned: [64, 128], generation: 2 });
    await after.state.load(saved);
    after.state.restoreSplits(saved, 'in', ['s2', 'new']);
    expect([...after.holders[1]!.splits]).toEqual([['s2', 200]]);
    expect(after.state.positionsAt(3)).toMatchObject([{ split: 's2', position: { at: 2 } }]);
  });

  test('are remembered until no checkpoint that is kept needs them', () => {
    const { state } = world(0);
    for (const n of [1, 2, 4]) state.rememberPositions(epoch(n), [position('s1', n)]);
    expect(state.positionsAt(2)).toMatchObject([{ position: { at: 2 } }]);
    expect([state.positionsAt(1), state.positionsAt(3), state.positionsAt(4)]).toMatchObject([[], [], [{ position: { at: 4 } }]]);
  });
});

describe('at another parallelism', () => {
  test('keyed state goes to the subtasks that own its key groups, and no watermark falls', async () => {
    const [low, high] = [world(1, { owned: [0, 64] }), world(1, { subtask: 1, owned: [64, 128] })];
    for (let group = 0; group < 128; group++) (group < 64 ? low : high).holders[0]!.table.put(0, `g${group}`, group, group + 1);
    const saved = manifestOf(1, await frozen(low, 1, [], [50, 50]), await frozen(high, 1, [], [40, 40]));
    const thirds = [
      [0, 43],
      [43, 86],
      [86, 128],
    ] as const;
    for (const [subtask, owned] of thirds.entries()) {
      const after = world(1, { subtask, owned, generation: 2 });
      await after.state.load(saved);
      const { table } = after.holders[0]!;
      expect(Array.from({ length: 128 }, (_, group) => table.get(0, `g${group}`) ?? 0)).toEqual(
        Array.from({ length: 128 }, (_, group) => (group >= owned[0] && group < owned[1] ? group + 1 : 0)),
      );
      expect(after.state.watermark(saved)).toBe([50, 40, 40][subtask]);
    }
  });

  test('whoever asks for all parts is given all; of others that have no keys each part goes to one subtask', async () => {
    const parts = [world(1, { owned: [0, 64] }), world(1, { subtask: 1, owned: [64, 128] })];
    parts.forEach(({ holders }, i) => {
      holders[1]!.value = i;
    });
    const saved = manifestOf(1, ...(await Promise.all(parts.map((part) => frozen(part, 1)))));
    for (const [restoresFromAll, expected] of [
      [
        true,
        [
          [0, 1],
          [0, 1],
          [0, 1],
        ],
      ],
      [false, [[0], [], [1]]],
    ] as const) {
      const restored: unknown[] = [];
      for (const owned of [
        [0, 43],
        [43, 64],
        [64, 128],
      ] as const) {
        const after = world(1, { owned, generation: 2 });
        after.holders[1]!.restoresFromAll = restoresFromAll;
        await after.state.load(saved);
        restored.push(after.holders[1]!.restored.map(({ value }) => value));
      }
      expect(restored).toEqual(expected);
    }
  });
});
