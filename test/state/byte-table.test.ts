import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WeirError } from '../../src/core/index.ts';
import { OperatorState, type StateTable, type ValueCodec } from '../../src/state/index.ts';
import { common, groupOf, keyBytes, keys, type Kind, namespaces, RowLife } from './row-life.ts';
import { boxState, drain, epochs, fixedCodec, keyGroups, recordLines, written } from './state-fixture.ts';
import { tableContract } from './table-contract.ts';

tableContract('a table of bytes', (owned, packedFrom) => boxState(owned, packedFrom, fixedCodec));

const texts: ValueCodec<string> = {
  id: 'text',
  asBytes: true,
  write: (out, text) => out.string(text),
  read: (from) => from.string(),
};

interface Subject {
  readonly state: OperatorState;
  readonly table: StateTable<string>;
}
const nameOf = new Map(keys.map((key) => [keyBytes(key).text(), key]));
const lineOf = (namespace: number, key: string, text: string): string => `${namespace} ${key} ${text.length} ${text.slice(0, 8)}`;

/** By namespace and key: a text. */
type Model = Map<string, string>;

const kind: Kind<Subject, Model> = {
  make(owned = [0, keyGroups]) {
    const state = new OperatorState({ operator: 'op', keyGroups, owned });
    return { state, table: state.table('rows', texts) };
  },
  lines({ table }, of = keys) {
    const found = new Map<string, string>();
    for (const namespace of table.namespaces())
      for (const { key, group, value } of table.entries(namespace)) {
        const name = nameOf.get(key)!;
        expect([group, found.has(`${namespace} ${name}`), table.get(namespace, key)]).toEqual([groupOf(name), false, value]);
        found.set(`${namespace} ${name}`, lineOf(namespace, name, value));
      }
    return namespaces.flatMap((namespace) => of.flatMap((key) => found.get(`${namespace} ${key}`) ?? []));
  },
  empty: () => new Map(),
  modelLines: (model) =>
    namespaces.flatMap((namespace) =>
      keys.flatMap((key) => {
        const text = model.get(`${namespace} ${key}`);
        return text === undefined ? [] : [lineOf(namespace, key, text)];
      }),
    ),
  copy: (model) => new Map(model),
};

/** Of sizes that fit, do not fit, and fit again. */
const text = fc
  .tuple(fc.constantFrom('x', 'ä', '😀'), fc.constantFrom(0, 1, 3, 10, 30, 120))
  .map(([of, times]) => of.repeat(times));
const place = { namespace: fc.constantFrom(...namespaces), key: fc.constantFrom(...keys) };
const operation = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('put' as const), ...place, text }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('delete' as const), ...place }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('drop' as const), ...place }) },
  ...common,
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

async function perform(life: RowLife<Subject, Model>, operation: Operation): Promise<void> {
  const { table } = life.subject;
  switch (operation.do) {
    case 'put':
      life.model.set(`${operation.namespace} ${operation.key}`, operation.text);
      return table.put(operation.namespace, keyBytes(operation.key).text(), groupOf(operation.key), operation.text);
    case 'delete': {
      const isThere = life.model.delete(`${operation.namespace} ${operation.key}`);
      return expect(table.delete(operation.namespace, keyBytes(operation.key).text())).toBe(isThere);
    }
    case 'drop':
      for (const key of keys) life.model.delete(`${operation.namespace} ${key}`);
      return table.drop(operation.namespace);
    default:
      return life.do(operation);
  }
}

describe('a table of bytes', () => {
  it('S3, S43, S44: whatever is put, deleted, dropped, frozen, failed and folded, the chain restores what each freeze saw, at 1 to 4 subtasks', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(operation, { minLength: 20, maxLength: 150, size: 'max' }),
        fc.integer({ min: 1, max: 4 }),
        async (operations, parallelism) => {
          const life = new RowLife(kind);
          for (const operation of operations) {
            await perform(life, operation);
            life.check();
          }
          await life.end(parallelism);
        },
      ),
      { numRuns: 300, seed: 17 },
    );
  });

  it('S44: encodes what it was at the freeze, though it is changed, deleted and dropped meanwhile', () => {
    const { state, tables } = boxState(undefined, undefined, fixedCodec);
    const [a] = tables;
    for (const [i, key] of ['put', 'deleted', 'still'].entries()) a!.put(0, key, i, { n: i });
    a!.put(9, 'dropped', 5, { n: 5 });
    const frozen = state.freeze(epochs()());
    a!.delete(0, 'deleted');
    a!.put(0, 'put', 0, { n: 100 });
    a!.put(0, 'new', 3, { n: 100 });
    a!.drop(9);
    expect(recordLines(drain(frozen, 1))).toEqual(['put a 0 0 put', 'put a 1 0 deleted', 'put a 2 0 still', 'put a 5 9 dropped']);
    expect(() => a!.modify(0, 'put')).toThrow('S44');
  });

  it('refuses a value that is not what its codec wrote', () => {
    const state = new OperatorState({ operator: 'op', keyGroups, owned: [0, keyGroups] });
    const table = state.table<string>('rows', { ...texts, read: (from) => `${from.u8()}` });
    table.put(0, 'a', 1, 'abc');
    expect(() => table.get(0, 'a')).toThrow('a value of state is not what codec text wrote');
    expect(() => [...table.entries(0)]).toThrow(WeirError);
  });

  it('has keys in great number, and needs no more memory when others take the places of all of them, time and again', () => {
    const { state, table } = kind.make();
    const nextEpoch = epochs();
    const keyAt = (i: number): string => keyBytes(`${i}`).text();
    const count = 20_000;
    let bytes = 0;
    for (let round = 0; round < 6; round++) {
      for (let i = 0; i < count; i++) table.put(0, keyAt(round * count + i), i % keyGroups, `value ${i}`);
      for (let i = 0; i < count; i++) table.put(0, keyAt(-1 - i), i % keyGroups, 'comes and goes');
      for (let i = 0; i < count; i++) table.delete(0, keyAt(-1 - i));
      expect(table.size).toBe(round === 0 ? count : 2 * count);
      if (round > 0) for (let i = 0; i < count; i++) table.delete(0, keyAt((round - 1) * count + i));
      state.freeze(nextEpoch()).failed();
      written(state.freeze(nextEpoch()));
      const space = (table as unknown as { space(namespace: number): { readonly bytes: number } }).space(0);
      if (round < 3) bytes = space.bytes;
      else expect(space.bytes).toBe(bytes);
    }
    for (let i = 0; i < count; i++) expect(table.get(0, keyAt(5 * count + i))).toBe(`value ${i}`);
  });
});
