import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KeyBytes, keyOfOne } from '../../src/batch/index.ts';
import { loadChunks, OperatorState, type RowLog } from '../../src/state/index.ts';
import { readChunk } from '../../src/state/chunk.ts';
import { chunkOf, common, groupOf, type Kind, keyBytes, keys, namespaces, RowLife } from './row-life.ts';
import { boxCodec, drain, epochs, keyGroups, recordsOf } from './state-fixture.ts';

/** Rows in the order in which they came, by namespace. */
interface ModelRow {
  readonly key: string;
  readonly text: string;
  marked: boolean;
}
type Model = Map<number, ModelRow[]>;

function logState(owned: readonly [number, number] = [0, keyGroups]): { state: OperatorState; log: RowLog } {
  const state = new OperatorState({ operator: 'op', keyGroups, owned });
  state.table('before', boxCodec);
  const log = state.log('rows', 'text');
  state.table('behind', boxCodec);
  return { state, log };
}

function add(log: RowLog, namespace: number, key: string, text: string): void {
  const own = Buffer.from(text);
  const row = log.add(namespace, keyBytes(key), groupOf(key), own.length);
  const space = log.space(namespace)!;
  space.memoryOf(row).bytes.set(own, space.bytesOf(row));
}

/** The rows of a key, by way of its index. */
function rowsOf(log: RowLog, namespace: number, key: string): number[] {
  const space = log.space(namespace);
  const rows: number[] = [];
  for (let row = space?.first(keyBytes(key)) ?? 0; row !== 0; row = space!.next(row)) rows.push(row);
  return rows;
}

/** A line for each row, those of a key in their order. */
function lines({ log }: { readonly log: RowLog }, of: readonly string[] = keys): string[] {
  const all: string[] = [];
  for (const namespace of namespaces)
    for (const key of of)
      for (const row of rowsOf(log, namespace, key)) {
        const space = log.space(namespace)!;
        const text = space.memoryOf(row).bytes.toString('utf8', space.bytesOf(row), space.endOf(row));
        expect(space.keyOf(row)).toBe(keyBytes(key).text());
        all.push(`${namespace} ${key} ${space.groupOf(row)} ${text.slice(0, 20)} ${text.length} ${space.markedIn(row) > 0}`);
      }
  return all;
}

function modelLines(model: Model, of: readonly string[] = keys): string[] {
  return namespaces.flatMap((namespace) =>
    of.flatMap((key) =>
      (model.get(namespace) ?? [])
        .filter((row) => row.key === key)
        .map(({ text, marked }) => `${namespace} ${key} ${groupOf(key)} ${text.slice(0, 20)} ${text.length} ${marked}`),
    ),
  );
}

const copyOf = (model: Model): Model => new Map([...model].map(([n, rows]) => [n, rows.map((row) => ({ ...row }))]));

const kind: Kind<ReturnType<typeof logState>, Model> = {
  make: logState,
  lines,
  empty: () => new Map(),
  modelLines,
  copy: copyOf,
};

const place = { namespace: fc.constantFrom(...namespaces), key: fc.constantFrom(...keys) };
const sizes = fc.oneof(
  { weight: 60, arbitrary: fc.constantFrom(0, 1, 100, 200, 1500) },
  { weight: 1, arbitrary: fc.constant(300_000) }, // more than a segment
);
const operation = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({ do: fc.constant('add' as const), ...place, bytes: sizes }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('mark' as const), ...place, nth: fc.nat(5) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('drop' as const), namespace: place.namespace }) },
  ...common,
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

class Life extends RowLife<ReturnType<typeof logState>, Model> {
  #count = 0;

  constructor() {
    super(kind);
  }

  override async do(operation: Operation): Promise<void> {
    const { log } = this.subject;
    switch (operation.do) {
      case 'add': {
        const text = `${this.#count++} `.padEnd(operation.bytes, 'x');
        add(log, operation.namespace, operation.key, text);
        const rows = this.model.get(operation.namespace) ?? [];
        this.model.set(operation.namespace, [...rows, { key: operation.key, text, marked: false }]);
        return;
      }
      case 'mark': {
        const row = rowsOf(log, operation.namespace, operation.key)[operation.nth];
        const rows = (this.model.get(operation.namespace) ?? []).filter(({ key }) => key === operation.key);
        if (row === undefined) return expect(rows[operation.nth]).toBeUndefined();
        log.mark(log.space(operation.namespace)!, row);
        rows[operation.nth]!.marked = true;
        return;
      }
      case 'drop':
        log.drop(operation.namespace);
        this.model.delete(operation.namespace);
        return;
      default:
        return super.do(operation);
    }
  }
}

