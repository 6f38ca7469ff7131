import { beforeEach, describe, expect, test } from 'vitest';
import type { Inputs } from '../../src/actors/assembly.ts';
import { Chain } from '../../src/actors/chain.ts';
import type { SourceFeed } from '../../src/actors/source-feed.ts';
import { Task, type TaskEvents } from '../../src/actors/task.ts';
import { epoch } from '../../src/core/index.ts';
import type { DeadRecord, Operator, Piece, SplitEvent } from '../../src/operators/index.ts';
import type { Barrier } from '../../src/progress/index.ts';
import { type ChannelSender, type Frame, MemoryTransport } from '../../src/transport/index.ts';
import { barrier, batch, inputsOver, planned, Recorder, Sink, steps, taskBase, toEdge } from './fakes.ts';

let log: string[];
let sink: Sink;
/** What the task asks of its subtask, and what it answers. */
let answers: { mayFreeze: boolean; mayTake: boolean; background: number };
let failed: unknown;
beforeEach(() => {
  log = [];
  sink = new Sink();
  answers = { mayFreeze: true, mayTake: true, background: 0 };
  failed = null;
});

const events: TaskEvents = {
  barrierPassed: ({ epoch }) => void log.push(`freeze ${epoch}`),
  exhausted: () => void log.push('exhausted'),
  reached: () => undefined,
  hurry: () => void log.push('hurry'),
  background: () => answers.background > 0 && (log.push('background'), --answers.background > 0),
  mayFreeze: () => answers.mayFreeze,
  mayTake: () => answers.mayTake,
  deadRecords: (dead) => void log.push(...dead.map(({ position }) => `dead ${position}`)),
  failed: (error) => {
    failed = error;
  },
};
const base = { ...taskBase, events };
const recorder = (): Operator => new Recorder('op', log);

