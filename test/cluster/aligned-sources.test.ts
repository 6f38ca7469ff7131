// A fast and a slow source: how far the one runs ahead of the other, with `align` and without.
import { describe, expect, test } from 'vitest';
import {
  asSink,
  type Output,
  type RowOf,
  schema as schemaOf,
  type Stream,
  t,
  timestamp,
  type WatermarkAlignment,
} from '../../src/api/index.ts';
import { batchSchema } from '../../src/batch/index.ts';
import type { JobStatus } from '../../src/cluster/index.ts';
import { whyOf } from '../../src/cluster/index.ts';
import { seededRandom } from '../../src/core/index.ts';
import { CommittedRows } from '../../src/testing/committed-rows.ts';
import { StreamRun } from '../../src/testing/stream-run.ts';
import { splitSource, turn } from '../golden/split-source.ts';

interface Row {
  readonly at: number;
  readonly of: string;
}
const schema = batchSchema([
  { name: 'at', type: { kind: 'timestamp' }, nullable: false },
  { name: 'of', type: { kind: 'string' }, nullable: false },
]);
const Left = schemaOf({ at: t.eventTime, of: t.string });
const Right = schemaOf({ of: t.string, rightAt: t.eventTime });
const second = 1000;
const drift = 20 * second;
/** A row each second; a piece holds 6 at most. */
const piece = 6 * second;
const rowsOf = (of: string, count: number): Row[] => Array.from({ length: count }, (_, i) => ({ at: i * second, of }));
const slowly = async (): Promise<void> => {
  for (let i = 0; i < 8; i++) await turn();
};

function read(
  name: string,
  splits: readonly (readonly Row[])[],
  align: WatermarkAlignment | undefined,
  pause = turn,
): Stream<Row> {
  return splitSource({ name, schema, splits, random: seededRandom(5), pause }).withWatermark(
    'at' as never,
    '1 second',
    align === undefined ? {} : { align },
  ) as unknown as Stream<Row>;
}

interface Seen {
  readonly kept: number;
  /** How far the splits of `fast` were ahead of the least of `slow` while there was one. */
  readonly drift: number;
  readonly pausedAtOnce: number;
  readonly rows: readonly Row[];
  readonly said: string;
}

async function runOf(stream: Stream<Row>, parallelism: number): Promise<Seen> {
  const rows = new CommittedRows();
  const output = (stream as unknown as { to(sink: unknown): Output }).to(asSink<Row>(rows.definition));
  await using run = new StreamRun({ output, rows, parallelism });
  let seen = { kept: 0, drift: 0, pausedAtOnce: 0, said: '' };
  await run.start();
  while (run.status.state !== 'finished') {
    if (run.clock.due) run.clock.advance(0);
    await turn();
    seen = look(run.status, seen);
    expect(run.status.error).toBeNull();
  }
  return { ...seen, rows: rows.take() as Row[] };
}

function look(status: JobStatus, seen: Omit<Seen, 'rows'>): Omit<Seen, 'rows'> {
  const splits = status.subtasks.flatMap(({ stage, splits: of }) =>
    of.map((split) => ({ source: stage.split(' ')[0], ...split })),
  );
  const [slow, fast] = ['slow', 'fast'].map((name) => splits.filter(({ source }) => source === name));
  const waited = slow!.filter(({ state }) => state === 'active').map(({ watermark }) => watermark ?? 0);
  const furthest = Math.max(0, ...fast!.map(({ watermark }) => watermark ?? 0));
  const paused = splits.filter(({ alignment }) => alignment?.paused === true);
  return {
    kept: Math.max(seen.kept, status.stateRows),
    drift: waited.length === 0 ? seen.drift : Math.max(seen.drift, furthest - Math.min(...waited)),
    pausedAtOnce: Math.max(seen.pausedAtOnce, paused.length),
    said: seen.said || (whyOf(status).paused.find(({ waitsFor }) => (waitsFor?.watermark ?? null) !== null)?.says ?? ''),
  };
}

const fast = [rowsOf('f0', 200), rowsOf('f1', 220), rowsOf('f2', 180)];
const slow = [rowsOf('s0', 120), rowsOf('s1', 100)];
const sorted = (rows: readonly Row[]): string[] => rows.map(({ at, of }) => `${of} ${at}`).sort();

describe.each([1, 3])('a fast and a slow source, at parallelism %d', (parallelism) => {
  const both = (align: WatermarkAlignment | undefined): Stream<Row> =>
    read('fast', fast, align).union(read('slow', slow, align, slowly)) as Stream<Row>;

  test('stay within the drift of each other where they are aligned', async () => {
    const seen = await runOf(both({ maxDrift: '20 seconds' }), parallelism);
    expect(seen.drift).toBeLessThanOrEqual(drift + piece);
    expect(seen.pausedAtOnce).toBeGreaterThan(0);
    expect(seen.said).toMatch(
      /^split s\d of \S+, at \S+Z, is not read: it is more than 20 seconds ahead in the group 'all' of split s\d of/,
    );
    expect(sorted(seen.rows)).toEqual(sorted([...fast, ...slow].flat()));
  });

  test('go on by themselves where they are not, or are in groups of their own', async () => {
    const alone = await runOf(both(undefined), parallelism);
    expect(alone.drift).toBeGreaterThan(2 * (drift + piece));
    const apart = read('fast', fast, { maxDrift: '1 hour', group: 'a' }).union(
      read('slow', slow, { maxDrift: '1 hour', group: 'b' }, slowly),
    );
    expect((await runOf(apart as Stream<Row>, parallelism)).drift).toBeGreaterThan(2 * (drift + piece));
  });

  test('keep little in a join where they are aligned, and much where they are not', async () => {
    const joined = async (align: WatermarkAlignment | undefined): Promise<Seen> => {
      const left = read('fast', fast, align) as unknown as Stream<RowOf<typeof Left>>;
      const right = read('slow', slow, align, slowly).map(({ at }) => ({ of: 'f0', rightAt: timestamp(at) }), Right);
      const pairs = left.join(right as never, { on: 'of', within: ['-5 seconds', '5 seconds'] } as never);
      return runOf(pairs as unknown as Stream<Row>, parallelism);
    };
    const [together, apart] = [await joined({ maxDrift: '20 seconds' }), await joined(undefined)];
    expect(sorted(together.rows)).toEqual(sorted(apart.rows));
    expect(together.rows.length).toBeGreaterThan(0);
    expect(together.kept * 2).toBeLessThan(apart.kept);
  });
});
