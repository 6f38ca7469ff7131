// What must be inferred. `same<A, B>()` compiles only if the two types are identical. Run by test/api/types.test.ts.
import {
  aggregate,
  approxCountDistinct,
  avg,
  call,
  collect,
  type Columns,
  count,
  countDistinct,
  defineSink,
  defineSource,
  first,
  from,
  foreachBatch,
  globalWindow,
  json,
  last,
  lit,
  max,
  min,
  now,
  pipeline,
  schema,
  countWindow,
  cumulativeWindow,
  type RowSpan,
  sessionWindow,
  start,
  state,
  sum,
  t,
  table as asTable,
  timestamp,
  when,
  window,
  windowTrigger,
  type EventTime,
  type EventWindow,
  type ExprOf,
  type InputOf,
  type Job,
  type JobModule,
  type RowOf,
  type Sink,
  type Source,
  type Stream,
  type Timestamp,
  type Window,
} from 'weir';
import { file, generator, jetstream, kv, nats, socket, stdout } from 'weir/connectors';
import { z } from 'zod';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
declare function same<A, B>(...proof: Same<A, B> extends true ? [] : [never]): void;

// schemas: what is fed, and what operators see
const Reading = schema({
  deviceId: t.string,
  temperature: t.number,
  humidity: t.number.nullable(),
  timestamp: t.timestamp,
  status: t.oneOf('ok', 'bad'),
  tags: t.list(t.string),
  raw: t.any<{ a: { b: number } }>(),
});
type Reading = RowOf<typeof Reading>;
same<
  Reading,
  {
    deviceId: string;
    temperature: number;
    humidity: number | null;
    timestamp: Timestamp;
    status: 'ok' | 'bad';
    tags: readonly string[];
    raw: { a: { b: number } };
  }
>();
same<InputOf<typeof Reading>['timestamp'], string | number | Date>();
same<InputOf<typeof Reading>['humidity'], number | null | undefined>();
const Nested = schema({
  place: t.struct({ lat: t.number, name: t.string.nullable() }),
  body: t.bytes,
  n: t.int,
  ok: t.boolean,
  local: t.timestampOf('yyyy/MM/dd HH:mm', { zone: 'Europe/Berlin' }),
  at: t.eventTime,
});
same<
  RowOf<typeof Nested>,
  { place: { lat: number; name: string | null }; body: Uint8Array; n: number; ok: boolean; local: Timestamp; at: EventTime }
>();
same<InputOf<typeof Nested>['place'], { lat: number; name?: string | null | undefined }>();
same<InputOf<typeof Nested>['local'], string>();

declare const readings: Stream<Reading>;
const timed = readings.withWatermark('timestamp', '10 minutes');

// windows and groups reach the sink
const perWindow = timed
  .groupBy(window('timestamp', '5 minutes'), 'deviceId')
  .agg({ t: avg('temperature'), h: avg('humidity'), n: count(), first: min('timestamp'), states: collect('status') });
for await (const row of perWindow.rows())
  same<
    typeof row,
    {
      window: EventWindow;
      deviceId: string;
      t: number;
      h: number | null;
      n: number;
      first: Timestamp;
      states: readonly ('ok' | 'bad')[];
    }
  >();
const lateRows: Stream<Reading> = perWindow.late();
void lateRows;
const sliding: Stream<{ window: EventWindow; count: number }, 'windowed'> = timed
  .groupBy(window('timestamp', '1 hour', { slide: '5 minutes', offset: '1 minute' }))
  .count();
void sliding;
const noWatermark: Stream<{ window: Window; count: number }, 'running'> = readings.groupBy(window('timestamp', '1 hour')).count();
void noWatermark;
const overall: Stream<{ most: number; total: number }, 'running'> = readings
  .groupBy()
  .agg({ most: max('temperature'), total: sum('temperature') });
void overall;

// a raw timestamp under a watermark closes like a window; without one it never does
const perInstant: Stream<{ timestamp: EventTime; count: number }, 'windowed'> = timed.groupBy('timestamp').count();
const perInstantForEver: Stream<{ timestamp: Timestamp; count: number }, 'running'> = readings.groupBy('timestamp').count();
void perInstant;
void perInstantForEver;

// a window of windows, and the end of the chain
const chained = perWindow.groupBy(window('window', '1 hour')).agg({ most: max('n') });
const chainedRow: Stream<{ window: EventWindow; most: number }, 'chained'> = chained;
void chainedRow;
const byWindow: Stream<{ window: EventWindow; count: number }, 'chained'> = perWindow.groupBy('window').count();
void byWindow;

