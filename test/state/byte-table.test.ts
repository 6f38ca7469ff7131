import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WeirError } from '../../src/core/index.ts';
import { loadChunks, OperatorState, type SlotCodec, type Slots, type SlotTable, type ValueCodec } from '../../src/state/index.ts';
import { chunkOf, common, groupOf, keyBytes, keys, type Kind, namespaces, RowLife } from './row-life.ts';
import { boxState, drain, epochs, fixedCodec, keyGroups, recordLines, written } from './state-fixture.ts';
import { tableContract } from './table-contract.ts';

tableContract('a table of bytes', (owned, packedFrom) => boxState(owned, packedFrom, fixedCodec));

interface Note {
  readonly n: number;
  readonly text: string;
}
const notes: ValueCodec<Note> = {
  id: 'note',
  asBytes: true,
  write(out, { n, text }) {
    out.int(n);
    out.string(text);
  },
  read: (from) => ({ n: from.int(), text: from.string() }),
};
/** With a text they do not fit. */
const slots: Slots<Note> = {
  bytes: 8,
  read: (view, at) => ({ n: view.getFloat64(at), text: '' }),
  write(view, at, { n, text }) {
    view.setFloat64(at, n);
    return text === '';
  },
};

interface Subject {
  readonly state: OperatorState;
  readonly table: SlotTable<Note>;
  readonly hasSlots: boolean;
}
const nameOf = new Map(keys.map((key) => [keyBytes(key).text(), key]));
const lineOf = (namespace: number, key: string, { n, text }: Note): string =>
  `${namespace} ${key} ${n} ${text.length} ${text.slice(0, 8)}`;

/** By namespace and key. */
type Model = Map<string, Note>;

const kindOf = (codec: ValueCodec<Note>): Kind<Subject, Model> => ({
  make(owned = [0, keyGroups]) {
    const state = new OperatorState({ operator: 'op', keyGroups, owned });
    return { state, table: state.slots('rows', codec as SlotCodec<Note>), hasSlots: codec.slots !== undefined };
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
        const note = model.get(`${namespace} ${key}`);
        return note === undefined ? [] : [lineOf(namespace, key, note)];
      }),
    ),
  copy: (model) => new Map(model),
});
const kinds = { bytes: kindOf(notes), slots: kindOf({ ...notes, slots }) };

/** Of sizes that fit, do not fit, and fit again. */
const text = fc
  .tuple(fc.constantFrom('x', 'ä', '😀'), fc.constantFrom(0, 1, 3, 10, 30, 120))
  .map(([of, times]) => of.repeat(times));
const place = { namespace: fc.constantFrom(...namespaces), key: fc.constantFrom(...keys) };
const operation = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('put' as const), ...place, n: fc.integer(), text }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('add' as const), ...place }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('delete' as const), ...place }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('drop' as const), ...place }) },
  ...common,
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

async function perform(life: RowLife<Subject, Model>, operation: Operation): Promise<void> {
  const { table } = life.subject;
  switch (operation.do) {
    case 'put': {
      const note = { n: operation.n, text: operation.text };
      life.model.set(`${operation.namespace} ${operation.key}`, note);
      return table.put(operation.namespace, keyBytes(operation.key).text(), groupOf(operation.key), note);
    }
    case 'add':
      return add(life, operation);
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

const empty = new Uint8Array(slots.bytes);
interface Place {
  readonly namespace: number;
  readonly key: string;
}

/** In its slots, if it has some. */
function add({ subject: { table, hasSlots }, model }: RowLife<Subject, Model>, { namespace, key }: Place): void {
  const known = model.get(`${namespace} ${key}`);
  expect(table.get(namespace, keyBytes(key).text())).toEqual(known);
  const place = hasSlots ? table.changeAt(namespace, keyBytes(key), groupOf(key), { round: 1, empty }) : undefined;
  if (place !== undefined) expect(place.isNew).toBe(known === undefined);
  const more = { n: (known?.n ?? 0) + 1, text: known?.text ?? '' };
  model.set(`${namespace} ${key}`, more);
  if (place === undefined) table.put(namespace, keyBytes(key).text(), groupOf(key), more);
  else place.view.setFloat64(place.at, place.view.getFloat64(place.at) + 1);
  expect(table.get(namespace, keyBytes(key).text())).toEqual(more);
}

describe.each(Object.entries(kinds))('a table of %s', (_, kind) => {
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
});

describe('a table of bytes', () => {
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

  it('says whether a change is the first one in its round', () => {
    const { state, table } = kinds.slots.make();
    const nextEpoch = epochs();
    const isFirst = (key: string, round: number): boolean =>
      table.changeAt(0, keyBytes(key), groupOf(key), { round, empty })!.isFirst;
    table.put(0, 'stays', 0, { n: 0, text: '' });
    expect([isFirst('a', 1), isFirst('a', 1), isFirst('a', 2), isFirst('a', 2)]).toEqual([true, false, true, false]);
    for (const happens of [() => undefined, () => table.delete(0, keyBytes('a').text())]) {
      happens();
      written(state.freeze(nextEpoch()));
    }
    table.put(0, keyBytes('b').text(), groupOf('b'), { n: 1, text: '' }); // in its block
    expect([isFirst('b', 2), isFirst('b', 2)]).toEqual([true, false]);
  });

  it('refuses a value that is not what its codec wrote', () => {
    const state = new OperatorState({ operator: 'op', keyGroups, owned: [0, keyGroups] });
    const table = state.table<Note>('rows', { ...notes, read: (from) => ({ n: from.u8(), text: '' }) });
    table.put(0, 'a', 1, { n: 1, text: 'abc' });
    expect(() => table.get(0, 'a')).toThrow('a value of state is not what codec note wrote');
    expect(() => [...table.entries(0)]).toThrow(WeirError);
  });

  it('S43: refuses a key that is not one of bytes', async () => {
    const { refs, blobs } = await chunkOf('note', ['\ud83d', new Uint8Array([2, 97])]);
    await expect(loadChunks(kinds.bytes.make().state, refs, blobs)).rejects.toThrow('S43');
  });

  it('has keys in great number, and needs no more memory when others take the places of all of them, time and again', () => {
    const { state, table } = kinds.bytes.make();
    const nextEpoch = epochs();
    const keyAt = (i: number): string => keyBytes(`${i}`).text();
    const count = 20_000;
    let bytes = 0;
    for (let round = 0; round < 6; round++) {
      for (let i = 0; i < count; i++) table.put(0, keyAt(round * count + i), i % keyGroups, { n: i, text: 'v' });
      for (let i = 0; i < count; i++) table.put(0, keyAt(-1 - i), i % keyGroups, { n: i, text: 'comes and goes' });
      for (let i = 0; i < count; i++) table.delete(0, keyAt(-1 - i));
      for (let i = 0; i < count; i += 5)
        for (const times of [40, 80]) table.put(0, keyAt(round * count + i), i % keyGroups, { n: i, text: 'x'.repeat(times) });
      expect(table.size).toBe(round === 0 ? count : 2 * count);
      if (round > 0) for (let i = 0; i < count; i++) table.delete(0, keyAt((round - 1) * count + i));
      state.freeze(nextEpoch()).failed();
      written(state.freeze(nextEpoch()));
      const space = (table as unknown as { space(namespace: number): { readonly bytes: number } }).space(0);
      if (round < 3) bytes = space.bytes;
      else expect(space.bytes).toBe(bytes);
    }
    for (let i = 0; i < count; i++)
      expect(table.get(0, keyAt(5 * count + i))).toEqual({ n: i, text: i % 5 === 0 ? 'x'.repeat(80) : 'v' });
  });
});
