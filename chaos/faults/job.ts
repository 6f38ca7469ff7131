// The job of chaos/faults.mjs: readings of many keys; for each its place and the running sum of its key, and sums per second.
import { count, from, json, type Params, type Pipeline, pipeline, schema, state, sum, t, window } from 'weir';
import { jetstream } from 'weir/connectors';

const Reading = schema({ key: t.string, n: t.number, at: t.timestamp });
const Running = schema({ key: t.string, place: t.number, total: t.number });

export default (params: Params): Pipeline => {
  const output = params.string('output', '');
  const where = output === '' ? {} : { servers: output };
  const readings = from(
    jetstream.source({ stream: 'IN', subjects: ['in.0', 'in.1'], format: json(Reading), perMessage: 'lines' }),
  ).withWatermark('at', '1 second');

  const running = readings.keyBy('key').process({
    state: { place: state.value(t.number), total: state.value(t.number) },
    emits: Running,
    onRow({ n }, { key, state: { place, total }, emit }) {
      place.set((place.get() ?? 0) + 1);
      total.set((total.get() ?? 0) + n);
      emit({ key, place: place.get()!, total: total.get()! });
    },
  });

  const perSecond = readings
    .groupBy(window('at', '1 second'), 'key')
    .agg({ rows: count(), sum: sum('n') })
    .map(({ window: { start }, key, rows, sum }) => ({ key, start, rows, sum }));

  return pipeline({
    name: 'faults',
    restart: { attempts: 1000, within: '1 hour', backoff: '100 ms' },
    outputs: [
      running.to(jetstream.sink({ ...where, stream: 'RUNNING', subject: (row) => `running.${row.key}` })),
      perSecond.to(jetstream.sink({ ...where, stream: 'SECONDS', subject: (row) => `seconds.${row.key}` })),
    ],
  });
};
