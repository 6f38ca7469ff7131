import { describe, expect, test } from 'vitest';
import type { Batch } from '../../src/batch/index.ts';
import { Chain } from '../../src/actors/chain.ts';
import { Task, type TaskEvents } from '../../src/actors/task.ts';
import type { Clock } from '../../src/core/index.ts';
import type { Operator } from '../../src/operators/index.ts';
import { MemoryTransport } from '../../src/transport/index.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { barrier, batch, inputsOver, planned, Sink, steps, taskBase, toEdge, valuesOf } from './fakes.ts';

const events = taskBase.events;
const idle: Clock = { now: () => 0, monotonic: () => 0, setTimer: () => ({ cancel: () => undefined }) };
const base = { ...taskBase, clock: idle };

describe('the time of a task', () => {
  test('is shared into working, being held back, and neither', () => {
    let now = 0;
    const sink = new Sink();
    const transport = new MemoryTransport();
    const id = { edge: 0, from: 0, to: 0 };
    transport.receiver(id).open();
    const operator: Operator = { process: (item, out) => ((now += 300), out.emit(item), 'done') };
    const chain = new Chain([{ planned: planned('op', toEdge(0)), operator }], () => sink);
    const task = new Task({
      ...base,
      chain,
      inputs: inputsOver([transport.receiver(id)]),
      feed: null,
      clock: { ...idle, monotonic: () => now },
    });
    transport.sender(id).send({ kind: 'data', batch: batch(1) });
    transport.sender(id).send({ kind: 'data', batch: batch(2) });
    task.step();
    task.step();
    expect(task.busyMs).toBe(300);
    sink.ready = false;
    steps(task);
    now += 500;
    expect([task.heldBackFor(now), task.ratios(now)]).toEqual([500, { busy: 0, heldBack: 0 }]);
    sink.ready = true;
    steps(task);
    now += 100;
    expect(task.heldBackFor(now)).toBe(0);
    expect(task.ratios(now)).toEqual({ busy: 0.5, heldBack: 500 / 1200 });
    expect(task.ratios(now + 1)).toEqual({ busy: 0.5, heldBack: 500 / 1200 });
    now += 2000;
    expect(task.ratios(now)).toEqual({ busy: 0, heldBack: 0 });
  });
});

describe('T6: stamps are an advance of a channel', () => {
  /** What the operators behind a task with so many inputs see of a batch that comes from one split. */
  function seenBehind(inputs: number, barren: readonly number[]): boolean | undefined {
    const transport = new MemoryTransport();
    const ids = Array.from({ length: inputs }, (_, from) => ({ edge: 0, from, to: 0 }));
    for (const id of ids) transport.receiver(id).open();
    let seen: boolean | undefined;
    const operator: Operator = { process: (item) => ((seen = item.system.advances), 'done') };
    const chain = new Chain([{ planned: planned('op'), operator }], () => new Sink());
    const receivers = ids.map((id) => transport.receiver(id));
    const task = new Task({ ...base, chain, inputs: inputsOver(receivers, { barren }), feed: null });
    const rows = batch(1).withSystem({ stamps: Float64Array.of(3), advances: true });
    transport.sender(ids[0]!).send({ kind: 'data', batch: rows });
    steps(task);
    return seen;
  }

  test('behind one input, also where the others have no rows, and no longer behind several', () => {
    expect([seenBehind(1, []), seenBehind(3, [1, 2]), seenBehind(3, [2])]).toEqual([true, true, false]);
  });
});

