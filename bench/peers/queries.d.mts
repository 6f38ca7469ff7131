export type FieldKind = 'integer' | 'number' | 'thousandths' | 'text';

export interface Query {
  readonly fields: Readonly<Record<string, FieldKind>>;
  readonly key?: readonly string[];
  readonly windowed?: boolean;
  readonly peers?: readonly string[];
}

export const queries: Readonly<Record<string, Query>>;
export const queryNames: readonly string[];
export function queryNamed(name: string): Query;
export function missingFrom(peer: string, name: string): string | undefined;
