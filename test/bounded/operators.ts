/**
 * Every operator that keeps state, as `npm run test:bounded` runs it: over rows without end, under a watermark that follows them. Who adds one
 * adds it here; a test holds this list against those that there are.
 */
import {
  aggregateOperator,
  asOfJoinOperator,
  countWindowOperator,
  dedupOperator,
  globalWindowOperator,
  joinOperator,
  type Operator,
  perEpochOperator,
  processOperator,
  reduceOperator,
  regularJoinOperator,
  sessionOperator,
  tableJoinOperator,
  upsertsOperator,
} from '../../src/operators/index.ts';
import type { AggregateNode, Emission, TopSpec, TriggerSpec, WindowSpec } from '../../src/plan/index.ts';
import type { FedItem } from '../../src/testing/operator-run.ts';
import {
  aggregateNode,
  type AggregateOptions,
  dedupNode,
  type EventRow,
  events,
  field,
  joinNode,
  number,
  otherRows,
  perEpochNode,
  processNode,
  reduceNode,
  rowsItem,
  schemaOf,
  sliding,
  sourceNode,
  text,
  time,
  triggerSpec,
  tumbling,
} from '../operators/operator-fixture.ts';

/** As both sides of a join. */
const asBoth: Bounded['feed'] = (rows) => [
  rowsItem(rows),
  otherRows(...rows.map(({ key, at, stamp }) => ({ other: key, seen: at, stamp }))),
];
const secondsAfter = { left: 'at', right: 'seen', lowMs: 0, highMs: 2000 };
const titles: readonly FedItem[] = [otherRows({ other: 'x', seen: 1 })];

export interface Bounded {
  readonly make: () => Operator;
  /** The n-th row's key: one that does not come again for those whose windows close; of a fixed set where a key is kept for ever. */
  readonly key: (n: number) => string;
  /** What becomes of the rows: they are fed as they are, unless said. */
  readonly feed?: (rows: readonly Required<EventRow>[]) => readonly FedItem[];
}
type Sample = { n: { get(): number | undefined; set(n: number): void; clear(): void } };

const append: Emission = { port: 'append', mode: 'append', everyMs: 0 };
const update: Emission = { port: 'update', mode: 'update', everyMs: 0 };
const both = [append, update];
const sum: AggregateOptions['aggregates'] = { sum: { fn: 'sum', column: 'value' } };
/** The two latest rows of each key. */
function firstRows(window?: WindowSpec): AggregateNode {
  const top: TopSpec = { rows: 2, by: [{ column: 'at', order: 'desc' }], columns: ['at', 'value'] };
  const node = aggregateNode({ ...(window === undefined ? {} : { window }), aggregates: { rank: { fn: 'top', top } } });
  const windows = node.schema.kind === 'columns' ? node.schema.fields.slice(0, window === undefined ? 0 : 1) : [];
  const rows = [field('key', text), field('at', time, true), field('value', number, true), field('rank', number)];
  return { ...node, schema: schemaOf(...windows, ...rows) };
}

/** A second after the first row. */
const secondAfter = (keeps: boolean): TriggerSpec =>
  triggerSpec(
    {
      onRow({ at }, { state: { n }, setTimer }) {
        if (n.get() === undefined) setTimer(at + 1000);
        n.set(1);
        return 'continue';
      },
      onTimer(_, { state: { n } }) {
        n.clear();
        return keeps ? 'emit' : 'emit-and-purge';
      },
    },
    keeps,
  );
/** Ten rows have a key, and then it never comes again. */
const passing = (n: number): string => keyOf(Math.floor(n / 10));
const fixed = (n: number): string => keyOf(n % 100);
/** All are of one length. */
function keyOf(n: number): string {
  return `key ${String(n).padStart(12, '0')}`;
}

