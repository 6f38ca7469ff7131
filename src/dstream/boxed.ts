/** Values as rows: one column, which holds anything. */
import { type AnySchema, schema, t } from '../api/index.ts';
import { WeirError } from '../core/index.ts';

export interface Boxed {
  readonly value: unknown;
}
export type Pair = readonly [key: unknown, value: unknown];
export type Combine = (a: unknown, b: unknown) => unknown;

export const Boxed: AnySchema<any, Boxed> = schema({ value: t.any().nullable() });

export const boxed = (value: unknown): Boxed => ({ value });
export const valueOf = ({ value }: Boxed): unknown => value;

/** @throws WeirError `E_VALUE` if it is none */
export function pairOf({ value }: Boxed): Pair {
  if (Array.isArray(value) && value.length === 2) return value as unknown as Pair;
  throw new WeirError('E_VALUE', `${Array.isArray(value) ? `a list of ${value.length}` : `a ${typeof value}`} is no pair`, {
    hint: 'make pairs first: map((word) => [word, 1])',
  });
}
export const keyOf = (row: Boxed): unknown => pairOf(row)[0];

/** Two pairs of one key, as one. */
export const combining =
  (fn: Combine) =>
  (a: Boxed, b: Boxed): Boxed => {
    const [key, value] = pairOf(a);
    return boxed([key, fn(value, pairOf(b)[1])]);
  };
