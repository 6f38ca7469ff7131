import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { batchOf, type BatchSchema, hashKey, keyGroupOf, type SchemaField } from '../../src/batch/index.ts';
import {
  aggregateOperator,
  asOfJoinOperator,
  countWindowOperator,
  dedupOperator,
  globalWindowOperator,
  joinOperator,
  keyExtractor,
  mapAsyncOperator,
  perEpochOperator,
  processOperator,
  sessionOperator,
  upsertsOperator,
} from '../../src/operators/index.ts';
import type { Operator } from '../../src/operators/index.ts';
import { applyExpr, columnExpr } from '../../src/expr/index.ts';
import type { Emission, EmissionMode, JoinNode, JoinType } from '../../src/plan/index.ts';
import { openMemoryStores } from '../../src/state/index.ts';
import { type FedItem, OperatorRun, type OperatorSnapshot, testBarrier, testKeyGroups } from '../../src/testing/operator-run.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import {
  aggregateNode,
  clock,
  dedupNode,
  eventBatch,
  events,
  type EventRow,
  field,
  joinNode,
  number,
  otherRows,
  perEpochNode,
  processNode,
  rowsItem,
  schemaOf,
  sliding,
  sourceNode,
  text,
  type TriggerFace,
  triggerSpec,
  watermark,
} from './operator-fixture.ts';

const fieldsOf = (schema: BatchSchema): readonly SchemaField[] => (schema.kind === 'any' ? [] : schema.fields);
const emissions: Emission[] = [
  { port: 'append', mode: 'append', everyMs: 0 },
  { port: 'update', mode: 'update', everyMs: 2000 },
];
const windows = (): Operator =>
  aggregateOperator(aggregateNode({ window: sliding(30, 10), aggregates: { sum: { fn: 'sum', column: 'value' } } }), emissions);

const best = (): Operator => {
  const top = {
    rows: 2,
    by: [
      { column: 'value', order: 'desc' as const },
      { column: 'at', order: 'asc' as const },
    ],
    columns: ['at', 'value'],
  };
  const node = aggregateNode({ window: sliding(30, 10), aggregates: { rank: { fn: 'top', top } } });
  const schema = schemaOf(
    ...fieldsOf(node.schema).slice(0, 2),
    field('at', number),
    field('value', number),
    field('rank', number),
  );
  return aggregateOperator({ ...node, schema }, emissions);
};
/** They are written again for rows that come up to 20 ms after their end. */
const lenient = (): Operator =>
  aggregateOperator(
    aggregateNode({ window: { ...sliding(30, 10), latenessMs: 20 }, aggregates: { sum: { fn: 'sum', column: 'value' } } }),
    [emissions[1]!, { port: 'complete', mode: 'complete', everyMs: 0 }],
  );

const growing = (): Operator =>
  aggregateOperator(
    aggregateNode({ window: { ...sliding(30, 10), cumulative: true }, aggregates: { sum: { fn: 'sum', column: 'value' } } }),
    emissions,
  );

const counts = (): Operator =>
  countWindowOperator(aggregateNode({ count: { size: 3, slide: 2 }, aggregates: { sum: { fn: 'sum', column: 'value' } } }), [
    ...emissions,
    { port: 'complete', mode: 'complete', everyMs: 0 },
  ]);

/** With each third row, or once the watermark has passed the first by 25: what goes out stays, or is purged. */
const global = (keeps: boolean) => (): Operator => {
  const fired = (face: TriggerFace): string => {
    face.state.n.clear();
    return keeps ? 'emit' : 'emit-and-purge';
  };
  const trigger = triggerSpec(
    {
      onRow({ at, value }, face) {
        const n = (face.state.n.get() ?? 0) + 1;
        face.state.n.set(n);
        if (n === 1) face.setTimer(at + 25);
        if (value === 1) return 'purge';
        return n === 3 ? fired(face) : 'continue';
      },
      onTimer: (_, face) => fired(face),
    },
    keeps,
  );
  const modes: readonly EmissionMode[] = keeps ? ['update', 'retract', 'complete'] : ['append'];
  return globalWindowOperator(
    aggregateNode({ trigger, aggregates: { sum: { fn: 'sum', column: 'value' } } }),
    modes.map((mode) => ({ port: mode, mode, everyMs: mode === 'update' ? 2000 : 0 })),
  );
};

