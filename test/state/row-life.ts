/** A table of rows outside of the heap beside a model of it, through snapshots that are written, fail, are folded and restored. */
import * as fc from 'fast-check';
import { expect } from 'vitest';
import { KeyBytes, keyOfOne } from '../../src/batch/index.ts';
import {
  type BlobStore,
  type ChunkRef,
  chunkRef,
  loadChunks,
  type OperatorState,
  openMemoryStores,
} from '../../src/state/index.ts';
import { ChunkBuilder } from '../../src/state/chunk.ts';
import { SnapshotRounds } from './snapshot-rounds.ts';
import { keyGroups } from './state-fixture.ts';

export const keys = ['a', 'b', 'c', 'd'] as const;
export const namespaces = [0, -2.5, 1_700_000_000_000] as const;
export const groupOf = (key: string): number => (key.charCodeAt(0) * 7) % keyGroups;
/** As tables have it: canonical, so bytes that are no text. */
export const keyBytes = (key: string): KeyBytes => {
  const bytes = new KeyBytes();
  bytes.set(keyOfOne(key) + keyOfOne(key.length / 3));
  return bytes;
};

/** What happens to any such table. */
export const common = [
  { weight: 4, arbitrary: fc.record({ do: fc.constant('freeze' as const), fails: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('settle' as const), fails: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('step' as const), entries: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 2, arbitrary: fc.constant({ do: 'fail' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'fold' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'restore' as const }) },
] as const;
type Common = (typeof common)[number]['arbitrary'] extends fc.Arbitrary<infer T> ? T : never;

/** How a table is made and looked at, and its model, both by a line for each row, of some of the keys. */
export interface Kind<Subject extends { readonly state: OperatorState }, Model> {
  readonly make: (owned?: readonly [number, number]) => Subject;
  readonly lines: (subject: Subject, of?: readonly string[]) => string[];
  readonly empty: () => Model;
  readonly modelLines: (model: Model) => string[];
  readonly copy: (model: Model) => Model;
}

export class RowLife<Subject extends { readonly state: OperatorState }, Model> {
  subject: Subject;
  model: Model;
  readonly #kind: Kind<Subject, Model>;
  readonly #rounds = new SnapshotRounds();
  /** At the last freeze that was written, and at the one that is under way. */
  #written: Model;
  #atFreeze: Model;

  constructor(kind: Kind<Subject, Model>) {
    this.#kind = kind;
    this.subject = kind.make();
    this.model = kind.empty();
    this.#written = kind.empty();
    this.#atFreeze = kind.empty();
  }

  async do(operation: Common): Promise<void> {
    switch (operation.do) {
      case 'freeze':
        await this.#settle(operation.fails);
        return this.#freeze();
      case 'settle':
        return this.#settle(operation.fails);
      case 'step':
        return this.#rounds.step(operation.entries);
      case 'fail':
        return this.#rounds.fail();
      case 'fold':
        return this.#rounds.fold();
      case 'restore':
        return this.#restore();
    }
  }

  /** It is what its model is. */
  check(): void {
    const { lines, modelLines } = this.#kind;
    expect(lines(this.subject)).toEqual(modelLines(this.model));
    expect(this.subject.state.rows).toBe(modelLines(this.model).length);
  }

  /** The last snapshot has all of it, at so many subtasks. */
  async end(parallelism: number): Promise<void> {
    await this.#settle(false);
    this.#freeze();
    await this.#settle(false);
    expect(await this.#restored(parallelism)).toEqual(this.#kind.modelLines(this.model));
  }

  #freeze(): void {
    this.#rounds.freeze(this.subject.state);
    this.#atFreeze = this.#kind.copy(this.model);
  }

  async #settle(fails: boolean): Promise<void> {
    if (!(await this.#rounds.settle(fails))) return;
    this.#written = this.#atFreeze;
    expect(await this.#restored(1)).toEqual(this.#kind.modelLines(this.#written));
  }

  /** Another process goes on from what was written. */
  async #restore(): Promise<void> {
    this.#rounds.abandon();
    this.subject = this.#kind.make();
    await loadChunks(this.subject.state, this.#rounds.chain.refs(), this.#rounds.blobs);
    this.model = this.#kind.copy(this.#written);
  }

  /** What so many subtasks restore together; their keys are apart. */
  async #restored(parallelism: number): Promise<string[]> {
    const { make, lines } = this.#kind;
    const found = new Map<string, string[]>();
    for (let subtask = 0; subtask < parallelism; subtask++) {
      const owned = [
        Math.floor((subtask * keyGroups) / parallelism),
        Math.floor(((subtask + 1) * keyGroups) / parallelism),
      ] as const;
      const subject = make(owned);
      await loadChunks(subject.state, this.#rounds.chain.refs(), this.#rounds.blobs);
      expect(subject.state.rows).toBe(lines(subject).length);
      for (const key of keys) if (groupOf(key) >= owned[0] && groupOf(key) < owned[1]) found.set(key, lines(subject, [key]));
    }
    return namespaces.flatMap((namespace) =>
      keys.flatMap((key) => (found.get(key) ?? []).filter((line) => line.startsWith(`${namespace} `))),
    );
  }
}

/** A chunk with these records of the table 'rows': the text of a number, and a value. */
export async function chunkOf(
  codecId: string,
  ...records: readonly (readonly [string, Uint8Array])[]
): Promise<{ readonly refs: readonly ChunkRef[]; readonly blobs: BlobStore }> {
  const { blobs } = openMemoryStores();
  const builder = new ChunkBuilder('op', keyGroups);
  builder.at(3, { name: 'rows', codecId });
  for (const [key, value] of records) builder.add({ kind: 0, namespace: 0, key, value });
  const bytes = builder.finish()!;
  const ref = chunkRef('x/1', 'delta', bytes);
  await blobs.put(ref.id, bytes);
  return { refs: [ref], blobs };
}