// a watermark survives selecting, and closures with the value
const selected: Stream<{ timestamp: EventTime; deviceId: string }> = timed.select('timestamp', 'deviceId');
void selected;
const mapped: Stream<{ when: EventTime; x: number }> = timed.map((r) => ({ when: r.timestamp, x: r.temperature }));
void mapped;
const mappedAgain: Stream<{ window: EventWindow; count: number }, 'windowed'> = mapped.groupBy(window('when', '1 hour')).count();
void mappedAgain;
const columnar: Stream<{ x: number }> = readings.map((r) => ({ x: r.temperature }), schema({ x: t.number }));
void columnar;
const words: Stream<{ word: string }> = readings.flatMap((r) => r.tags.map((word) => ({ word })));
void words;

// an aggregate of one's own
const product = aggregate({
  state: t.number,
  create: () => 1,
  accumulate: (a: number, v: number) => a * v,
  merge: (a, b) => a * b,
  result: (a) => String(a),
});
const products: Stream<{ deviceId: string; p: string }, 'running'> = readings
  .groupBy('deviceId')
  .agg({ p: product('temperature') });
void products;

// lateness: a row may be written again, so it is never final
const revised: Stream<{ window: EventWindow; deviceId: string; count: number }, 'revised'> = timed
  .groupBy(window('timestamp', '1 minute', { lateness: '1 hour' }), 'deviceId')
  .count();
const revisedByExpression: Stream<{ minute: EventWindow; n: number }, 'revised'> = timed
  .groupBy((c) => ({ minute: window(c.timestamp, '1 minute', { slide: '30 seconds', lateness: '1 hour' }) }))
  .agg({ n: count() });
// a watermark by a strategy: the same kind of time
const byStrategy: Stream<{ deviceId: string; timestamp: EventTime; temperature: number }> = readings
  .withWatermark('timestamp', {
    strategy: { create: () => [0], advance: (times: number[], at) => [...times, at], watermark: (times: number[]) => times[0]! },
  })
  .select('deviceId', 'timestamp', 'temperature');
const manually = readings
  .withWatermark('timestamp', { strategy: 'manual' }, { idleAfter: '5 minutes' })
  .groupBy(window('timestamp', '1 minute'))
  .count();
const manualWindows: Stream<{ window: EventWindow; count: number }, 'windowed'> = manually;
void [byStrategy, manualWindows];

// so many rows: final when they are full, and no time
const perHundred: Stream<{ window: RowSpan; deviceId: string; mean: number }, 'counted'> = readings
  .groupBy(countWindow(100), 'deviceId')
  .agg({ mean: avg('temperature') });
const perTen: Stream<{ ten: RowSpan; device: string; n: number }, 'counted'> = timed
  .groupBy((c) => ({ ten: countWindow(10, { slide: 5 }), device: c.deviceId }))
  .agg({ n: count() });
const sumsOfTen: Stream<{ deviceId: string; count: number }, 'running'> = perHundred.groupBy('deviceId').count();
const someOfThem: Stream<{ window: RowSpan; deviceId: string; mean: number }> = perHundred.limit(3);
void [perTen, sumsOfTen, someOfThem];

// one window for each key: purged, and final, or kept
const batches: Stream<{ deviceId: string; total: number }, 'triggered'> = readings
  .groupBy(globalWindow({ trigger: { rows: 100, processingTime: '10 seconds' } }), 'deviceId')
  .agg({ total: sum('temperature') });
const untilBad: Stream<{ device: string; n: number }, 'triggered'> = readings
  .groupBy((c) => ({ all: globalWindow({ trigger: { when: c.status.eq('bad'), atEnd: true } }), device: c.deviceId }))
  .agg({ n: count() });
const sofar: Stream<{ deviceId: string; count: number }, 'running'> = timed
  .groupBy(globalWindow({ trigger: { eventTime: { of: 'timestamp', after: '1 minute' }, keep: true } }), 'deviceId')
  .count();
const sofarByExpression: Stream<{ id: string; count: number }, 'running'> = timed
  .groupBy((c) => ({
    all: globalWindow({ trigger: { eventTime: { of: c.timestamp, after: '0 ms' }, keep: true } }),
    id: c.deviceId,
  }))
  .count();
