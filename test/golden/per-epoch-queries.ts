/**
 * What is taken epoch by epoch. Which rows are in which batch follows from time; but whatever the batches are, each row is in one, and all operators have the same
 * ones, however many of them lie between: so one output says what the batches were, and all others follow from it.
 */
import { perEpoch, schema, type Stream, t } from '../../src/api/index.ts';
import { type Finding, type Query, same, sameSequence } from './experiment.ts';
import { output } from './life.ts';
import { shown } from './plain.ts';

type Keyed = readonly [k: string | null, at: number];
interface Raw {
  readonly batch: number;
  readonly rows: readonly Keyed[];
}
interface Counted {
  readonly batch: number;
  readonly k: string | null;
  /** In this batch, and in all since the key was forgotten. */
  readonly n: number;
  readonly total: number;
}
const Raw = schema({ batch: t.number, rows: t.any<readonly Keyed[]>() });
const Counted = schema({ batch: t.number, k: t.string.nullable(), n: t.number, total: t.number });
const Whole = schema({ batch: t.number, time: t.number, rows: t.any<readonly Counted[]>() });
const Sided = schema({ k: t.string.nullable(), total: t.number });
const Met = schema({ batch: t.number, k: t.string.nullable(), pairs: t.number });

/** A key is forgotten when it has had so many rows. */
const isOver = (total: number): boolean => total % 7 === 0;
const byKey = ({ k }: { readonly k: string | null }): string | null => k;

function counted(batches: readonly Raw[]): Counted[] {
  const totals = new Map<string | null, number>();
  return batches.flatMap(({ batch, rows }) =>
    [...new Set([...totals.keys(), ...rows.map(([k]) => k)])].map((k) => {
      const n = rows.filter(([key]) => key === k).length;
      const total = (totals.get(k) ?? 0) + n;
      if (isOver(total)) totals.delete(k);
      else totals.set(k, total);
      return { batch, k, n, total };
    }),
  );
}

const batchesOf = (rows: readonly { readonly batch: number }[]): number[] => rows.map(({ batch }) => batch);
const upTo = (last: number): number[] => Array.from({ length: last }, (_, i) => i + 1);

export const microBatches: Query = async (experiment) => {
  const { stream, rows, world } = experiment;
  const raw = perEpoch(
    stream,
    'raw()',
    { does: 'raw', onEpoch: (all, { batch }) => ({ rows: [{ batch, rows: all.map(({ k, at }): Keyed => [k, at]) }] }) },
    Raw,
  );
  const counts: Stream<Counted> = perEpoch(
    stream,
    'counts()',
    {
      does: 'counts',
      key: byKey,
      onEpoch: (of, { key, state, batch }) => {
        const total = ((state as number | undefined) ?? 0) + of.length;
        const row = { batch, k: key as string | null, n: of.length, total };
        return { rows: [row], ...(isOver(total) ? {} : { state: total }) };
      },
    },
    Counted,
  );
  const whole = perEpoch(
    counts,
    'whole()',
    { does: 'whole', onEpoch: (all, { batch, time }) => ({ rows: [{ batch, time, rows: all }] }) },
    Whole,
  );
  // Rows as they are, and what a batch of them gave: both are of the same batch.
  const sided = stream.map(({ k }) => ({ k, total: -1 }), Sided).union(counts.map(({ k, total }) => ({ k, total }), Sided));
  const met = perEpoch(
    sided,
    'met()',
    {
      does: 'met',
      key: byKey,
      onEpoch: (of, { key, batch }) => {
        const own = of.filter(({ total }) => total < 0).length;
        return { rows: [{ batch, k: key as string | null, pairs: own * 1000 + (of.length - own) }] };
      },
    },
    Met,
  );
  const report = await experiment.run([
    output(raw, world.sink('raw')),
    output(counts, world.sink('counts')),
    output(whole, world.sink('whole')),
    output(met, world.sink('met')),
  ]);
  const batches = world.rows<Raw>('raw');
  const wanted = counted(batches);
  const wholes = world.rows<{ batch: number; time: number; rows: readonly Counted[] }>('whole');
  const times = wholes.map(({ time }) => time);
  const findings: Finding[] = [
    sameSequence('batches', batchesOf(batches), upTo(batches.length)),
    same(
      'rows',
      batches.flatMap((batch) => batch.rows),
      rows.map(({ row: { k, at } }) => [k, at]),
    ),
    same('counts', world.rows('counts'), wanted),
    sameSequence('batches of results', batchesOf(wholes), upTo(batches.length)),
    same(
      'results of batches',
      wholes.flatMap(({ batch, rows: of }) => of.map((row) => shown([batch, row]))),
      wanted.map((row) => shown([row.batch, row])),
    ),
    same(
      'rows that met their results',
      world.rows('met'),
      wanted.map(({ batch, k, n }) => ({ batch, k, pairs: n * 1000 + 1 })),
    ),
    sameSequence(
      'times that go back',
      times.filter((time, i) => time < (times[i - 1] ?? 0)),
      [],
    ),
  ];
  return { life: report, late: 0, findings };
};
