/** Keyed state as `process()` declares and uses it. */
import type { StateDeclaration } from '../plan/index.ts';
import { WeirError } from '../core/index.ts';
import { type Field, fieldColumn } from './field.ts';

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
  value<I, T>(of: Field<I, T>): StateField<ValueState<T>>;
  /** A map per key. */
  map<J, K extends string | number, I, V>(key: Field<J, K>, value: Field<I, V>): StateField<MapState<K, V>>;
} = {
  value: (of) => new DeclaredState({ kind: 'value', value: fieldColumn('value', of) }) as never,
  map: (key, value) =>
    new DeclaredState({ kind: 'map', key: fieldColumn('key', key), value: fieldColumn('value', value) }) as never,
};

/** @throws WeirError `E_PLAN` where a name stands for something else than state */
export function stateDeclarations(spec: StateSpec, where: string): Readonly<Record<string, StateDeclaration>> {
  return Object.fromEntries(
    Object.entries(spec).map(([name, field]) => {
      if (field instanceof DeclaredState) return [name, field.declaration];
      throw new WeirError('E_PLAN', `${where}: '${name}' is not state`, {
        hint: 'declare it with state.value(t.…) or state.map(t.…, t.…)',
      });
    }),
  );
}
