import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { aggregate, avg, collect, count, max, min, schema, state, sum, t, window } from '../../src/api/index.ts';
import { columnsOf, node, sinkNode, sinkOf, streamFrom } from './graphs.ts';

const Reading = schema({
  deviceId: t.string,
  temperature: t.number,
  humidity: t.number.nullable(),
  timestamp: t.timestamp,
  status: t.oneOf('ok', 'bad'),
});
const readings = streamFrom(Reading);
const timed = readings.withWatermark('timestamp', '10 minutes');

describe('row verbs', () => {
  test('keep rows as they are without a schema, and make columns with one', () => {
    expect(columnsOf(readings.map((row) => ({ x: row.temperature })))).toBe('any');
    expect(columnsOf(readings.map((row) => ({ x: row.temperature }), schema({ x: t.number })))).toBe('x float64');
    expect(columnsOf(readings.flatMap(() => [{ x: 1 }], schema({ x: t.int.nullable() })))).toBe('x int64?');
    expect(columnsOf(readings.filter(() => true))).toBe(columnsOf(readings));
  });

  test("check rows against another library's schema", () => {
    const { schema: rows, validate } = node(
      readings.map(() => ({ x: 1 }), z.object({ x: z.number() })),
      'map',
    );
    expect(rows).toEqual({ kind: 'any' });
    expect(validate!({ x: 1 })).toEqual({ x: 1 });
    expect(() => validate!({ x: 'a' })).toThrow(expect.objectContaining({ code: 'E_RECORD' }));
    expect(
      node(
        readings.map(() => ({ x: 1 }), schema({ x: t.number })),
        'map',
      ),
    ).not.toHaveProperty('validate');
  });

  test('keep the function and the place where it was called', () => {
    const fn = (): boolean => true;
    expect(node(readings.filter(fn), 'filter')).toMatchObject({
      fn,
      site: expect.stringMatching(/^test\/api\/stream\.test\.ts:\d+$/),
    });
  });

  test('GS1: make a new stream and leave the old one as it was', () => {
    const mapped = readings.map((row) => row);
    expect(mapped).not.toBe(readings);
    expect(node(mapped, 'map').input).toBe(node(readings, 'source'));
  });
});

describe('column verbs', () => {
  test('select takes columns in the order of their names', () => {
    expect(columnsOf(readings.select('temperature', 'deviceId'))).toBe('temperature float64, deviceId string');
    expect(columnsOf(streamFrom<{ a: number }>().select('a'))).toBe('any');
  });

  test('withWatermark marks its column, and waits a minute for silent inputs', () => {
    expect(columnsOf(timed)).toBe('deviceId string, temperature float64, humidity float64?, timestamp timestamp*, status string');
    expect(node(timed, 'watermark')).toMatchObject({ column: 'timestamp', delayMs: 600_000, idleAfterMs: 60_000 });
    expect(node(readings.withWatermark('timestamp', '0 ms', { idleAfter: '5 seconds' }), 'watermark')).toMatchObject({
      delayMs: 0,
      idleAfterMs: 5000,
    });
    expect(node(timed, 'watermark')).not.toHaveProperty('align');
    expect(node(readings.withWatermark('timestamp', '0 ms', { align: { maxDrift: '5 minutes' } }), 'watermark')).toMatchObject({
      align: { group: 'all', maxDriftMs: 300_000 },
    });
  });
});

