import { describe, expect, test } from 'vitest';
import {
  avg,
  collect,
  count,
  max,
  min,
  pipeline,
  schema,
  countWindow,
  cumulativeWindow,
  sessionWindow,
  state,
  sum,
  t,
  window,
  type Stream,
} from '../../src/api/index.ts';
import { outputModes } from '../../src/plan/index.ts';
import { sinkOf, streamFrom } from './graphs.ts';
import { refusalIn } from './refusal.ts';

// What types refuse, plain JavaScript can still write: the streams here have none.
type Untyped = Stream<Record<string, any>> & Record<string, any>;
const Reading = schema({
  deviceId: t.string,
  temperature: t.number,
  tags: t.list(t.string),
  at: t.timestamp,
  place: t.struct({ lat: t.number }),
  raw: t.bytes,
});
const readings = streamFrom(Reading) as unknown as Untyped;
const timed = readings.withWatermark('at' as never, '10 minutes') as unknown as Untyped;
const running = streamFrom(Reading).groupBy('deviceId').count() as unknown as Untyped;

const refusal = refusalIn('refusals.test.ts');

describe('how long state lasts', () => {
  test.each([
    [() => state.value(t.number, { ttl: '0 ms' }), "state.value() ttl: '0 ms' is not longer than nothing"],
    [() => state.map(t.string, t.number, { ttl: '-1 hour' }), "state.map() ttl: '-1 hour' is not longer than nothing"],
    [() => state.value(t.number, { time: 'event' }), 'state.value(): `time` says by which time `ttl` counts, and there is none'],
    [() => state.value(t.number, { ttl: '1 hour', time: 'wall' as never }), "state.value() time: there is no 'wall'"],
    [() => state.list(t.number, { ttl: 5 as never }), "state.list() ttl: '5' is not a duration"],
  ])('%s', (attempt, message) => {
    expect(attempt).toThrow(message);
  });
});

describe('a column that is not there is refused, with the nearest that is', () => {
  test.each([
    [() => readings.groupBy('deviceid'), "groupBy(): there is no column 'deviceid' here; did you mean 'deviceId'?"],
    [() => readings.groupBy(window('att', '1 hour')), "groupBy(): there is no column 'att' here; did you mean 'at'?"],
    [() => readings.select('temprature'), "select(): there is no column 'temprature' here; did you mean 'temperature'?"],
    [() => readings.select('humidity'), "select(): there is no column 'humidity' here"],
    [() => readings.keyBy('device' as never), "keyBy(): there is no column 'device' here; did you mean 'deviceId'?"],
    [() => readings.withWatermark('time' as never, '1 hour'), "withWatermark('time'): there is no column 'time' here"],
    [
      () => readings.groupBy('deviceId').agg({ x: avg('temprature') } as never),
      "avg('temprature'): there is no column 'temprature' here; did you mean 'temperature'?",
    ],
    [
      () => readings.groupBy('deviceId').agg({ x: collect('toString') } as never),
      "collect('toString'): there is no column 'toString' here",
    ],
    [() => readings.groupBy(3 as never), 'groupBy(): a column is named by a string, not by number'],
  ])('%s', (attempt, message) => {
    expect(refusal(attempt)).toBe(message);
  });

  test('and all that are, as a hint', () => {
    expect(() => readings.select('x')).toThrow(
      expect.objectContaining({ hint: 'the columns are deviceId, temperature, tags, at, place, raw' }),
    );
  });
});

describe('a column of the wrong type is refused', () => {
  test.each([
    [
      () => readings.withWatermark('temperature' as never, '1 hour'),
      "withWatermark('temperature'): column 'temperature' is not a time but float64",
    ],
    [() => readings.groupBy(window('deviceId', '1 hour')), "groupBy(): column 'deviceId' is not a time but string"],
    [() => readings.groupBy('place'), "groupBy(): column 'place' cannot be a key: it is { lat: float64 }"],
    [
      () => readings.groupBy('deviceId').agg({ x: sum('deviceId') } as never),
      "agg(): sum('deviceId') needs a column of numbers; 'deviceId' is string",
    ],
    [
      () => readings.groupBy('deviceId').agg({ x: avg('at') } as never),
      "agg(): avg('at') needs a column of numbers; 'at' is timestamp",
    ],
    [
      () => readings.groupBy('deviceId').agg({ x: min('tags') } as never),
      "agg(): min('tags') needs values with an order; 'tags' is list of string",
    ],
    [
      () => readings.groupBy('deviceId').agg({ x: max('raw') } as never),
      "agg(): max('raw') needs values with an order; 'raw' is bytes",
    ],
    [() => readings.groupBy('deviceId').agg({ x: 'sum' } as never), "agg(): 'x' is not an aggregate"],
  ])('%s', (attempt, message) => {
    expect(refusal(attempt)).toBe(message);
  });
});