/** By the file that it is in. */
export const boundedOperators: Readonly<Record<string, Readonly<Record<string, Bounded>>>> = {
  'aggregate-operator': {
    tumbling: { make: () => aggregateOperator(aggregateNode({ window: tumbling(1000), aggregates: sum }), both), key: passing },
    sliding: {
      make: () => aggregateOperator(aggregateNode({ window: sliding(1000, 100), aggregates: sum }), both),
      key: passing,
    },
    growing: {
      make: () =>
        aggregateOperator(aggregateNode({ window: { ...sliding(1000, 100), cumulative: true }, aggregates: sum }), both),
      key: passing,
    },
    lenient: {
      make: () =>
        aggregateOperator(aggregateNode({ window: { ...tumbling(1000), latenessMs: 3000 }, aggregates: sum }), [update]),
      key: passing,
    },
    instants: { make: () => aggregateOperator(aggregateNode({ keys: ['key', 'at'], aggregates: sum }), [append]), key: passing },
    'first rows of windows': {
      make: () => aggregateOperator(firstRows(sliding(1000, 100)), both),
      key: passing,
    },
    'first rows': {
      make: () => aggregateOperator(firstRows(), [update]),
      key: fixed,
    },
    running: {
      make: () => aggregateOperator(aggregateNode({ aggregates: sum }), [update]),
      key: fixed,
    },
  },
  'session-operator': {
    sessions: {
      make: () => sessionOperator(aggregateNode({ session: { column: 'at', gap: 500 }, aggregates: sum }), both),
      key: passing,
    },
  },
  'count-window-operator': {
    counts: {
      make: () => countWindowOperator(aggregateNode({ count: { size: 10, slide: 5 }, aggregates: sum }), [append]),
      key: fixed,
    },
  },
  'global-window-operator': {
    'global windows that purge': {
      make: () => globalWindowOperator(aggregateNode({ trigger: secondAfter(false), aggregates: sum }), [append]),
      key: passing,
    },
    'global windows that keep what goes out': {
      make: () => globalWindowOperator(aggregateNode({ trigger: secondAfter(true), aggregates: sum }), [update]),
      key: fixed,
    },
  },
  'upserts-operator': {
    'last rows': {
      make: () => upsertsOperator({ kind: 'upserts', input: sourceNode(), keys: ['key'], site: 'job.ts:8', schema: events }),
      key: fixed,
    },
    'last rows that grow old': {
      make: () =>
        upsertsOperator({ kind: 'upserts', input: sourceNode(), keys: ['key'], ttlMs: 1, site: 'job.ts:8', schema: events }),
      key: passing,
    },
  },
  'per-epoch-operator': {
    'totals, epoch by epoch': {
      make: () =>
        perEpochOperator(
          perEpochNode({
            schema: schemaOf(field('key', text), field('total', number)),
            onEpoch: ((rows: readonly object[], { key, state = 0 }: { key: string; state?: number }) => ({
              rows: [{ key, total: state + rows.length }],
              state: (state + rows.length) % 100,
            })) as never,
          }),
        ),
      key: fixed,
    },
  },
  'join/join-operator': {
    'inner join': { make: () => joinOperator(joinNode({ bound: secondsAfter })), key: passing, feed: asBoth },
    'outer join': { make: () => joinOperator(joinNode({ how: 'full', bound: secondsAfter })), key: passing, feed: asBoth },
  },
  'join/as-of-operator': {
    'as-of join that grow old': {
      make: () => asOfJoinOperator(joinNode({ asOf: true, bound: { left: 'at', right: 'seen', lowMs: -2000, highMs: 0 } })),
      key: passing,
      feed: asBoth,
    },
    'as-of join': {
      make: () => asOfJoinOperator(joinNode({ asOf: true, bound: { left: 'at', right: 'seen', lowMs: -Infinity, highMs: 0 } })),
      key: fixed,
      feed: asBoth,
    },
  },
  'join/regular-join-operator': {
    'join of rows that change': {
      make: () => regularJoinOperator(joinNode({ how: 'full', regular: { ttlMs: 2000 } })),
      key: passing,
      feed: asBoth,
    },
  },
  'join/table-join-operator': {
    'join with a table': {
      make: () => tableJoinOperator(joinNode({ table: true })),
      key: fixed,
      feed: (rows) => ((rows[0]?.at ?? 0) < 1000 ? [...titles, { kind: 'first read' }, rowsItem(rows)] : [rowsItem(rows)]),
    },
  },
  'dedup-operator': {
    'first rows until they are passed': {
      make: () => dedupOperator(dedupNode(['key', 'at'], { until: 'passed', column: 'at' })),
      key: passing,
    },
    'first rows for a time': {
      make: () => dedupOperator(dedupNode(['key'], { until: 'expired', ms: 1000, column: 'at' })),
      key: passing,
    },
  },
  'reduce-operator': {
    reduce: { make: () => reduceOperator(reduceNode(((_: EventRow, b: EventRow) => b) as never), [update]), key: fixed },
  },
  'process-operator': {
    'a key that clears itself': {
      make: () =>
        processOperator(
          processNode({
            schema: schemaOf(field('key', text), field('n', number)),
            state: { n: { kind: 'value', value: field('n', number) } },
            onRow: ((row: { at: number }, { state, setTimer }: { state: Sample; setTimer(at: number): void }) => {
              state.n.set((state.n.get() ?? 0) + 1);
              setTimer(row.at + 1000);
            }) as never,
            onTimer: ((_: number, { key, state, emit }: { key: string; state: Sample; emit(row: object): void }) => {
              emit({ key, n: state.n.get() ?? 0 });
              state.n.clear();
            }) as never,
          }),
        ),
      key: passing,
    },
    'a key that is forgotten in event time': {
      make: () =>
        processOperator(
          processNode({
            schema: schemaOf(field('key', text), field('n', number)),
            timeColumns: ['at'],
            state: { n: { kind: 'value', value: field('n', number), ttlMs: 1000, ttlTime: 'event' } },
            onRow: ((_: object, { state }: { state: Sample }) => state.n.set((state.n.get() ?? 0) + 1)) as never,
          }),
        ),
      key: passing,
    },
  },
};
