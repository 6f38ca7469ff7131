/** Stateless steps, for the engine and for the plain computation. */
import type { Drawn } from './drawn.ts';
import { Plain, type Timed } from './experiment.ts';
import type { Row, Stamped } from './plain.ts';

type Step = Drawn['steps'][number];

const negated = <R extends Row>(row: R): R => ({ ...row, v: row.v === null ? null : -row.v });
const wellFormed = (text: string): string => text.replace(/\p{Surrogate}/gu, '\ufffd');
/** What msgpack keeps of a row: see docs/testing.md. */
const simple = ({ k, v, s, at }: Row): Row => ({
  k: k === null ? null : wellFormed(k),
  v: v === null ? null : v + 0,
  s: wellFormed(s),
  at,
});

export function stepped(stream: Timed, steps: readonly Step[]): Timed {
  return steps.reduce((rows, step) => {
    switch (step) {
      case 'map':
        return rows.map((row) => negated(row as Row) as typeof row, Plain);
      case 'filter':
        return rows.filter((row) => row.v !== 7);
      case 'flatMap':
        return rows.flatMap((row) => (row.v === 3 ? [row, { ...row, v: 4 }] : row.v === 5 ? [] : [row]), Plain);
      case 'select':
        return rows.select('s', 'v', 'at', 'k') as unknown as Timed;
      case 'rebalance':
        return rows.rebalance();
      case 'untyped':
        return rows.map((row) => simple(row as Row) as typeof row);
      case 'twice':
        return rows.union(rows.filter((row) => row.v !== null).map((row) => ({ ...row, s: 'again' }), Plain) as Timed) as Timed;
    }
  }, stream);
}

export function plainly(rows: readonly Stamped[], steps: readonly Step[]): Stamped[] {
  const each = (fn: (row: Row) => Row[]) => (all: readonly Stamped[]) =>
    all.flatMap(({ row, stamp }) => fn(row).map((result) => ({ row: result, stamp })));
  const plain: Readonly<Record<Step, (all: readonly Stamped[]) => Stamped[]>> = {
    map: each((row) => [negated(row)]),
    filter: each((row) => (row.v === 7 ? [] : [row])),
    flatMap: each((row) => (row.v === 3 ? [row, { ...row, v: 4 }] : row.v === 5 ? [] : [row])),
    select: (all) => [...all],
    rebalance: (all) => [...all],
    untyped: each((row) => [simple(row)]),
    twice: (all) => [...all, ...each((row) => (row.v === null ? [] : [{ ...row, s: 'again' }]))(all)],
  };
  return steps.reduce<Stamped[]>((all, step) => plain[step](all), [...rows]);
}
