import { describe, expect, test } from 'vitest';
import { countWindow, globalWindow, schema, sessionWindow, streamNode, t, window, type AnyStream } from '../../src/api/index.ts';
import { kindOf, kindsOf, underWatermark } from '../../src/plan/index.ts';
import { table } from '../../src/start.ts';
import { streamFrom } from '../api/graphs.ts';

const Reading = schema({ deviceId: t.string, at: t.timestamp });
const readings = streamFrom(Reading);
const timed = readings.withWatermark('at', '1 minute');
const perWindow = timed.groupBy(window('at', '5 minutes'), 'deviceId').count();
const running = readings.groupBy('deviceId').count();
const untyped = streamFrom<{ id: string; at: never }>();
const kind = (stream: AnyStream): string => kindOf(streamNode(stream));

describe('the kind of a stream', () => {
  test('is rows until something is aggregated', () => {
    expect(
      [readings, timed, timed.map((row) => row), readings.union(timed), timed.select('at'), timed.rebalance()].map(kind),
    ).toEqual(Array(6).fill('rows'));
  });

  test('is windowed for a window, or a bare time, under a watermark, and running otherwise', () => {
    expect(kind(perWindow)).toBe('windowed');
    expect(kind(timed.groupBy('at').count())).toBe('windowed');
    expect(kind(readings.groupBy(window('at', '5 minutes')).count())).toBe('running');
    expect(kind(timed.groupBy('deviceId').count())).toBe('running');
    expect(kind(timed.keyBy('deviceId').reduce((a) => a))).toBe('running');
  });

  test('is session for one under a watermark, and running without', () => {
    const sessions = timed.groupBy(sessionWindow('at', '5 minutes'), 'deviceId').count();
    expect(kind(sessions)).toBe('session');
    expect(kind(readings.groupBy(sessionWindow('at', '5 minutes')).count())).toBe('running');
    expect(kind(sessions.groupBy(window('window', '1 hour')).count())).toBe('chained');
    expect(underWatermark(streamNode(sessions), 'window')).toBe('yes');
  });

  test('is joined for two streams, and with a table, or what is found outside, what the rows were, if nothing was aggregated', () => {
    const others = streamFrom(schema({ deviceId: t.string, seen: t.timestamp })).withWatermark('seen', '1 minute');
    const joined = timed.join(others, { on: 'deviceId', how: 'left', within: ['0 minutes', '1 minute'] });
    expect(kind(joined)).toBe('joined');
    expect(kind(joined.groupBy(window('at', '1 hour')).count())).toBe('chained');
    expect(['at', 'seen', 'deviceId'].map((column) => underWatermark(streamNode(joined), column))).toEqual(['yes', 'yes', 'no']);
    const valued = timed.asOfJoin(others, { on: 'deviceId' });
    expect(kind(valued)).toBe('joined');
    // A version may be older than any watermark.
    expect(['at', 'seen', 'deviceId'].map((column) => underWatermark(streamNode(valued), column))).toEqual(['yes', 'no', 'no']);
    const Name = schema({ deviceId: t.string, seen: t.timestamp });
    const found = timed.lookupJoin({ schema: Name, fetch: () => [] }, { on: 'deviceId' });
    expect(kind(found)).toBe('rows');
    expect(kind(perWindow.lookupJoin({ schema: Name, fetch: () => [] }, { on: 'deviceId' }))).toBe('joined');
    expect(['at', 'seen', 'deviceId'].map((column) => underWatermark(streamNode(found), column))).toEqual(['yes', 'no', 'no']);
    const names = table([{ deviceId: 'x', name: 'y' }]);
    expect(kind(timed.join(names, { on: 'deviceId' }))).toBe('rows');
    expect(kind(perWindow.join(names, { on: 'deviceId' }))).toBe('joined');
  });

  test('is revised for a window with lateness, whatever it is over, and running behind it', () => {
    const revised = timed.groupBy(window('at', '5 minutes', { lateness: '1 hour' }), 'deviceId').count();
    expect(kind(revised)).toBe('revised');
    expect(kind(perWindow.groupBy(window('window', '1 hour', { lateness: '1 day' })).count())).toBe('revised');
    expect(kind(timed.groupBy(window('at', '5 minutes', { lateness: '0 hours' })).count())).toBe('windowed');
    expect(kind(readings.groupBy(window('at', '5 minutes', { lateness: '1 hour' })).count())).toBe('running');
  });

  test('is counted for windows of so many rows, which are final when they are full; no column of theirs is under a watermark', () => {
    const counts = timed.groupBy(countWindow(3), 'deviceId', 'at').count();
    expect(kind(counts)).toBe('counted');
    expect(kind(perWindow.groupBy(countWindow(3), 'deviceId').count())).toBe('counted');
    expect(['window', 'deviceId', 'at'].map((column) => underWatermark(streamNode(counts), column))).toEqual(['no', 'no', 'no']);
    expect(kind(counts.limit(3))).toBe('rows');
    // As for rows of a source, a time may be given to them anew.
    const again = counts.map(({ at, count }) => ({ at, count }), schema({ at: t.eventTime, count: t.number }));
    expect(kind(again.groupBy(window('at', '1 hour')).count())).toBe('windowed');
    expect(kind(counts.union(timed.map(() => ({})) as never))).toBe('rows');
  });

  test('is triggered for global windows that purge what goes out, and running for those that keep it', () => {
    const purged = timed.groupBy(globalWindow({ trigger: { rows: 3 } }), 'deviceId', 'at').count();
    expect(kind(purged)).toBe('triggered');
    expect(kind(purged.dropDuplicates(['deviceId'], { within: 'forever' }))).toBe('rows');
    expect(underWatermark(streamNode(purged), 'at')).toBe('no');
    expect(kind(timed.groupBy(globalWindow({ trigger: { rows: 3, keep: true } }), 'deviceId').count())).toBe('running');
    expect(kind(timed.groupBy(globalWindow({ trigger: { rows: 3 } }), 'deviceId').top(1, { by: 'at' }))).toBe('triggered');
  });

  test('is chained for an aggregation of an aggregation, by its window or by a key that closes', () => {
    expect(kind(perWindow.groupBy(window('window', '1 hour')).count())).toBe('chained');
    expect(kind(perWindow.groupBy('window').count())).toBe('chained');
    expect(kind(perWindow.groupBy('deviceId').count())).toBe('running');
  });

  test('stays through closures, and starts anew at late rows and keyed functions', () => {
    expect(kind(perWindow.map((row) => row).filter(() => true))).toBe('windowed');
    expect(kind(running.map((row) => row))).toBe('running');
    expect(kind(perWindow.late())).toBe('rows');
    expect(kind(timed.keyBy('deviceId').process({ emits: schema({ n: t.number }), onRow() {} }))).toBe('rows');
  });

  test('of first rows of each group is that of an aggregation, but of sessions chained', () => {
    expect(kind(timed.groupBy(window('at', '5 minutes')).top(1, { by: 'at' }))).toBe('windowed');
    expect(kind(timed.groupBy('deviceId').top(1, { by: 'at' }))).toBe('running');
    const ofSessions = timed.groupBy(sessionWindow('at', '5 minutes')).top(1, { by: 'at' });
    expect(kind(ofSessions)).toBe('chained');
    expect(['window', 'at'].map((column) => underWatermark(streamNode(ofSessions), column))).toEqual(['yes', 'no']);
  });

  test('of first rows is rows, or chained where they are of an aggregation', () => {
    expect(kind(readings.dropDuplicates(['deviceId'], { within: 'forever' }).limit(3))).toBe('rows');
    expect(kind(perWindow.dropDuplicates('*'))).toBe('chained');
    expect(kind(perWindow.limit(3))).toBe('chained');
    expect(kind(perWindow.limit(3).groupBy(window('window', '1 hour')).count())).toBe('chained');
    expect(underWatermark(streamNode(timed.dropDuplicates('*').limit(3)), 'at')).toBe('yes');
  });

  test('of a union is that of its most restrictive input, and all of them are known', () => {
    const both = perWindow.union(running as never);
    expect(kind(both)).toBe('running');
    expect([...kindsOf(streamNode(both))].sort()).toEqual(['running', 'windowed']);
  });
});

