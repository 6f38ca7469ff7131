// What must not compile, and what the user is told. A comment `//✗ words` says: the next statement has an error containing the words.
import { aggregate, avg, collect, count, countDistinct, countWindow, cumulativeWindow, defineSink, foreachBatch, from, globalWindow, json, pipeline, schema, sessionWindow, state, sum, t, timestamp, window, windowTrigger, type RowOf, type Stream, type Timestamp } from 'weir';
import { file, jetstream, stdout } from 'weir/connectors';
import { type DStream, StreamingContext } from 'weir/dstream';

const Reading = schema({ deviceId: t.string, temperature: t.number, humidity: t.number.nullable(), status: t.oneOf('ok', 'bad'), timestamp: t.timestamp, raw: t.list(t.string) });
declare const readings: Stream<RowOf<typeof Reading>>;
declare const untimed: Stream<{ readonly id: string; readonly at: Timestamp | null }>;
const timed = readings.withWatermark('timestamp', '10 minutes');
const perWindow = timed.groupBy(window('timestamp', '5 minutes'), 'deviceId').count();
const running = readings.groupBy('deviceId').count();
const out = stdout.sink();
const product = aggregate({ state: t.number, create: () => 1, accumulate: (a: number, v: number) => a * v, merge: (a, b) => a * b, result: (a) => a });

// ── output modes
//✗ append writes a row once it is final, and these never are: group by a window over a column with withWatermark(), or say mode: update or complete
running.to(out);
//✗ append writes a row once it is final
readings.groupBy(window('timestamp', '5 minutes')).count().to(out, { mode: 'append' });
//✗ complete writes the whole result each time, and a stream without an aggregation has none
readings.to(out, { mode: 'complete' });
//✗ a second aggregation takes only final rows of the first: use append
perWindow.groupBy(window('window', '1 hour')).count().to(out, { mode: 'update' });
//✗ this sink does not take mode complete
perWindow.to(file.sink({ path: 'out' }), { mode: 'complete' });
//✗ Did you mean '"append"'?
perWindow.to(out, { mode: 'apend' });
//✗ append writes a row once it is final
running.rows();

// ── columns
//✗ '"subjects"' is not assignable
jetstream.source({ stream: 'S', format: json<{ y: number }>(), columns: ['subjects'] });
//✗ '"deviceid"' is not assignable
timed.groupBy(window('timestamp', '5 minutes'), 'deviceid');
//✗ no column here can be an event time, a timestamp that is not nullable
untimed.withWatermark('at', '1 minute');
//✗ no column here can be an event time, a timestamp that is not nullable
untimed.groupBy(window('at', '1 minute')).count();
//✗ avg('temprature'): there is no column 'temprature' here
readings.groupBy('deviceId').agg({ x: avg('temprature') });
//✗ sum('deviceId') needs a column of numbers; 'deviceId' is not one
readings.groupBy('deviceId').agg({ x: sum('deviceId') });
//✗ aggregate('deviceId'): column 'deviceId' has another type than the aggregate takes
readings.groupBy('deviceId').agg({ x: product('deviceId') });
//✗ collect('stats'): there is no column 'stats' here
readings.groupBy('deviceId').agg({ x: collect('stats') });
//✗ Argument of type '"temprature"' is not assignable to parameter of type '"
readings.select('deviceId', 'temprature');
//✗ Argument of type '"device"' is not assignable to parameter of type '"
readings.keyBy('device');
//✗ 'row.humidity' is possibly 'null'
readings.map((row) => ({ x: row.humidity * 2 }));
//✗ Property 'temprature' does not exist on type
readings.filter((row) => row.temprature > 2);
//✗ Type 'string' is not assignable to type 'number'
readings.map((row) => ({ x: row.deviceId }), schema({ x: t.number }));

//✗ Property 'temprature' does not exist on type
readings.select((c) => ({ x: c.temprature.mul(2) }));
//✗ Did you mean 'temperature'?
readings.where((c) => c.temprature.gt(2));
//✗ Property 'mul' does not exist on type 'StringExpr
readings.select((c) => ({ x: c.deviceId.mul(2) }));
//✗ Argument of type '"broken"' is not assignable
readings.where((c) => c.status.eq('broken'));
//✗ Operator '>' cannot be applied
readings.where((c) => c.temperature > 3);
//✗ Type 'boolean' is not assignable to type 'BooleanExpr
readings.where(() => true);
//✗ countDistinct('stats'): there is no column 'stats' here
readings.groupBy('deviceId').agg({ x: countDistinct('stats') });

