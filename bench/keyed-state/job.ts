// Totals of very many keys, of which some are touched for a while, then the next ones. First each key once, then rows for a
// window of `touched` keys, which moves on when the program says so (program.mjs): `control` is what the two tell each other, in one
// process. From inside, so that neither the start of the job nor the filling of its state counts.
import { from, type Params, type Pipeline, pipeline, schema, state, t } from 'weir';
import { defineSink, file, generator } from 'weir/connectors';
import { amountOf, keyOf, sampleEvery } from './touches.ts';

const Touch = schema({ index: t.number, key: t.number, amount: t.number });
const Sample = schema({ index: t.number, key: t.number, total: t.number });

export interface Control {
  /** Rows that the source has made, and rows that the keyed operator has processed. */
  made: number;
  done: number;
  /** The first key of the window. */
  first: number;
  /** ms: the longest time between two rows since somebody set it to 0, and each such time with a barrier in it. */
  longestGap: number;
  gapsAtBarriers: number[];
  filled: () => void;
}
export const control: Control = { made: 0, done: 0, first: 0, longestGap: 0, gapsAtBarriers: [], filled: () => {} };

export default (params: Params): Pipeline => {
  const keys = params.number('keys');
  const touched = params.number('touched');
  let lastRowAt = 0;
  let barrierPassed = false;

  const touches = from(
    generator.source({
      rowsPerSecond: 0,
      row: (index) => {
        control.made = index + 1;
        return { index, key: keyOf(index, keys, control.first, touched), amount: amountOf(index) };
      },
    }),
  ).map((row) => row, Touch);

  const measureGap = (): void => {
    const now = performance.now();
    const gap = now - lastRowAt;
    if (gap > control.longestGap) control.longestGap = gap;
    if (barrierPassed) control.gapsAtBarriers.push(gap);
    barrierPassed = false;
    lastRowAt = now;
  };

  const samples = touches.keyBy('key').process({
    state: { total: state.value(t.number) },
    emits: Sample,
    onRow({ index, key, amount }, { state: { total }, emit }) {
      measureGap();
      control.done = index + 1;
      if (index === keys) control.filled();
      const sum = (total.get() ?? 0) + amount;
      total.set(sum);
      if (index % sampleEvery === 0) emit({ index, key, total: sum });
    },
  });
  // Of the same stage as the operator: it is asked to stage when the barrier has passed the operator, before its state is frozen.
  const barriers = defineSink<{ index: number; key: number; total: number }, null>({
    name: 'barriers',
    guarantee: 'at-least-once',
    staged: t.any<null>(),
    open: async () => ({
      write: async () => {},
      stage: async () => {
        barrierPassed = true;
        return null;
      },
      commit: async () => {},
    }),
  });
  return pipeline({
    name: 'bench-keyed-state',
    outputs: [samples.to(file.sink({ path: 'samples.jsonl' })), samples.filter(() => false).to(barriers)],
  });
};
