/** What any state table does, whichever way it keeps its entries. */
import { describe, expect, it } from 'vitest';
import { epoch } from '../../src/core/index.ts';
import { loadChunks, openMemoryStores } from '../../src/state/index.ts';
import { type boxState, drain, epochs, ids, keyGroups, recordLines, store, written } from './state-fixture.ts';

export function tableContract(what: string, make: (...of: Parameters<typeof boxState>) => ReturnType<typeof boxState>): void {
  describe(what, () => {
    it('S3: holds one entry per namespace and key', () => {
      const [a, b] = make().tables;
      a!.put(0, 'k', 1, { n: 1 });
      a!.put(0, 'k', 1, { n: 2 });
      a!.put(1, 'k', 1, { n: 3 });
      expect([a!.size, a!.get(0, 'k'), a!.get(1, 'k'), a!.get(2, 'k'), b!.get(0, 'k')]).toEqual([
        2,
        { n: 2 },
        { n: 3 },
        undefined,
        undefined,
      ]);
      expect([a!.delete(0, 'k'), a!.delete(0, 'k'), a!.size, [...a!.namespaces()]]).toEqual([true, false, 1, [1]]);
      expect([a!.get(0, 'k'), a!.count(0)]).toEqual([undefined, 0]);
    });

    it('S17: writes drops before everything else of a section, and each key once', () => {
      const { state, tables } = make();
      const [a] = tables;
      const nextEpoch = epochs();
      a!.put(7, 'k', 1, { n: 1 });
      a!.put(0, 'gone', 1, { n: 1 });
      written(state.freeze(nextEpoch()));
      for (let i = 0; i < 3; i++) {
        a!.put(0, 'k', 1, { n: i });
        a!.delete(0, 'k');
        a!.put(0, 'k', 1, { n: i });
        a!.delete(0, 'gone');
        a!.put(0, 'gone', 1, { n: i });
      }
      a!.delete(0, 'gone');
      a!.drop(7);
      a!.put(7, 'after', 1, { n: 1 });
      const [first, ...others] = recordLines(drain(state.freeze(nextEpoch())));
      expect([first, ...others.sort()]).toEqual(['drop a 1 7', 'delete a 1 0 gone', 'put a 1 0 k', 'put a 1 7 after']);
    });

    it('S23: writes no record for an entry that a drop speaks for', () => {
      const { state, tables } = make();
      const [a] = tables;
      const nextEpoch = epochs();
      a!.put(7, 'old', 1, { n: 1 });
      const first = state.freeze(nextEpoch());
      drain(first);
      first.written();
      a!.put(7, 'old', 1, { n: 2 });
      a!.put(7, 'new', 2, { n: 2 });
      a!.drop(7);
      expect(recordLines(drain(state.freeze(nextEpoch())))).toEqual(['drop a 1 7', 'drop a 2 7']);
    });

    it('S23: remembers nothing of what came and went between two freezes', () => {
      const { state, tables } = make();
      const [a] = tables;
      const nextEpoch = epochs();
      a!.put(0, 'stays', 1, { n: 1 });
      a!.put(0, 'goes', 1, { n: 1 });
      a!.delete(0, 'goes');
      for (let window = 1; window < 100; window++) {
        for (let i = 0; i < 3; i++) a!.put(window, `k${i}`, i, { n: i });
        a!.delete(window, 'k1');
        if (window % 2 === 0) a!.put(window, 'k1', 1, { n: 1 });
        a!.drop(window);
      }
      expect(recordLines(drain(state.freeze(nextEpoch())))).toEqual(['put a 1 0 stays']);
    });

    it('S20: takes failed changes back under those that came after', () => {
      const { state, tables } = make();
      const [a] = tables;
      const nextEpoch = epochs();
      for (const key of ['x', 'y', 'z']) a!.put(0, key, 1, { n: 1 });
      const first = state.freeze(nextEpoch());
      drain(first);
      first.written();
      a!.delete(0, 'x');
      a!.delete(0, 'y');
      a!.put(0, 'z', 1, { n: 2 });
      const failing = state.freeze(nextEpoch());
      failing.step(1);
      a!.put(0, 'y', 1, { n: 3 });
      failing.failed();
      expect(recordLines(drain(state.freeze(nextEpoch()))).toSorted()).toEqual(['delete a 1 0 x', 'put a 1 0 y', 'put a 1 0 z']);
    });

    it('gives its entries a few at a time, in rounds, whether they are objects or at rest', async () => {
      const blobs = openMemoryStores().blobs;
      const { state, tables } = make([0, keyGroups], 5);
      const [table] = tables;
      for (let i = 0; i < 20; i++) table!.put(0, `k${i}`, i % keyGroups, { n: i });
      const refs = await store(drain(state.freeze(epoch(1))), blobs, ids());
      const restored = make([0, keyGroups], 5);
      await loadChunks(restored.state, refs, blobs);
      for (const each of [table!, restored.tables[0]!]) {
        const round = (size: number): string[] => {
          const keys: string[] = [];
          for (let some = each.next(0, size); ; some = each.next(0, size)) {
            expect(some.length).toBeLessThanOrEqual(size);
            for (const { key, group, value } of some) {
              expect(`k${value.n} ${value.n % keyGroups}`).toBe(`${key} ${group}`);
              keys.push(key);
            }
            if (some.length < size) return keys.sort();
          }
        };
        const all = [...each.entries(0)].map(({ key }) => key).sort();
        expect(all).toHaveLength(20);
        expect([round(3), round(7), round(4), round(100)]).toEqual([all, all, all, all]);
        for (const { key } of each.next(0, 6)) each.delete(0, key);
        for (const key of all) each.delete(0, key);
        expect([each.next(0, 5), each.next(1, 5)]).toEqual([[], []]);
        each.put(0, 'k1', 1, { n: 1 });
        expect(round(5)).toEqual(['k1']);
      }
    });

    it('writes nothing when nothing changed, and no tombstone for what no chunk knows', () => {
      const { state, tables } = make();
      const nextEpoch = epochs();
      expect(written(state.freeze(nextEpoch()))).toEqual([]);
      tables[0]!.put(0, 'a', 1, { n: 1 });
      tables[0]!.delete(0, 'a');
      tables[0]!.put(5, 'a', 1, { n: 1 });
      tables[0]!.drop(5);
      expect(written(state.freeze(nextEpoch()))).toEqual([]);
    });

    it('a drop costs a record per key group that has entries, not per entry', () => {
      const { state, tables } = make();
      const nextEpoch = epochs();
      for (let i = 0; i < 10_000; i++) tables[0]!.put(7, `key-${i}`, i % 4, { n: i });
      written(state.freeze(nextEpoch()));
      tables[0]!.drop(7);
      const bytes = written(state.freeze(nextEpoch())).reduce((sum, chunk) => sum + chunk.length, 0);
      expect(bytes).toBeLessThan(120);
    });

    it('S22: refuses a key of a group that this subtask does not own', () => {
      const { tables } = make([0, 4]);
      expect(() => tables[0]!.put(0, 'a', 4, { n: 1 })).toThrow('S22');
    });

    it('may be emptied while its entries are listed', () => {
      const { tables } = make();
      const [a] = tables;
      for (let i = 0; i < 5; i++) a!.put(0, `k${i}`, i, { n: i });
      const seen: string[] = [];
      for (const { key } of a!.entries(0)) {
        seen.push(key);
        a!.delete(0, key);
      }
      expect([seen.length, new Set(seen).size, a!.size]).toEqual([5, 5, 0]);
      for (let i = 0; i < 5; i++) a!.put(0, `k${i}`, i, { n: i });
      for (const { key } of a!.entries(0)) {
        expect(key).toMatch(/^k\d$/);
        a!.drop(0);
      }
      expect([a!.size, [...a!.namespaces()]]).toEqual([0, []]);
    });

    it('restores keys of any length', async () => {
      const { blobs } = openMemoryStores();
      const { state, tables } = make();
      const keys = [0, 1, 40, 63, 64, 127, 128, 5000].flatMap((length) => [
        'x'.repeat(length),
        `\u00e4\u0000${'\u00ff'.repeat(length)}`,
      ]);
      for (const [i, key] of keys.entries()) tables[0]!.put(0, key, i, { n: i });
      const refs = await store(written(state.freeze(epochs()())), blobs, ids());
      const restored = make();
      await loadChunks(restored.state, refs, blobs);
      expect(keys.map((key) => restored.tables[0]!.get(0, key)?.n)).toEqual(keys.map((_, i) => i));
      expect([...restored.tables[0]!.entries(0)].map(({ key }) => key).sort()).toEqual(keys.toSorted());
    });
  });
}