// ── time
//✗ Argument of type '"temperature"' is not assignable to parameter of type '"timestamp"'
readings.withWatermark('temperature', '10 minutes');
//✗ Argument of type '"10 minuts"' is not assignable to parameter of type
readings.withWatermark('timestamp', '10 minuts');
//✗ Argument of type '600000' is not assignable to parameter of type
readings.withWatermark('timestamp', 600000);
//✗ WindowKey<"fixed", "temperature", unknown>' is not assignable
timed.groupBy(window('temperature', '5 minutes'));
//✗ WindowKey<WindowType, "timestamp", unknown>
timed.groupBy(window('time', '5 minutes'));
//✗ a window with lateness is written again for rows that come late: use update or complete
timed.groupBy(window('timestamp', '1 minute', { lateness: '1 hour' }), 'deviceId').count().to(out);
//✗ Type '"revised"' is not assignable
timed.groupBy(window('timestamp', '1 minute', { lateness: '1 hour' }), 'deviceId').count().keyBy('deviceId');
//✗ Type '"newest"' is not assignable to type 'OutputMode
timed.groupBy(countWindow(3), 'deviceId').count().to(out, { mode: 'newest' });
//✗ of what a trigger has purged nothing is left
timed.groupBy(globalWindow({ trigger: { rows: 3 } }), 'deviceId').count().to(out, { mode: 'complete' });
//✗ append writes a row once it is final, and these never are
timed.groupBy(globalWindow({ trigger: { rows: 3, keep: true } }), 'deviceId').count().to(out);
//✗ "running"
timed.groupBy(globalWindow({ trigger: { rows: 3, keep: true } }), 'deviceId').count().keyBy('deviceId');
//✗ GlobalWindowKey<"triggered", { readonly timestamp: Watermarked; }>' is not assignable
readings.groupBy(globalWindow({ trigger: { eventTime: { of: 'timestamp', after: '1 minute' } } }), 'deviceId');
//✗ is not assignable to type 'string | Expr<EventTime | EventWindow>'
readings.groupBy((c) => ({ all: globalWindow({ trigger: { eventTime: { of: c.timestamp, after: '1 minute' } } }), id: c.deviceId }));
//✗ Type 'string' is not assignable to type 'number'
globalWindow({ trigger: { rows: '3' } });
//✗ is missing the following properties from type 'BooleanExpr
readings.groupBy((c) => ({ all: globalWindow({ trigger: { when: c.deviceId } }), id: c.deviceId }));
//✗ Type '"emit"' is not assignable to type '"continue" |
windowTrigger({ onRow: (_: { temperature: number }) => 'emit' });
//✗ 'other' is missing
windowTrigger({ onRow: (_: { temperature: number; other: string }) => 'purge' })(['temperature']);
//✗ GlobalWindowKey<"triggered", { temperature: string; }>' is not assignable
readings.groupBy(globalWindow({ trigger: windowTrigger({ onRow: (_: { temperature: string }) => 'purge' })(['temperature']) }));
//✗ Argument of type 'string' is not assignable to parameter of type 'number'
countWindow('10 minutes');
//✗ WindowKey<"fixed", "temperature", unknown>' is not assignable
timed.groupBy(cumulativeWindow('temperature', { step: '5 minutes', max: '1 hour' }));
//✗ No overload matches this call
cumulativeWindow('timestamp', { max: '1 hour' });
//✗ WindowKey<"session", "temperature", unknown>' is not assignable
timed.groupBy(sessionWindow('temperature', '5 minutes'));
//✗ Argument of type '300' is not assignable to parameter of type
sessionWindow('timestamp', 300);
//✗ No overload matches this call
timed.groupBy((c) => ({ visit: sessionWindow(c.timestamp, c.deviceId) }));
//✗ append writes a row once it is final, and these never are: group by a window over a column with withWatermark()
readings.groupBy(sessionWindow('timestamp', '5 minutes')).count().to(out);
//✗ a second aggregation takes only final rows of the first: use append
timed.groupBy(sessionWindow('timestamp', '5 minutes'), 'deviceId').count().groupBy(window('window', '1 hour')).count().to(out, { mode: 'update' });
//✗ append writes a row once it is final
timed.map((r) => ({ at: timestamp(r.timestamp + 1) })).groupBy(window('at', '5 minutes')).count().to(out);
//✗ Type 'number' is not assignable to type 'Timestamp'
timed.keyBy('deviceId').process({ emits: schema({ at: t.timestamp }), onRow: (row, ctx) => ctx.emit({ at: row.timestamp + 1 }) });

