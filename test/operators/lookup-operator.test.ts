import { describe, expect, test } from 'vitest';
import { setImmediate } from 'node:timers/promises';
import { anySchema } from '../../src/batch/index.ts';
import { lookupOperator } from '../../src/operators/index.ts';
import type { LookupNode, LookupSpec } from '../../src/plan/index.ts';
import { openMemoryStores } from '../../src/state/index.ts';
import { OperatorRun } from '../../src/testing/operator-run.ts';
import { verifyOperator } from '../../src/testing/verify-operator.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import {
  anyBatch,
  eventBatch,
  field,
  number,
  rowsItem,
  schemaOf,
  sourceNode,
  text,
  time,
  watermarkNode,
} from './operator-fixture.ts';

interface Found {
  readonly id: string;
  readonly n: number;
}
type Fetch = (keys: readonly string[], signal: AbortSignal) => Iterable<Found> | Promise<Iterable<Found>>;

const node = (
  fetch: Fetch,
  { how = 'left', ...spec }: Partial<LookupSpec> & { readonly how?: 'inner' | 'left' } = {},
): LookupNode => ({
  kind: 'lookup',
  site: 'job.ts:8',
  input: watermarkNode(10),
  how,
  keys: [['key'], ['id']],
  found: schemaOf(field('id', text), field('n', number)),
  columns: [
    { name: 'key', left: 'key' },
    { name: 'at', left: 'at' },
    { name: 'n', right: 'n' },
  ],
  schema: schemaOf(field('key', text), field('at', time, true), field('n', number, true)),
  spec: {
    fetch: (keys, { signal }) => fetch(keys as readonly string[], signal),
    parse: (value) => value as object,
    keysPerCall: 100,
    concurrency: 4,
    timeoutMs: 1000,
    attempts: 3,
    ...spec,
  },
});
const row = (key: string, at: number) => ({ key, at });
/** Of each key its length, and of `twice` two. */
const lengths: Fetch = async (keys) => {
  await setImmediate();
  return keys
    .filter((key) => key !== 'none')
    .flatMap((key) => (key === 'twice' ? [1, 2] : [key.length]).map((n) => ({ id: key, n })))
    .toReversed();
};
const runOf = (made: LookupNode, clock = new VirtualClock(), deadLetters = true): OperatorRun =>
  new OperatorRun({ make: () => lookupOperator(made), blobs: openMemoryStores().blobs, clock, deadLetters });
/** Goes on with time until it is done. */
async function passing(clock: VirtualClock, done: Promise<void>): Promise<void> {
  let isOver = false;
  const over = (): void => void (isOver = true);
  done.then(over, over);
  while (!isOver) {
    await setImmediate();
    clock.advance(50);
  }
  await done;
}

