// A million keys, of which one in a hundred is touched in an epoch. First each key once; then rows for a few keys that move on after as
// many rows as pass in an epoch, some to settle in and some that are measured. At the begin and the end of those the job writes what time
// it is and what CPU time it took: from inside, so that neither its start nor the filling of the state counts.
import { appendFileSync } from 'node:fs';
import { from, type Params, type Pipeline, pipeline, schema, state, t } from 'weir';
import { file, generator } from 'weir/connectors';

const Touch = schema({ index: t.number, key: t.number, amount: t.number });
const Sample = schema({ index: t.number, key: t.number, count: t.number, total: t.number });
const sampleEvery = 997;

export default (params: Params): Pipeline => {
  const keys = params.number('keys', 1_000_000);
  const touched = params.number('touched', 10_000);
  const perEpoch = params.number('perEpoch', 200_000);
  const settling = params.number('settling', 1_000_000);
  const measured = params.number('measured', 2_000_000);
  const marks = params.string('marks', 'marks.jsonl');
  const begin = keys + settling;

  const keyOf = (index: number): number => {
    if (index < keys) return index;
    const which = Math.imul(index, 0x9e3779b1) >>> 0;
    return (Math.floor((index - keys) / perEpoch) * touched + (which % touched)) % keys;
  };
  const mark = (): void => appendFileSync(marks, `${JSON.stringify({ at: performance.now(), cpu: process.cpuUsage() })}\n`);

  const touches = from(
    generator.source({
      rowsPerSecond: 0,
      rows: begin + measured,
      row: (index) => ({ index, key: keyOf(index), amount: index % 101 }),
    }),
  ).map((row) => row, Touch);

  const samples = touches.keyBy('key').process({
    state: { count: state.value(t.number), total: state.value(t.number) },
    emits: Sample,
    onRow({ index, key, amount }, { state: { count, total }, emit }) {
      if (index === begin || index === begin + measured - 1) mark();
      count.set((count.get() ?? 0) + 1);
      total.set((total.get() ?? 0) + amount);
      if (index % sampleEvery === 0) emit({ index, key, count: count.get()!, total: total.get()! });
    },
  });
  return pipeline({ name: 'bench-checkpoints', outputs: [samples.to(file.sink({ path: 'samples.jsonl' }))] });
};
