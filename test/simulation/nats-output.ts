/** What a life on a simulated NATS has written, held against a plain computation. */
import type { NatsGround } from '../../src/testing/simulation/index.ts';
import type { NatsLifePlan } from './nats-life.ts';

export const windowMs = 10_000;
export interface Row {
  readonly id: number;
  readonly key: string;
  readonly at: number;
  readonly amount: number;
}

/** Each query has some of these. */
export interface Found extends Row {
  readonly window: { readonly start: number };
  readonly total: number;
  readonly n: number;
}

/** Rows of the stream, in its order, or of the bucket. */
export function written({ server: { jetstream } }: NatsGround, sink: NatsLifePlan['sink']): Found[] {
  const messages = jetstream.stream(sink === 'kv' ? 'KV_totals' : 'OUT')?.all() ?? [];
  const texts = messages.map(({ data }) => Buffer.from(data).toString('utf8')).filter((text) => text !== '');
  return texts.flatMap((text) => text.split('\n')).map((line) => JSON.parse(line) as Found);
}

export function faultsOf(plan: NatsLifePlan, found: readonly Found[]): string[] {
  const rows = plan.splits.flat(2);
  switch (plan.query) {
    case 'pass':
      return [
        ...missingOrExtra(
          plan,
          rows.map((row) => JSON.stringify(row)),
          found.map(({ id, key, at, amount }) => JSON.stringify({ id, key, at, amount })),
        ),
        ...(plan.sink.startsWith('fenced') ? outOfOrder(plan, found) : []),
      ];
    case 'sums':
      return missingOrExtra(
        plan,
        sumsOf(rows),
        found.map((row) => `${startOf(row)} ${row.key} ${row.total} ${row.n}`),
      );
    case 'sender':
      return [];
    case 'running':
      return [...lastOf(rows, found), ...(plan.sink.startsWith('fenced') ? onlyRising(found) : [])];
  }
}

/** Rows that are there and should not be, or are there twice, whatever else is missing. */
export function tooMany(plan: NatsLifePlan, found: readonly Found[]): string[] {
  const rows = plan.splits.flat(2);
  const left = new Map<string, number>();
  const add = (row: string): void => void left.set(row, (left.get(row) ?? 0) + 1);
  if (plan.sink === 'eager' || plan.sink === 'kv' || plan.query === 'sender') return [];
  if (plan.query === 'running') return onlyRising(found);
  const isSum = plan.query === 'sums';
  for (const row of isSum ? sumsOf(rows) : rows.map(({ id }) => `${id}`)) add(row);
  const shown = found.map((row) => (isSum ? `${startOf(row)} ${row.key} ${row.total} ${row.n}` : `${row.id}`));
  const extra = shown.filter((row) => {
    left.set(row, (left.get(row) ?? 0) - 1);
    return left.get(row)! < 0;
  });
  return extra.length === 0
    ? []
    : [`before it refused to go on it had written ${extra.length} too many: ${extra.slice(0, 3).join('; ')}`];
}

/** `at-least-once` may have some twice, and nothing else. */
function missingOrExtra({ sink }: NatsLifePlan, expected: readonly string[], found: readonly string[]): string[] {
  const all = sink === 'eager' ? [...new Set(found)] : found;
  const [a, b] = [expected.toSorted(), all.toSorted()];
  if (a.join('\n') === b.join('\n')) return [];
  const [wanted, seen] = [new Set(a), new Set(b)];
  return [
    `${a.length} rows are expected, ${b.length} are there; missing: ${a
      .filter((row) => !seen.has(row))
      .slice(0, 3)
      .join(' ')}, ` +
      `too many: ${b
        .filter((row, i) => !wanted.has(row) || row === b[i - 1])
        .slice(0, 3)
        .join(' ')}`,
  ];
}

/** Of each split, the rows come in its order, where the sink has the stream to itself. */
function outOfOrder({ splits }: NatsLifePlan, found: readonly Found[]): string[] {
  const ids = found.map(({ id }) => id);
  return splits.flatMap((messages, split) => {
    const own = new Set(messages.flat().map(({ id }) => id));
    const order = ids.filter((id) => own.has(id));
    return order.every((id, i) => i === 0 || order[i - 1]! < id) ? [] : [`the rows of split ${split} are out of order`];
  });
}

const startOf = (row: Found): number => row.window.start;

function sumsOf(rows: readonly Row[]): string[] {
  const sums = new Map<string, { total: number; n: number }>();
  for (const { key, at, amount } of rows) {
    const place = `${Math.floor(at / windowMs) * windowMs} ${key}`;
    const { total, n } = sums.get(place) ?? { total: 0, n: 0 };
    sums.set(place, { total: total + amount, n: n + 1 });
  }
  return [...sums].map(([place, { total, n }]) => `${place} ${total} ${n}`);
}

function lastOf(rows: readonly Row[], found: readonly Found[]): string[] {
  const last = new Map(found.map((row) => [row.key, `${row.total} ${row.n}`]));
  return [...new Set(rows.map(({ key }) => key))].flatMap((key) => {
    const own = rows.filter((row) => row.key === key);
    const expected = `${own.reduce((total, { amount }) => total + amount, 0)} ${own.length}`;
    return last.get(key) === expected ? [] : [`${key} ends as ${last.get(key)}, not as ${expected}`];
  });
}

/** Each row of a key counts more than the one before. */
function onlyRising(found: readonly Found[]): string[] {
  const counts = new Map<string, number>();
  return found.flatMap(({ key, n }) => {
    const before = counts.get(key) ?? 0;
    counts.set(key, n);
    return n > before ? [] : [`${key} counts ${n} after ${before}`];
  });
}
