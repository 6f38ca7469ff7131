/** Keyed state as `process()` declares and uses it. */
import type { StateDeclaration } from '../plan/index.ts';
import { type Duration, WeirError } from '../core/index.ts';
import { type Field, fieldColumn } from './field.ts';
import { positiveMs } from './window-key.ts';

declare const stateBrand: unique symbol;
export interface StateField<out Handle> {
  readonly [stateBrand]: Handle;
}
export type StateSpec = Readonly<Record<string, StateField<unknown>>>;
export interface ValueState<T> {
  get(): T | undefined;
  set(value: T): void;
  clear(): void;
}
export interface MapState<K, V> extends Iterable<readonly [K, V]> {
  get(key: K): V | undefined;
  has(key: K): boolean;
  set(key: K, value: V): void;
  delete(key: K): boolean;
  clear(): void;
  readonly size: number;
}
/** What a key has in a row, in the order in which it was pushed. */
export interface ListState<T> extends Iterable<T> {
  push(...values: T[]): void;
  replace(values: readonly T[]): void;
  clear(): void;
  readonly length: number;
}
/** Of a key, all that was added, combined into one. */
export interface ReducingState<T> {
  get(): T | undefined;
  add(value: T): void;
  clear(): void;
}
/** Of a key, what has come of all that was added. */
export interface AggregatingState<In, Out> {
  get(): Out | undefined;
  add(value: In): void;
  clear(): void;
}
/** How values are taken in; the functions must be pure. What `add` is given is its own to change. */
export interface Aggregating<In, Acc, Out, I = unknown> {
  /** What is kept. */
  readonly state: Field<I, Acc>;
  readonly create: () => Acc;
  readonly add: (acc: Acc, value: In) => Acc;
  readonly result: (acc: Acc) => Out;
}
/** Values as an earlier version of the job declared them, and what becomes of each. Asked once for each, at the restore. */
export interface Migration<Before, T> {
  readonly from: Field<any, Before>;
  /** Must be pure. */
  readonly by: (before: Before) => T;
}
export interface StateOptions<T = any, Before = any> {
  /**
   * Forget a value this long after it was last written, in processing time unless `time` says otherwise: `'1 hour'`. Each entry of a map, and each value of a list, by
   * itself. What is over is never seen again, and is cleared away though nobody asks for it. The length may change from one deployment to
   * the next, and then holds for what was written before as well. Without it values are kept until they are cleared.
   */
  readonly ttl?: Duration;
  /**
   * By which time `ttl` counts (`processing`). `event`: from the event time of the row that wrote, until the watermark has passed that and `ttl`. A row sees
   * what its own watermark, that of its split just before it, has not passed: so the same rows see the same, however fast they are read. Needs rows with a
   * column under a watermark; a plan error otherwise.
   */
  readonly time?: 'processing' | 'event';
  /**
   * Takes over what a checkpoint holds of this state, if it was declared as another field: `{ from: t.number, by: (sum) => ({ sum, n: 1 }) }`.
   * Without it a struct may get fields that are nullable, and a value may become nullable; any other change is refused at the restore.
   */
  readonly migrate?: Migration<Before, T>;
}
export type Handles<S extends StateSpec> = { readonly [K in keyof S]: S[K] extends StateField<infer H> ? H : never };

/** What a state field is at run time. */
class DeclaredState {
  readonly declaration: StateDeclaration;

  constructor(declaration: StateDeclaration) {
    this.declaration = declaration;
  }
}

