// Operators that have rows under way: what a task still takes, and when it lets them go on.
import { describe, expect, test } from 'vitest';
import { Chain } from '../../src/actors/chain.ts';
import type { SourceFeed } from '../../src/actors/source-feed.ts';
import { Task } from '../../src/actors/task.ts';
import type { Batch } from '../../src/batch/index.ts';
import { epoch } from '../../src/core/index.ts';
import type { Load, Operator, Output } from '../../src/operators/index.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { MemoryTransport } from '../../src/transport/index.ts';
import { barrier, batch, inputsOver, planned, Sink, steps, taskBase, toEdge, valuesOf } from './fakes.ts';

/** Holds rows until it is told that they may go. */
class Holding implements Operator {
  load: Load = 'free';
  readonly held: Batch[] = [];
  goes = false;
  readonly #log: string[];

  constructor(log: string[]) {
    this.#log = log;
  }

  get dueAt(): number | undefined {
    return this.goes ? -Infinity : undefined;
  }

  process(item: Batch): 'done' {
    this.#log.push(`took ${valuesOf(item).join(',')}`);
    this.held.push(item);
    return 'done';
  }

  onTime(_now: number, out: Output): 'done' {
    for (const item of this.held.splice(0)) out.emit(item);
    this.goes = false;
    return 'done';
  }
}

function world(feed: SourceFeed | null = null) {
  const log: string[] = [];
  const sink = new Sink();
  const transport = new MemoryTransport();
  const ids = [0, 1].map((from) => ({ edge: 0, from, to: 0 }));
  const receivers = ids.map((id) => transport.receiver(id));
  for (const receiver of receivers) receiver.open();
  const operator = new Holding(log);
  const chain = new Chain([{ planned: planned('op', toEdge(0)), operator }], () => sink);
  const events = { ...taskBase.events, barrierPassed: (of: { epoch: number }) => void log.push(`freeze ${of.epoch}`) };
  const inputs = inputsOver(feed === null ? receivers : []);
  const clock = new VirtualClock(0);
  const task = new Task({ ...taskBase, chain, events, inputs, feed, clock });
  return { log, sink, operator, chain, task, clock, senders: ids.map((id) => transport.sender(id)) };
}

describe('TK4: a task whose operator has rows under way', () => {
  test('takes no others where it has enough, but watermarks and barriers pass', () => {
    const { log, sink, operator, task, senders } = world();
    operator.load = 'full';
    senders[0]!.send({ kind: 'watermark', watermark: 5 });
    senders[0]!.send({ kind: 'data', batch: batch(1) });
    senders[1]!.send({ kind: 'watermark', watermark: 7 });
    steps(task);
    expect([log, sink.got]).toEqual([[], ['w5']]);
    operator.load = 'free';
    steps(task);
    expect(log).toEqual(['took 1']);
  });

  test.each([
    ['full', ['took 1', 'took 2', 'freeze 1']],
    ['overfull', []],
  ] as const)('where it is %s, takes what lies before a barrier that is on its way: %j', (load, taken) => {
    const { log, operator, task, senders } = world();
    operator.load = load;
    for (const [i, sender] of senders.entries()) {
      sender.send({ kind: 'data', batch: batch(i + 1) });
      sender.send({ kind: 'barrier', barrier: barrier(1) });
      sender.send({ kind: 'data', batch: batch(i + 10) });
    }
    steps(task);
    expect(log).toEqual([]);
    task.request(barrier(1));
    steps(task);
    expect(log).toEqual(taken);
  });

  test('takes no others once that barrier is given up, or had come before it was heard of', () => {
    for (const settle of ['abort', 'pass'] as const) {
      const { log, operator, task, senders } = world();
      if (settle === 'pass') for (const sender of senders) sender.send({ kind: 'barrier', barrier: barrier(1) });
      steps(task);
      operator.load = 'full';
      task.request(barrier(1));
      if (settle === 'abort') task.abort(epoch(1));
      senders[0]!.send({ kind: 'data', batch: batch(1) });
      steps(task);
      expect(log).toEqual(settle === 'pass' ? ['freeze 1'] : []);
    }
  });

  test('in a source a barrier comes at once, behind no other rows', () => {
    const rows = [batch(1), batch(2)];
    const feed = {
      available: true,
      ended: false,
      splits: [],
      takeEvent: () => undefined,
      take: () => ({ split: 's', piece: { batch: rows.shift() ?? null, dead: [], records: 1, position: 0 } }),
    };
    const { log, operator, task } = world(feed as unknown as SourceFeed);
    task.step();
    operator.load = 'full';
    steps(task);
    task.request(barrier(1));
    steps(task);
    expect(log).toEqual(['took 1', 'freeze 1']);
  });
});

describe('an operator that is woken', () => {
  test('is told the time at once, if it has something to give', () => {
    const { sink, operator, chain, task, senders } = world();
    senders[0]!.send({ kind: 'data', batch: batch(1) });
    steps(task);
    task.operatorWoken();
    steps(task);
    expect(sink.got).toEqual([]);
    operator.goes = true;
    chain.wake(0);
    task.operatorWoken();
    steps(task);
    expect(sink.got).toEqual(['1']);
  });

  test('TK1: not between a barrier and its snapshot', () => {
    const { log, sink, operator, task, senders } = world();
    for (const sender of senders) sender.send({ kind: 'barrier', barrier: barrier(1) });
    operator.held.push(batch(9));
    for (let i = 0; i < 3; i++) task.step();
    operator.goes = true;
    task.operatorWoken();
    steps(task);
    expect([log, sink.got]).toEqual([['freeze 1'], ['b1', '9']]);
  });
});