const value = Uint8Array.from([1, 65, 0, 66]);

describe('a log of rows', () => {
  test('S36, S37: whatever is added, marked, frozen, failed, folded and dropped, the chain restores what each freeze saw, in its order, at 1 to 4 subtasks', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(operation, { minLength: 20, maxLength: 120, size: 'max' }),
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

  test('has keys in great number, and keys of many rows', () => {
    const { log } = logState();
    const key = new KeyBytes();
    for (let n = 0; n < 60_000; n++) {
      key.set(keyOfOne(n % 40_000));
      log.add(0, key, n % keyGroups, 0);
    }
    const space = log.space(0)!;
    for (let n = 0; n < 40_000; n++) {
      key.set(keyOfOne(n));
      const first = space.first(key);
      const second = space.next(first);
      expect([first > 0, second > 0, second > 0 ? space.next(second) : 0]).toEqual([true, n < 20_000, 0]);
    }
    key.set(keyOfOne(40_000));
    expect([space.first(key), space.size, log.size, [...space.rows()].length]).toEqual([0, 60_000, 60_000, 60_000]);
  });

  test('S36: writes each row once, by its number, drops first, and what was marked later again', () => {
    const { state, log } = logState();
    const nextEpoch = epochs();
    const written = (): string[] => {
      const frozen = state.freeze(nextEpoch());
      const chunks = drain(frozen, 1);
      frozen.written();
      return chunks.flatMap((bytes) =>
        readChunk(bytes, 'x').sections.flatMap((section) =>
          recordsOf(section).map(({ kind, namespace, key }) => `${kind} ${section.group} ${namespace} ${key.charCodeAt(0)}`),
        ),
      );
    };
    add(log, 0, 'a', 'one');
    add(log, 0, 'a', 'two');
    expect(written()).toEqual(['0 7 0 0', '0 7 0 1']);
    expect(written()).toEqual([]);
    add(log, 0, 'a', 'three');
    log.mark(log.space(0)!, rowsOf(log, 0, 'a')[0]!);
    log.mark(log.space(0)!, rowsOf(log, 0, 'a')[0]!);
    expect(written()).toEqual(['0 7 0 2', '0 7 0 0']);
    log.drop(0);
    add(log, 0, 'a', 'four');
    expect(written()).toEqual(['2 7 0 NaN', '0 7 0 0']);
    add(log, -2.5, 'a', 'five');
    log.drop(-2.5);
    expect(written()).toEqual([]);
  });

  test('S38: refuses a snapshot in which rows are missing, or are not numbered', async () => {
    const load = async (key: string): Promise<void> => {
      const { refs, blobs } = await chunkOf('text', [key, value]);
      await loadChunks(logState().state, refs, blobs);
    };
    await load('\x00');
    for (const key of ['\x01', 'é', '\x00\x00\x00\x00\x7f\x7f'])
      await expect(load(key)).rejects.toMatchObject({ code: 'E_STATE_DAMAGED' });
  });

  test('S20: is frozen once at a time', () => {
    const { log } = logState();
    log.freeze();
    expect(() => log.freeze()).toThrow(/S20/);
  });

  test('uses the memory of what was dropped again', () => {
    const { log } = logState();
    const text = 'x'.repeat(1000);
    const memories = new Set<unknown>();
    for (let namespace = 1; namespace <= 50; namespace++) {
      for (let n = 0; n < 1000; n++) add(log, namespace, 'a', text);
      const space = log.space(namespace)!;
      for (const row of space.rows()) memories.add(space.memoryOf(row));
      log.drop(namespace);
    }
    // A namespace of a megabyte has four large pieces, and three small ones, which are its own.
    expect(memories.size).toBeLessThan(50 * 3 + 10);
  });
});