describe('what no result can be is refused', () => {
  test.each([
    [() => readings.groupBy('deviceId').agg({}), 'agg(): it needs at least one aggregate'],
    [() => readings.groupBy('deviceId').agg({ deviceId: count() }), "agg(): the result would have two columns 'deviceId'"],
    [() => readings.groupBy('at', 'at').count(), "count(): the result would have two columns 'at'"],
    [() => timed.groupBy(window('at', '1 hour'), window('at', '2 hours')), 'groupBy(): it takes one window'],
    [() => readings.select(), 'select(): it needs at least one column'],
    [() => readings.select('at', 'at'), "select(): the result would have two columns 'at'"],
    [() => readings.map('x' as never), 'map(): it takes a function, not string'],
    [() => readings.filter(undefined as never), 'filter(): it takes a function, not undefined'],
    [
      () => readings.keyBy('deviceId' as never).process({ onRow() {} } as never),
      'process(): it needs `emits`, the schema of the rows that it emits',
    ],
    [() => readings.keyBy('deviceId' as never).process({ emits: Reading } as never), 'process(): it needs a function `onRow`'],
    [
      () => readings.keyBy('deviceId' as never).process({ emits: Reading, state: { a: t.string }, onRow() {} } as never),
      "process(): 'a' is not state",
    ],
    [() => readings.keyBy('deviceId' as never).reduce(1 as never), 'reduce(): it takes a function of two rows'],
    [
      () => (readings as any).late(),
      'late(): only aggregations, joins of two streams, dropDuplicates() and process() have late rows',
    ],
    [() => (timed.groupBy('deviceId').count() as any).late('left'), 'late(): only a join has sides whose rows may be late'],
    [
      () => readings.dropDuplicates(['deviceId'], { within: '1 hour' }).late(),
      'late(): nothing is late for it: it knows no time of the rows',
    ],
    [
      () =>
        readings
          .keyBy('deviceId')
          .process({ emits: schema({ a: t.timestamp }), onRow() {} })
          .late(),
      'late(): nothing that it emits is late, for it promises nothing',
    ],
    [() => readings.named('a b'), "named(): 'a b' is not an id"],
    [() => readings.parallelism(0), 'parallelism(): 0 is not a number of subtasks'],
    [
      () => running.keyBy('deviceId' as never),
      'keyBy(): the rows of this stream never become final, and it takes only final rows',
    ],
    [
      () => running.dropDuplicates(['deviceId'], { within: 'forever' }),
      'dropDuplicates(): the rows of this stream never become final, and it takes only final rows',
    ],
    [() => running.limit(1), 'limit(): the rows of this stream never become final, and it takes only final rows'],
    [() => readings.groupBy('deviceId').top(0, { by: 'at' } as never), 'top(): 0 is not a number of rows'],
    [() => readings.groupBy('deviceId').top(1, {} as never), 'top(): it needs `by`, the column that decides'],
    [
      () => readings.groupBy('deviceId').top(1, { by: ['at', 'deviceId'], order: ['asc'] } as never),
      'top(): it has 2 columns in `by`, and 1 in `order`',
    ],
    [() => readings.groupBy('deviceId').top(1, { by: 'at', order: 'down' } as never), "top(): there is no order 'down'"],
    [
      () => readings.groupBy('deviceId').top(1, { by: 'tags' } as never),
      "top(): it needs values with an order; 'tags' is list of string",
    ],
    [
      () => readings.groupBy('deviceId').top(1, { by: 'temprature' } as never),
      "top(): there is no column 'temprature' here; did you mean 'temperature'?",
    ],
    [
      () => (streamFrom<{ id: string }>() as unknown as Untyped).groupBy('id').top(1, { by: 'id' } as never),
      'top(): rows without a schema have no columns to give',
    ],
    [
      () => readings.groupBy(sessionWindow('at', '1 minute')).top(1, { by: 'at' } as never),
      'top(): sessions that no watermark closes have no first rows',
    ],
    [() => readings.limit(-1), 'limit(): -1 is not a number of rows'],
    [() => readings.limit('3' as never), 'limit(): 3 is not a number of rows'],
    [() => running.keyBy('deviceId'), 'keyBy(): the rows of this stream never become final, and it takes only final rows'],
  ])('%s', (attempt, message) => {
    expect(refusal(attempt)).toBe(message);
  });

  test('a map whose state has a wrong declaration is refused when it is declared', () => {
    expect(() => state.value('x' as never)).toThrow(expect.objectContaining({ code: 'E_SCHEMA' }));
  });
});