describe('aggregations', () => {
  test('give window, keys and aggregates, null where the column may be', () => {
    const all = timed.groupBy(window('timestamp', '5 minutes'), 'deviceId').agg({
      t: avg('temperature'),
      h: sum('humidity'),
      n: count(),
      first: min('timestamp'),
      last: max('humidity'),
      states: collect('status'),
      humid: collect('humidity'),
    });
    expect(columnsOf(all)).toBe(
      'window {start, end}, deviceId string, t float64, h float64?, n float64, first timestamp, last float64?, states list of string, humid list of float64?',
    );
    expect(node(all, 'aggregate')).toMatchObject({
      keys: ['deviceId'],
      window: { column: 'timestamp', sizeMs: 300_000, slideMs: 300_000, offsetMs: 0 },
      aggregates: expect.arrayContaining([
        { name: 'h', spec: { fn: 'sum', column: 'humidity' } },
        { name: 'n', spec: { fn: 'count' } },
      ]),
    });
  });

  test('put the window first wherever it was named, and keep a key under its watermark', () => {
    expect(columnsOf(timed.groupBy('status', window('timestamp', '1 hour')).count())).toBe(
      'window {start, end}, status string, count float64',
    );
    expect(columnsOf(timed.groupBy('timestamp').count())).toBe('timestamp timestamp*, count float64');
    expect(columnsOf(readings.groupBy().count())).toBe('count float64');
  });

  test('know nothing of rows without a schema', () => {
    const counted = streamFrom<{ word: string; n: number }>()
      .groupBy('word')
      .agg({ n: sum('n'), most: max('n'), count: count() });
    expect(columnsOf(counted)).toBe('word any?, n float64?, most any?, count float64');
  });

  test('of windows are windows of windows', () => {
    const perWindow = timed.groupBy(window('timestamp', '5 minutes')).count();
    const chained = perWindow.groupBy(window('window', '1 hour')).agg({ most: max('count') });
    expect(columnsOf(chained)).toBe('window {start, end}, most float64');
    expect(columnsOf(perWindow.groupBy('window').count())).toBe('window {start, end}, count float64');
  });

  test('take aggregates of their own', () => {
    const product = aggregate({
      state: t.number,
      create: () => 1,
      accumulate: (a: number, v: number) => a * v,
      merge: (a, b) => a * b,
      result: String,
    });
    const products = readings.groupBy('deviceId').agg({ p: product('temperature') });
    expect(columnsOf(products)).toBe('deviceId string, p any?');
    expect(node(products, 'aggregate').aggregates[0]!.spec).toMatchObject({
      fn: 'custom',
      column: 'temperature',
      custom: { state: { type: { kind: 'float64' }, nullable: false } },
    });
  });

  test('have their late rows: input rows of the very same aggregation', () => {
    const perWindow = timed.groupBy(window('timestamp', '5 minutes')).count().named('per-window').rebalance();
    const late = perWindow.late();
    expect(columnsOf(late)).toBe(columnsOf(timed));
    expect(node(late, 'late').input).toBe(node(perWindow, 'rebalance').input);
    expect(node(late, 'late').input.name).toBe('per-window');
  });

  test('slide and shift their windows; the shift is taken within the slide', () => {
    const spec = (options: Parameters<typeof window>[2]): unknown =>
      node(timed.groupBy(window('timestamp', '1 hour', options)).count(), 'aggregate').window;
    expect(spec({ slide: '15 minutes', offset: '20 minutes' })).toEqual({
      column: 'timestamp',
      sizeMs: 3_600_000,
      slideMs: 900_000,
      offsetMs: 300_000,
    });
    expect(spec({ offset: '-1 minutes' })).toMatchObject({ offsetMs: 3_540_000 });
  });
});

describe('keyed streams', () => {
  test('reduce rows to a row of the same columns', () => {
    const reduced = readings.keyBy('deviceId').reduce((a) => a);
    expect(columnsOf(reduced)).toBe(columnsOf(readings));
    expect(node(reduced, 'reduce').key).toEqual({ column: 'deviceId' });
    expect(
      node(
        readings.keyBy((row) => row.deviceId).reduce((a) => a),
        'reduce',
      ).key,
    ).toMatchObject({ site: expect.stringContaining('stream.test.ts:') });
  });

  test('process rows with declared state into the rows of a schema', () => {
    const processed = timed.keyBy('deviceId').process({
      state: { last: state.value(t.timestamp), seen: state.map(t.string, t.number.nullable()) },
      emits: schema({ n: t.number }),
      onRow(_row, { emit }) {
        emit({ n: 1 });
      },
      onTimer() {},
    });
    expect(columnsOf(processed)).toBe('n float64');
    expect(node(processed, 'process').state).toEqual({
      last: { kind: 'value', value: { name: 'value', type: { kind: 'timestamp' }, nullable: false } },
      seen: {
        kind: 'map',
        key: { name: 'key', type: { kind: 'string' }, nullable: false },
        value: { name: 'value', type: { kind: 'float64' }, nullable: true },
      },
    });
    expect(node(timed.keyBy('deviceId').process({ emits: schema({ n: t.number }), onRow() {} }), 'process')).not.toHaveProperty(
      'onTimer',
    );
  });

  test('call the functions of a definition as its methods', () => {
    const definition = {
      emits: schema({ n: t.number }),
      seen: 0,
      onRow() {
        this.seen++;
      },
    };
    const { onRow } = node(readings.keyBy('deviceId').process(definition), 'process');
    (onRow as () => void)();
    expect(definition.seen).toBe(1);
  });
});