describe('a column under a watermark', () => {
  const answer = (stream: AnyStream, column: string): string => underWatermark(streamNode(stream), column);

  test('stays one while it is copied', () => {
    expect(
      answer(
        timed
          .filter(() => true)
          .select('at')
          .rebalance(),
        'at',
      ),
    ).toBe('yes');
    expect(answer(timed, 'deviceId')).toBe('no');
    expect(answer(timed.union(timed), 'at')).toBe('yes');
    expect(answer(timed.union(readings), 'at')).toBe('no');
    expect(answer(perWindow.late(), 'at')).toBe('yes');
    expect(answer(perWindow, 'window')).toBe('yes');
    expect(answer(perWindow, 'count')).toBe('no');
  });

  test('is unseen behind a closure without a schema; with one, the schema says it', () => {
    expect(
      answer(
        timed.map((row) => row),
        'at',
      ),
    ).toBe('unseen');
    expect(
      answer(
        readings.map((row) => row),
        'at',
      ),
    ).toBe('no');
    expect(
      answer(
        timed.map((row) => row, schema({ at: t.eventTime })),
        'at',
      ),
    ).toBe('yes');
    expect(
      answer(
        timed.map((row) => row, schema({ at: t.timestamp }) as never),
        'at',
      ),
    ).toBe('no');
    expect(
      answer(
        readings.map((row) => row, schema({ at: t.eventTime }) as never),
        'at',
      ),
    ).toBe('no');
  });

  test('that is unseen is believed for a window, not for a bare key', () => {
    const mapped = untyped.withWatermark('at', '1 second').map((row) => row);
    expect(kind(mapped.groupBy(window('at', '1 hour')).count())).toBe('windowed');
    expect(kind(mapped.groupBy('at').count())).toBe('running');
  });
});
