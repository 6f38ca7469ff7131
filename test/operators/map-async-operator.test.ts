import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { type Batch, batchOf, type BatchSchema, decodeBatch, unpackValue } from '../../src/batch/index.ts';
import { mapAsyncOperator } from '../../src/operators/index.ts';
import type { MapAsyncNode } from '../../src/plan/index.ts';
import { openMemoryStores } from '../../src/state/index.ts';
import { OperatorRun, type OperatorSnapshot, type RunOptions, testBarrier } from '../../src/testing/operator-run.ts';
import { verifyOperator } from '../../src/testing/verify-operator.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import {
  barrier,
  clock,
  eventBatch,
  events,
  field,
  number,
  rowsItem,
  schemaOf,
  sourceNode,
  text,
  watermark,
} from './operator-fixture.ts';

interface Event {
  readonly key: string;
  readonly at: number;
}
type Fn = (row: Event, context: { readonly signal: AbortSignal }) => Promise<object>;
const answers: BatchSchema = schemaOf(field('key', text), field('length', number));
const node = (fn: Fn, spec: Partial<MapAsyncNode['spec']> = {}, schema = answers): MapAsyncNode => ({
  kind: 'mapAsync',
  site: 'job.ts:9',
  input: sourceNode(),
  fn,
  schema,
  spec: { concurrency: 100, ordered: true, timeoutMs: 1000, attempts: 3, ...spec },
});
const lengthOf: Fn = async ({ key }) => ({ key, length: key.length });
const rowsOf = (...keys: readonly string[]) => rowsItem(keys.map((key, at) => ({ key, at })));
const { blobs } = openMemoryStores();
const runOf = (made: MapAsyncNode, more: Partial<RunOptions> = {}): OperatorRun =>
  new OperatorRun({ make: () => mapAsyncOperator(made), blobs, clock: new VirtualClock(), ...more });
const rowsIn = ({ value }: OperatorSnapshot): number => {
  const { rows } = unpackValue(value!) as { readonly rows: readonly Uint8Array[] };
  return rows.reduce((sum, bytes) => sum + decodeBatch(bytes).length, 0);
};
const restored = (made: MapAsyncNode, from: readonly OperatorSnapshot[], more: Partial<RunOptions> = {}): Promise<OperatorRun> =>
  OperatorRun.restored({ make: () => mapAsyncOperator(made), blobs, clock: new VirtualClock(), ...more }, from);
const keysIn = ({ emitted }: OperatorRun): string[] => emitted.map(({ row }) => (row as Event).key);

/** A service that answers when it is told to. */
class Service {
  /** As they came; those that were answered, too. */
  readonly calls: string[] = [];
  readonly #waiting = new Map<string, (failure?: Error) => void>();
  readonly fn: Fn = ({ key }) =>
    new Promise((resolve, reject) => {
      this.calls.push(key);
      this.#waiting.set(key, (failure) => (failure === undefined ? resolve({ key, length: key.length }) : reject(failure)));
    });

  /** Answers, and lets the operator hear of it and be told the time. */
  async answer(run: OperatorRun, ...keys: readonly string[]): Promise<void> {
    for (const key of keys) this.#waiting.get(key)!();
    await setImmediate();
    await run.feed(clock(0));
  }

  async fail(run: OperatorRun, key: string): Promise<void> {
    this.#waiting.get(key)!(new Error(`no ${key}`));
    await setImmediate();
    await run.feed(clock(0));
  }
}