describe('the clock, for operators that wait for it', () => {
  /** Waits for a time, once, and says so. */
  class Waiting implements Operator {
    dueAt: number | undefined;
    readonly #log: string[];

    constructor(log: string[], dueAt: number) {
      this.#log = log;
      this.dueAt = dueAt;
    }

    process(item: Batch): 'done' {
      this.#log.push(`row ${valuesOf(item).join(',')}`);
      return 'done';
    }

    onTime(now: number): 'done' {
      this.#log.push(`time ${now}`);
      this.dueAt = undefined;
      return 'done';
    }
  }

  function waiting(dueAt: number, more: Partial<ConstructorParameters<typeof Task>[0]> = {}) {
    const log: string[] = [];
    const clock = new VirtualClock(1000);
    const transport = new MemoryTransport();
    const id = { edge: 0, from: 0, to: 0 };
    transport.receiver(id).open();
    const operator = new Waiting(log, dueAt);
    const chain = new Chain([{ planned: planned('op', toEdge(0)), operator }], () => new Sink());
    let wakes = 0;
    const wake = (): void => void wakes++;
    const said: TaskEvents = { ...events, barrierPassed: ({ epoch }) => void log.push(`freeze ${epoch}`) };
    const inputs = inputsOver([transport.receiver(id)]);
    const task = new Task({ ...base, chain, inputs, feed: null, events: said, clock, wake, ...more });
    return { log, clock, task, operator, sender: transport.sender(id), wakes: () => wakes };
  }

  test('it is told once, at its time, and nobody is woken before', () => {
    const { log, clock, task, wakes } = waiting(1500);
    steps(task);
    clock.advance(499);
    expect([wakes(), log]).toEqual([0, []]);
    clock.advance(1);
    expect(wakes()).toBe(1);
    steps(task);
    clock.advance(10_000);
    expect([wakes(), log]).toEqual([1, ['time 1500']]);
  });

  test('what is due already, as after a restore, is due at once', () => {
    const { log, clock, task, wakes } = waiting(200);
    steps(task);
    clock.advance(0);
    steps(task);
    expect([wakes(), log]).toEqual([1, ['time 1000']]);
  });

  test('an earlier time rings earlier', () => {
    const { log, clock, task, operator, sender } = waiting(5000);
    steps(task);
    operator.dueAt = 1200;
    sender.send({ kind: 'data', batch: batch(1) });
    steps(task);
    clock.advance(200);
    steps(task);
    expect(log).toEqual(['row 1', 'time 1200']);
  });

  test('TK1: between a barrier and its snapshot time stands still, as input does', () => {
    let mayFreeze = false;
    const held: TaskEvents = { ...events, mayFreeze: () => mayFreeze };
    const log: string[] = [];
    const {
      clock,
      task,
      sender,
      log: told,
    } = waiting(1100, {
      events: { ...held, barrierPassed: ({ epoch }) => void log.push(`freeze ${epoch}`) },
    });
    steps(task);
    sender.send({ kind: 'barrier', barrier: barrier(1) });
    steps(task);
    clock.advance(500);
    steps(task);
    expect(told).toEqual([]);
    mayFreeze = true;
    task.step();
    expect([log, told]).toEqual([['freeze 1'], []]);
    steps(task);
    expect(told).toEqual(['time 1500']);
  });

  test('behind the last barrier of a run nothing is told: it would be emitted, and be in no checkpoint', () => {
    const { log, clock, task, sender } = waiting(1100);
    steps(task);
    sender.send({ kind: 'barrier', barrier: barrier(1, 'stop') });
    steps(task);
    clock.advance(500);
    steps(task);
    expect(log).toEqual(['freeze 1']);
  });

  test('after the last epoch was given up the run goes on, and so does the time', () => {
    const { log, clock, task, sender } = waiting(1100);
    steps(task);
    sender.send({ kind: 'barrier', barrier: barrier(1, 'stop') });
    steps(task);
    task.abort(barrier(1).epoch);
    clock.advance(500);
    steps(task);
    expect(log).toEqual(['freeze 1', 'time 1500']);
  });

  test('the last barrier of an epoch that was given up while it was on its way is none', () => {
    const { log, clock, task, sender } = waiting(1100);
    steps(task);
    sender.send({ kind: 'barrier', barrier: barrier(1, 'stop') });
    task.step();
    task.abort(barrier(1).epoch);
    steps(task);
    clock.advance(500);
    steps(task);
    expect(log.at(-1)).toBe('time 1500');
  });

  test('wall time that is set forward is noticed within a minute', () => {
    let ahead = 0;
    const steady = new VirtualClock(0);
    const clock: Clock = {
      now: () => steady.now() + ahead,
      monotonic: () => steady.monotonic(),
      setTimer: (delayMs, fn) => steady.setTimer(delayMs, fn),
    };
    const { log, task } = waiting(3_600_000, { clock });
    steps(task);
    ahead = 3_600_000;
    steady.advance(60_000);
    steps(task);
    expect(log).toEqual(['time 3660000']);
  });

  test('input has its turn between two times, whatever is due', () => {
    const { log, clock, task, operator, sender } = waiting(1000);
    operator.onTime = (now: number) => {
      log.push(`time ${now}`);
      return 'done';
    };
    for (const n of [1, 2]) sender.send({ kind: 'data', batch: batch(n) });
    for (let i = 0; i < 10; i++) {
      task.step();
      clock.advance(0);
    }
    expect(log).toEqual(['row 1', 'time 1000', 'row 2', 'time 1000', 'time 1000']);
  });

  test('a task that is stopped is not woken any more', () => {
    const { clock, task, wakes } = waiting(1100);
    steps(task);
    task.stop();
    clock.advance(1000);
    expect(wakes()).toBe(0);
  });
});