describe('a lookup', () => {
  test.each([
    ['inner', []],
    ['left', [{ key: 'none', at: 3, n: null }]],
  ] as const)(
    'JO11: %s: rows meet all that is found for their keys, and keep their order, stamps and positions',
    async (how, alone) => {
      const stamped = [
        { ...row('abc', 1), stamp: 7 },
        { ...row('twice', 2), stamp: 8 },
        { ...row('none', 3), stamp: 8 },
        { ...row('abc', 4), stamp: 9 },
      ];
      const { rows } = await verifyOperator({
        subject: () => ({ make: () => lookupOperator(node(lengths, { how })) }),
        barriersEverywhere: true,
        stamps: true,
        input: [rowsItem(stamped)],
      });
      expect(rows.map(({ row: found, stamp }) => [found, stamp])).toEqual([
        [{ key: 'abc', at: 1, n: 3 }, 7],
        [{ key: 'twice', at: 2, n: 2 }, 8],
        [{ key: 'twice', at: 2, n: 1 }, 8],
        ...alone.map((each) => [each, 8]),
        [{ key: 'abc', at: 4, n: 3 }, 9],
      ]);
    },
  );

  test('asks for keys of several columns by the names of what is found, each once; one that is null in part finds nothing', async () => {
    const asked: unknown[] = [];
    const several: LookupNode = {
      ...node((keys) => {
        asked.push(...keys);
        return (keys as unknown as Found[]).filter(({ n }) => n < 3).map(({ id, n }) => ({ id, n }));
      }),
      keys: [
        ['key', 'value'],
        ['id', 'n'],
      ],
      byName: true,
    };
    const run = runOf(several);
    const of = (key: string, at: number, value: number | null) => ({ key, at, value });
    await run.feed(rowsItem([of('a', 1, 1), of('a', 2, 2), of('a', 3, 1), of('b', 4, null), of('b', 5, 3)]));
    expect(asked).toEqual([
      { id: 'a', n: 1 },
      { id: 'a', n: 2 },
      { id: 'b', n: 3 },
    ]);
    expect(run.emitted.map(({ row: found }) => Object.values(found))).toEqual([
      ['a', 1, 1],
      ['a', 2, 2],
      ['a', 3, 1],
      ['b', 4, null],
      ['b', 5, null],
    ]);
  });

  test('JO11: rows without a schema get all columns of what is found', async () => {
    const { columns: _, ...wide } = node(lengths);
    const run = runOf({ ...wide, input: sourceNode(anySchema), schema: anySchema });
    await run.feed({ kind: 'rows', batch: anyBatch([{ key: 'abc', deep: [1] }, { key: 'none' }, { key: null }]) });
    expect(run.emitted.map(({ row: found }) => found)).toEqual([
      { key: 'abc', deep: [1], id: 'abc', n: 3 },
      { key: 'none', id: null, n: null },
      { key: null, id: null, n: null },
    ]);
  });

  test('asks for each key of a batch once, so many at a time, in so many calls at once', async () => {
    const calls: string[][] = [];
    let [running, most] = [0, 0];
    const fetch: Fetch = async (keys, signal) => {
      calls.push([...keys]);
      most = Math.max(most, ++running);
      await setImmediate();
      running--;
      return lengths(keys, signal);
    };
    const run = runOf(node(fetch, { keysPerCall: 2, concurrency: 2 }));
    const keys = ['a', 'b', 'a', 'c', 'd', 'e', 'f', 'g', 'c'];
    await run.feed(rowsItem(keys.map((key, at) => row(key, at))));
    expect(calls).toEqual([['a', 'b'], ['c', 'd'], ['e', 'f'], ['g']]);
    expect(most).toBe(2);
    expect(run.emitted.map(({ row: found }) => (found as { key: string }).key)).toEqual(keys);
  });

  test('remembers what it found, and that it found nothing, for a time, of the keys that were asked for last', async () => {
    const asked: string[] = [];
    const fetch: Fetch = (keys, signal) => {
      asked.push(keys.join(' '));
      return lengths(keys, signal);
    };
    const clock = new VirtualClock();
    const run = runOf(node(fetch, { cache: { entries: 2, ttlMs: 1000 } }), clock);
    const ask = async (...keys: string[]): Promise<void> => run.feed(rowsItem(keys.map((key, at) => row(key, at))));
    await ask('a', 'none');
    await ask('a', 'none');
    expect(asked).toEqual(['a none']);
    await ask('a');
    await ask('c');
    await ask('none', 'a');
    expect(asked).toEqual(['a none', 'c', 'none']);
    clock.advance(1000);
    await ask('a', 'none');
    expect(asked.slice(3)).toEqual(['a none']);
    // More keys in a batch than are remembered: each row has its own all the same.
    await ask('x', 'xx', 'xxx', 'xxxx');
    expect(run.emitted.slice(-4).map(({ row: found }) => (found as { n: number }).n)).toEqual([1, 2, 3, 4]);
  });

  test('tries again what fails, and what takes too long, whose signal aborts; then the rows of those keys are set aside', async () => {
    const signals: AbortSignal[] = [];
    const fetch: Fetch = async (keys, signal) => {
      signals.push(signal);
      if (keys.includes('bad')) throw new Error('no route to host');
      if (signals.length === 1) await new Promise<never>(() => undefined);
      return lengths(keys, signal);
    };
    const clock = new VirtualClock();
    const run = runOf(node(fetch, { keysPerCall: 1, concurrency: 1 }), clock);
    await passing(clock, run.feed(rowsItem([row('slow', 1), row('bad', 2), row('abc', 3), row('bad', 4)])));
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false, false, false, false, false]);
    expect(run.emitted.map(({ row: found }) => found)).toEqual([
      { key: 'slow', at: 1, n: 4 },
      { key: 'abc', at: 3, n: 3 },
    ]);
    const why = 'the lookup of 1 key failed 3 times: no route to host';
    expect(run.dead.map(({ error, position }) => [error.includes(why), position])).toEqual([
      [true, 's#1'],
      [true, 's#3'],
    ]);
    // Failures are not remembered, and time has passed between the attempts: 100 and 200 ms.
    expect(clock.now()).toBeGreaterThanOrEqual(1300);
  });

  test('fails the job where nothing takes such rows', async () => {
    const clock = new VirtualClock();
    const refusing = runOf(
      node(() => Promise.reject(new Error('refused')), { attempts: 1 }),
      clock,
      false,
    );
    await expect(passing(clock, refusing.feed(rowsItem([row('a', 1)])))).rejects.toMatchObject({
      code: 'E_LOOKUP',
      retry: 'backoff',
      message: expect.stringContaining('the lookup of 1 key failed: refused'),
    });
  });

  test('what does not fit the schema is not asked for again', async () => {
    let calls = 0;
    const fetch: Fetch = (keys) => {
      calls++;
      return keys.map((id) => ({ id, n: 'many' as unknown as number }));
    };
    const run = runOf(node(fetch));
    await run.feed(rowsItem([row('a', 1)]));
    expect([calls, run.dead.length, run.emitted.length]).toEqual([1, 1, 0]);
  });

  test('a call that is under way when it is closed is aborted, and heard of no more', async () => {
    let signal: AbortSignal | undefined;
    const fetch: Fetch = (_, given) => {
      signal = given;
      return new Promise<never>(() => undefined);
    };
    const operator = lookupOperator(node(fetch));
    let woken = 0;
    operator.open!({ clock: new VirtualClock(), wake: () => woken++ } as never);
    expect(operator.process(eventBatch([row('a', 1)]), undefined as never, () => 0)).toBe('wait');
    await operator.close!();
    await setImmediate();
    expect([signal!.aborted, woken]).toEqual([true, 0]);
  });
});