const windowsOfWindows: Stream<{ deviceId: string; count: number }, 'triggered'> = perWindow
  .groupBy(globalWindow({ trigger: { eventTime: { of: 'window', after: '1 hour' } } }), 'deviceId')
  .count();
const hot = windowTrigger({
  state: { sum: state.value(t.number) },
  onRow({ temperature }: { temperature: number }, { state: { sum }, setTimer, watermark }) {
    sum.set((sum.get() ?? 0) + temperature);
    setTimer(watermark + 1);
    return sum.get()! > 100 ? 'emit-and-purge' : 'continue';
  },
  onTimer: () => 'purge',
});
const perHeat: Stream<{ deviceId: string; count: number }, 'triggered'> = readings
  .groupBy(globalWindow({ trigger: hot(['temperature']) }), 'deviceId')
  .count();
const each = windowTrigger({ results: 'running', onRow: ({ at }: { at: Timestamp }) => (at > 0 ? 'emit' : 'purge') });
const perRow: Stream<{ id: string; count: number }, 'running'> = readings
  .groupBy((c) => ({ all: globalWindow({ trigger: each({ at: c.timestamp }) }), id: c.deviceId }))
  .count();
const noLongerTimed: Stream<{ timestamp: Timestamp; count: number }, 'triggered'> = timed
  .groupBy(globalWindow({ trigger: { rows: 3 } }), 'timestamp')
  .count();
const runningAgain: Stream<{ timestamp: Timestamp; count: number }, 'running'> = noLongerTimed.groupBy('timestamp').count();
const countedTimes = timed.groupBy((c) => ({ w: countWindow(3), at: c.timestamp })).count();
const neitherTimed: Stream<{ at: Timestamp; count: number }, 'running'> = countedTimes.groupBy('at').count();
void [runningAgain, neitherTimed];
void [batches, untilBad, sofar, sofarByExpression, windowsOfWindows, perHeat, perRow];
const growing: Stream<{ window: EventWindow; deviceId: string; count: number }, 'windowed'> = timed
  .groupBy(cumulativeWindow('timestamp', { step: '1 minute', max: '1 hour' }), 'deviceId')
  .count();
const growingForLong: Stream<{ window: EventWindow; count: number }, 'revised'> = timed
  .groupBy(cumulativeWindow('timestamp', { step: '1 minute', max: '1 hour', lateness: '1 day' }))
  .count();
void [growing, growingForLong];
const revisedUnion = revised.union(revised);
void [revisedByExpression, revisedUnion];

// sessions: a kind of their own, until they are aggregated again; the gap may be each row's own
const sessions: Stream<{ window: EventWindow; deviceId: string; count: number }, 'session'> = timed
  .groupBy(sessionWindow('timestamp', '30 seconds'), 'deviceId')
  .count();
const ownGaps = timed
  .groupBy((c) => ({ visit: sessionWindow(c.timestamp, c.temperature.mul(1000)), device: c.deviceId }))
  .agg({ n: count() });
const ownGapRow: Stream<{ visit: EventWindow; device: string; n: number }, 'session'> = ownGaps;
const sessionsForEver: Stream<{ window: Window; count: number }, 'running'> = readings
  .groupBy(sessionWindow('timestamp', '1 minute'))
  .count();
const perHour: Stream<{ window: EventWindow; most: number }, 'chained'> = sessions
  .groupBy(window('window', '1 hour'))
  .agg({ most: max('count') });
const lateForSessions: Stream<Reading> = timed.groupBy(sessionWindow('timestamp', '30 seconds')).count().late();
void [ownGapRow, sessionsForEver, perHour, lateForSessions];
for (const mode of ['append', 'update', 'complete'] as const)
  sessions.to(
    foreachBatch(async (rows, _epoch, { deleted }) => {
      same<typeof deleted, typeof rows>();
    }),
    { mode },
  );