describe('a task that reads channels', () => {
  function fed(
    inputs: number,
    operator: Operator = recorder(),
    watermark = Number.NEGATIVE_INFINITY,
    some: Partial<Inputs> = {},
  ): { task: Task; senders: ChannelSender[]; chain: Chain } {
    const transport = new MemoryTransport();
    const ids = Array.from({ length: inputs }, (_, from) => ({ edge: 0, from, to: 0 }));
    const receivers = ids.map((id) => transport.receiver(id));
    for (const receiver of receivers) receiver.open();
    const chain = new Chain([{ planned: planned('op', toEdge(0)), operator }], () => sink);
    return {
      chain,
      task: new Task({ ...base, chain, inputs: inputsOver(receivers, some), feed: null, watermark }),
      senders: ids.map((id) => transport.sender(id)),
    };
  }
  const data = (...values: number[]): Frame => ({ kind: 'data', batch: batch(...values) });
  const watermark = (at: number): Frame => ({ kind: 'watermark', watermark: at });
  const barrierFrame = (n: number, last?: 'end'): Frame => ({ kind: 'barrier', barrier: barrier(n, last) });
  const idle = (idle: boolean): Frame => ({ kind: 'idle', idle });

  test('takes its inputs in turn', () => {
    const { task, senders } = fed(2);
    for (const n of [1, 2]) senders[0]!.send(data(n));
    for (const n of [3, 4]) senders[1]!.send(data(n));
    steps(task);
    expect(sink.got).toEqual(['1', '3', '2', '4']);
  });

  test('TK1: lets nothing in while anything is under way in the chain', () => {
    const { task, senders, chain } = fed(1, new Recorder('op', log, { process: (_out, call) => (call === 0 ? 'wait' : 'done') }));
    senders[0]!.send(data(1));
    senders[0]!.send(data(2));
    steps(task);
    expect(log).toEqual(['op:1']);
    chain.wake(0);
    steps(task);
    expect(log).toEqual(['op:1', 'op:1', 'op:2']);
  });

  test('TK1: lets nothing in while rows that were set aside wait', () => {
    const { task, senders } = fed(1);
    answers.mayTake = false;
    senders[0]!.send(data(1));
    steps(task);
    expect(sink.got).toEqual([]);
    answers.mayTake = true;
    steps(task);
    expect(sink.got).toEqual(['1']);
  });

  test('TK2: freezes when every row before the barrier was processed, and before any row behind it', () => {
    const { task, senders } = fed(2);
    for (const frame of [data(1), barrierFrame(1), data(2)]) senders[0]!.send(frame);
    for (const frame of [data(3), data(4), barrierFrame(1), data(5)]) senders[1]!.send(frame);
    steps(task);
    expect(log).toEqual(['op:1', 'op:3', 'op:4', 'op:b1', 'freeze 1', 'op:2', 'op:5']);
    expect(sink.got).toEqual(['1', '3', '4', 'b1', '2', '5']);
  });

  test('TK2: freezes behind an operator that needs several calls for the barrier', () => {
    const { task, senders, chain } = fed(
      1,
      new Recorder('op', log, {
        onBarrier: (out, call) => (out.emit(batch(90 + call)), call === 0 ? 'more' : call === 1 ? 'wait' : 'done'),
      }),
    );
    for (const frame of [barrierFrame(1), data(2)]) senders[0]!.send(frame);
    steps(task);
    expect([log, sink.got]).toEqual([
      ['op:b1', 'op:b1'],
      ['90', '91'],
    ]);
    chain.wake(0);
    steps(task);
    expect(log).toEqual(['op:b1', 'op:b1', 'op:b1', 'freeze 1', 'op:2']);
  });

  test('TK2: waits with the next barrier until the earlier snapshot is written', () => {
    const { task, senders } = fed(1);
    answers.mayFreeze = false;
    for (const frame of [barrierFrame(2), data(3)]) senders[0]!.send(frame);
    steps(task);
    expect([log, sink.got]).toEqual([['op:b2'], ['b2']]);
    answers.mayFreeze = true;
    steps(task);
    expect(log).toEqual(['op:b2', 'freeze 2', 'op:3']);
  });

  test('TK3: does not read an input that has its barrier, until all have it', () => {
    const { task, senders } = fed(2);
    for (const frame of [barrierFrame(1), data(1), watermark(9)]) senders[0]!.send(frame);
    steps(task);
    expect(log).toEqual([]);
    senders[1]!.send(data(2));
    senders[1]!.send(barrierFrame(1));
    steps(task);
    expect(log).toEqual(['op:2', 'op:b1', 'freeze 1', 'op:1']);
  });

  test('TK3: reads it again when the epoch is aborted, and ignores the barriers of the rest', () => {
    const { task, senders } = fed(2);
    for (const frame of [barrierFrame(1), data(1)]) senders[0]!.send(frame);
    steps(task);
    task.abort(epoch(1));
    senders[1]!.send(barrierFrame(1));
    for (const sender of senders) sender.send(barrierFrame(2));
    steps(task);
    expect(log).toEqual(['op:1', 'op:b2', 'freeze 2']);
  });

  test('an input that has ended holds up no barrier; when all have, the end goes on behind it', () => {
    const { task, senders } = fed(2);
    senders[0]!.send({ kind: 'end' });
    for (const frame of [data(1), barrierFrame(1), barrierFrame(2, 'end'), { kind: 'end' } as const]) senders[1]!.send(frame);
    steps(task);
    expect([log, sink.got]).toEqual([
      ['op:1', 'op:b1', 'freeze 1', 'op:b2', 'freeze 2'],
      ['1', 'b1', 'b2 end', 'end'],
    ]);
  });

  test('passes on the least watermark of its inputs that are not idle, and its own idleness', () => {
    const { task, senders } = fed(2);
    const said = (frame: Frame, from: number): string[] => {
      sink.got.length = 0;
      senders[from]!.send(frame);
      steps(task);
      return [...sink.got];
    };
    expect([
      said(watermark(10), 0),
      said(watermark(7), 1),
      said(idle(true), 1),
      said(idle(true), 0),
      said(idle(false), 1),
      said(watermark(12), 1),
    ]).toEqual([[], ['w7'], ['w10'], ['idle'], ['active'], ['w12']]);
    expect(task.watermark).toBe(12);
  });

  test('T9: goes on from the watermark that was restored', () => {
    const { task, senders } = fed(1, recorder(), 50);
    senders[0]!.send(watermark(40));
    senders[0]!.send(watermark(60));
    steps(task);
    expect(sink.got).toEqual(['w50', 'w60']);
  });

  test('T6: tells how far a row of a one-split channel advances the inputs, without advancing them', () => {
    const operator = new Recorder('op', log);
    const { task, senders } = fed(2, operator);
    senders[0]!.send(watermark(5));
    senders[1]!.send(watermark(20));
    const rows = batch(1, 2, 3).withSystem({ stamps: Float64Array.of(3, 8, 30), advances: true });
    senders[0]!.send({ kind: 'data', batch: rows });
    steps(task);
    expect([operator.advanced, task.watermark]).toEqual([[5, 8, 20], 5]);
    senders[0]!.send({ kind: 'data', batch: rows.withSystem({ stamps: Float64Array.of(3, 8, 30) }) });
    steps(task);
    expect(operator.advanced).toEqual([5, 5, 5]);
  });

  test('T6: an input on which no row can come hides nothing from the first row', () => {
    const operator = new Recorder('op', log);
    const { task, senders } = fed(2, operator, Number.NEGATIVE_INFINITY, { barren: [1] });
    const rows = batch(1, 2).withSystem({ stamps: Float64Array.of(3, 8), advances: true });
    senders[0]!.send({ kind: 'data', batch: rows });
    steps(task);
    expect(operator.advanced).toEqual([3, 8]);
    senders[1]!.send({ kind: 'end' });
    steps(task);
    expect(task.watermark).toBe(Number.NEGATIVE_INFINITY);
  });

  test('works on the snapshot between other things, and comes to rest when it is written', () => {
    const { task, senders } = fed(1);
    answers.background = 3;
    senders[0]!.send(data(1));
    expect([task.step(), task.step(), task.step()]).toEqual([true, true, false]);
    expect(log).toEqual(['background', 'op:1', 'background', 'background']);
  });

  test('reports what is thrown, once, and does nothing more', () => {
    const thrown = new Error('a defect');
    const { task, senders } = fed(1, { process: () => fail(thrown) });
    senders[0]!.send(data(1));
    senders[0]!.send(data(2));
    steps(task);
    expect([failed, task.step()]).toEqual([thrown, false]);
  });

  test('does nothing once it is stopped', () => {
    const { task, senders } = fed(1);
    senders[0]!.send(data(1));
    task.stop();
    expect([task.step(), log]).toEqual([false, []]);
  });
});

