import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FoldBudget } from '../../src/state/fold-budget.ts';
import { cheapRewrite, dueFold } from '../../src/state/fold-policy.ts';
import {
  type BlobStore,
  type ChunkRef,
  chunkRef,
  garbage,
  loadChunks,
  openMemoryStores,
  OperatorState,
  SnapshotChain,
  type StateTable,
  type ValueCodec,
} from '../../src/state/index.ts';
import { rewriteChunks } from '../../src/state/rewrite-chunks.ts';
import { without } from '../../src/state/chunk-ref.ts';
import { boxState, drain, epochs, ids, keyGroups, restored, store } from './state-fixture.ts';

const ref = (id: string, kind: ChunkRef['kind'], bytes: number, groups: ChunkRef['groups'] = [[0, 16]]): ChunkRef => ({
  id,
  kind,
  bytes,
  crc: 0,
  operator: 'op',
  groups,
  span: 16,
});
const owned = [0, keyGroups] as const;

/** Deltas of random changes, and the blobs that hold them. */
async function randomDeltas(
  seed: readonly (readonly [key: number, action: number])[][],
): Promise<{ blobs: BlobStore; refs: ChunkRef[] }> {
  const { blobs } = openMemoryStores();
  const { state, tables } = boxState();
  const nextEpoch = epochs();
  const nextId = ids('d');
  const refs: ChunkRef[] = [];
  for (const changes of seed) {
    for (const [key, action] of changes) {
      const table = tables[key % 2]!;
      if (action === 0) table.delete(key % 3, `k${key}`);
      else if (action === 1) table.drop(key % 3);
      else table.put(key % 3, `k${key}`, key % keyGroups, { n: action });
    }
    const frozen = state.freeze(nextEpoch());
    refs.push(...(await store(drain(frozen), blobs, nextId)));
    frozen.written();
  }
  return { blobs, refs };
}

describe('rewriting chunks', () => {
  const changes = fc.array(fc.array(fc.tuple(fc.nat(40), fc.nat(9)), { maxLength: 12, size: 'max' }), {
    minLength: 1,
    maxLength: 8,
    size: 'max',
  });
  const range = fc.tuple(fc.nat(keyGroups), fc.nat(keyGroups)).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);

  it('S28, S29: a fold of any groups, or a merge of any run of deltas, changes nothing that is restored', async () => {
    await fc.assert(
      fc.asyncProperty(changes, fc.array(range, { maxLength: 3 }), fc.nat(8), fc.nat(8), async (seed, folds, at, length) => {
        const { blobs, refs } = await randomDeltas(seed);
        const expected = await restored(refs, blobs, 2);
        const nextId = ids('r');
        const write = async (kind: ChunkRef['kind'], chunks: readonly Uint8Array[]): Promise<ChunkRef[]> => {
          const written = chunks.map((bytes) => chunkRef(nextId(), kind, bytes));
          await Promise.all(written.map(({ id }, i) => blobs.put(id, chunks[i]!)));
          return written;
        };
        let list: ChunkRef[] = refs;
        for (const groups of folds) {
          const [chunks] = await rewriteChunks({ kind: 'fold', ranges: [groups], inputs: list }, 'op', blobs);
          list = [...(await write('base', chunks!)), ...list.map((old) => without(old, groups)).filter((old) => old !== null)];
          expect(await restored(list, blobs, 3)).toEqual(expected);
        }
        const from = Math.min(list.length, list.findIndex(({ kind }) => kind === 'delta') + at);
        const run = list.slice(from, from + length).filter(({ kind }) => kind === 'delta');
        if (run.length === 0) return;
        const [merged] = await rewriteChunks({ kind: 'merge', ranges: [[0, 99]], inputs: run }, 'op', blobs);
        list = [
          ...list.slice(0, list.indexOf(run[0]!)),
          ...(await write('delta', merged!)),
          ...list.slice(list.indexOf(run.at(-1)!) + 1),
        ];
        expect(await restored(list, blobs, 1)).toEqual(expected);
      }),
      { numRuns: 60, seed: 23 },
    );
  });
});