// keyed state
const keyed = timed.keyBy('deviceId');
const notices: Stream<{ n: number }> = keyed.process({
  state: {
    last: state.value(t.timestamp, { ttl: '1 hour' }),
    seen: state.map(t.string, t.number),
    recent: state.list(t.timestamp, { ttl: '10 minutes' }),
    total: state.value(t.struct({ sum: t.number }), { migrate: { from: t.number, by: (sum) => ({ sum: sum + 1 }) } }),
  },
  emits: schema({ n: t.number }),
  onRow(row, ctx) {
    same<typeof row.timestamp, EventTime>();
    same<typeof ctx.key, string>();
    same<ReturnType<typeof ctx.state.last.get>, Timestamp | undefined>();
    const n = (ctx.state.seen.get(row.status) ?? 0) + 1;
    ctx.state.seen.set(row.status, n);
    ctx.emit({ n });
    ctx.setTimer(row.timestamp + 1);
    ctx.state.recent.push(ctx.now, row.timestamp);
    ctx.state.recent.replace([...ctx.state.recent].slice(-3));
    same<typeof ctx.now, Timestamp>();
    ctx.setProcessingTimer(ctx.now + 1000);
    for (const at of [...ctx.timers(), ...ctx.processingTimers()]) ctx.deleteProcessingTimer(at);
  },
  onTimer(at, ctx) {
    same<typeof at, EventTime>();
    ctx.emit({ n: ctx.watermark });
  },
  onProcessingTimer(at, { state: { recent }, emit }) {
    same<typeof at, Timestamp>();
    emit({ n: recent.length });
  },
});
void notices;
timed
  .keyBy((row) => [row.deviceId, row.status] as const)
  .reduce((a, b) => (a.timestamp > b.timestamp ? a : b))
  .to(
    foreachBatch(async () => {}),
    { mode: 'update' },
  );

// schemas of others; rows without a schema
const Zod = z.object({ a: z.string(), b: z.number().optional() });
for await (const row of from(file.source({ path: 'z.jsonl', format: json(Zod) })).rows())
  same<typeof row, { a: string; b?: number | undefined }>();
for await (const row of from([{ x: 1, at: timestamp(0) }])
  .withWatermark('at', '1 ms')
  .select('x')
  .rows())
  same<typeof row, { x: number }>();
for await (const row of from(socket.source({ host: 'localhost', port: 1, format: json<{ y: number }>() })).rows())
  same<typeof row, { y: number }>();
for await (const row of from(jetstream.source({ stream: 'S', format: json<{ y: number }>() })).rows())
  same<typeof row, { y: number }>();
const messages = jetstream.source({
  stream: 'S',
  subjects: ['s.>'],
  format: json(Zod),
  columns: ['subject', 'time', 'headers'],
  from: 'new',
});
for await (const row of from(messages).rows())
  same<
    typeof row,
    { a: string; b?: number | undefined; subject: string; time: Timestamp; headers: Readonly<Record<string, string>> }
  >();
const numbered: Stream<{ y: number; sequence: number }> = from(
  jetstream.source({
    stream: 'S',
    format: json<{ y: number }>(),
    columns: ['sequence'],
    perMessage: 'lines',
    from: { sequence: 7 },
  }),
);
void numbered.withWatermark;
numbered.to(jetstream.sink({ stream: 'T', subject: (row) => `t.${row.sequence}`, perMessage: 'lines' }));
numbered.to(jetstream.sink({ stream: 'T', subject: 't.a', guarantee: 'at-least-once' }));
numbered.to(kv.sink({ bucket: 'B', key: ({ y }) => `${y}` }));
numbered.to(nats.sink({ subject: ({ y }) => `t.${y}` }));
for await (const row of from(nats.source({ subject: 's.>', format: json<{ y: number }>() })).rows())
  same<typeof row, { y: number }>();
async function* ticks() {
  yield { i: 1 };
}
const ticking: Stream<{ i: number }> = from(ticks());
void ticking;
const generated: Stream<{ index: number }> = from(generator.source({ rowsPerSecond: 1, row: (index) => ({ index }) }));
void generated;

// the sink's callbacks know the row
perWindow.to(
  foreachBatch(async (rows, epoch) => {
    for (const row of rows) same<typeof row.window, EventWindow>();
    const later: number = epoch + 1;
    void later;
  }),
);
const outputs = [
  perWindow.to(stdout.sink(), { mode: 'update', every: '2 seconds' }),
  perWindow.late().to(file.sink({ path: 'late.jsonl' })),
];
// a watermarked stream is a stream
const plain = (s: Stream<Reading>) => s.map((row) => ({ x: row.temperature }));
plain(timed);
const structural = (s: Stream<{ temperature: number }>) => s.select('temperature');
structural(timed);
const both: Stream<{ temperature: number }> = structural(timed).union(readings);
void both;
// filtering narrows
const humid: Stream<Reading & { humidity: number }> = readings.filter(
  (row): row is Reading & { humidity: number } => row.humidity !== null,
);
void humid;
// placing keeps the type, late rows included
void perWindow.named('per-window').parallelism(2).rebalance().late();

