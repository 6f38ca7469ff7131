import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { type Batch, batchOf, batchSchema } from '../../src/batch/index.ts';
import { MemoryTransport, type Window } from '../../src/transport/index.ts';
import { channelContract, type Ends } from './channel-contract.ts';

const inMemory = (window: Window, codec: boolean): Ends => {
  const transport = new MemoryTransport({ window, codec });
  return { sending: transport, receiving: transport, settle: async () => {} };
};
channelContract('memory', (window) => inMemory(window, false));
channelContract('memory, through the wire form', (window) => inMemory(window, true));

const numbers = batchSchema([{ name: 'n', type: { kind: 'float64' }, nullable: false }]);
const one = (n: number): Batch => batchOf(numbers, [{ n }]);

test('a channel that never runs empty keeps no frame that was taken', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const transport = new MemoryTransport();
  const id = { edge: 0, from: 0, to: 0 };
  const [sender, receiver] = [transport.sender(id), transport.receiver(id)];
  receiver.open();
  sender.send({ kind: 'data', batch: one(0) });
  const taken: WeakRef<Batch>[] = [];
  for (let n = 1; n < 500; n++) {
    sender.send({ kind: 'data', batch: one(n) });
    const frame = receiver.take();
    if (frame?.kind === 'data') taken.push(new WeakRef(frame.batch));
  }
  // A weak reference keeps its target until the present job of the event loop is over.
  await new Promise<void>((resolve) => setImmediate(resolve));
  collect();
  expect(taken.filter((ref) => ref.deref() !== undefined).length).toBeLessThan(100);
});

test('memory passes batches by reference, unless they are to go through the wire form', () => {
  const batch = one(1);
  const same = [false, true].map((codec) => {
    const transport = new MemoryTransport({ codec });
    const id = { edge: 0, from: 0, to: 0 };
    transport.receiver(id).open();
    transport.sender(id).send({ kind: 'data', batch });
    const frame = transport.receiver(id).take();
    return frame?.kind === 'data' && frame.batch === batch;
  });
  expect(same).toEqual([true, false]);
});