describe('the choice of what to fold', () => {
  const big = 10_000_000;

  it('S31: leaves a small chain alone until eight deltas exceed half of its base, then folds it whole', () => {
    const deltas = Array.from({ length: 8 }, (_, i) => ref(`d${i}`, 'delta', 2000));
    expect(cheapRewrite(deltas.slice(1), owned)).toBeNull();
    expect(cheapRewrite(deltas, owned)).toMatchObject({ kind: 'fold', ranges: [owned] });
    expect(cheapRewrite([ref('b', 'base', 100_000), ...deltas], owned)).toBeNull();
    expect(cheapRewrite([ref('b', 'base', 30_000), ...deltas], owned)).toMatchObject({ kind: 'fold' });
    expect(dueFold(deltas, owned, 1, 1)).toBeNull();
  });
  it('merges runs of small deltas, so that a chain stays short when little changes', () => {
    let refs = [ref('base', 'base', big)];
    for (let n = 0; n < 5000; n++) {
      refs.push(ref(`d${n}`, 'delta', 100));
      const rewrite = cheapRewrite(refs, owned);
      if (rewrite === null) continue;
      expect(rewrite.kind).toBe('merge');
      const bytes = rewrite.inputs.reduce((sum, input) => sum + input.bytes, 0);
      expect(refs.slice(-rewrite.inputs.length)).toEqual(rewrite.inputs);
      refs = [...refs.slice(0, -rewrite.inputs.length), ref(`m${n}`, 'delta', bytes)];
    }
    expect(refs.length).toBeLessThan(40);
  });
  it('S30: begins with the neediest group and takes its neighbours, up to the bytes given', () => {
    const base = ref('b', 'base', big);
    expect(dueFold([base, ref('d', 'delta', big / 2 - 1)], owned, big, big)).toBeNull();
    const all = dueFold([base, ref('d', 'delta', big)], owned, big / 8, big / 4)!;
    expect(all.ranges).toEqual([
      [0, 2],
      [2, 4],
    ]);
    const one = dueFold([base, ref('d', 'delta', big)], owned, 1, 1)!;
    expect(one.ranges).toEqual([[0, 1]]);
    const worse = dueFold([base, ref('d', 'delta', big), ref('e', 'delta', big, [[5, 7]])], owned, big, big / 2)!;
    expect(worse.ranges).toEqual([[5, 13]]);
    expect(dueFold([ref('d', 'delta', big), ref('e', 'delta', big / 3)], owned, big, big)).toBeNull();
    expect(dueFold([ref('d', 'delta', big), ref('e', 'delta', big / 1.5)], owned, big, big)).not.toBeNull();
  });
});

describe('the budget of folding', () => {
  const sizes = { base: 1000, delta: 500 };
  /** Bytes per epoch that a subtask writes that always has a fold of `bytes` to write. */
  const written = (firstGroup: number, bytes: number): number[] => {
    const budget = new FoldBudget(0.015, firstGroup);
    return Array.from({ length: 60 }, () => {
      budget.earn(sizes, 10);
      let sum = 0;
      for (; budget.allows(bytes); sum += bytes) budget.spend(bytes);
      return sum;
    });
  };

  it('S35: an epoch writes at most a fifth more than its share, and all epochs nearly all of it', () => {
    for (const bytes of [1, 4, 7.8, 9, 15]) {
      const epochs = written(0, bytes);
      expect(Math.max(...epochs)).toBeLessThanOrEqual(15 * 1.2);
      expect(epochs.reduce((a, b) => a + b) / epochs.length).toBeGreaterThan(15 * 0.6);
    }
  });
  it('S35: subtasks take turns where a fold costs more than one epoch earns', () => {
    const all = [0, 32, 64, 96].map((first) => written(first, 31));
    const together = all[0]!.map((_, epoch) => all.reduce((sum, epochs) => sum + epochs[epoch]!, 0));
    expect(Math.max(...together)).toBe(62);
    expect(together.reduce((a, b) => a + b) / together.length).toBeGreaterThan(55);
  });
});