// sources and sinks of one's own
const orders = defineSource({
  name: 'orders',
  schema: schema({ id: t.string, total: t.number }),
  position: t.number,
  async *read(_split, fromPage = 0, { signal }) {
    signal.throwIfAborted();
    yield { rows: [{ id: 'a', total: 1 }], position: fromPage + 1 };
  },
});
const ordersSource: Source<{ id: string; total: number }> = orders;
const table = defineSink<{ id: string }, { file: string } | null>({
  name: 'table',
  guarantee: 'exactly-once',
  staged: t.any(),
  async open({ subtask, generation }) {
    return {
      write: () => {},
      stage: (epoch) => ({ file: `${epoch}-${subtask}.${generation}` }),
      async commit(permit, staged) {
        same<typeof staged, { file: string } | null>();
        void permit.epoch;
      },
    };
  },
});
const tableSink: Sink<{ id: string }, 'append'> = table;
void [from(ordersSource).to(tableSink), from(orders).to(table)];

// jobs
const job = pipeline({ name: 'x', outputs, parallelism: 2, checkpointEvery: '500 ms', restart: { attempts: 3 } });
const module1: JobModule = job;
const module2: JobModule = async (params) => (params.number('rate', 1) > 0 ? job : job);
void [module1, module2];
{
  await using other: Job = await start(new URL('file:///job.ts'), { workers: 2, params: { rate: 1, output: 'x' } });
  void other;
  await using running: Job = await start(job, { signal: AbortSignal.timeout(1), stateDir: 'state' });
  for await (const { watermark, rowsInPerSecond } of running.progress())
    same<[typeof watermark, typeof rowsInPerSecond], [Timestamp | null, number]>();
}

// a watermark survives renaming, not computing
const renamed = timed.select((c) => ({ at: c.timestamp, id: c.deviceId }));
const renamedRow: Stream<{ at: EventTime; id: string }> = renamed;
void renamedRow;
const shifted = timed.select((c) => ({ at: c.timestamp.add('1 hour') }));
for await (const row of shifted.rows()) same<typeof row, { at: Timestamp }>();

// null is in what is computed where it is in an operand, and goes with orElse
const computed = readings.select((c) => ({
  ratio: c.humidity.div(c.temperature),
  sum: c.temperature.add(1),
  sure: c.humidity.orElse(0),
  wet: c.humidity.gt(50).and(c.temperature.gt(0)),
  dry: c.humidity.isNull().not(),
  word: c.deviceId.split('-', 1),
  state: c.status,
  b: c.raw.a.b,
  one: lit('one'),
  two: 2,
}));
for await (const row of computed.rows())
  same<
    typeof row,
    {
      ratio: number | null;
      sum: number;
      sure: number;
      wet: boolean | null;
      dry: boolean;
      word: string | null;
      state: 'ok' | 'bad';
      b: number;
      one: 'one';
      two: 2;
    }
  >();

// expressions reused over any stream that has the columns; functions inside expressions; conditions
const celsius = (c: Columns<{ temperature: number }>) => c.temperature.sub(32).div(1.8);
const length = (x: number, y: string): number => x + y.length;
const reused: Stream<{ c: number; fresh: boolean; seen: Timestamp; d: number; s: 'hot' | 'cold' }> = readings.select((c) => ({
  c: celsius(c),
  fresh: c.timestamp.gte(now().sub('1 hour')),
  seen: now(),
  d: call(length, c.temperature, c.deviceId),
  s: when(c.temperature.gt(30), 'hot').otherwise('cold'),
}));
void reused;
const widened: Stream<{ deviceId: string; temperature: string; more: number }> = readings
  .select('deviceId', 'temperature')
  .withColumns((c) => ({ temperature: c.temperature.toText(), more: c.temperature }));
void widened;
const inFahrenheit = (s: Stream<{ temperature: number }>): Stream<{ f: number }> =>
  s.select((c) => ({ f: c.temperature.mul(1.8) }));
void inFahrenheit(readings);

const joinedTexts: Stream<{ both: string; maybe: string | null }> = readings.select((c) => ({
  both: c.deviceId.concat(' ', c.status, '-', c.temperature.toText()),
  maybe: c.deviceId.concat(c.humidity.toText(), ' %'),
}));
void joinedTexts;