describe('a mode that rows or sink do not allow is refused in the words of the types', () => {
  const perWindow = timed.groupBy(window('at', '5 minutes')).count() as unknown as Untyped;
  const chained = perWindow.groupBy(window('window', '1 hour')).count() as unknown as Untyped;
  test.each([
    [() => running.to(sinkOf()), `to(): ${outputModes.running.append}`],
    [
      () =>
        readings
          .groupBy(window('at', '5 minutes'))
          .count()
          .to(sinkOf() as never),
      `to(): ${outputModes.running.append}`,
    ],
    [() => readings.to(sinkOf() as never, { mode: 'complete' }), `to(): ${outputModes.rows.complete}`],
    [() => chained.to(sinkOf(), { mode: 'update' } as never), `to(): ${outputModes.chained.update}`],
    [
      () =>
        perWindow
          .map((row) => row)
          .union(readings.map((row) => row))
          .to(sinkOf() as never, { mode: 'complete' } as never),
      `to(): ${outputModes.rows.complete}`,
    ],
    [() => running.rows(), `rows(): ${outputModes.running.append}`],
    [
      () => perWindow.to(sinkOf('append', 'update'), { mode: 'complete' } as never),
      'to(): ✗ this sink does not take mode complete',
    ],
    [() => perWindow.to(sinkOf(), { mode: 'apend' } as never), "to(): there is no mode 'apend'; did you mean 'append'?"],
    [
      () => perWindow.to(sinkOf(), { every: '1 second' }),
      'to(): `every` is for the modes update and complete: append writes a row once it is final',
    ],
    [() => readings.to({} as never), 'to(): this is not a sink'],
  ])('%s', (attempt, message) => {
    expect(refusal(attempt)).toBe(message);
  });

  test('and what they allow is taken', () => {
    for (const mode of ['append', 'update', 'complete'] as const)
      expect(refusal.bind(null, () => perWindow.to(sinkOf(), { mode } as never))).not.toThrow();
    expect(() => chained.to(sinkOf())).not.toThrow();
    expect(() => running.to(sinkOf(), { mode: 'complete' } as never)).not.toThrow();
  });
});

describe('a duration that is none is refused', () => {
  test.each([
    [() => readings.withWatermark('at' as never, '10 minuts' as never), "'10 minuts' is not a duration"],
    [() => readings.withWatermark('at' as never, '-1 minutes'), "'-1 minutes' is negative"],
    [
      () => readings.withWatermark('at' as never, '1 second', { idleAfter: '0 seconds' }),
      "idleAfter: '0 seconds' is not longer than nothing",
    ],
    [
      () => readings.withWatermark('at' as never, '1 second', { align: { maxDrift: '0 seconds' } }),
      "maxDrift: '0 seconds' is not longer than nothing",
    ],
    [
      () => readings.withWatermark('at' as never, '1 second', { align: { maxDrift: '1 second', group: '' } }),
      'a group of sources has a name',
    ],
    [() => readings.withWatermark('at' as never, { strategy: 'none' as never }), 'this is no strategy'],
    [() => readings.withWatermark('at' as never, { strategy: { create: () => 0 } as never }), 'this is no strategy'],
    [() => window('at', '0 minutes'), "window('at') size: '0 minutes' is not longer than nothing"],
    [
      () => window('at', '1 hour', { slide: '25 minutes' }),
      "window('at'): a slide of 25 minutes does not divide the size of 1 hour",
    ],
    [() => window('at', '1 hour', { slide: '2 hours' }), 'does not divide'],
    [() => window('at', '1 hour', { lateness: '-1 minutes' }), "window('at') lateness: '-1 minutes' is negative"],
    [
      () => cumulativeWindow('at', { step: '25 minutes', max: '1 hour' }),
      "cumulativeWindow('at'): a step of 25 minutes does not divide the max of 1 hour",
    ],
    [() => cumulativeWindow('at', { step: '0 ms', max: '1 hour' }), "cumulativeWindow('at') step: '0 ms' is not longer"],
    [() => countWindow(0), 'countWindow(): a window has a whole number of rows from 1, not 0'],
    [() => countWindow(2.5), 'not 2.5'],
    [() => countWindow(4, { slide: 5 }), 'countWindow(4): it slides by a whole number of rows from 1 to 4, not 5'],
    [() => sessionWindow('at', '0 minutes'), "sessionWindow('at') gap: '0 minutes' is not longer than nothing"],
    [() => sessionWindow('at', 300 as never), "'300' is not a duration"],
    [
      () => readings.groupBy(((c: any) => ({ visit: sessionWindow(c.at, c.deviceId) })) as never),
      "sessionWindow('at') gap takes a number, and 'deviceId' is a string",
    ],
    [() => readings.withWatermark('at' as never, 600_000 as never), "'600000' is not a duration"],
    [() => pipeline({ name: 'x', outputs: [readings.to(sinkOf() as never)], checkpointEvery: '0 seconds' }), 'checkpointEvery'],
  ])('%s', (attempt, message) => {
    expect(attempt).toThrow(expect.objectContaining({ code: 'E_PLAN', message: expect.stringContaining(message) }));
  });
});

