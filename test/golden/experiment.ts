/** What a query is given, and what it finds: the same input, for the engine and for the plain computation. */
import type { RowOf, Stream } from '../../src/api/index.ts';
import { schema, t } from '../../src/api/index.ts';
import type { LogicalJob } from '../../src/plan/index.ts';
import type { Drawn } from './drawn.ts';
import type { LifeReport } from './life.ts';
import type { Row, Stamped } from './plain.ts';
import { shown } from './plain.ts';
import type { World } from './world.ts';

export const Plain = schema({ k: t.string.nullable(), v: t.number.nullable(), s: t.string, at: t.eventTime });
export type Timed = Stream<RowOf<typeof Plain>>;

export interface Experiment {
  readonly life: Drawn;
  /** The rows as the query gets them. */
  readonly stream: Timed;
  /** The same, plainly. */
  readonly rows: readonly Stamped[];
  /** A key's rows reach the query in the order of `rows`. */
  readonly inOrder: boolean;
  /** The rows of each split, which reach the query in this order; none where nothing is promised. */
  readonly splits: readonly (readonly Row[])[];
  readonly world: World;
  run(outputs: LogicalJob['outputs']): Promise<LifeReport>;
}
export interface Finding {
  readonly what: string;
  readonly actual: readonly string[];
  readonly expected: readonly string[];
}
export interface Verdict {
  readonly life: LifeReport;
  readonly late: number;
  readonly findings: readonly Finding[];
}
export type Query = (experiment: Experiment) => Promise<Verdict>;

/** As multisets. */
export function same(what: string, actual: readonly unknown[], expected: readonly unknown[]): Finding {
  return { what, actual: actual.map(shown).sort(), expected: expected.map(shown).sort() };
}

/** In their order, key by key. */
export function samePerKey(what: string, actual: readonly object[], expected: readonly object[]): Finding {
  const byKey = (rows: readonly object[]): string[] => {
    const keys = new Map<string, string[]>();
    for (const row of rows) {
      const key = shown((row as { k?: unknown }).k);
      keys.set(key, [...(keys.get(key) ?? []), shown(row)]);
    }
    return [...keys].map(([key, of]) => `${key}: ${of.join(' ')}`).sort();
  };
  return { what, actual: byKey(actual), expected: byKey(expected) };
}

/** Those of each split in their order, whatever comes between: of the rows that no other split has. */
export function sameOrders(what: string, actual: readonly object[], splits: Experiment['splits']): Finding {
  const ordered = splits.map((rows) => rows.map(shown));
  const owners = new Map<string, number>();
  ordered.forEach((rows, split) => {
    for (const row of rows) owners.set(row, owners.has(row) && owners.get(row) !== split ? -1 : split);
  });
  const found = actual.map(shown);
  const of = (rows: readonly string[], split: number): string => rows.filter((row) => owners.get(row) === split).join(' ');
  return { what, actual: splits.map((_, split) => of(found, split)), expected: ordered.map(of) };
}

/** In their order. */
export function sameSequence(what: string, actual: readonly unknown[], expected: readonly unknown[]): Finding {
  return { what, actual: actual.map(shown), expected: expected.map(shown) };
}