/** The kinds of state that a key can have. */
export const state: {
  /** One value per key. */
  value<I, T, B = unknown>(of: Field<I, T>, options?: StateOptions<NoInfer<T>, B>): StateField<ValueState<T>>;
  /** A map per key. */
  map<J, K extends string | number, I, V, B = unknown>(
    key: Field<J, K>,
    value: Field<I, V>,
    options?: StateOptions<NoInfer<V>, B>,
  ): StateField<MapState<K, V>>;
  /** A list per key. It is written as one, so it should stay short: hundreds of values, not millions. */
  list<I, T, B = unknown>(of: Field<I, T>, options?: StateOptions<NoInfer<T>, B>): StateField<ListState<T>>;
  /** One value per key, which all that is added is combined into: `state.reducing(t.number, (a, b) => Math.max(a, b))`. */
  reducing<I, T, B = unknown>(
    of: Field<I, T>,
    reduce: (a: NoInfer<T>, b: NoInfer<T>) => NoInfer<T>,
    options?: StateOptions<NoInfer<T>, B>,
  ): StateField<ReducingState<T>>;
  /** The same with what is kept of another form than what is added, and than what comes of it: `state.aggregating({ state, create, add, result })`. */
  aggregating<In, Acc, Out, I, B = unknown>(
    by: Aggregating<In, Acc, Out, I>,
    options?: StateOptions<NoInfer<Acc>, B>,
  ): StateField<AggregatingState<In, Out>>;
} = {
  value: (of, options) =>
    new DeclaredState({ kind: 'value', value: fieldColumn('value', of), ...optionsOf(options, 'state.value()') }) as never,
  map: (key, value, options) =>
    new DeclaredState({
      kind: 'map',
      key: fieldColumn('key', key),
      value: fieldColumn('value', value),
      ...optionsOf(options, 'state.map()'),
    }) as never,
  list: (of, options) =>
    new DeclaredState({ kind: 'list', value: fieldColumn('value', of), ...optionsOf(options, 'state.list()') }) as never,
  reducing: (of, reduce, options) =>
    new DeclaredState({
      kind: 'value',
      value: fieldColumn('value', of),
      fold: { add: functionOf(reduce, 'state.reducing()') as never, result: (acc) => acc },
      ...optionsOf(options, 'state.reducing()'),
    }) as never,
  aggregating: ({ state: of, create, add, result }, options) => {
    for (const fn of [create, add, result]) functionOf(fn, 'state.aggregating()');
    return new DeclaredState({
      kind: 'value',
      value: fieldColumn('value', of),
      fold: { create, add: add as never, result: result as never },
      ...optionsOf(options, 'state.aggregating()'),
    }) as never;
  },
};

function functionOf<F>(fn: F, what: string): F {
  if (typeof fn === 'function') return fn;
  throw new WeirError('E_PLAN', `${what} takes a function, not ${typeof fn}`, {
    hint: 'as in state.reducing(t.number, (a, b) => a + b)',
  });
}

/** @throws WeirError `E_PLAN` for what is no duration, or none at all */
function optionsOf(
  { ttl, time = 'processing', migrate }: StateOptions = {},
  what: string,
): Pick<StateDeclaration, 'ttlMs' | 'ttlTime' | 'migrate'> {
  if (time !== 'processing' && time !== 'event')
    throw new WeirError('E_PLAN', `${what} time: there is no '${String(time)}'`, { hint: "say 'event', or 'processing'" });
  if (time === 'event' && ttl === undefined)
    throw new WeirError('E_PLAN', `${what}: \`time\` says by which time \`ttl\` counts, and there is none`, {
      hint: "as in { ttl: '1 hour', time: 'event' }",
    });
  return {
    ...(ttl === undefined ? {} : { ttlMs: positiveMs(ttl, `${what} ttl`) }),
    ...(time === 'event' ? { ttlTime: time } : {}),
    ...(migrate === undefined ? {} : { migrate: { from: fieldColumn('migrate.from', migrate.from), by: migrate.by } }),
  };
}

/** @throws WeirError `E_PLAN` where a name stands for something else than state */
export function stateDeclarations(spec: StateSpec, where: string): Readonly<Record<string, StateDeclaration>> {
  return Object.fromEntries(
    Object.entries(spec).map(([name, field]) => {
      if (field instanceof DeclaredState) return [name, field.declaration];
      throw new WeirError('E_PLAN', `${where}: '${name}' is not state`, {
        hint: 'declare it with state.value(t.…), state.map(t.…, t.…) or state.list(t.…)',
      });
    }),
  );
}