describe('a function that asks outside', () => {
  test('MA2, MA3: gives each row once, in order, with its stamp, whatever was under way at a restore', async () => {
    const slow: Fn = async (row, context) => {
      for (let turns = row.at % 4; turns > 0; turns--) await setImmediate();
      return lengthOf(row, context);
    };
    const keys = ['a', 'bb', 'ccc', 'dddd', 'e', 'ff', 'ggg', 'hhhh'];
    const { rows } = await verifyOperator({
      subject: () => ({ make: () => mapAsyncOperator(node(slow, { concurrency: 2 })) }),
      barriersEverywhere: true,
      stamps: true,
      input: [
        rowsItem(keys.slice(0, 5).map((key, at) => ({ key, at: 7 - at, stamp: at }))),
        clock(0),
        watermark(5),
        rowsItem(
          keys.slice(5).map((key, at) => ({ key, at, stamp: 6 })),
          5,
        ),
        clock(0),
        barrier({ last: 'end' }),
      ],
    });
    expect(rows.map(({ row, stamp }) => [row, stamp])).toEqual(
      keys.map((key, at) => [{ key, length: key.length }, at < 5 ? at : 6]),
    );
  });

  test('a row that was answered early waits for those before it; out of order it does not', async () => {
    const service = new Service();
    const [inOrder, asTheyCome] = [runOf(node(service.fn)), runOf(node(service.fn, { ordered: false }))];
    for (const run of [inOrder, asTheyCome]) {
      await run.feed(rowsOf('a', 'b', 'c'));
      await service.answer(run, 'c', 'b');
    }
    expect([keysIn(inOrder), keysIn(asTheyCome)]).toEqual([[], ['b', 'c']]);
    const first = new Service();
    const again = runOf(node(first.fn));
    await again.feed(rowsOf('a', 'b', 'c'));
    await first.answer(again, 'a', 'b');
    expect(keysIn(again)).toEqual(['a', 'b']);
  });

  test.each([true, false])(
    'MA1, MA4: a watermark, and idleness, go on behind the rows that came before (ordered: %s)',
    async (ordered) => {
      const service = new Service();
      const run = runOf(node(service.fn, { ordered }));
      await run.feed(watermark(1));
      await run.feed({ kind: 'idle', idle: true });
      await run.feed({ kind: 'idle', idle: false });
      expect(run.said).toEqual([{ watermark: 1 }, { idle: true }, { idle: false }]);
      run.said.length = 0;
      await run.feed(rowsOf('a', 'b'));
      await run.feed(watermark(5));
      await run.feed(watermark(8));
      await run.feed(rowsOf('c'));
      await run.feed({ kind: 'idle', idle: true });
      await service.answer(run, 'c', 'b');
      expect(run.said).toEqual(ordered ? [] : [1]);
      await service.answer(run, 'a');
      const both = ordered ? [2] : [1, 1];
      expect(run.said).toEqual([...both, { watermark: 8 }, 1, { idle: true }]);
      expect(keysIn(run)).toEqual(ordered ? ['a', 'b', 'c'] : ['b', 'a', 'c']);
    },
  );

  test('a barrier does not wait: rows without an answer are in the snapshot, and called for again', async () => {
    const service = new Service();
    const run = runOf(node(service.fn));
    await run.feed(rowsOf('a', 'b', 'c', 'd'));
    await service.answer(run, 'a', 'c');
    const snapshot = await run.barrier(testBarrier(1));
    expect([keysIn(run), rowsIn(snapshot)]).toEqual([['a'], 3]);
    const next = new Service();
    const after = await restored(node(next.fn), [snapshot]);
    expect(next.calls).toEqual(['b', 'c', 'd']);
    await next.answer(after, 'b', 'c', 'd');
    expect(keysIn(after)).toEqual(['b', 'c', 'd']);
    expect(rowsIn(await after.barrier(testBarrier(2)))).toBe(0);
  });

  test('the watermark that has gone on goes on again after a restore, before the rows that are under way', async () => {
    const service = new Service();
    const run = runOf(node(service.fn));
    await run.feed(rowsOf('a'));
    await run.feed(watermark(5));
    await service.answer(run, 'a');
    await run.feed(rowsOf('b'));
    await run.feed(watermark(7));
    const snapshot = await run.barrier(testBarrier(1));
    expect(run.said).toEqual([1, { watermark: 5 }]);
    const next = new Service();
    const after = await restored(node(next.fn), [snapshot]);
    await after.feed(watermark(7));
    expect(after.said).toEqual([{ watermark: 5 }]);
    await next.answer(after, 'b');
    expect(after.said).toEqual([{ watermark: 5 }, 1, { watermark: 7 }]);
  });

  test.each(['stop', 'end'] as const)('the last barrier of a run waits for all answers (%s)', async (last) => {
    const service = new Service();
    const run = runOf(node(service.fn));
    await run.feed(rowsOf('a', 'b'));
    await run.feed(watermark(Infinity));
    let isOver = false;
    const passing = run.barrier(testBarrier(1, [], last)).then((snapshot) => {
      isOver = true;
      return snapshot;
    });
    await service.answer(run, 'a');
    expect([isOver, run.said]).toEqual([false, [1]]);
    await service.answer(run, 'b');
    expect(rowsIn(await passing)).toBe(0);
    expect(run.said).toEqual([1, 1, { watermark: Infinity }]);
  });

  test('no more calls run at once than it was told, the next as soon as one is over, and so many rows are enough', async () => {
    const service = new Service();
    const run = runOf(node(service.fn, { concurrency: 2 }));
    expect(run.operator.load).toBe('free');
    await run.feed(rowsOf('a', 'b', 'c', 'd'));
    expect([service.calls, run.operator.load]).toEqual([['a', 'b'], 'full']);
    await service.answer(run, 'b');
    expect([service.calls, run.operator.load]).toEqual([['a', 'b', 'c'], 'full']);
    await service.answer(run, 'a', 'c');
    expect([service.calls, run.operator.load]).toEqual([['a', 'b', 'c', 'd'], 'free']);
    const large = runOf(node(service.fn, { concurrency: 1 }));
    await large.feed(rowsOf('x'.repeat(9 << 20)));
    expect(large.operator.load).toBe('overfull');
  });

  test('tries again what fails, and what takes too long, whose signal aborts; then the row is set aside', async () => {
    const signals: AbortSignal[] = [];
    const fn: Fn = async (row, context) => {
      signals.push(context.signal);
      if (row.key === 'bad') throw new Error('no route to host');
      if (signals.length === 1) await new Promise<never>(() => undefined);
      return lengthOf(row, context);
    };
    const time = new VirtualClock();
    const run = runOf(node(fn, { concurrency: 1 }), { clock: time });
    await run.feed(rowsOf('slow', 'bad', 'abc'));
    for (let turn = 0; turn < 40; turn++) {
      await setImmediate();
      await run.feed(clock(50));
    }
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false, false, false, false, false]);
    expect(keysIn(run)).toEqual(['slow', 'abc']);
    expect(run.dead).toMatchObject([{ position: 's#1', operator: 'op' }]);
    expect(run.dead[0]!.error).toBe('operator op (job.ts:9), record s#1: the call failed 3 times: no route to host');
  });

  test('fails the job where nothing takes such rows, as soon as those before it have gone on', async () => {
    const service = new Service();
    const run = runOf(node(service.fn, { attempts: 1 }), { deadLetters: false });
    await run.feed(rowsOf('a', 'b'));
    await service.fail(run, 'b');
    await expect(service.answer(run, 'a')).rejects.toMatchObject({
      code: 'E_CALL',
      retry: 'backoff',
      message: 'operator op (job.ts:9), record s#1: the call failed: no b',
    });
  });

  test.each([
    ['no row', async () => 'text' as never, 'a mapAsync gave a string instead of a row'],
    ['another row than the schema says', async () => ({ key: 'a', length: 'long' }), 'length'],
  ])('%s is set aside, and not called for again', async (_, answer: () => Promise<object>, why) => {
    let calls = 0;
    const run = runOf(node(() => (calls++, answer())));
    await run.feed(rowsOf('a'));
    await setImmediate();
    await run.feed(clock(0));
    expect([calls, run.dead.length, run.emitted.length]).toEqual([1, 1, 0]);
    expect(run.dead[0]!.error).toContain(why);
  });

  test('calls that are under way when it is closed are aborted, and heard of no more', async () => {
    const signals: AbortSignal[] = [];
    const fn: Fn = (_row, { signal }) => {
      signals.push(signal);
      return new Promise<never>((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    };
    const operator = mapAsyncOperator(node(fn, { concurrency: 20 }));
    let woken = 0;
    operator.open!({ clock: new VirtualClock(), wake: () => woken++ } as never);
    operator.process(eventBatch(Array.from({ length: 30 }, (_, at) => ({ key: 'a', at }))), undefined as never, () => 0);
    await operator.close!();
    await setImmediate();
    expect([signals.length, signals.every(({ aborted }) => aborted), woken]).toEqual([20, true, 0]);
  });
});