describe('a chain of snapshots', () => {
  const deltasOf = (n: number): Promise<{ blobs: BlobStore; refs: ChunkRef[] }> =>
    randomDeltas(Array.from({ length: n }, (_, i) => Array.from({ length: 20 }, (_, k) => [k, 2 + ((i + k) % 7)] as const)));

  it('S32: puts bases before deltas, and leaves out what is not owned', () => {
    const chain = new SnapshotChain({
      operator: 'op',
      owned: [4, 8],
      refs: [
        ref('d1', 'delta', 1, [[0, 8]]),
        ref('b1', 'base', 1, [[0, 4]]),
        ref('d2', 'delta', 1, [[6, 16]]),
        ref('b2', 'base', 1, [[4, 16]]),
      ],
    });
    expect(chain.refs().map(({ id, groups }) => [id, groups])).toEqual([
      ['b2', [[4, 8]]],
      ['d1', [[4, 8]]],
      ['d2', [[6, 8]]],
    ]);
  });
  it('S33: stays as it was when a new base cannot be written', async () => {
    const { blobs, refs } = await deltasOf(9);
    const chain = new SnapshotChain({ operator: 'op', owned });
    chain.append(refs);
    const full: BlobStore = {
      get: (id) => blobs.get(id),
      list: (prefix) => blobs.list(prefix),
      delete: (gone) => blobs.delete(gone),
      put: () => Promise.reject(new Error('disk full')),
    };
    await expect(chain.fold(full, ids('f'))).rejects.toThrow('disk full');
    expect(chain.refs()).toEqual(refs);
    expect(await chain.fold(blobs, ids('f'))).toBeGreaterThan(0);
    expect(chain.refs().map(({ kind }) => kind)).toEqual(['base']);
    expect(await restored(chain.refs(), blobs, 1)).toEqual(await restored(refs, blobs, 1));
  });
  it('S34: prepares one fold at a time, changes nothing by it, and tells the next caller when it failed', async () => {
    const { blobs } = openMemoryStores();
    const { state, tables } = boxState();
    const nextEpoch = epochs();
    const nextId = ids();
    const chain = new SnapshotChain({ operator: 'op', owned });
    let reading = 0;
    const counted: BlobStore = {
      put: (id, bytes) => blobs.put(id, bytes),
      list: (prefix) => blobs.list(prefix),
      delete: (gone) => blobs.delete(gone),
      get: async (id) => {
        expect(++reading).toBe(1);
        const bytes = await blobs.get(id);
        reading--;
        return bytes;
      },
    };
    const delta = async (n: number): Promise<void> => {
      for (let i = 0; i < 10_000; i++) tables[0]!.put(0, `a key of some length ${i}`, i % keyGroups, { n: n * i });
      const frozen = state.freeze(nextEpoch());
      chain.append(await store(drain(frozen), blobs, nextId));
      frozen.written();
    };
    for (let n = 0; n < 4; n++) {
      await delta(n);
      const expected = await restored(chain.refs(), blobs, 1);
      await chain.fold(counted, nextId);
      expect(await restored(chain.refs(), blobs, 1)).toEqual(expected);
    }
    expect(chain.refs().some(({ kind }) => kind === 'base')).toBe(true);
    const untilFailure = async (): Promise<void> => {
      for (let n = 0; n < 20; n++) {
        await delta(n);
        await blobs.delete([chain.refs().at(-1)!.id]);
        await chain.fold(blobs, nextId);
      }
    };
    await expect(untilFailure()).rejects.toMatchObject({ code: 'E_STATE_DAMAGED' });
  });
  it('S28, S34: folds prepared behind the epochs and merges beside them change nothing that is restored', async () => {
    const padded: ValueCodec<{ readonly n: number; readonly bytes: number }> = {
      id: 'padded:1',
      write: (out, { n, bytes }) => {
        out.int(n);
        out.bytes(new Uint8Array(bytes).fill(n));
      },
      read: (from) => ({ n: from.int(), bytes: from.bytes().length }),
    };
    const opened = (): { state: OperatorState; table: StateTable<{ readonly n: number; readonly bytes: number }> } => {
      const state = new OperatorState({ operator: 'op', keyGroups, owned });
      return { state, table: state.table('padded', padded) };
    };
    const said = (table: StateTable<{ readonly n: number }>): string[] =>
      [...table.entries(0)].map(({ key, value }) => `${key} ${value.n}`).toSorted();
    /** Large changes make folds due, several small ones in a row make merges. */
    const large = fc.record({
      keys: fc.uniqueArray(fc.nat(15), { minLength: 4, maxLength: 12, size: 'max' }),
      bytes: fc.constant(30_000),
    });
    const small = fc.record({ keys: fc.uniqueArray(fc.nat(15), { minLength: 1, maxLength: 2 }), bytes: fc.constant(5) });
    const epoch = fc.oneof({ weight: 1, arbitrary: large }, { weight: 4, arbitrary: small });
    const kinds = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.array(epoch, { minLength: 60, maxLength: 90, size: 'max' }), async (given) => {
        const { blobs } = openMemoryStores();
        const { state, table } = opened();
        const chain = new SnapshotChain({ operator: 'op', owned });
        const nextId = ids();
        const nextEpoch = epochs();
        for (const [n, { keys, bytes }] of given.entries()) {
          for (const key of keys)
            if (!(n % 4 === key % 4 && table.delete(0, `k${key}`))) table.put(0, `k${key}`, key % keyGroups, { n, bytes });
          const frozen = state.freeze(nextEpoch());
          chain.append(await store(drain(frozen), blobs, nextId));
          frozen.written();
          const before = chain.refs().length;
          await chain.fold(blobs, nextId);
          if (chain.refs().length < before) kinds.add(chain.refs().at(-1)!.kind);
          const again = opened();
          await loadChunks(again.state, chain.refs(), blobs);
          expect(said(again.table)).toEqual(said(table));
        }
      }),
      { numRuns: 6, seed: 31 },
    );
    expect(kinds).toContain('delta');
  });
  it('S28: a merge leaves alone a chunk that is also in the list for other groups, after a rescale', async () => {
    const { blobs, refs } = await randomDeltas(
      Array.from({ length: 8 }, (_, n) => Array.from({ length: 16 }, (__, key) => [key, 2 + n] as const)),
    );
    const half = (groups: readonly [number, number]): ChunkRef[] => refs.map((old) => ({ ...old, groups: [groups] }));
    const { state, tables } = boxState();
    const nextEpoch = epochs();
    const large = async (keys: number, namespace: number): Promise<ChunkRef[]> => {
      for (let i = 0; i < keys; i++) tables[0]!.put(namespace, `between ${i}`, i % keyGroups, { n: i });
      const frozen = state.freeze(nextEpoch());
      const written = await store(drain(frozen), blobs, ids(`large/${namespace}`));
      frozen.written();
      return written;
    };
    const base = (await large(4000, 8)).map((old): ChunkRef => ({ ...old, kind: 'base' }));
    const between = await large(300, 9);
    const list = [...base, ...half([0, 8]), ...between, ...half([8, 16])];
    const expected = await restored(list, blobs, 1);
    const chain = new SnapshotChain({ operator: 'op', owned, refs: list });
    await chain.fold(blobs, ids('m'));
    expect(chain.refs()).toHaveLength(list.length - 7);
    expect(await restored(chain.refs(), blobs, 1)).toEqual(expected);
  });
  it('garbage is what no retained checkpoint lists', () => {
    expect(garbage([['a', 'b'], new Set(['b', 'c'])], ['a', 'd', 'b', 'e', 'd'])).toEqual(['d', 'e']);
  });
});