function fail(error: Error): never {
  throw error;
}

/** A feed that gives what the test puts in. */
class FakeFeed implements Pick<SourceFeed, 'takeEvent' | 'take' | 'available' | 'ended' | 'goesOn' | 'splits'> {
  readonly events: SplitEvent[] = [];
  readonly pieces: Piece[] = [];
  states: ('active' | 'idle' | 'ended')[] = ['active'];
  goesOn = false;

  takeEvent(): SplitEvent | undefined {
    return this.events.shift();
  }
  take(): { split: string; piece: Piece } | undefined {
    const piece = this.pieces.shift();
    return piece === undefined ? undefined : { split: 'a', piece };
  }
  get available(): boolean {
    return this.events.length + this.pieces.length > 0;
  }
  get ended(): boolean {
    return !this.available && this.states.every((state) => state === 'ended');
  }
  get splits(): { split: string; state: 'active' | 'idle' | 'ended'; records: number; position: unknown; through: boolean }[] {
    return this.states.map((state, i) => ({ split: `${i}`, state, records: 0, position: undefined, through: false }));
  }
  piece(n: number, more: Partial<Piece> = {}): void {
    this.pieces.push({ batch: batch(n), dead: [], records: 1, position: n, ...more });
  }
}

describe('a task that reads a source', () => {
  let feed: FakeFeed;
  beforeEach(() => {
    feed = new FakeFeed();
  });
  const reading = (epochBytesMax = 1000): Task =>
    new Task({
      ...base,
      chain: new Chain([{ planned: planned('op', toEdge(0)), operator: recorder() }], () => sink),
      inputs: inputsOver([]),
      feed: feed as unknown as SourceFeed,
      epochBytesMax,
    });
  const ask = (task: Task, asked: Barrier): void => {
    task.request(asked);
    steps(task);
  };

  test('TK2: emits a barrier between two pieces, and freezes before the next one', () => {
    const task = reading();
    feed.piece(1);
    steps(task);
    feed.piece(2);
    ask(task, barrier(1));
    expect(log).toEqual(['op:1', 'op:b1', 'freeze 1', 'op:2']);
  });

  test('T8: tells operators what became of splits before a barrier: a snapshot knows each of them', () => {
    const task = reading();
    feed.events.push({ split: '0', state: 'active' });
    ask(task, barrier(1));
    expect(sink.got).toEqual(['split 0 active', 'b1']);
  });

  test('emits no barrier of an epoch that was aborted, nor one twice', () => {
    const task = reading();
    task.request(barrier(1));
    task.abort(epoch(1));
    steps(task);
    ask(task, barrier(1));
    expect(log).toEqual([]);
    ask(task, barrier(2));
    ask(task, barrier(2));
    expect(log).toEqual(['op:b2', 'freeze 2']);
  });

  test('passes on a manual watermark behind the rows of its piece, and dead records to the subtask', () => {
    const task = reading();
    const dead: DeadRecord = { bytes: new Uint8Array(), error: 'x', operator: 'in', position: 'a#3' };
    feed.piece(1, { watermark: 70 });
    feed.piece(2, { batch: null, dead: [dead] });
    steps(task);
    expect([log, sink.got]).toEqual([
      ['op:1', 'dead a#3'],
      ['1', 'split a active w70'],
    ]);
  });

  test('T4: says that it is idle while all its splits are, and active again', () => {
    const task = reading();
    feed.states = ['idle'];
    feed.events.push({ split: '0', state: 'idle' });
    steps(task);
    feed.states = ['active'];
    feed.events.push({ split: '0', state: 'active' });
    feed.piece(1);
    steps(task);
    expect(sink.got).toEqual(['split 0 idle', 'idle', 'split 0 active', 'active', '1']);
  });

  test('T4: raises its watermark to the end of time when all splits have ended, says so once, and goes on answering barriers', () => {
    const task = reading();
    feed.piece(1);
    feed.states = ['ended'];
    feed.events.push({ split: '0', state: 'ended' });
    steps(task);
    expect(sink.got).toEqual(['split 0 ended', '1', 'wInfinity']);
    ask(task, barrier(1));
    ask(task, barrier(2, 'end'));
    expect(sink.got.slice(3)).toEqual(['b1', 'b2 end']);
    expect(log.filter((entry) => entry === 'exhausted')).toHaveLength(1);
  });

  test('T4: without splits does so at once', () => {
    feed.states = [];
    const task = reading();
    steps(task);
    expect([sink.got, log]).toEqual([['wInfinity'], ['exhausted', 'op:wInfinity']]);
  });

  test.each([false, true])('T4: without splits does so before any barrier, in a run that goes on too (%s)', (goesOn) => {
    feed.states = [];
    feed.goesOn = goesOn;
    ask(reading(), barrier(1));
    expect(sink.got).toEqual(['wInfinity', 'b1']);
  });

  test('reads no more than its budget within one epoch, and asks once for the next when half of it is used up', () => {
    const task = reading(batch(1).byteSize * 2);
    for (let n = 1; n <= 5; n++) feed.piece(n);
    steps(task);
    steps(task);
    expect(log).toEqual(['op:1', 'hurry', 'op:2']);
    ask(task, barrier(1));
    expect(log.slice(3)).toEqual(['op:b1', 'freeze 1', 'op:3', 'hurry', 'op:4']);
    task.abort(epoch(2));
    steps(task);
    expect(log.slice(8)).toEqual(['hurry']);
  });
});