describe('rows under way whose parallelism changes', () => {
  const ofSplit = (split: string, ...keys: readonly string[]): Batch =>
    batchOf(
      events,
      keys.map((key, at) => ({ key, at, value: null })),
      { stamps: new Float64Array(keys.length), advances: true, origin: { split, first: 0 } },
    );
  const halves = [
    [0, 64],
    [64, 128],
  ] as const;

  test('lie with their splits in a source, each with one subtask', async () => {
    const hanging = new Service();
    const one = runOf(node(hanging.fn), { splits: ['x', 'y'] });
    await one.feed({ kind: 'rows', batch: ofSplit('x', 'x1', 'x2') });
    await one.feed({ kind: 'rows', batch: ofSplit('y', 'y1') });
    const snapshot = await one.barrier(testBarrier(1));
    const services = [new Service(), new Service()];
    const [first, second] = [
      await restored(node(services[0]!.fn), [snapshot], { owned: halves[0], splits: ['y'] }),
      await restored(node(services[1]!.fn), [snapshot], { owned: halves[1], splits: ['x'] }),
    ];
    expect(services.map(({ calls }) => calls)).toEqual([['y1'], ['x1', 'x2']]);
    const snapshots = [await first.barrier(testBarrier(2)), await second.barrier(testBarrier(2))];
    const again = new Service();
    await restored(node(again.fn), snapshots, { splits: ['x', 'y'] });
    expect(again.calls.toSorted()).toEqual(['x1', 'x2', 'y1']);
  });

  test('go on with the least of the watermarks that have gone on: splits may come to whoever had gone further', async () => {
    const before = halves.map((owned) => runOf(node(new Service().fn), { owned }));
    for (const [i, run] of before.entries()) {
      await run.feed(watermark([5, 3][i]!));
      await run.feed({ kind: 'rows', batch: ofSplit('x', 'x1') });
    }
    const snapshots = await Promise.all(before.map((run) => run.barrier(testBarrier(1))));
    const hanging = new Service();
    const after = await restored(node(hanging.fn), snapshots, { owned: [0, 64] });
    await after.feed(watermark(7));
    expect([hanging.calls, after.said]).toEqual([['x1'], [{ watermark: 3 }]]);
  });

  test('lie with their key groups elsewhere, each with one subtask, and say no more that time has come so far', async () => {
    const hanging = [new Service(), new Service()];
    const before = halves.map((owned, i) => runOf(node(hanging[i]!.fn), { owned }));
    await before[0]!.feed({ kind: 'rows', batch: ofSplit('x', 'x1') });
    await before[1]!.feed({ kind: 'rows', batch: ofSplit('y', 'y1') });
    const snapshots = await Promise.all(before.map((run) => run.barrier(testBarrier(1))));
    const advancesAfter = async (from: readonly OperatorSnapshot[], owned: readonly [number, number]): Promise<unknown[]> => {
      const found: unknown[] = [];
      const operator = mapAsyncOperator(node(lengthOf));
      const catching = { emit: ({ system }: Batch) => void found.push(system.advances), watermark: () => undefined };
      const run = await OperatorRun.restored({ make: () => operator, blobs, clock: new VirtualClock(), owned }, from);
      await setImmediate();
      operator.onTime!(0, catching as never);
      await run.operator.close!();
      return found;
    };
    expect(await advancesAfter(snapshots, [0, 128])).toEqual([false, false]);
    expect(await advancesAfter(snapshots, [0, 64])).toEqual([true]);
    expect(await advancesAfter(snapshots, [64, 96])).toEqual([false]);
    expect(await advancesAfter(snapshots, [96, 128])).toEqual([]);
  });
});
