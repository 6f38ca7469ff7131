import { describe, expect, test } from 'vitest';
import {
  aggregate,
  approxCountDistinct,
  count,
  countWindow,
  first,
  now,
  schema,
  sessionWindow,
  type Stream,
  t,
  window,
} from '../../src/api/index.ts';
import { from, table } from '../../src/index.ts';
import { outputModes } from '../../src/plan/index.ts';
import { sinkOf, streamFrom } from './graphs.ts';
import { refusalIn } from './refusal.ts';

// What types refuse, plain JavaScript can still write: the streams here have none.
type Untyped = Stream<Record<string, any>> & Record<string, any>;
const Reading = schema({ deviceId: t.string, at: t.timestamp });
const readings = streamFrom(Reading) as unknown as Untyped;
const timed = readings.withWatermark('at' as never, '10 minutes') as unknown as Untyped;
const running = streamFrom(Reading).groupBy('deviceId').count() as unknown as Untyped;
const product = aggregate({
  state: t.number,
  create: () => 1,
  accumulate: (a: number, v: number) => a * v,
  merge: (a, b) => a * b,
  result: (a) => a,
});

const refusal = refusalIn('change-refusals.test.ts');

describe('what cannot be of rows that change is refused', () => {
  test.each([
    [
      () => running.groupBy('count').agg({ some: first('deviceId') }),
      "agg(): the rows of its input change, and 'some' cannot take one back: which row was first follows from arrival",
    ],
    [
      () => running.groupBy('count').agg({ about: approxCountDistinct('deviceId') }),
      "agg(): the rows of its input change, and 'about' cannot take one back: it does not know which values it has seen",
    ],
    [
      () => running.groupBy('count').agg({ own: product('count') }),
      "agg(): the rows of its input change, and 'own' cannot take one back",
    ],
    [
      () =>
        running
          .withColumns(() => ({ seen: now() }))
          .groupBy('count')
          .agg({ groups: count() }),
      'agg(): its input has now() in its columns, and a row that is taken back would not be what it was',
    ],
    [
      () => readings.groupBy(sessionWindow('at', '1 minute')).count().groupBy('count').agg({ groups: count() }),
      'agg(): of sessions that no watermark closes nobody remembers what they were',
    ],
    [
      () => readings.groupBy(sessionWindow('at', '1 minute')).count().changelog(),
      'changelog(): of sessions that no watermark closes nobody remembers what they were',
    ],
    [
      () =>
        (running as any)
          .join(readings.select('deviceId'), { on: 'deviceId', ttl: 'forever' })
          .groupBy(countWindow(3))
          .agg({ pairs: count() }),
      'agg(): the rows of its input may be taken back, and a window of so many rows takes only final rows',
    ],
    [
      () => running.groupBy(countWindow(3)).count(),
      'count(): the rows of its input never become final, and a window of so many rows takes only final rows',
    ],
    [
      () =>
        timed
          .groupBy(window('at', '5 minutes', { lateness: '1 minute' }))
          .count()
          .groupBy(window('window' as never, '1 hour'))
          .count(),
      'count(): the rows of its input may be written again for late rows, and a window that closes takes only final rows',
    ],
    [
      () =>
        running
          .groupBy('count')
          .agg({ groups: count() })
          .to(sinkOf() as never, { mode: 'update', every: '1 minute' } as never),
      'to(): an aggregation of rows that change is written once per epoch: what has become of its groups meanwhile nobody remembers for longer',
    ],
    [
      () => (running as any).join(readings.select('deviceId'), { on: 'deviceId', ttl: '1 day', within: ['0 ms', '1 ms'] }),
      'join(): `within` is for rows that are final, and `ttl` for those that may change: give one of them',
    ],
    [
      () => (running as any).join(readings.select('deviceId'), { on: 'deviceId' }),
      'join(): the rows of this stream never become final, and it takes only final rows',
    ],
    [
      () => (running as any).join(readings.select('deviceId'), { on: 'deviceId', ttl: 'forever' }).keyBy('deviceId'),
      'keyBy(): the rows of this stream may be taken back, and it takes only final rows',
    ],
    [
      () =>
        (running as any)
          .join(readings.select('deviceId'), { on: 'deviceId', ttl: 'forever' })
          .lookupJoin({ schema: schema({ deviceId: t.string, name: t.string }), fetch: () => [] }, { on: 'deviceId' }),
      'lookupJoin(): the rows of this stream may be taken back, and it takes only final rows',
    ],
    [
      () => (running as any).join(readings.select('deviceId'), { on: 'deviceId', ttl: 'forever' }).to(sinkOf()),
      `to(): ${outputModes.changing.append}`,
    ],
    [
      () =>
        (running as any)
          .join(readings.select('deviceId'), { on: 'deviceId', ttl: 'forever' })
          .to(sinkOf() as never, { mode: 'update', every: '1 minute' } as never),
      'to(): rows that may be taken back are written once per epoch, not every so often',
    ],
    [
      () => running.select((c: any) => ({ op: c.count })).changelog(),
      "changelog(): there is a column 'op' already, which says what happens to a row",
    ],
  ])('%s', (attempt, message) => {
    expect(refusal(attempt)).toBe(message);
  });

  test('with a word on how a join with a table may be had all the same', () => {
    const names = table(from([{ deviceId: 'a', name: 'A' }]).map((row) => row, schema({ deviceId: t.string, name: t.string })));
    expect(() => (running as any).join(names, { on: 'deviceId' })).toThrow(
      expect.objectContaining({
        hint: expect.stringContaining("join two streams, rather than a stream and a table(), with `ttl: 'forever'`"),
      }),
    );
  });
});