// groups and aggregates of expressions
const byExpression = timed
  .groupBy((c) => ({ day: c.timestamp.truncate('day'), w: window(c.timestamp, '1 hour') }))
  .agg((c) => ({
    warm: count().where(c.temperature.gt(20)),
    mean: avg(c.temperature.add(c.humidity)),
    hot: max(c.temperature).where(c.temperature.gt(30)),
    latest: last('status'),
    warmest: max('temperature').where(c.status.eq('ok')),
    all: count().where(c.status.eq('ok')),
    states: countDistinct(c.status),
    devices: approxCountDistinct('deviceId'),
    start: first(c.timestamp),
  }));
const grouped: Stream<
  {
    day: Timestamp;
    w: EventWindow;
    warm: number;
    mean: number | null;
    hot: number | null;
    latest: 'ok' | 'bad';
    warmest: number | null;
    all: number;
    states: number;
    devices: number;
    start: Timestamp;
  },
  'windowed'
> = byExpression;
void grouped;
const lateAsBefore: Stream<Reading> = byExpression.late();
void lateAsBefore;

// joins: outer sides may be null, keys are merged, times flow
const L = schema({ id: t.string, a: t.number, at: t.timestamp });
const R = schema({ id: t.string, b: t.number, seen: t.timestamp });
declare const left: Stream<RowOf<typeof L>>;
declare const right: Stream<RowOf<typeof R>>;
const l = left.withWatermark('at', '1 minute');
const r = right.withWatermark('seen', '1 minute');
const inner: Stream<{ id: string; a: number; at: EventTime; b: number; seen: EventTime }, 'joined'> = l.join(r, {
  on: 'id',
  within: ['-1 minutes', '1 minute'],
});
void inner;
for await (const row of l.join(r, { on: 'id', how: 'full', within: ['0 minutes', '1 hour'] }).rows())
  same<typeof row, { id: string; a: number | null; at: EventTime | null; b: number | null; seen: EventTime | null }>();
for await (const row of l.join(r, { on: 'id', how: 'semi' }).rows()) same<typeof row, { id: string; a: number; at: EventTime }>();
// the late rows of a join are those of a side
const lateLeft: Stream<{ id: string; a: number; at: EventTime }> = l
  .join(r, { on: 'id', within: ['0 ms', '1 hour'] })
  .late('left');
const lateVersions: Stream<{ id: string; b: number; seen: EventTime }> = l
  .asOfJoin(r, { on: 'id' })
  .named('valued')
  .late('right');
const lateDuplicates: Stream<{ id: string; a: number; at: EventTime }> = l.dropDuplicates(['id', 'at']).late();
const brokenPromises: Stream<{ id: string; at: EventTime }> = l
  .keyBy('id')
  .process({ emits: schema({ id: t.string, at: t.eventTime }), onRow() {} })
  .late();
void [lateLeft, lateVersions, lateDuplicates, brokenPromises];
// a condition has the columns of both, as they come in
for await (const row of l
  .join(r, {
    on: 'id',
    how: 'left',
    within: ['0 minutes', '1 hour'],
    where: (order, limit) => {
      same<typeof order.a, ExprOf<number>>();
      same<typeof limit.seen, ExprOf<EventTime>>();
      return order.a.gt(limit.b).and(order.id.eq(limit.id));
    },
  })
  .rows())
  same<typeof row, { id: string; a: number; at: EventTime; b: number | null; seen: EventTime | null }>();
l.join(asTable(right), { on: 'id', how: 'anti', where: (a, b) => a.at.lt(b.seen) }).to(stdout.sink());
left
  .select('id', 'a')
  .join(right, { on: 'id', how: 'semi', ttl: 'forever', where: (a, b) => a.a.gt(b.b) })
  .changelog();
// equal windows bound an outer join, of aggregations and of rows
const lw = l.groupBy(window('at', '1 minute'), 'id').agg({ a: sum('a') });
const rw = r.groupBy(window('seen', '1 minute'), 'id').agg({ b: sum('b') });
for await (const row of lw.join(rw, { on: ['window', 'id'], how: 'left' }).rows())
  same<typeof row, { window: EventWindow; id: string; a: number; b: number | null }>();