const sessions = (): Operator =>
  sessionOperator(aggregateNode({ session: { column: 'at', gap: 15 }, aggregates: { sum: { fn: 'sum', column: 'value' } } }), [
    ...emissions,
    { port: 'complete', mode: 'complete', everyMs: 0 },
  ]);

const firsts = (): Operator => dedupOperator(dedupNode(['key', 'at'], { until: 'passed', column: 'at' }));
const expiring = (): Operator => dedupOperator(dedupNode(['key'], { until: 'expired', ms: 25, column: 'at' }));

/** Sets a timer for each row, and says how many rows there were when it fires. */
const timers = (): Operator =>
  processOperator(
    processNode({
      schema: schemaOf(field('key', text), field('at', number), field('n', number)),
      state: { n: { kind: 'value', value: field('n', number) } },
      onRow: ((
        row: { at: number },
        { state, setTimer }: { state: { n: { get(): number | undefined; set(n: number): void } }; setTimer(at: number): void },
      ) => {
        state.n.set((state.n.get() ?? 0) + 1);
        setTimer(row.at + 25);
      }) as never,
      onTimer: ((at: number, { key, state, emit }: { key: string; state: { n: { get(): number } }; emit(row: object): void }) =>
        emit({ key, at, n: state.n.get() })) as never,
    }),
  );

/** The last row of each key, and which of them are gone. */
const lasts = (): Operator =>
  upsertsOperator({
    kind: 'upserts',
    input: sourceNode(removable),
    keys: ['key'],
    deleted: 'gone',
    ttlMs: 2000,
    site: 'job.ts:8',
    schema: events,
  });

const join =
  (how: JoinType, more: Partial<JoinNode> = {}) =>
  (): Operator =>
    joinOperator(joinNode({ how, bound: { left: 'at', right: 'seen', lowMs: -3, highMs: 9 }, ...more }));
const above = applyExpr(
  'gt',
  columnExpr(['left', 'value'], { type: number, nullable: true }),
  columnExpr(['right', 'n'], { type: number, nullable: false }),
);

/** The sum of all that ever came for a key, at each barrier; a key is forgotten when that is a multiple of 5. */
const totals = (): Operator =>
  perEpochOperator(
    perEpochNode({
      schema: schemaOf(field('key', text), field('batch', number), field('total', number)),
      onEpoch: ((
        rows: readonly { value: number }[],
        { key, state = 0, batch }: { key: string; state?: number; batch: number },
      ) => {
        const total = rows.reduce((sum, { value }) => sum + value, state);
        return { rows: [{ key, batch, total }], ...(total % 5 === 0 ? {} : { state: total }) };
      }) as never,
    }),
  );

const asOf = (toleranceMs: number) => (): Operator =>
  asOfJoinOperator(joinNode({ how: 'left', asOf: true, bound: { left: 'at', right: 'seen', lowMs: -toleranceMs, highMs: 0 } }));
/** Remembers for a time, lists, and sets a timer on the clock for each row; the clock has passed all of them. */
const byTheClock = (): Operator =>
  processOperator(
    processNode({
      schema: schemaOf(field('key', text), field('at', number), field('n', number)),
      state: {
        n: { kind: 'value', value: field('n', number), ttlMs: 1_000_000 },
        all: { kind: 'list', value: field('n', number), ttlMs: 1_000_000 },
      },
      onRow: ((row: { value: number }, { state, setProcessingTimer }: ClockContext) => {
        state.n.set((state.n.get() ?? 0) + 1);
        state.all.push(row.value);
        setProcessingTimer(state.n.get()!);
      }) as never,
      onProcessingTimer: ((at: number, { key, state, emit }: ClockContext) =>
        emit({ key, at, n: [...state.all].reduce((sum, n) => sum * 10 + n, 0) })) as never,
    }),
  );