// ── keyed state
//✗ "running"
running.keyBy('deviceId');
timed.keyBy('deviceId').process({
  state: { last: state.value(t.number), recent: state.list(t.string) },
  emits: schema({ n: t.number }),
  onRow(row, ctx) {
    //✗ Argument of type 'string' is not assignable to parameter of type 'number'
    ctx.state.last.set(row.deviceId);
    //✗ Argument of type 'number' is not assignable to parameter of type 'string'
    ctx.state.recent.push(1);
    //✗ Property 'lst' does not exist on type
    ctx.state.lst.get();
    //✗ Type 'string' is not assignable to type 'number'
    ctx.emit({ n: row.deviceId });
    //✗ 'm' does not exist in type
    ctx.emit({ n: 1, m: 2 });
  },
});
//✗ Type 'string' is not assignable to type 'number'
state.value(t.number, { migrate: { from: t.number, by: (n) => String(n) } });
//✗ Type '"an hour"' is not assignable to type '`${number}
state.value(t.number, { ttl: 'an hour' });

// ── first rows
//✗ Expected 2 arguments, but got 1
readings.dropDuplicates(['deviceId', 'timestamp']);
//✗ Expected 2 arguments, but got 1
readings.dropDuplicates('*');
//✗ Expected 2 arguments, but got 1
timed.dropDuplicates(['deviceId']);
//✗ Type '"device"' is not assignable to type '"
timed.dropDuplicates(['device', 'timestamp']);
//✗ Property 'within' is missing in type '{}'
readings.dropDuplicates(['deviceId'], {});
//✗ "running"
running.dropDuplicates(['deviceId'], { within: 'forever' });
//✗ "running"
running.limit(3);
//✗ "running"
running.mapAsync(async (row) => row);
//✗ is missing the following properties from type 'Promise<object>'
readings.mapAsync((row) => ({ x: row.temperature }));
//✗ Type 'string' is not assignable to type 'number'
readings.mapAsync(async (row) => ({ x: row.deviceId }), {}, schema({ x: t.number }));
//✗ 'parallel' does not exist
readings.mapAsync(async (row) => row, { parallel: 3 });
//✗ a second aggregation takes only final rows of the first: use append
perWindow.mapAsync(async (row) => row).to(out, { mode: 'update' });
//✗ a second aggregation takes only final rows of the first: use append
perWindow.dropDuplicates('*').to(out, { mode: 'update' });
//✗ complete writes the whole result each time, and a stream without an aggregation has none
readings.limit(3).to(out, { mode: 'complete' });

// ── first rows of each group
//✗ append writes a row once it is final
timed.groupBy('deviceId').top(1, { by: 'timestamp' }).to(out);
//✗ Type '"temprature"' is not assignable to type
timed.groupBy('deviceId').top(1, { by: 'temprature' });
//✗ Type '"raw"' is not assignable to type
timed.groupBy('deviceId').top(1, { by: 'raw' });
//✗ Property 'by' is missing
timed.groupBy('deviceId').top(1, {});
//✗ Type '"down"' is not assignable to type
timed.groupBy('deviceId').top(1, { by: 'timestamp', order: 'down' });
//✗ a second aggregation takes only final rows of the first: use append
timed.groupBy(sessionWindow('timestamp', '5 minutes')).top(1, { by: 'timestamp' }).to(out, { mode: 'update' });

// ── sinks, jobs
//✗ Property 'device' does not exist on type
perWindow.to(foreachBatch(async (rows) => void rows.map((row) => row.device)));
//✗ is not assignable
perWindow.to(foreachBatch<{ other: string }>(async () => {}));
//✗ is missing in type 'Aggregated<
pipeline({ name: 'x', outputs: [perWindow] });
//✗ Property 'name' is missing
pipeline({ outputs: [] });
//✗ Property '[streamBrand]' is missing
readings.union(readings.keyBy('deviceId'));
//✗ Property 'late' does not exist on type 'Stream<
readings.late();
void [count, from, json, defineSink];