const placed = l.withColumns((c) => ({ window: window(c.at, '1 minute') }));
for await (const row of placed.rows()) same<typeof row, { id: string; a: number; at: EventTime; window: EventWindow }>();
for await (const row of placed
  .select('id', 'window')
  .join(rw.select('id', 'window', 'b'), { on: ['id', 'window'], how: 'anti' })
  .rows())
  same<typeof row, { id: string; window: EventWindow }>();
const renamedWindows = placed
  .select((c) => ({ id: c.id, of: c.window }))
  .join(rw, { on: { of: 'window', id: 'id' }, how: 'semi' });
for await (const row of renamedWindows.rows()) same<typeof row, { id: string; of: EventWindow }>();
// with a table a row stays a row; what was aggregated is joined
const enriched = l.join(asTable(file.source({ path: 'r.jsonl', format: json(R) })), { on: 'id', how: 'left' });
for await (const row of enriched.rows())
  same<typeof row, { id: string; a: number; at: EventTime; b: number | null; seen: Timestamp | null }>();
enriched.groupBy('id').count().to(stdout.sink(), { mode: 'update' });
const perWindow2: Stream<{ window: EventWindow; id: string; a: number; b: number; seen: Timestamp }, 'joined'> = lw.join(
  asTable(right),
  { on: 'id' },
);
void perWindow2;
// as of versions the row's times flow, those of the version are times like others
const valued = l.asOfJoin(r, { on: 'id', how: 'left', tolerance: '1 day' });
for await (const row of valued.rows())
  same<typeof row, { id: string; a: number; at: EventTime; b: number | null; seen: Timestamp | null }>();
const valuedWindows = valued.groupBy(window('at', '1 hour')).count();
const perValued: Stream<{ window: EventWindow; count: number }, 'chained'> = valuedWindows;
void perValued;
const windowsOfVersions = l.select((c) => ({ of: c.id, at: c.at })).asOfJoin(rw, { on: { of: 'id' }, times: ['at', 'window'] });
for await (const row of windowsOfVersions.rows())
  same<typeof row, { of: string; at: EventTime; window: Window; id: string; b: number }>();
// a lookup gives what it finds, by the key of the stream
const foundOutside = l.lookupJoin(
  {
    schema: schema({ id: t.string, b: t.number.nullable() }),
    fetch: async (ids, { signal }) => {
      same<typeof ids, readonly string[]>();
      same<typeof signal, AbortSignal>();
      return ids.map((id) => ({ id, b: null }));
    },
    cache: { entries: 1000, ttl: '1 minute' },
  },
  { on: 'id', how: 'left' },
);
const asRows: Stream<{ id: string; a: number; at: EventTime; b: number | null }, 'rows'> = foundOutside;
void asRows;
const foundByOther = lw.lookupJoin(
  { schema: schema({ n: t.number, c: t.string }), fetch: (ns) => ns.map((n) => ({ n, c: '' })) },
  {
    on: { a: 'n' },
  },
);
// by several columns: an object, by the names of what is found
l.lookupJoin(
  {
    schema: schema({ id: t.string, a: t.number, c: t.string }),
    fetch: (keys) => {
      same<typeof keys, readonly { readonly id: string; readonly a: number }[]>();
      return keys.map((key) => ({ ...key, c: '' }));
    },
  },
  { on: ['id', 'a'] },
);
l.lookupJoin(
  {
    schema: schema({ who: t.string, n: t.number }),
    fetch: (keys) => {
      same<typeof keys, readonly { readonly who: string; readonly n: number }[]>();
      return keys;
    },
  },
  { on: { id: 'who', a: 'n' } },
);
l.lookupJoin({ schema: schema({ id: t.string }), fetch: (keys) => keys.map(({ id }) => ({ id })) }, { on: ['id'] });
const asJoined: Stream<{ window: EventWindow; id: string; a: number; n: number; c: string }, 'joined'> = foundByOther;
void asJoined;
const renamedKeys = l.join(
  r.select((c) => ({ other: c.id, b: c.b })),
  { on: { id: 'other' } },
);
for await (const row of renamedKeys.rows())
  same<typeof row, { id: string; a: number; at: EventTime; other: string; b: number }>();