test('rows without a schema may have any column', () => {
  const untyped = streamFrom<any>() as unknown as Untyped;
  expect(() =>
    untyped
      .withWatermark('x' as never, '1 second')
      .groupBy(window('x', '1 hour'), 'y')
      .agg({ z: sum('z') } as never),
  ).not.toThrow();
});

describe('duplicates are dropped only where something says when a value may be forgotten', () => {
  const unbounded = (columns: string): string =>
    `dropDuplicates(): nothing says when a value of ${columns} may be forgotten, for none of these columns is under a watermark`;
  const untyped = streamFrom<{ id: string; at: never }>() as unknown as Untyped;
  test.each([
    [() => readings.dropDuplicates(['deviceId'] as never, {} as never), unbounded('deviceId')],
    [() => readings.dropDuplicates(['deviceId', 'at'] as never, {} as never), unbounded('deviceId, at')],
    [() => timed.dropDuplicates(['deviceId'] as never, {} as never), unbounded('deviceId')],
    [() => timed.dropDuplicates(['deviceId', 'at'] as never, {} as never), 'taken'],
    [() => timed.dropDuplicates(['deviceId'], { within: '1 hour' }), 'taken'],
    [() => readings.dropDuplicates(['deviceId'], { within: '1 hour' }), 'taken'],
    [
      () => readings.dropDuplicates(['deviceId'], { within: '0 ms' }),
      "dropDuplicates() within: '0 ms' is not longer than nothing",
    ],
    [
      () => readings.dropDuplicates(['device'], { within: 'forever' }),
      "dropDuplicates(): there is no column 'device' here; did you mean 'deviceId'?",
    ],
    [
      () => readings.dropDuplicates('*', { within: 'forever' }),
      "dropDuplicates(): column 'place' cannot be a key: it is { lat: float64 }",
    ],
    [
      () => readings.dropDuplicates([], { within: 'forever' }),
      "dropDuplicates(): it takes the names of columns, or '*' for all of them",
    ],
    [
      () => readings.dropDuplicates('deviceId' as never, { within: 'forever' }),
      "dropDuplicates(): it takes the names of columns, or '*' for all of them",
    ],
    [
      () => untyped.dropDuplicates('*', { within: 'forever' }),
      'dropDuplicates(): rows without a schema have no columns to compare',
    ],
    [() => untyped.dropDuplicates(['id'], { within: 'forever' }), 'taken'],
    [() => untyped.withWatermark('at', '1 minute').dropDuplicates(['id'], { within: '1 hour' }), 'taken'],
    [
      () =>
        untyped
          .withWatermark('at', '1 minute')
          .map((row) => row)
          .dropDuplicates(['id'], { within: '1 hour' }),
      'dropDuplicates(): its rows have no schema, so nobody can see which of their columns is under the watermark',
    ],
  ])('%s', (attempt, message) => {
    expect(refusal(attempt)).toBe(message);
  });
});