// ── joins
const L = schema({ id: t.string, a: t.number, at: t.timestamp });
const R = schema({ id: t.string, b: t.number, seen: t.timestamp });
declare const left: Stream<RowOf<typeof L>>;
declare const right: Stream<RowOf<typeof R>>;
const l = left.withWatermark('at', '1 minute'), r = right.withWatermark('seen', '1 minute');
//✗ 'OuterJoinNeedsATimeBound'
l.join(r, { on: 'id', how: 'left' });
//✗ 'OuterJoinNeedsATimeBound'
l.join(r.select((c) => ({ other: c.id, b: c.b, seen: c.seen })), { on: { id: 'other' }, how: 'anti' });
//✗ a left join needs a watermark on the right stream: call withWatermark() on it
l.join(right, { on: 'id', how: 'left', within: ['0 minutes', '1 hour'] });
//✗ a full join needs a watermark on the left stream
left.join(r, { on: 'id', how: 'full', within: ['0 minutes', '1 hour'] });
//✗ is not assignable to type
l.join(r, { on: 'idd' });
//✗ both sides have a column 'a': rename one with select() before the join
l.join(l, { on: 'id' });
//✗ Expected 1 arguments, but got 0
l.join(r, { on: 'id', within: ['0 ms', '1 ms'] }).late();
//✗ is not assignable to parameter of type
l.join(r, { on: 'id', within: ['0 ms', '1 ms'] }).late('both');
//✗ Property 'late' does not exist on type
l.join(right, { on: 'id', ttl: '1 day' }).late('left');
//✗ Property 'bb' does not exist on type
l.join(r, { on: 'id', where: (a, b) => a.a.gt(b.bb) });
//✗ is not assignable to
l.join(r, { on: 'id', where: (a, b) => a.a.gt(b.id) });
//✗ from type 'BooleanExpr<null>'
l.join(r, { on: 'id', where: (a, b) => a.a.add(b.b) });
//✗ 'where' does not exist in type
l.asOfJoin(r, { on: 'id', where: (a, b) => a.a.gt(b.b) });
//✗ "running"
running.join(r, { on: 'deviceId' });
//✗ joined rows do not change: use append
l.join(r, { on: 'id' }).to(out, { mode: 'update' });
//✗ a join has no bounded one: use append, or aggregate it
l.join(r, { on: 'id' }).to(out, { mode: 'complete' });
//✗ '"a"' is not assignable to type '"id"'
l.asChanges({ op: 'a' });
//✗ '"I"' is not assignable
l.asChanges({ op: 'id', values: { c: 'I' } });
//✗ '"idd"' is not assignable
l.asUpserts({ key: 'idd' });
//✗ is missing the following properties from type 'BooleanExpr<null>'
l.asUpserts({ key: 'id', deleted: (c) => c.a });
//✗ "running"
running.asUpserts({ key: 'deviceId' });
//✗ append writes a row once it is final, and these may be taken back: use update, or changelog()
l.asUpserts({ key: 'id' }).to(out);
//✗ rows that are taken back one by one have no bounded one: use update, or aggregate them
l.asChanges({ op: 'id' }).to(out, { mode: 'complete' });
//✗ "changing"
l.asUpserts({ key: 'id' }).keyBy('id');
//✗ both sides have a column 'a': rename one with select() before the join
l.lookupJoin({ schema: L, fetch: async () => [] }, { on: 'id' });
//✗ is not assignable to type 'JoinKeys<
l.lookupJoin({ schema: schema({ id: t.string, b: t.number }), fetch: async () => [] }, { on: 'idd' });
//✗ is not assignable to
l.lookupJoin({ schema: schema({ id: t.string, b: t.number }), fetch: async (ids: readonly number[]) => ids.map((id) => ({ id })) }, { on: 'id' });
//✗ is not assignable to
l.lookupJoin({ schema: schema({ id: t.string, a: t.number }), fetch: (keys: readonly { id: number }[]) => keys }, { on: ['id', 'a'] });
//✗ "running"
running.lookupJoin({ schema: schema({ deviceId: t.string, b: t.number }), fetch: async () => [] }, { on: 'deviceId' });
//✗ an as-of join needs a watermark on the right stream: call withWatermark() on it
l.asOfJoin(right, { on: 'id' });
//✗ an as-of join needs a watermark on the left stream: call withWatermark() on it
left.asOfJoin(r, { on: 'id' });
//✗ both sides have a column 'a': rename one with select() before the join
l.asOfJoin(l, { on: 'id' });
//✗ Type '"full"' is not assignable to type
l.asOfJoin(r, { on: 'id', how: 'full' });
//✗ 'within' does not exist in type
l.asOfJoin(r, { on: 'id', within: ['0 minutes', '1 hour'] });
//✗ "running"
l.select((c) => ({ deviceId: c.id, at: c.at })).asOfJoin(running, { on: 'deviceId' });
//✗ joined rows do not change: use append
l.asOfJoin(r, { on: 'id' }).to(out, { mode: 'update' });
//✗ is not assignable to type
l.select((c) => ({ w: window(c.a, '1 minute') }));
//✗ Property '[streamBrand]' is missing
readings.join(readings.keyBy('deviceId'), { on: 'deviceId' });

// ── DStreams
declare const lines: DStream<string>;
//✗ The 'this' context of type 'DStream<string>' is not assignable
lines.reduceByKey((a, b) => a);
//✗ is not assignable to parameter of type
new StreamingContext('2');
//✗ is not assignable to parameter of type
lines.window(30);
//✗ is not assignable to parameter of type 'DStream<string>'
lines.union(lines.map((line) => line.length));
