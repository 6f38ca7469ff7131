import { beforeEach, expect, test } from 'vitest';
import { Chain } from '../../src/actors/chain.ts';
import { Task } from '../../src/actors/task.ts';
import { type ChannelSender, type Frame, MemoryTransport } from '../../src/transport/index.ts';
import { barrier, batch, inputsOver, planned, Recorder, Sink, steps, taskBase, toEdge } from './fakes.ts';

const data = (...values: number[]): Frame => ({ kind: 'data', batch: batch(...values) });
const barrierFrame: Frame = { kind: 'barrier', barrier: barrier(1) };
const end: Frame = { kind: 'watermark', watermark: Infinity };

let log: string[];
let task: Task;
let stream: ChannelSender;
let table: ChannelSender;
let other: ChannelSender;

/** A task whose operator has a table of two inputs. */
beforeEach(() => {
  log = [];
  const transport = new MemoryTransport();
  const ids = [0, 1, 2].map((from) => ({ edge: 0, from, to: 0 }));
  const receivers = ids.map((id) => transport.receiver(id));
  for (const receiver of receivers) receiver.open();
  const operator = Object.assign(new Recorder('op', log), { onFirstRead: () => (log.push('first read'), 'done' as const) });
  task = new Task({
    ...taskBase,
    chain: new Chain([{ planned: planned('op', toEdge(0)), operator }], () => new Sink()),
    inputs: inputsOver(receivers, { first: [1, 2] }),
    feed: null,
    events: { ...taskBase.events, barrierPassed: ({ epoch }) => void log.push(`freeze ${epoch}`) },
  });
  [stream, table, other] = ids.map((id) => transport.sender(id)) as [ChannelSender, ChannelSender, ChannelSender];
});

test('what comes first is read to its end, which is said once; then come the others', () => {
  stream.send(data(1));
  table.send(data(2));
  steps(task);
  expect(log).toEqual(['op:2']);
  for (const frame of [data(3), end]) table.send(frame);
  other.send({ kind: 'watermark', watermark: 5 });
  steps(task);
  expect(log).toEqual(['op:2', 'op:3']);
  other.send(end);
  steps(task);
  expect(log).toEqual(['op:2', 'op:3', 'first read', 'op:1']);
});

test('of the others is taken what a barrier waits for, and nothing behind it', () => {
  for (const frame of [data(1), barrierFrame, data(4)]) stream.send(frame);
  for (const frame of [data(2), barrierFrame]) table.send(frame);
  steps(task);
  expect(log).toEqual(['op:2']);
  for (const frame of [barrierFrame, data(3)]) other.send(frame);
  steps(task);
  expect(log).toEqual(['op:2', 'op:1', 'op:b1', 'freeze 1', 'op:3']);
});
