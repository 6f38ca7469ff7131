import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  chunkBytesMax,
  type ChunkRef,
  loadChunks,
  OperatorState,
  openMemoryStores,
  SnapshotChain,
  type StateTable,
} from '../../src/state/index.ts';
import { SnapshotRounds } from './snapshot-rounds.ts';
import {
  type Box,
  boxCodec,
  boxState,
  contents,
  drain,
  epochs,
  ids,
  keyGroups,
  restored,
  store,
  written,
} from './state-fixture.ts';

/** A plain map beside the table: what should be there. */
class Model {
  readonly #maps = [new Map<string, number>(), new Map<string, number>()];
  static #place = (namespace: number, key: string): string => `${namespace} ${key} ${groupOf(key)}`;

  put(table: number, namespace: number, key: string, n: number): void {
    this.#maps[table]!.set(Model.#place(namespace, key), n);
  }
  add(table: number, namespace: number, key: string): void {
    const place = Model.#place(namespace, key);
    const n = this.#maps[table]!.get(place);
    if (n !== undefined) this.#maps[table]!.set(place, n + 1);
  }
  delete(table: number, namespace: number, key: string): void {
    this.#maps[table]!.delete(Model.#place(namespace, key));
  }
  drop(table: number, namespace: number): void {
    for (const place of this.#maps[table]!.keys()) if (place.startsWith(`${namespace} `)) this.#maps[table]!.delete(place);
  }
  contents(): string[] {
    return this.#maps.flatMap((map, table) => [...map].map(([place, n]) => `${table} ${place} ${n}`)).sort();
  }
}

const groupOf = (key: string): number => (key.charCodeAt(0) * 7) % keyGroups;

/** Few places and many freezes: what goes wrong goes wrong where changes of one key meet a failure. */
const place = {
  table: fc.constantFrom(0, 0, 0, 1),
  namespace: fc.constantFrom(0, 0, -2.5, 1_700_000_000_000),
  key: fc.constantFrom('a', 'b', 'c'),
};
const operation = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('put' as const), ...place, n: fc.integer() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('modify' as const), ...place }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('delete' as const), ...place }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('drop' as const), ...place }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('freeze' as const), fails: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('step' as const), entries: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 2, arbitrary: fc.constant({ do: 'fail' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'fold' as const }) },
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

/** Runs operations on state and model; at every written delta, the chain must restore what the model was at its freeze. */
class Life {
  readonly model = new Model();
  readonly rounds = new SnapshotRounds();
  readonly #state: OperatorState;
  readonly tables: readonly StateTable<Box>[];
  #expected: string[] = [];

