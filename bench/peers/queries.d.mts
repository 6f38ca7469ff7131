export type FieldKind = 'integer' | 'number' | 'thousandths' | 'text';

export interface Query {
  readonly fields: Readonly<Record<string, FieldKind>>;
  readonly key?: readonly string[];
  readonly windowed?: boolean;
  /** Rows are compared only by the sums of this field over those that are equal in `by`. */
  readonly added?: { readonly by: readonly string[]; readonly field: string };
  /** Peers that cannot run it, and why. */
  readonly missing?: Readonly<Record<string, string>>;
}

export const queries: Readonly<Record<string, Query>>;
export const queryNames: readonly string[];
export function queryNamed(name: string): Query;
export function missingFrom(peer: string, name: string): string | undefined;
