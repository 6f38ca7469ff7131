/** Input of one life, drawn by fast-check: several splits out of order, with the values that go wrong elsewhere. */
import fc from 'fast-check';
import type { OutputMode } from '../../src/plan/index.ts';
import type { KeyColumn, Row, WindowShape } from './plain.ts';

export const queryNames = [
  'windows',
  'instants',
  'chained',
  'late',
  'lenient',
  'counted',
  'triggers',
  'ownTriggers',
  'batches',
  'sessions',
  'running',
  'reduce',
  'fold',
  'process',
  'clearing',
  'timers',
  'lasting',
  'fading',
  'alarms',
  'epochTimes',
  'microBatches',
  'firsts',
  'expiring',
  'limited',
  'tops',
  'best',
  'regroups',
  'revisions',
  'ranks',
  'regulars',
  'changed',
  'reread',
  'lasts',
  'branches',
  'joins',
  'versions',
  'lookups',
  'fetched',
  'asked',
] as const;
export const stepNames = ['map', 'filter', 'flatMap', 'select', 'rebalance', 'untyped', 'twice'] as const;
/** How the world treats the job: at once, late, or late and failing now and then. */
export const troubles = ['none', 'slow', 'failing'] as const;

export interface Drawn {
  readonly shape: WindowShape;
  readonly delay: number;
  readonly left: readonly (readonly Row[])[];
  readonly right: readonly (readonly Row[])[];
  readonly query: (typeof queryNames)[number];
  readonly keys: readonly KeyColumn[];
  readonly modes: readonly OutputMode[];
  readonly every: number;
  readonly steps: readonly (typeof stepNames)[number][];
  /** Of each life, in turn. */
  readonly parallelisms: readonly number[];
  readonly crashes: number;
  readonly trouble: (typeof troubles)[number];
  readonly abortEvery: number;
  readonly seed: number;
}

/** How many rows a split has. */
export interface RowsOfSplit {
  readonly minLength?: number;
  readonly maxLength: number;
}

const value = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: -20, max: 20 }) },
  { weight: 6, arbitrary: fc.double({ noNaN: true, min: -1e300, max: 1e300 }) },
  { weight: 2, arbitrary: fc.constant(-0) },
  { weight: 2, arbitrary: fc.constantFrom(1e16, -1e16, 0.1, 1e-300) },
  { weight: 2, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY) },
);
const text = fc.constantFrom('', 'a', 'z', 'ä', '€', '😀', '\ud83d', '\ude00\ud83d', '\ufffd');

const shapes: fc.Arbitrary<WindowShape> = fc
  .record({
    slide: fc.constantFrom(10, 7, 25),
    times: fc.constantFrom(1, 1, 2, 3),
    offset: fc.constantFrom(0, 0, 3),
    cumulative: fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  })
  .map(({ slide, times, offset, cumulative }) => ({ size: slide * times, slide, offset, cumulative }));

/** Times that mostly rise, with jumps back, equal ones, and ones exactly on a window's end. */
const times = (from: number, rows: RowsOfSplit): fc.Arbitrary<number[]> =>
  fc
    .array(
      fc.oneof(
        { weight: 5, arbitrary: fc.integer({ min: 0, max: 6 }) },
        { weight: 2, arbitrary: fc.integer({ min: -40, max: 0 }) },
        { weight: 1, arbitrary: fc.constant(0) },
      ),
      { ...rows, size: 'max' },
    )
    .map((steps) => {
      let now = from;
      return steps.map((step) => (now += step));
    });

const keyNames = fc.constantFrom<readonly (string | null)[]>(
  ['a', 'b', 'c', null],
  ['only'],
  ['a', 'ä', '€', '😀', '', '\ud83d'],
  ['x', 'y'],
);

/** The rows of one split. */
const split = (names: readonly (string | null)[], rows: RowsOfSplit): fc.Arbitrary<Row[]> =>
  fc
    .integer({ min: -60, max: 40 })
    .chain((from) => times(from, rows))
    .chain((at) =>
      fc
        .array(fc.record({ k: fc.constantFrom(...names), v: value, s: text }), { minLength: at.length, maxLength: at.length })
        .map((rest) => rest.map((row, i) => ({ ...row, at: at[i]! }))),
    );
const splitsOf = (rows: RowsOfSplit): fc.Arbitrary<Row[][]> =>
  keyNames.chain((names) =>
    fc.oneof(
      { weight: 1, arbitrary: fc.array(split(names, rows), { minLength: 1, maxLength: 1 }) },
      { weight: 3, arbitrary: fc.array(split(names, rows), { minLength: 2, maxLength: 3 }) },
    ),
  );

export const drawnWith = (rows: RowsOfSplit): fc.Arbitrary<Drawn> =>
  fc.record({
    shape: shapes,
    delay: fc.constantFrom(0, 5, 20),
    left: splitsOf(rows),
    right: fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: splitsOf(rows) }),
    query: fc.constantFrom('windows', 'windows', 'windows', 'joins', ...queryNames),
    keys: fc.constantFrom<readonly KeyColumn[]>(['k'], ['k'], [], ['v'], ['k', 's'], ['at', 's']),
    modes: fc.subarray<OutputMode>(['append', 'update', 'complete'], { minLength: 1 }),
    every: fc.constantFrom(0, 0, 30),
    steps: fc.shuffledSubarray([...stepNames]),
    parallelisms: fc.oneof(
      fc.constantFrom([1], [3], [4]),
      fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 2, maxLength: 4 }),
    ),
    crashes: fc.constantFrom(0, 1, 2, 3, 5),
    trouble: fc.constantFrom(...troubles),
    abortEvery: fc.constantFrom(0, 2, 3),
    seed: fc.nat(),
  });

export const drawn: fc.Arbitrary<Drawn> = drawnWith({ maxLength: 40 });

/** Which of the things that must be drawn this one has. */
export function traits({ left, right, shape }: Drawn): readonly string[] {
  const all = [...left, ...right];
  const rows = all.flat();
  const has: [string, boolean][] = [
    ['two or more splits', all.length >= 2],
    ['nulls', rows.some(({ v, k }) => v === null || k === null)],
    ['-0', rows.some(({ v }) => Object.is(v, -0))],
    ['NaN', rows.some(({ v }) => Number.isNaN(v))],
    ['doubles', rows.some(({ v }) => v !== null && !Number.isInteger(v))],
    ['surrogates', rows.some(({ s }) => s.includes('😀'))],
    ['lone surrogates', rows.some(({ s }) => /\p{Surrogate}/u.test(s))],
    ['equal timestamps', all.some((split) => split.some(({ at }, i) => i > 0 && split[i - 1]!.at === at))],
    ["rows on a window's end", rows.some(({ at }) => (at - shape.offset) % shape.slide === 0)],
    ['negative times', rows.some(({ at }) => at < 0)],
    ['windows that grow', shape.cumulative === true && shape.size > shape.slide],
    ['empty input', all.some((split) => split.length === 0)],
    ['no rows at all', rows.length === 0],
    ['a single key', rows.length > 0 && new Set(rows.map(({ k }) => k)).size === 1],
  ];
  return has.filter(([, is]) => is).map(([name]) => name);
}
