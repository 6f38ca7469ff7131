// Devices that fall silent: by the times in their readings, and by the clock. State and timers per device, in both kinds of time.
import { from, type Params, pipeline, type RowOf, schema, state, type Stream, t, timestamp } from 'weir';
import { file, generator } from 'weir/connectors';

export const Reading = schema({ deviceId: t.string, at: t.timestamp });
const Notice = schema({ deviceId: t.string, status: t.oneOf('silent', 'back'), since: t.timestamp });
const Unheard = schema({ deviceId: t.string, readings: t.number });
type Readings = Stream<RowOf<typeof Reading>>;

const minute = 60_000;

/** Event time: no reading for ten minutes of what readings say. The same rows give the same notices, however fast they are read. */
export const silence = (readings: Readings) =>
  readings
    .withWatermark('at', '1 minute')
    .keyBy('deviceId')
    .process({
      state: { latest: state.value(t.timestamp), silent: state.value(t.boolean) },
      emits: Notice,
      onRow({ at }, { key, state: { latest, silent }, emit, setTimer, deleteTimer }) {
        const before = latest.get();
        if (before !== undefined && before >= at) return;
        if (before !== undefined) deleteTimer(before + 10 * minute);
        if (silent.get() === true) emit({ deviceId: key, status: 'back', since: at });
        silent.clear();
        latest.set(at);
        setTimer(at + 10 * minute);
      },
      onTimer(_, { key, state: { latest, silent }, emit }) {
        emit({ deviceId: key, status: 'silent', since: latest.get()! });
        silent.set(true);
      },
    })
    .named('silence');

/** Processing time: nothing has come for a minute of the clock, with the number of readings of the last hour. */
export const unheard = (readings: Readings) =>
  readings
    .keyBy('deviceId')
    .process({
      state: { recent: state.list(t.timestamp, { ttl: '1 hour' }) },
      emits: Unheard,
      onRow({ at }, { now, state: { recent }, processingTimers, setProcessingTimer, deleteProcessingTimer }) {
        recent.push(at);
        for (const due of processingTimers()) deleteProcessingTimer(due);
        setProcessingTimer(now + minute);
      },
      onProcessingTimer(_, { key, state: { recent }, emit }) {
        emit({ deviceId: key, readings: recent.length });
      },
    })
    .named('unheard');

// A reading of one of five devices every ten seconds; each is silent for a quarter of the time.
const readings = (rows: number) =>
  generator.source({
    rowsPerSecond: 5000,
    rows,
    row: (i) => ({ deviceId: `device-${Math.floor(i / 120) % 4 === 0 ? 4 : i % 4}`, at: timestamp(i * 10_000) }),
  });

export default (params: Params) => {
  const read = from(readings(params.number('rows', 20_000))).map((row) => row, Reading);
  return pipeline({
    name: 'silent-devices',
    outputs: [silence(read).to(file.sink({ path: 'silence.jsonl' })), unheard(read).to(file.sink({ path: 'unheard.jsonl' }))],
  });
};