/** The same, forgotten in event time. */
const fading = (): Operator =>
  processOperator(
    processNode({
      schema: schemaOf(field('key', text), field('at', number), field('n', number)),
      timeColumns: ['at'],
      state: {
        n: { kind: 'value', value: field('n', number), ttlMs: 25, ttlTime: 'event' },
        all: { kind: 'list', value: field('n', number), ttlMs: 25, ttlTime: 'event' },
      },
      onRow: ((row: { at: number; value: number }, { key, state, emit }: ClockContext) => {
        emit({ key, at: state.n.get() ?? 0, n: [...state.all].reduce((sum, n) => sum * 10 + n, 0) });
        state.n.set(row.value);
        state.all.push(row.value);
      }) as never,
    }),
  );
interface ClockContext {
  readonly key: string;
  readonly state: {
    readonly n: { get(): number | undefined; set(n: number): void };
    readonly all: Iterable<number> & { push(n: number): void };
  };
  emit(row: object): void;
  setProcessingTimer(at: number): void;
}

/** Each row's answer comes some turns later, mostly after a barrier. */
const calls = (ordered: boolean) => (): Operator =>
  mapAsyncOperator({
    kind: 'mapAsync',
    site: 'job.ts:9',
    input: sourceNode(),
    schema: schemaOf(field('key', text), field('at', number), field('twice', number)),
    fn: async ({ key, at, value }: Required<EventRow>) => {
      for (let turns = value!; turns > 0; turns -= 2) await setImmediate();
      return { key, at, twice: value! * 2 };
    },
    spec: { concurrency: 3, ordered, timeoutMs: 1000, attempts: 1 },
  });

const keys = Array.from({ length: 12 }, (_, i) => `key ${i}`);

interface Life {
  /** Parallelism of each generation; a checkpoint with a barrier lies between two. */
  readonly parallelism: readonly number[];
  readonly rows: readonly (readonly Required<EventRow>[])[];
}
const lives: fc.Arbitrary<Life> = fc
  .record({
    parallelism: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 2, maxLength: 4 }),
    rows: fc.array(
      fc.array(
        fc.record({
          key: fc.constantFrom(...keys),
          at: fc.integer({ min: -40, max: 90 }),
          value: fc.integer({ min: 1, max: 9 }),
        }),
        { maxLength: 12 },
      ),
      { minLength: 4, maxLength: 4 },
    ),
  })
  .map(({ parallelism, rows }) => {
    let max = -Infinity;
    const stamped = rows.map((part) =>
      part.map((row) => {
        const stamp = max - 20;
        max = Math.max(max, row.at);
        return { ...row, stamp };
      }),
    );
    return { parallelism, rows: stamped };
  });

const groupsOf = (parallelism: number): (readonly [number, number])[] =>
  Array.from(
    { length: parallelism },
    (_, i) => [Math.ceil((i * testKeyGroups) / parallelism), Math.ceil(((i + 1) * testKeyGroups) / parallelism)] as const,
  );

type Feed = (rows: readonly Required<EventRow>[]) => readonly FedItem[];
const asTheyAre: Feed = (rows) => [rowsItem(rows)];
/** As both sides of a join. */
const asBoth: Feed = (rows) => [
  rowsItem(rows),
  otherRows(...rows.map(({ key, at, value, stamp }) => ({ other: key, seen: at, n: value!, stamp }))),
];

const removable = schemaOf(...fieldsOf(events), field('gone', { kind: 'bool' }));
/** Some rows take away what their keys have. */
const asUpserts: Feed = (rows) => {
  const batch = batchOf(
    removable,
    rows.map(({ key, at, value }) => ({ key, at, value, gone: value! > 7 })),
    { origin: { split: 's', first: 0 } },
  );
  return [{ kind: 'rows', batch, advances: true }];
};

