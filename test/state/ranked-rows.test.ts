import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Memory } from '../../src/batch/index.ts';
import { loadChunks, OperatorState, type RankedSpace, type RowOrder } from '../../src/state/index.ts';
import { readChunk } from '../../src/state/chunk.ts';
import { chunkOf, common, groupOf, type Kind, keyBytes, keys, namespaces, RowLife } from './row-life.ts';
import { boxCodec, drain, epochs, keyGroups, recordsOf } from './state-fixture.ts';

/** A row is its score, a byte, and a text. The greatest scores come first. */
class ByScore implements RowOrder {
  readonly rows = 3;
  score = 0;

  isBefore({ bytes }: Memory, at: number): boolean {
    return this.score > bytes[at]!;
  }

  compare(a: Memory, aAt: number, b: Memory, bAt: number): number {
    return b.bytes[bAt]! - a.bytes[aAt]!;
  }
}
interface ModelRow {
  readonly score: number;
  readonly text: string;
  readonly ordinal: number;
}
interface ModelKey {
  readonly first: number;
  /** Best first. */
  readonly rows: readonly ModelRow[];
}
/** By namespace and key. */
type Model = Map<number, Map<string, ModelKey>>;

function rankedState(owned: readonly [number, number] = [0, keyGroups]) {
  const state = new OperatorState({ operator: 'op', keyGroups, owned });
  const order = new ByScore();
  state.table('before', boxCodec);
  const ranked = state.ranked('rows', 'score and text', order);
  state.table('behind', boxCodec);
  return { state, ranked, order };
}
type Ranked = ReturnType<typeof rankedState>;

/** Puts a row in, if it is not behind those that there are. */
function put({ ranked, order }: Ranked, namespace: number, key: string, { score, text, ordinal }: ModelRow): void {
  const own = Buffer.from(text);
  const space = ranked.filled(namespace);
  const known = space.find(keyBytes(key));
  order.score = score;
  if (known !== 0 && ranked.isFull(space, known)) {
    const last = space.lastOf(known);
    if (!order.isBefore(space.memoryOf(last), space.bytesOf(last))) return;
  }
  const at = known === 0 ? space.addKey(keyBytes(key), groupOf(key), ordinal) : known;
  const row = ranked.insert(space, at, ordinal, own.length + 1);
  const { bytes } = space.memoryOf(row);
  bytes[space.bytesOf(row)] = score;
  bytes.set(own, space.bytesOf(row) + 1);
}

function putInModel(model: Model, namespace: number, key: string, row: ModelRow): void {
  const keysOf = model.get(namespace) ?? new Map<string, ModelKey>();
  const { first, rows } = keysOf.get(key) ?? { first: row.ordinal, rows: [] };
  const behind = rows.filter(({ score }) => score < row.score);
  const all = [...rows.filter(({ score }) => score >= row.score), row, ...behind];
  keysOf.set(key, { first, rows: all.slice(0, 3) });
  model.set(namespace, keysOf);
}

const lineOf = (namespace: number, key: string, first: number, { score, text, ordinal }: ModelRow): string =>
  `${namespace} ${key} ${groupOf(key)} ${first} ${score} ${ordinal} ${text.slice(0, 20)} ${text.length}`;

/** A line for each row, those of a key in their order. */
function lines({ ranked }: Pick<Ranked, 'ranked'>, of: readonly string[] = keys): string[] {
  return namespaces.flatMap((namespace) => {
    const space = ranked.space(namespace);
    if (space === undefined) return [];
    return of.flatMap((key) => {
      const at = space.find(keyBytes(key));
      if (at === 0) return [];
      expect([space.textOf(at), space.groupOf(at)]).toEqual([keyBytes(key).text(), groupOf(key)]);
      const rows = rowsOf(space, at);
      expect([space.countOf(at), space.latestOf(at)]).toEqual([rows.length, Math.max(...rows.map(({ ordinal }) => ordinal))]);
      return rows.map((row) => lineOf(namespace, key, space.firstOf(at), row));
    });
  });
}

