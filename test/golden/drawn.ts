/** Input of one life, drawn by fast-check: several splits out of order, with the values that go wrong elsewhere. */
import fc from 'fast-check';
import type { Row, WindowShape } from './plain.ts';

export interface Drawn {
  readonly shape: WindowShape;
  readonly delay: number;
  readonly left: readonly (readonly Row[])[];
  readonly right: readonly (readonly Row[])[];
  readonly query: 'window' | 'running' | 'whole' | 'reduce' | 'process' | 'timers';
  readonly steps: readonly ('map' | 'filter' | 'flatMap' | 'select' | 'rebalance')[];
  readonly crashes: number;
  readonly abortEvery: number;
  readonly seed: number;
}

const value = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -20, max: 20 }) },
  { weight: 3, arbitrary: fc.double({ noNaN: true, min: -1e300, max: 1e300 }) },
  { weight: 1, arbitrary: fc.constant(-0) },
  { weight: 1, arbitrary: fc.constantFrom(1e16, -1e16, 0.1, 1e-300) },
  { weight: 1, arbitrary: fc.constant(null) },
);

const shapes: fc.Arbitrary<WindowShape> = fc
  .record({ slide: fc.constantFrom(10, 7, 25), times: fc.constantFrom(1, 1, 2, 3), offset: fc.constantFrom(0, 0, 3) })
  .map(({ slide, times, offset }) => ({ size: slide * times, slide, offset }));

/** Times that mostly rise, with jumps back, equal ones, and ones exactly on a window's end. */
const times = (from: number): fc.Arbitrary<number[]> =>
  fc
    .array(
      fc.oneof(
        { weight: 5, arbitrary: fc.integer({ min: 0, max: 6 }) },
        { weight: 2, arbitrary: fc.integer({ min: -40, max: 0 }) },
        { weight: 1, arbitrary: fc.constant(0) },
      ),
      { maxLength: 40, size: 'max' },
    )
    .map((steps) => {
      let now = from;
      return steps.map((step) => (now += step));
    });

const keys = fc.constantFrom<readonly (string | null)[]>(['a', 'b', 'c', null], ['only'], ['a', 'ä', '€', '😀', ''], ['x', 'y']);

const rows = keys.chain((names) =>
  fc
    .integer({ min: -60, max: 40 })
    .chain(times)
    .chain((at) =>
      fc
        .array(fc.record({ k: fc.constantFrom(...names), v: value }), { minLength: at.length, maxLength: at.length })
        .map((rest) => rest.map((row, i) => ({ ...row, at: at[i]! }))),
    ),
);
const splits = fc.oneof(
  { weight: 1, arbitrary: fc.array(rows, { minLength: 1, maxLength: 1 }) },
  { weight: 3, arbitrary: fc.array(rows, { minLength: 2, maxLength: 3 }) },
);

export const drawn: fc.Arbitrary<Drawn> = fc.record({
  shape: shapes,
  delay: fc.constantFrom(0, 5, 20),
  left: splits,
  right: fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: splits }),
  query: fc.constantFrom('window', 'window', 'window', 'window', 'window', 'running', 'whole', 'reduce', 'process', 'timers'),
  steps: fc.subarray(['map', 'filter', 'flatMap', 'select', 'rebalance'] as const),
  crashes: fc.constantFrom(0, 1, 2, 3),
  abortEvery: fc.constantFrom(0, 2, 3),
  seed: fc.nat(),
});

/** Which of the things that must be drawn this one has. */
export function traits({ left, right, shape }: Drawn): readonly string[] {
  const all = [...left, ...right];
  const rows = all.flat();
  const has: [string, boolean][] = [
    ['two or more splits', all.length >= 2],
    ['nulls', rows.some(({ v, k }) => v === null || k === null)],
    ['-0', rows.some(({ v }) => Object.is(v, -0))],
    ['doubles', rows.some(({ v }) => v !== null && !Number.isInteger(v))],
    ['equal timestamps', all.some((split) => split.some(({ at }, i) => i > 0 && split[i - 1]!.at === at))],
    ["rows on a window's end", rows.some(({ at }) => (at - shape.offset) % shape.slide === 0)],
    ['negative times', rows.some(({ at }) => at < 0)],
    ['empty input', all.some((split) => split.length === 0)],
    ['a single key', rows.length > 0 && new Set(rows.map(({ k }) => k)).size === 1],
  ];
  return has.filter(([, is]) => is).map(([name]) => name);
}
