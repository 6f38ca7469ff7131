/** State that is forgotten in event time, as a job declares it. */
import { describe, expect, test } from 'vitest';
import { asSink, logicalJob, type Output, pipeline, schema, state, type StateSpec, type Stream, t } from '../../src/api/index.ts';
import { from } from '../../src/connectors/index.ts';
import { planJob } from '../../src/plan/index.ts';
import type { MemoryDisk } from '../../src/state/index.ts';
import { CommittedRows } from '../../src/testing/committed-rows.ts';
import { StreamRun } from '../../src/testing/stream-run.ts';
import { testSource } from '../../src/testing/test-source.ts';

const Seen = schema({ id: t.string, n: t.number, at: t.timestamp });
const Said = schema({ id: t.string, n: t.number.nullable() });
interface Row {
  readonly id: string;
  readonly n: number;
  readonly at: number;
}
const hour = { ttl: '1 hour', time: 'event' } as const;

/** Says what it has of the key, and keeps what the row says. */
const keeping = (rows: Stream<object>, declared: StateSpec): Stream<object> =>
  (rows as Stream<Row>)
    .keyBy('id')
    .process({
      state: declared,
      emits: Said,
      onRow({ id, n }, ctx) {
        const { kept } = ctx.state as unknown as { kept: { get(): number | undefined; set(n: number): void } };
        ctx.emit({ id, n: kept.get() ?? null });
        if (n > 0) kept.set(n);
      },
    })
    .named('kept');
const fading = { kept: state.value(t.number, hour) };
const source = () => testSource(Seen);
const outputOf = (stream: Stream<object>, rows = new CommittedRows()): Output =>
  (stream as unknown as { to(sink: unknown): Output }).to(asSink(rows.definition));

describe('rows without a time under a watermark are refused', () => {
  test.each<[string, () => Stream<object>, RegExp]>([
    ['where there is no watermark', () => from(source()), /call withWatermark/],
    [
      'where the column is gone',
      () => from(source()).withWatermark('at', '1 minute').select('id', 'n'),
      /keep the column, or declare it as t.eventTime/,
    ],
    [
      'where a closure made them, and nobody says so',
      () =>
        from(source())
          .withWatermark('at', '1 minute')
          .map((row) => row, Seen),
      /keep the column, or declare it as t.eventTime/,
    ],
  ])('%s', (_, rows, hint) => {
    expect(() => keeping(rows(), fading)).toThrow(
      expect.objectContaining({
        code: 'E_PLAN',
        message: expect.stringMatching(
          /^process\(\) at .*: state 'kept' is forgotten in event time, and its rows have no time under a watermark$/,
        ),
        hint: expect.stringMatching(hint),
      }),
    );
  });
});

test('a plan warns where what is forgotten may depend on the order of inputs', () => {
  const timed = (): Stream<object> => from(source()).withWatermark('at', '1 minute');
  const warnings = (rows: Stream<object>): readonly string[] =>
    planJob(logicalJob(pipeline({ name: 'j', outputs: [outputOf(keeping(rows, fading))] }))).warnings;
  const warned = expect.stringMatching(/what of its state they find forgotten may depend/);
  expect(warnings(timed().union(timed() as never) as never)).toContainEqual(warned);
  expect(warnings(timed())).not.toContainEqual(warned);
});

/** Versions of the job on one disk, each killed after its rows, which are minutes apart; what each row finds. */
async function lived(
  ...versions: readonly { readonly state: StateSpec; readonly rows: readonly [minute: number, n: number][] }[]
) {
  const seen = source();
  let disk: MemoryDisk | undefined;
  const found: (number | null)[][] = [];
  for (const [i, { state: declared, rows }] of versions.entries()) {
    const committed = new CommittedRows();
    const output = outputOf(keeping(from(seen).withWatermark('at', '0 minutes'), declared), committed);
    await using run = new StreamRun({ output, rows: committed, parallelism: 1 + (i % 3) });
    if (disk !== undefined) run.putDisk(disk);
    await run.start();
    await run.drain();
    for (const [minute, n] of rows) seen.push({ id: 'a', n, at: minute * 60_000 });
    found.push(((await run.drain()) as { readonly n: number | null }[]).map(({ n }) => n));
    await run.crash(1 + ((i + 1) % 3));
    await run.checkpoint();
    disk = run.copyOfDisk();
  }
  return found;
}

describe('a job that is deployed again', () => {
  test('forgets what it has in event time, exactly, after crashes and at other parallelisms', async () => {
    expect(
      await lived(
        {
          state: fading,
          rows: [
            [0, 1],
            [10, 0],
          ],
        },
        {
          state: fading,
          rows: [
            [59, 0],
            [70, 0],
          ],
        },
        {
          state: fading,
          rows: [
            [71, 2],
            [131, 0],
            [132, 0],
          ],
        },
      ),
    ).toEqual([
      [null, 1],
      [1, 1],
      [null, 2, null],
    ]);
  });

  test('gives values such a lifetime, which counts from the watermark then, another, one by the clock, and none', async () => {
    expect(
      await lived(
        {
          state: { kept: state.value(t.number) },
          rows: [
            [0, 1],
            [30, 0],
          ],
        },
        {
          state: fading,
          rows: [
            [80, 0],
            [100, 0],
          ],
        },
        {
          state: fading,
          rows: [
            [200, 2],
            [230, 0],
          ],
        },
        { state: { kept: state.value(t.number, { ttl: '3 hours', time: 'event' }) }, rows: [[370, 0]] },
        { state: { kept: state.value(t.number, { ttl: '1 hour' }) }, rows: [[900, 0]] },
        { state: { kept: state.value(t.number) }, rows: [[2000, 0]] },
      ),
    ).toEqual([[null, 1], [1, 1], [null, 2], [2], [2], [2]]);
  });
});
