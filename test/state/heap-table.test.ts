import { describe, expect, it } from 'vitest';
import { readChunk } from '../../src/state/chunk.ts';
import { boxState, drain, epochs, recordLines, recordsOf } from './state-fixture.ts';
import { tableContract } from './table-contract.ts';

tableContract('a table on the heap', boxState);

describe('a table on the heap', () => {
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
    expect(recordLines(drain(state.freeze(nextEpoch())))).toEqual(Array.from({ length: 16 }, (_, group) => `drop a ${group} 0`));
  });
});