/** Best first. */
function rowsOf(space: RankedSpace, key: number): ModelRow[] {
  const rows: ModelRow[] = [];
  for (let row = space.lastOf(key); row !== 0; row = space.before(row)) {
    const { bytes } = space.memoryOf(row);
    const at = space.bytesOf(row);
    const text = bytes.toString('utf8', at + 1, at + space.ownBytes(row));
    rows.unshift({ score: bytes[at]!, ordinal: space.ordinalOf(row), text });
  }
  return rows;
}

function modelLines(model: Model, of: readonly string[] = keys): string[] {
  return namespaces.flatMap((namespace) =>
    of.flatMap((key) => {
      const known = model.get(namespace)?.get(key);
      return (known?.rows ?? []).map((row) => lineOf(namespace, key, known!.first, row));
    }),
  );
}

const copyOf = (model: Model): Model => new Map([...model].map(([namespace, of]) => [namespace, new Map(of)]));

const kind: Kind<Ranked, Model> = { make: rankedState, lines, empty: () => new Map(), modelLines, copy: copyOf };

const sizes = fc.oneof(
  { weight: 60, arbitrary: fc.constantFrom(0, 1, 20, 22, 100, 200, 1500) },
  { weight: 1, arbitrary: fc.constant(300_000) }, // more than a segment
);
const operation = fc.oneof(
  {
    weight: 14,
    arbitrary: fc.record({
      do: fc.constant('put' as const),
      namespace: fc.constantFrom(...namespaces),
      key: fc.constantFrom(...keys),
      score: fc.nat(20),
      bytes: sizes,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('drop' as const), namespace: fc.constantFrom(...namespaces) }) },
  ...common,
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

class Life extends RowLife<Ranked, Model> {
  #count = 0;

  constructor() {
    super(kind);
  }

  override async do(operation: Operation): Promise<void> {
    switch (operation.do) {
      case 'put': {
        const { namespace, key, score, bytes } = operation;
        const row = { score, text: `${this.#count} `.padEnd(bytes, 'x'), ordinal: ++this.#count };
        put(this.subject, namespace, key, row);
        return putInModel(this.model, namespace, key, row);
      }
      case 'drop':
        this.subject.ranked.drop(operation.namespace);
        this.model.delete(operation.namespace);
        return;
      default:
        return super.do(operation);
    }
  }
}

/** A key of one byte, two ordinals of 0, and a score. */
const value = Uint8Array.from([1, 65, ...new Array<number>(16).fill(0), 7]);

describe('ranked rows', () => {
  test('S39 to S42: whatever is put in, frozen, failed, folded and dropped, each key has its first rows, and the chain restores what each freeze saw, at 1 to 4 subtasks', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(operation, { minLength: 20, maxLength: 160, size: 'max' }),
        fc.integer({ min: 1, max: 4 }),
        async (operations, parallelism) => {
          const life = new Life();
          for (const operation of operations) {
            await life.do(operation);
            life.check();
          }
          await life.end(parallelism);
        },
      ),
      { numRuns: 200, seed: 5 },
    );
  });

  test('S42: writes each row once, by its number, drops first; one that takes the place of another has its number', () => {
    const subject = rankedState();
    const { state, ranked } = subject;
    const nextEpoch = epochs();
    const written = (): string[] => {
      const frozen = state.freeze(nextEpoch());
      const chunks = drain(frozen, 1);
      frozen.written();
      return chunks.flatMap((bytes) =>
        readChunk(bytes, 'x').sections.flatMap((section) =>
          recordsOf(section).map(
            ({ kind, namespace, key, value: { length } }) =>
              `${kind} ${section.group} ${namespace} ${key.charCodeAt(0)} ${length === 0 ? '' : length - keyBytes('a').length - 18}`,
          ),
        ),
      );
    };
    let ordinal = 0;
    const add = (score: number, text: string, namespace = 0): void =>
      put(subject, namespace, 'a', { score, text, ordinal: ++ordinal });
    add(1, 'one');
    add(2, 'fifteen');
    expect(written()).toEqual(['0 7 0 0 3', '0 7 0 1 7']);
    expect(written()).toEqual([]);
    add(3, 'x');
    add(1, 'is behind');
    add(4, 'y'.repeat(100)); // in the place of 'one', whose block is too small
    add(2, 'is behind as well');
    expect(written()).toEqual(['0 7 0 2 1', '0 7 0 0 100']);
    add(5, '55'); // in the place of 'fifteen'
    add(6, '666'); // of 'x'
    add(7, '7777'); // of the long one
    expect(written()).toEqual(['0 7 0 1 2', '0 7 0 2 3', '0 7 0 0 4']);
    ranked.drop(0);
    add(1, 'four');
    expect(written()).toEqual(['2 7 0 NaN ', '0 7 0 0 4']);
    add(1, 'five', -2.5);
    ranked.drop(-2.5);
    expect(written()).toEqual([]);
  });

  test('S40, S41: refuses a snapshot in which rows are missing, are not numbered, or are more than there may be', async () => {
    const load = async (...numbers: readonly string[]): Promise<void> => {
      const { refs, blobs } = await chunkOf('score and text', ...numbers.map((key) => [key, value] as const));
      await loadChunks(rankedState().state, refs, blobs);
    };
    await load('\x00', '\x01', '\x02');
    for (const numbers of [['\x01'], ['\x00', '\x02'], ['é'], ['\x00', '\x01', '\x02', '\x03']])
      await expect(load(...numbers)).rejects.toMatchObject({ code: 'E_STATE_DAMAGED' });
    const { refs, blobs } = await chunkOf('score and text', ['\x00', value.subarray(0, 12)]);
    await expect(loadChunks(rankedState().state, refs, blobs)).rejects.toMatchObject({ code: 'E_STATE_DAMAGED' });
  });

  test('S20: are frozen once at a time', () => {
    const { ranked } = rankedState();
    ranked.freeze();
    expect(() => ranked.freeze()).toThrow(/S20/);
  });

  test('have keys in great number, in the order of their first rows', () => {
    const subject = rankedState();
    for (let n = 0; n < 60_000; n++) {
      const key = String((n * 7919) % 20_000);
      put(subject, 0, key, { score: n % 200, text: key, ordinal: n + 1 });
    }
    const space = subject.ranked.space(0)!;
    const found = [...space.keys()];
    expect([found.length, space.keyCount, space.isOrdered, subject.ranked.size]).toEqual([20_000, 20_000, true, 60_000]);
    for (const [i, key] of found.entries()) {
      const name = String((i * 7919) % 20_000);
      expect(rowsOf(space, key).map(({ text }) => text)).toEqual([name, name, name]);
      expect(space.textOf(key)).toBe(keyBytes(name).text());
    }
  });

  test('need no more memory when others have taken the places of all of them, time and again', () => {
    const subject = rankedState();
    const nextEpoch = epochs();
    let ordinal = 0;
    const bytes: number[] = [];
    for (let round = 0; round < 60; round++) {
      const frozen = round < 20 ? undefined : subject.state.freeze(nextEpoch());
      for (let n = 0; n < 3000; n++) {
        const text = 'x'.repeat((n * 31 + round * 97) % 500);
        put(subject, 0, String(n % 1000), { score: round, text, ordinal: ++ordinal });
      }
      if (frozen !== undefined) drain(frozen);
      if (round % 4 === 3) frozen?.failed();
      else frozen?.written();
      bytes.push(subject.ranked.space(0)!.bytes);
    }
    // Sizes come in another order each round; after some of them there is a block for each that may be wanted.
    expect(bytes[19]! / bytes[5]!).toBeLessThan(1.1);
    expect(bytes[59]! / bytes[29]!).toBeLessThan(1.1);
  });

  test('give back the memory of what was dropped', () => {
    const subject = rankedState();
    const memories = new Set<unknown>();
    for (let namespace = 1; namespace <= 50; namespace++) {
      for (let n = 0; n < 1000; n++) put(subject, namespace, String(n), { score: 1, text: 'x'.repeat(1000), ordinal: n + 1 });
      const space = subject.ranked.space(namespace)!;
      for (const key of space.keys()) memories.add(space.memoryOf(space.lastOf(key)));
      subject.ranked.drop(namespace);
    }
    expect(memories.size).toBeLessThan(50 * 3 + 10);
  });
});
