import { describe, expect, it } from 'vitest';
import { readChunk } from '../../src/state/chunk.ts';
import { recordKind } from '../../src/state/state-record.ts';
import { epoch } from '../../src/core/index.ts';
import { loadChunks, openMemoryStores } from '../../src/state/index.ts';
import { boxState, drain, epochs, ids, keyGroups, recordsOf, store } from './state-fixture.ts';

/** The records of a delta, as lines. */
function lines(chunks: readonly Uint8Array[]): string[] {
  const kinds = Object.entries(recordKind);
  return chunks.flatMap((bytes) =>
    readChunk(bytes, 'x').sections.flatMap((section) =>
      recordsOf(section).map(({ kind, namespace, key }) =>
        `${kinds.find(([, n]) => n === kind)![0]} ${section.table.name} ${section.group} ${namespace} ${key}`.trim(),
      ),
    ),
  );
}

describe('a table on the heap', () => {
  it('S3: holds one entry per namespace and key', () => {
    const [a, b] = boxState().tables;
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
    expect([a!.modify(0, 'k'), a!.count(0)]).toEqual([undefined, 0]);
  });

  it('S4: encodes what it was at the freeze, though it is changed, deleted and dropped meanwhile', () => {
    const { state, tables } = boxState();
    const [a] = tables;
    for (const [i, key] of ['changed', 'deleted', 'put', 'still'].entries()) a!.put(0, key, i, { n: i });
    a!.put(9, 'dropped', 5, { n: 5 });
    const frozen = state.freeze(epochs()());
    a!.modify(0, 'changed')!.n = 100;
    a!.delete(0, 'deleted');
    a!.put(0, 'put', 2, { n: 100 });
    a!.put(0, 'new', 3, { n: 100 });
    a!.drop(9);
    const [chunk] = drain(frozen, 1);
    const values = readChunk(chunk!, 'x').sections.flatMap((section) =>
      recordsOf(section).map(({ key, value }) => [key, value[0]]),
    );
    expect(values).toEqual([
      ['changed', 0],
      ['deleted', 1],
      ['put', 2],
      ['still', 3],
      ['dropped', 5],
    ]);
  });

  it('S17: writes drops before everything else of a section, and each key once', () => {
    const { state, tables } = boxState();
    const [a] = tables;
    const nextEpoch = epochs();
    a!.put(7, 'k', 1, { n: 1 });
    a!.put(0, 'gone', 1, { n: 1 });
    const first = state.freeze(nextEpoch());
    drain(first);
    first.written();
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
    expect(lines(drain(state.freeze(nextEpoch())))).toEqual([
      'drop a 1 7',
      'put a 1 0 k',
      'delete a 1 0 gone',
      'put a 1 7 after',
    ]);
  });

  it('S23: writes no record for an entry that a drop speaks for', () => {
    const { state, tables } = boxState();
    const [a] = tables;
    const nextEpoch = epochs();
    a!.put(7, 'old', 1, { n: 1 });
    const first = state.freeze(nextEpoch());
    drain(first);
    first.written();
    a!.modify(7, 'old')!.n = 2;
    a!.put(7, 'new', 2, { n: 2 });
    a!.drop(7);
    expect(lines(drain(state.freeze(nextEpoch())))).toEqual(['drop a 1 7', 'drop a 2 7']);
  });

  it('S23: remembers nothing of what came and went between two freezes', () => {
    const { state, tables } = boxState();
    const [a] = tables;
    const nextEpoch = epochs();
    a!.put(0, 'stays', 1, { n: 1 });
    for (let window = 1; window < 100; window++) {
      for (let i = 0; i < 3; i++) a!.put(window, `k${i}`, i, { n: i });
      a!.delete(window, 'k1');
      if (window % 2 === 0) a!.put(window, 'k1', 1, { n: 1 });
      a!.drop(window);
    }
    expect(lines(drain(state.freeze(nextEpoch())))).toEqual(['put a 1 0 stays']);
  });

  it('S20: takes failed changes back under those that came after', () => {
    const { state, tables } = boxState();
    const [a] = tables;
    const nextEpoch = epochs();
    for (const key of ['x', 'y', 'z']) a!.put(0, key, 1, { n: 1 });
    const first = state.freeze(nextEpoch());
    drain(first);
    first.written();
    a!.delete(0, 'x');
    a!.delete(0, 'y');
    a!.modify(0, 'z')!.n = 2;
    const failing = state.freeze(nextEpoch());
    failing.step(1);
    a!.put(0, 'y', 1, { n: 3 });
    failing.failed();
    expect(lines(drain(state.freeze(nextEpoch()))).toSorted()).toEqual(['delete a 1 0 x', 'put a 1 0 y', 'put a 1 0 z']);
  });

  it('S32: lists each entry once, whoever is asked for meanwhile', () => {
    const { state, tables } = boxState();
    const [a] = tables;
    const nextEpoch = epochs();
    const keys = Array.from({ length: 20 }, (_, i) => `k${i}`);
    for (const [i, key] of keys.entries()) a!.put(0, key, i % 16, { n: i });
    const written = (): void => {
      const frozen = state.freeze(nextEpoch());
      drain(frozen);
      frozen.written();
    };
    const rest = (): void => {
      written();
      for (let i = 0; i < keys.length; i++) a!.get(0, 'nobody'); // packs a few each time
    };
    for (let i = 0; i < 3; i++) rest();
    for (const key of keys.slice(0, 4)) a!.modify(0, key)!.n += 100; // objects again
    for (let i = 0; i < 2; i++) written(); // due to be packed, and not packed yet
    const seen: string[] = [];
    for (const { key, value } of a!.entries(0)) {
      seen.push(`${key} ${value.n}`);
      if (seen.length === 1) for (const other of keys.slice(2, 8)) expect(a!.get(0, other)).toBeDefined();
    }
    expect(seen.toSorted()).toEqual(keys.map((key, i) => `${key} ${i < 4 ? i + 100 : i}`).toSorted());
    expect([a!.count(0), a!.size, a!.delete(0, 'k15'), a!.count(0)]).toEqual([20, 20, true, 19]);
    rest();
    rest();
    a!.drop(0);
    expect([a!.size, [...a!.namespaces()], a!.get(0, 'k0')]).toEqual([0, [], undefined]);
    expect(lines(drain(state.freeze(nextEpoch())))).toEqual(Array.from({ length: 16 }, (_, group) => `drop a ${group} 0`));
  });

  it('gives its entries a few at a time, in rounds, whether they are objects or at rest', async () => {
    const blobs = openMemoryStores().blobs;
    const { state, tables } = boxState([0, keyGroups], 5);
    const [table] = tables;
    for (let i = 0; i < 20; i++) table!.put(0, `k${i}`, i % keyGroups, { n: i });
    const refs = await store(drain(state.freeze(epoch(1))), blobs, ids());
    const restored = boxState([0, keyGroups], 5);
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
      expect([round(3), round(7), round(100)]).toEqual([all, all, all]);
      for (const { key } of each.next(0, 6)) each.delete(0, key);
      for (const key of all) each.delete(0, key);
      expect([each.next(0, 5), each.next(1, 5)]).toEqual([[], []]);
      each.put(0, 'k1', 1, { n: 1 });
      expect(round(5)).toEqual(['k1']);
    }
  });
});
