// mapAsync as a user writes it.
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { count, from, pipeline, schema, type Stream, t, timestamp, window } from 'weir';
import { testRun, testSource } from 'weir/testing';
import { logicalJob } from '../../src/api/index.ts';
import { planJob } from '../../src/plan/index.ts';
import { sinkOf } from './graphs.ts';
import { refusalIn } from './refusal.ts';

const Order = schema({ id: t.string, at: t.timestamp });
const order = (id: string, at = 0) => ({ id, at: timestamp(at) });
const Scored = schema({ id: t.string, score: t.number });

/** Answers when a test says so. */
function service() {
  const asked: string[] = [];
  const answers = new Map<string, (score: number) => void>();
  const score = (id: string): Promise<number> => {
    asked.push(id);
    return new Promise((resolve) => answers.set(id, resolve));
  };
  return { asked, score, answer: (id: string, is = id.length) => answers.get(id)!(is) };
}
const scored = (orders: Stream<{ id: string }>, score: (id: string) => Promise<number>, more: object = {}) =>
  orders.mapAsync(async ({ id }) => ({ id, score: await score(id) }), more, Scored);

describe('mapAsync', () => {
  test.each([1, 2, 3])(
    'gives each answer once, at parallelism %d, though a crash makes calls be made again',
    async (parallelism) => {
      const orders = testSource(Order);
      const { asked, score, answer } = service();
      await using run = await testRun(scored(from(orders), score), { parallelism });
      orders.push(order('a'), order('bb'), order('ccc'));
      // Neither a drain nor a checkpoint waits.
      expect(await run.drain()).toEqual([]);
      answer('a');
      expect(await run.drain()).toEqual([{ id: 'a', score: 1 }]);
      await run.crash();
      orders.push(order('dddd'));
      expect(await run.drain()).toEqual([]);
      expect(asked.toSorted()).toEqual(['a', 'bb', 'bb', 'ccc', 'ccc', 'dddd']);
      for (const id of ['dddd', 'ccc', 'bb']) answer(id);
      expect((await run.drain()).map(({ id }) => id)).toEqual(['bb', 'ccc', 'dddd']);
      expect(await run.drain()).toEqual([]);
    },
  );

  test('of rows under way no window closes: they are counted in theirs', async () => {
    const orders = testSource(Order);
    const { score, answer } = service();
    const timed = from(orders).withWatermark('at', '1 second');
    const found = timed.mapAsync(
      async (row) => ({ ...row, score: await score(row.id) }),
      {},
      schema({ id: t.string, at: t.eventTime, score: t.number }),
    );
    await using run = await testRun(found.groupBy(window('at', '10 seconds')).agg({ n: count() }));
    orders.push(order('a', 1000), order('b', 60_000));
    expect(await run.drain()).toEqual([]);
    answer('b');
    expect(await run.drain()).toEqual([]);
    answer('a');
    expect((await run.drain()).map(({ n }) => n)).toEqual([1]);
    expect(run.late).toBe(0);
  });

  test('a call that has no answer in time is made again, and fails the job with the row that it was of', async () => {
    const orders = testSource(Order);
    const { asked, score } = service();
    await using run = await testRun(scored(from(orders), score, { timeout: '2 seconds', attempts: 2 }).named('scores'));
    orders.push(order('a'));
    await run.drain();
    await run.advance('2 seconds');
    await run.advance('100 ms');
    expect(asked).toEqual(['a', 'a']);
    await run.drain();
    await expect(run.advance('2 seconds')).rejects.toMatchObject({
      code: 'E_RESTARTS',
      cause: {
        code: 'E_CALL',
        message: expect.stringMatching(
          /operator scores \(.*map-async\.test\.ts:\d+\), record .*#0: the call failed 2 times: no answer within 2 seconds/,
        ),
      },
    });
  });

  test('the plan shows its state, and warns', () => {
    const stream = scored(from(testSource(Order)), async () => 1);
    const plan = planJob(logicalJob(pipeline({ name: 'p', outputs: [stream.to(sinkOf('append'))] })), 2);
    const [operator] = plan.stages.flatMap(({ operators }) => operators).filter(({ node }) => node.kind === 'mapAsync');
    expect(operator!.state).toBe('rows under way: id string, at timestamp');
    expect(plan.warnings.filter((each) => each.includes('called for again'))).toHaveLength(1);
    expect(inspect(stream)).toBe('Stream(test source → mapAsync)');
  });
});

describe('what mapAsync cannot do is refused', () => {
  const refusal = refusalIn('map-async.test.ts');
  const orders = from(testSource(Order));
  const fn = async (row: object) => row;

  test.each<[() => unknown, string]>([
    [() => orders.mapAsync(1 as never), 'mapAsync(): it takes a function, not number'],
    [() => orders.mapAsync(fn, { concurrency: 0 }), 'mapAsync(): `concurrency` is a whole number from 1, not 0'],
    [() => orders.mapAsync(fn, { attempts: 1.5 }), 'mapAsync(): `attempts` is a whole number from 1, not 1.5'],
    [() => orders.mapAsync(fn, { ordred: false } as never), "mapAsync(): there is no option 'ordred'; did you mean 'ordered'?"],
    [
      () => (orders.groupBy('id').count() as never as typeof orders).mapAsync(fn),
      'mapAsync(): the rows of this stream never become final, and it takes only final rows',
    ],
    [
      () =>
        (
          orders.join(
            orders.select((c) => ({ id: c.id, other: c.at })),
            { on: 'id', ttl: '1 hour' },
          ) as never as typeof orders
        ).mapAsync(fn),
      'mapAsync(): the rows of this stream may be taken back, and it takes only final rows',
    ],
  ])('%s', (attempt, message) => {
    expect(refusal(attempt)).toBe(message);
  });

  test('a timeout that is no duration', () => {
    expect(() => orders.mapAsync(fn, { timeout: 'soon' as never })).toThrow(/mapAsync\(\) at .* timeout/);
  });

  test('a watermark behind it, where splits are no longer known', () => {
    const late = orders.mapAsync(async (row) => row, {}, Order).withWatermark('at', '1 second');
    expect(() => planJob(logicalJob(pipeline({ name: 'p', outputs: [late.to(sinkOf('append'))] })))).toThrow(
      'withWatermark() stands behind a mapAsync',
    );
  });
});