  constructor() {
    ({ state: this.#state, tables: this.tables } = boxState());
  }

  async do(operation: Operation): Promise<void> {
    switch (operation.do) {
      case 'put':
        this.tables[operation.table]!.put(operation.namespace, operation.key, groupOf(operation.key), { n: operation.n });
        return this.model.put(operation.table, operation.namespace, operation.key, operation.n);
      case 'modify': {
        const box = this.tables[operation.table]!.modify(operation.namespace, operation.key);
        if (box !== undefined) box.n += 1;
        return this.model.add(operation.table, operation.namespace, operation.key);
      }
      case 'delete':
        this.tables[operation.table]!.delete(operation.namespace, operation.key);
        return this.model.delete(operation.table, operation.namespace, operation.key);
      case 'drop':
        this.tables[operation.table]!.drop(operation.namespace);
        return this.model.drop(operation.table, operation.namespace);
      case 'freeze':
        await this.settle(operation.fails);
        return this.freeze();
      case 'step':
        return this.rounds.step(operation.entries);
      case 'fail':
        return this.rounds.fail();
      case 'fold':
        await this.rounds.fold();
    }
  }

  freeze(): void {
    this.rounds.freeze(this.#state);
    this.#expected = this.model.contents();
  }

  async settle(fails: boolean): Promise<void> {
    if (await this.rounds.settle(fails)) expect(await this.restored(1)).toEqual(this.#expected);
  }

  restored(parallelism: number): Promise<string[]> {
    return restored(this.rounds.chain.refs(), this.rounds.blobs, parallelism);
  }
}

describe('keyed state', () => {
  it('S4, S21, S28, S31: whatever is written, frozen, failed and folded, the chain restores what each freeze saw, at 1 to 4 subtasks', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(operation, { minLength: 20, maxLength: 150, size: 'max' }),
        fc.integer({ min: 1, max: 4 }),
        async (operations, parallelism) => {
          const life = new Life();
          for (const operation of operations) await life.do(operation);
          expect(contents(life.tables)).toEqual(life.model.contents());
          await life.settle(false);
          life.freeze();
          await life.settle(false);
          expect(await life.restored(parallelism)).toEqual(life.model.contents());
        },
      ),
      { numRuns: 400, seed: 11 },
    );
  });

  it('S26: goes from p to q subtasks and back, each with its own chain', async () => {
    const { blobs } = openMemoryStores();
    const nextId = ids();
    const nextEpoch = epochs();
    let refs: readonly ChunkRef[] = [];
    const model = new Map<string, number>();
    for (const [round, parallelism] of [1, 3, 2, 4, 1, 2].entries()) {
      const after: ChunkRef[] = [];
      for (let subtask = 0; subtask < parallelism; subtask++) {
        const owned = [
          Math.floor((subtask * keyGroups) / parallelism),
          Math.floor(((subtask + 1) * keyGroups) / parallelism),
        ] as const;
        const { state, tables } = boxState(owned);
        const chain = new SnapshotChain({ operator: 'op', owned, refs });
        await loadChunks(state, chain.refs(), blobs);
        for (let i = 0; i < 12; i++) {
          for (let k = 0; k < 40; k++) {
            const group = (k * 5) % keyGroups;
            if (group < owned[0] || group >= owned[1] || (k + i + round) % 3 !== 0) continue;
            const key = `k${k}`;
            if ((k + i) % 5 === 0) {
              tables[0]!.delete(0, key);
              model.delete(key);
            } else {
              tables[0]!.put(0, key, group, { n: round * 1000 + i });
              model.set(key, round * 1000 + i);
            }
          }
          const frozen = state.freeze(nextEpoch());
          chain.append(await store(drain(frozen), blobs, nextId));
          frozen.written();
          await chain.fold(blobs, nextId);
        }
        after.push(...chain.refs());
      }
      refs = after;
      const expected = [...model].map(([key, n]) => `0 0 ${key} ${(Number(key.slice(1)) * 5) % keyGroups} ${n}`).sort();
      for (const q of [1, 2, 3, 4]) expect(await restored(refs, blobs, q)).toEqual(expected);
    }
  });

  it('S25: cuts chunks at their bound, and takes a longer value as one', async () => {
    const state = new OperatorState({ operator: 'op', keyGroups, owned: [0, keyGroups] });
    const table = state.table<Uint8Array>('bytes', {
      id: 'bytes:1',
      write: (out, value) => out.bytes(value),
      read: (from) => from.bytes(),
    });
    for (let i = 0; i < 40; i++) table.put(0, `k${i}`, i % keyGroups, new Uint8Array(100_000).fill(i));
    table.put(0, 'long', 3, new Uint8Array(3_000_000).fill(200));
    const chunks = written(state.freeze(epochs()()));
    const over = chunks.filter((chunk) => chunk.length > chunkBytesMax);
    expect(over).toHaveLength(1);
    const { blobs } = openMemoryStores();
    const refs = await store(chunks, blobs, ids());
    const again = new OperatorState({ operator: 'op', keyGroups, owned: [0, keyGroups] });
    const copy = again.table<Uint8Array>('bytes', {
      id: 'bytes:1',
      write: (out, value) => out.bytes(value),
      read: (from) => from.bytes(),
    });
    await loadChunks(again, refs, blobs);
    expect([copy.size, copy.get(0, 'k39')?.[99_999], copy.get(0, 'long')?.length]).toEqual([41, 39, 3_000_000]);
  });

  it('S20: refuses a second freeze before the first is settled', () => {
    const { state } = boxState();
    const nextEpoch = epochs();
    state.freeze(nextEpoch());
    expect(() => state.freeze(nextEpoch())).toThrow('S20');
  });

  it('S20: settling twice changes nothing', () => {
    const { state, tables } = boxState();
    const nextEpoch = epochs();
    tables[0]!.put(0, 'a', 1, { n: 1 });
    const frozen = state.freeze(nextEpoch());
    drain(frozen);
    frozen.written();
    frozen.failed();
    expect(drain(state.freeze(nextEpoch()))).toEqual([]);
  });

  it('S24: refuses to declare a table twice', () => {
    const { state } = boxState();
    expect(() => state.table('a', boxCodec)).toThrow('S24');
  });

  it('keeps its own copy of a value whose codec detaches', () => {
    const state = new OperatorState({ operator: 'op', keyGroups, owned: [0, keyGroups] });
    const table = state.table('a', { ...boxCodec, detach: true });
    const mine = { n: 1 };
    table.put(0, 'a', 0, mine);
    mine.n = 2;
    expect(table.get(0, 'a')).toEqual({ n: 1 });
  });

  it('gives entries of a namespace in the order of insertion', () => {
    const { tables } = boxState();
    for (const key of ['c', 'a', 'b']) tables[0]!.put(0, key, 0, { n: 0 });
    tables[0]!.put(0, 'a', 0, { n: 1 });
    expect([...tables[0]!.entries(0)].map((entry) => entry.key)).toEqual(['c', 'a', 'b']);
    expect([tables[0]!.count(0), tables[0]!.size, [...tables[0]!.namespaces()]]).toEqual([3, 3, [0]]);
  });
});