// the time at which a row is read is event time like any other
const seenAt: Stream<{ id: string; a: number; at: Timestamp; seen: EventTime }> = left.withProcessingTime('seen');
seenAt.groupBy(window('seen', '1 minute')).count().to(stdout.sink());
// rows that change are joined and aggregated, and their changes are rows
const totals = left.groupBy('id').agg({ total: sum('a') });
const changingJoin: Stream<{ id: string; total: number; b: number | null; seen: Timestamp | null }, 'changing'> = totals.join(
  right,
  {
    on: 'id',
    how: 'left',
    ttl: '1 day',
  },
);
const regrouped: Stream<{ total: number; groups: number }, 'running'> = totals.groupBy('total').agg({ groups: count() });
const changedRows: Stream<{ total: number; groups: number; op: '+I' | '-U' | '+U' | '-D' }, 'rows'> = regrouped.changelog();
changingJoin.changelog().to(stdout.sink());
changingJoin.to(stdout.sink(), { mode: 'update' });
void changedRows;
// and rows that say what happens are rows that change, whose times no watermark bounds
declare const told: Stream<{ id: string; a: number; at: EventTime; op: string; how: string | null }>;
const readBack: Stream<{ id: string; a: number; at: Timestamp; how: string | null }, 'changing'> = told.asChanges({ op: 'op' });
const otherWords = told.asChanges({ op: 'how', values: { c: '+I', d: '-D' } });
const latestRows: Stream<{ id: string; a: number; at: Timestamp; op: string }, 'changing'> = told.asUpserts({
  key: ['id', 'a'],
  deleted: (c) => c.op.eq('d'),
  ttl: '1 day',
});
const perTime: Stream<{ at: Timestamp; count: number }, 'running'> = told.asUpserts({ key: 'id' }).groupBy('at').count();
for await (const row of otherWords.changelog().rows()) {
  const { op, id }: { op: '+I' | '-U' | '+U' | '-D'; id: string } = row as never;
  void [op, id];
}
readBack.changelog().asChanges({ op: 'op' }).to(stdout.sink(), { mode: 'update' });
void [latestRows, perTime];
// first rows
const firstReadings: Stream<Reading, 'rows'> = readings.dropDuplicates(['deviceId'], { within: '1 hour' }).limit(3);
const stillTimed: Stream<{ timestamp: EventTime }, 'rows'> = timed.dropDuplicates(['deviceId', 'timestamp']).select('timestamp');
const wholeRows: Stream<{ timestamp: EventTime }, 'rows'> = timed.dropDuplicates('*').select('timestamp');
const anyOfThem = (columns: readonly (keyof Reading)[]) => timed.dropDuplicates(columns);
const firstResults: Stream<{ window: EventWindow }, 'chained'> = timed
  .groupBy(window('timestamp', '5 minutes'))
  .count()
  .dropDuplicates(['window'])
  .limit(10)
  .select('window');
void [firstReadings, stillTimed, wholeRows, anyOfThem, firstResults];

// first rows of each group
const warmest = timed
  .groupBy(window('timestamp', '5 minutes'), 'deviceId')
  .top(3, { by: ['temperature', 'timestamp'], order: ['desc', 'asc'] });
const ranked: Stream<
  { window: EventWindow; deviceId: string; temperature: number; timestamp: Timestamp; rank: number },
  'windowed'
> = warmest;
const lateAgain: Stream<Reading> = warmest.late();
const newest: Stream<{ deviceId: string; status: 'ok' | 'bad'; rank: number }, 'running'> = timed
  .groupBy('deviceId')
  .top(1, { by: 'timestamp' });
const ofVisits: Stream<{ rank: number }, 'chained'> = timed
  .groupBy(sessionWindow('timestamp', '5 minutes'))
  .top(1, { by: 'status', order: 'asc' });
void [ranked, lateAgain, newest, ofVisits];

// mapAsync: rows that a function makes which asks outside
const askedOutside: Stream<{ timestamp: EventTime; room: string }, 'rows'> = timed.mapAsync(
  async (row, { signal }) => ({ ...row, room: String(signal.aborted) }),
  { ordered: false, timeout: '1 second' },
);
const askedColumns: Stream<{ x: number }, 'rows'> = readings.mapAsync(
  async (row) => ({ x: row.temperature }),
  {},
  schema({ x: t.number }),
);
const askedOfWindows = timed
  .groupBy(window('timestamp', '5 minutes'))
  .count()
  .mapAsync(async ({ count: n }) => ({ n }), { concurrency: 3, attempts: 1 });
same<typeof askedOfWindows, Stream<{ n: number }, 'chained'>>();
const askedInTime: Stream<{ timestamp: EventTime }> = timed.mapAsync(async (row) => row);
void [askedOutside, askedColumns, askedInTime];