describe('unions', () => {
  const A = schema({ id: t.string, x: t.number, at: t.timestamp });
  const B = schema({ more: t.any(), at: t.timestamp, x: t.number.nullable(), id: t.string });

  test('have the columns that all have, in the order of the first, and null where one may be', () => {
    const union = streamFrom(A).union(streamFrom(B) as never);
    expect(columnsOf(union)).toBe('id string, x float64?, at timestamp');
    expect(node(union, 'union').inputs.map(({ kind }) => kind)).toEqual(['source', 'project']);
  });

  test('are under a watermark where all their inputs are', () => {
    const timedA = streamFrom(A).withWatermark('at', '1 second');
    expect(columnsOf(timedA.union(streamFrom(A).withWatermark('at', '2 seconds')))).toContain('at timestamp*');
    expect(columnsOf(streamFrom(A).union(timedA))).toBe('id string, x float64, at timestamp');
  });

  test('with rows without a schema have none', () => {
    expect(columnsOf(streamFrom(A).union(streamFrom<{ id: string; x: number; at: never }>()))).toBe('any');
  });

  test('refuse a column of two types, and nothing in common', () => {
    const other = streamFrom(schema({ id: t.int })) as never;
    expect(() => streamFrom(A).union(other)).toThrow(
      expect.objectContaining({
        code: 'E_PLAN',
        message: expect.stringContaining("column 'id' is string in one stream and int64 in another"),
      }),
    );
    expect(() => streamFrom(A).union(streamFrom(schema({ y: t.int })) as never)).toThrow(
      expect.objectContaining({ message: expect.stringContaining('no column in common') }),
    );
  });
});

describe('placement and ends', () => {
  test('name and parallelism belong to the operator before', () => {
    expect(
      node(
        readings
          .map((row) => row)
          .named('same')
          .parallelism(3),
        'map',
      ),
    ).toMatchObject({ name: 'same', parallelism: 3 });
  });

  test('a sink node says mode and rhythm', () => {
    const running = readings.groupBy('deviceId').count();
    expect(sinkNode(running.to(sinkOf(), { mode: 'update', every: '2 seconds' }))).toMatchObject({
      kind: 'sink',
      mode: 'update',
      everyMs: 2000,
      sink: { name: 'out' },
    });
    expect(sinkNode(readings.to(sinkOf()))).toMatchObject({ mode: 'append', everyMs: 0 });
  });

  test('a stream prints as its path', () => {
    const counted = timed.groupBy(window('timestamp', '1 hour'), 'deviceId').count();
    expect(inspect(counted)).toBe('Stream(test → watermark on timestamp → aggregate by window, deviceId)');
    expect(inspect(counted.map((row) => row).named('last'))).toBe(
      'Stream(test → watermark on timestamp → aggregate by window, deviceId → last)',
    );
    expect(inspect(readings.union(readings))).toBe('Stream(union of 2)');
    const versions = timed.select((c) => ({ deviceId: c.deviceId, from: c.timestamp }));
    expect(inspect(timed.asOfJoin(versions, { on: 'deviceId', how: 'left' }))).toBe(
      'Stream(test → watermark on timestamp → left as-of join)',
    );
    const found = timed.lookupJoin(
      { schema: schema({ deviceId: t.string, room: t.string }), fetch: () => [] },
      { on: 'deviceId' },
    );
    expect(inspect(found)).toBe('Stream(test → watermark on timestamp → inner lookup)');
  });
});
