import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ByteReader, ByteWriter } from '../../src/batch/index.ts';
import { loadChunks, OperatorState, type SlotMerge, type SlotTable } from '../../src/state/index.ts';
import { chunkOf, keyBytes } from './row-life.ts';
import { keyGroups } from './state-fixture.ts';

/** A number, which fits into its slot if it is no less than 0. */
const codec = {
  id: 'n',
  asBytes: true as const,
  write: (out: ByteWriter, n: number) => out.f64(n),
  read: (from: ByteReader) => from.f64(),
  slots: {
    bytes: 8,
    read: (view: DataView, at: number) => view.getFloat64(at),
    write(view: DataView, at: number, n: number) {
      view.setFloat64(at, n);
      return n >= 0;
    },
  },
};
const state = (): OperatorState => new OperatorState({ operator: 'op', keyGroups, owned: [0, keyGroups] });
const tableOf = (of: OperatorState): SlotTable<number> => of.slots('rows', codec);
const groupOf = (key: number): number => key % keyGroups;
const nameOf = (key: number): string => keyBytes(`key ${key}`).text();
const sums: SlotMerge = (to, toAt, from, fromAt) => {
  to.setFloat64(toAt, to.getFloat64(toAt) + from.getFloat64(fromAt));
  return true;
};
const all = (): boolean => true;

describe('the values of several namespaces, merged where they lie,', () => {
  it('are those of each key, in the order in which keys came, of the groups that are wanted', () => {
    const entry = fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 900 }), fc.boolean());
    const property = fc.property(
      fc.array(entry, { maxLength: 3000, size: 'max' }),
      fc.subarray([0, 1, 2, 3, 4]),
      fc.integer({ min: 0, max: keyGroups }),
      (entries, namespaces, to) => {
        const table = tableOf(state());
        const model = [0, 1, 2, 3, 4].map(() => new Map<number, number>());
        entries.forEach(([namespace, key, deletes], n) => {
          const of = model[namespace]!;
          if (deletes && of.delete(key)) table.delete(namespace, nameOf(key));
          else {
            of.set(key, n);
            table.put(namespace, nameOf(key), groupOf(key), n);
          }
        });
        const merged = new Map<number, number>();
        for (const namespace of namespaces)
          for (const [key, n] of model[namespace]!) if (groupOf(key) < to) merged.set(key, (merged.get(key) ?? 0) + n);
        const found = table.merged(namespaces, (group) => group < to, sums)!;
        const byKey = (a: { readonly key: string }, b: { readonly key: string }): number => (a.key < b.key ? -1 : 1);
        expect(found.toSorted(byKey)).toEqual(
          [...merged].map(([key, value]) => ({ key: nameOf(key), group: groupOf(key), value })).toSorted(byKey),
        );
      },
    );
    fc.assert(property, { numRuns: 60, seed: 23, endOnFailure: true });
  });

  it('come in the order of the namespaces, and of the entries in them', () => {
    const table = tableOf(state());
    for (const key of [2, 1]) table.put(0, nameOf(key), groupOf(key), 1);
    for (const key of [3, 2, 0]) table.put(1, nameOf(key), groupOf(key), 1);
    const inOrder = (namespaces: readonly number[]): unknown => table.merged(namespaces, all, sums)!.map(({ key }) => key);
    expect(inOrder([0, 1])).toEqual([2, 1, 3, 0].map(nameOf));
    expect(inOrder([1, 0])).toEqual([3, 2, 0, 1].map(nameOf));
    expect(table.merged([7], all, sums)).toEqual([]);
  });

  it('are not known where one lies as its codec writes it, or where what two come to does not fit', async () => {
    const table = tableOf(state());
    table.put(0, nameOf(1), groupOf(1), 1);
    table.put(1, nameOf(1), groupOf(1), -1);
    table.put(2, nameOf(2), groupOf(2), 2);
    expect(table.merged([0, 2], all, sums)).toHaveLength(2);
    expect(table.merged([0, 1, 2], all, sums)).toBeUndefined();
    expect(table.merged([0, 1, 2], (group) => group === groupOf(2), sums)).toHaveLength(1);
    table.put(1, nameOf(1), groupOf(1), 3);
    expect(table.merged([0, 1], all, () => false)).toBeUndefined();
    const bytes = new ByteWriter();
    codec.write(bytes, 5);
    const { refs, blobs } = await chunkOf('n', [nameOf(1), bytes.finish()]);
    const after = state();
    const again = tableOf(after);
    await loadChunks(after, refs, blobs);
    expect([again.get(0, nameOf(1)), again.merged([0], all, sums)]).toEqual([5, undefined]);
  });
});
