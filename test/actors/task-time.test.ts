import { describe, expect, test } from 'vitest';
import { Chain } from '../../src/actors/chain.ts';
import { Task, type TaskEvents } from '../../src/actors/task.ts';
import type { Operator } from '../../src/operators/index.ts';
import { MemoryTransport } from '../../src/transport/index.ts';
import { batch, inputsOver, planned, Sink, toEdge } from './fakes.ts';

const nothing = (): void => undefined;
const events: TaskEvents = {
  barrierPassed: nothing,
  exhausted: nothing,
  hurry: nothing,
  background: () => false,
  mayFreeze: () => true,
  mayTake: () => true,
  deadRecords: nothing,
  failed: nothing,
};
const base = { name: '1/0', depth: 0, events, epochBytesMax: 1000, watermark: Number.NEGATIVE_INFINITY };

function steps(task: Task): void {
  for (let i = 0; task.step(); i++) expect(i, 'a task comes to rest').toBeLessThan(1000);
}

describe('the time of a task', () => {
  test('is shared into working, being held back, and neither', () => {
    let now = 0;
    const sink = new Sink();
    const transport = new MemoryTransport();
    const id = { edge: 0, from: 0, to: 0 };
    transport.receiver(id).open();
    const operator: Operator = { process: (item, out) => ((now += 300), out.emit(item), 'done') };
    const chain = new Chain([{ planned: planned('op', toEdge(0)), operator }], () => sink);
    const task = new Task({ ...base, chain, inputs: inputsOver([transport.receiver(id)]), feed: null, monotonic: () => now });
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
    const task = new Task({ ...base, chain, inputs: inputsOver(receivers, { barren }), feed: null, monotonic: () => 0 });
    const rows = batch(1).withSystem({ stamps: Float64Array.of(3), advances: true });
    transport.sender(ids[0]!).send({ kind: 'data', batch: rows });
    steps(task);
    return seen;
  }

  test('behind one input, also where the others have no rows, and no longer behind several', () => {
    expect([seenBehind(1, []), seenBehind(3, [1, 2]), seenBehind(3, [2])]).toEqual([true, true, false]);
  });
});