/** Some rows are versions, the others meet them. */
const asVersions: Feed = (rows) => [
  rowsItem(rows.filter(({ value }) => value! > 3)),
  otherRows(
    ...rows.filter(({ value }) => value! <= 3).map(({ key, at, value, stamp }) => ({ other: key, seen: at, n: value!, stamp })),
  ),
];

interface Moved {
  readonly make: () => Operator;
  /** What becomes of a subtask's rows. */
  readonly feed?: Feed;
  /** By which rows are spread (`key`). */
  readonly columns?: readonly string[];
}

/** All rows of all generations, as text, sorted. */
async function run({ make, feed = asTheyAre, columns = ['key'] }: Moved, { parallelism, rows }: Life): Promise<string[]> {
  const { blobs } = openMemoryStores();
  let snapshots: OperatorSnapshot[] = [];
  const out: string[] = [];
  for (let generation = 0; generation < rows.length; generation++) {
    const subtasks = await Promise.all(
      groupsOf(parallelism[generation % parallelism.length]!).map((owned) =>
        OperatorRun.restored({ make, blobs, clock: new VirtualClock(), owned, epochTime: generation * 1000 }, snapshots),
      ),
    );
    const part = rows[generation]!;
    const last = generation === rows.length - 1;
    const next = rows.slice(generation + 1).flat()[0];
    snapshots = [];
    for (const [i, subtask] of subtasks.entries()) {
      const [from, to] = groupsOf(subtasks.length)[i]!;
      const own = part.filter((row) => {
        const group = keyGroupOf(hashKey(keyExtractor({ columns })(eventBatch([row]))(0)), testKeyGroups);
        return group >= from && group < to;
      });
      const items: FedItem[] = [...feed(own), clock(1), watermark(last ? Infinity : (next?.stamp ?? -Infinity))];
      for (const item of items) await subtask.feed(item);
      snapshots.push(
        await subtask.barrier(testBarrier(generation + 1, generation % 2 === 0 || last ? [2000] : [], last ? 'end' : undefined)),
      );
      out.push(...subtask.emitted.map(({ port, kind, row }) => JSON.stringify([port, kind, row])));
    }
  }
  return out.sort();
}

describe('keyed operators whose key groups move at each restore', () => {
  test.each<[string, Moved]>([
    ['windows', { make: windows }],
    ['windows that take late rows', { make: lenient }],
    ['windows that grow', { make: growing }],
    ['windows of so many rows', { make: counts }],
    ['global windows', { make: global(false) }],
    ['global windows that keep what goes out', { make: global(true) }],
    ['the first of windows', { make: best }],
    ['timers', { make: timers }],
    ['sessions', { make: sessions }],
    ['full joins', { make: join('full'), feed: asBoth }],
    ['anti joins', { make: join('anti'), feed: asBoth }],
    ['full joins that ask for more', { make: join('full', { condition: above }), feed: asBoth }],
    ['as-of joins', { make: asOf(Infinity), feed: asVersions }],
    ['as-of joins that grow old', { make: asOf(30), feed: asVersions }],
    ['timers on the clock, and what lasts for a time,', { make: byTheClock }],
    ['what is forgotten in event time', { make: fading }],
    ['what is taken epoch by epoch', { make: totals }],
    ['first rows', { make: firsts, columns: ['key', 'at'] }],
    ['last rows', { make: lasts, feed: asUpserts }],
    ['first rows that expire', { make: expiring }],
    ['calls', { make: calls(true) }],
    ['calls out of order', { make: calls(false) }],
  ])('%s give the same rows at any parallelism', async (_, moved) => {
    await fc.assert(
      fc.asyncProperty(lives, async (life) => {
        expect(await run(moved, life)).toEqual(await run(moved, { ...life, parallelism: [1] }));
      }),
      { numRuns: 25 },
    );
  });
});
